package contract

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/app/apptest"
)

func TestMain(m *testing.M) {
	status := m.Run()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections() //nolint:forcetypeassert // it is one
	table, untested := coverageTable(apptest.Calls())
	if testing.Verbose() {
		fmt.Print(table) //nolint:forbidigo // for who asked with -v
	}
	if whole := flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.skip").Value.String() == ""; status == 0 && whole && len(untested) > 0 {
		_, _ = fmt.Fprintln(os.Stderr, "no test calls", strings.Join(untested, ", "))
		status = 1
	}
	if status == 0 {
		// Fiber's HTTP library starts its clock with the first app and never stops it.
		if err := goleak.Find(goleak.IgnoreTopFunction("github.com/valyala/fasthttp.updateServerDate.func1")); err != nil {
			_, _ = os.Stderr.WriteString(err.Error() + "\n")
			status = 1
		}
	}
	os.Exit(status)
}

// validPlan is a question plan that passes.
const validPlan = `{"name":"short","greeting":"Hello and welcome.","closing":"That was my last question.","nextSteps":"We will write to you.",
"questions":[{"id":"work","text":"What do you work on at the moment?","topic":"your work","budgetSeconds":60},
{"id":"slow","text":"Tell me about a slow system that you made fast.","topic":"slow systems","budgetSeconds":60}]}`
