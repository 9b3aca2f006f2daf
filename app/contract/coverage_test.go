package contract

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vantahire/vantahire/app/apptest"
)

//go:embed testdata/routes.txt
var routesText string

// contractRoute is a row of the contract.
type contractRoute struct {
	section, marks, method, path string
	next                         bool
}

func contractRoutes(t *testing.T) (rows []contractRoute) {
	t.Helper()
	for line := range strings.Lines(routesText) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "#" || strings.HasPrefix(line, "#") {
			continue
		}
		if len(f) < 4 {
			t.Fatalf("routes.txt: %q", line)
		}
		rows = append(rows, contractRoute{f[0], f[1], f[2], f[3], slices.Contains(f[4:], "next")})
	}
	return rows
}

// documented are the operations of the served document, by "GET /jobs/:id".
func documented(t *testing.T, h *apptest.House) map[string]string {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			Access string `json:"x-access"`
		}
	}
	if err := json.Unmarshal([]byte(h.Nobody().Get("/openapi.json").Want(200).Body), &doc); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			found[strings.ToUpper(method)+" "+fiberPath(path)] = op.Access
		}
	}
	return found
}

// fiberPath writes {id} as :id.
func fiberPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}

// Every row of the contract is served and declares who may call it, but those that
// are left for the integrations; what is served beside the contract is listed.
func TestEveryRowOfTheContractIsServed(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	served := documented(t, h)
	open := 0
	for _, row := range contractRoutes(t) {
		key := row.method + " " + row.path
		access, ok := served[key]
		delete(served, key)
		if row.next {
			open++
			if ok {
				t.Errorf("%s is served, but its row says next", key)
			}
			continue
		}
		if !ok || access == "" {
			t.Errorf("%s is not served, or declares nobody", key)
		}
	}
	t.Logf("%d rows, %d of them next; beyond the contract: %d", len(contractRoutes(t)), open, len(served))
	for key, access := range served {
		t.Logf("beyond the contract: %s (%s)", key, access)
	}
}

// coverageTable holds the rows of the contract against the requests that the tests of
// this package have made. It is printed behind them.
func coverageTable(calls map[string]int) (table string, untested []string) {
	var out strings.Builder
	fmt.Fprintf(&out, "%-5s %-4s %-7s %-45s %s\n", "", "", "method", "path", "requests in tests")
	for line := range strings.Lines(routesText) {
		f := strings.Fields(line)
		if len(f) < 4 || strings.HasPrefix(line, "#") {
			continue
		}
		n := 0
		for call, times := range calls {
			if method, path, _ := strings.Cut(call, " "); method == f[2] && best(path) == f[3] {
				n += times
			}
		}
		state := fmt.Sprint(n)
		if slices.Contains(f[4:], "next") {
			state = "next"
		} else if n == 0 {
			untested = append(untested, f[2]+" "+f[3])
		}
		fmt.Fprintf(&out, "%-5s %-4s %-7s %-45s %s\n", f[0], f[1], f[2], f[3], state)
	}
	return out.String(), untested
}

// best is the row a path belongs to: one with the same fixed words, the most of them.
func best(path string) string {
	found, most := "", -1
	for line := range strings.Lines(routesText) {
		f := strings.Fields(line)
		if len(f) < 4 || strings.HasPrefix(line, "#") {
			continue
		}
		if fixed, ok := fits(f[3], path); ok && fixed > most {
			found, most = f[3], fixed
		}
	}
	return found
}

func fits(row, path string) (fixed int, ok bool) {
	a, b := strings.Split(row, "/"), strings.Split(path, "/")
	if len(a) != len(b) {
		return 0, false
	}
	for i := range a {
		switch {
		case strings.HasPrefix(a[i], ":"):
		case a[i] == b[i]:
			fixed++
		default:
			return 0, false
		}
	}
	return fixed, true
}
