package contract

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/app/apptest"
	"github.com/vantahire/vantahire/loadtest/rest"
)

// What scripts/rest.sh measures is measured here too, so little that nothing is
// asserted about its speed.
func TestTheMeasurementsOfTheAPIMeasure(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	f, err := rest.Prepare(t.Context(), h.App.URL(), apptest.TestToken)
	if err != nil {
		t.Fatal(err)
	}
	process := rest.Process(os.Getpid())
	var out strings.Builder
	loads := []rest.Load{{Users: 2, Duration: 20 * time.Millisecond}, {Users: 2, Rate: 100, Duration: 20 * time.Millisecond}}
	failed, err := rest.Table(t.Context(), &out, rest.Target{Addr: f.Addr(), Process: process}, f.Reads(), loads)
	if err != nil || failed != 0 || strings.Count(out.String(), "\n") != 1+6*len(loads) {
		t.Errorf("reads: %d failed, %v:\n%s", failed, err, out.String())
	}
	if n, err := rest.Downloads(t.Context(), f.Addr(), f.Download(), 2); err != nil || n != 2*10<<20 {
		t.Errorf("two downloads: %d bytes, %v", n, err)
	}
}

// A body that never ends well is refused before it has been sent, with a length and
// without, whoever sends it.
func TestTooMuchIsRefusedEarly(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	f, err := rest.Prepare(t.Context(), h.App.URL(), apptest.TestToken)
	if err != nil {
		t.Fatal(err)
	}
	routes, err := f.Routes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	forms := 0
	for _, route := range routes {
		if route.Form {
			forms++
		}
	}
	if forms != 4 || len(routes) < 30 {
		t.Errorf("%d routes with a body, %d of them with a form", len(routes), forms)
	}
	for _, route := range routes {
		if !route.Form && route.Path != "/jobs" {
			continue // one of the JSON routes stands for the others; the script posts to all
		}
		for as, credentials := range f.Principals() {
			for _, chunked := range []bool{false, true} {
				if fault := f.Abuse(t.Context(), route, as, credentials, chunked, rest.AbuseSize).Fault(); fault != "" {
					t.Errorf("%s %s as %s, chunked %v: %s", route.Method, route.Path, as, chunked, fault)
				}
			}
		}
	}
}
