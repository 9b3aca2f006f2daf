package contract

import (
	"net/http"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	status := m.Run()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections() //nolint:forcetypeassert // it is one
	if status == 0 {
		// Fiber's HTTP library starts its clock with the first app and never stops it.
		if err := goleak.Find(goleak.IgnoreTopFunction("github.com/valyala/fasthttp.updateServerDate.func1")); err != nil {
			_, _ = os.Stderr.WriteString(err.Error() + "\n")
			status = 1
		}
	}
	os.Exit(status)
}
