package architecture

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const (
	module    = "github.com/vantahire/vantahire/"
	hollywood = "github.com/anthdm/hollywood"
)

// layers orders the top-level packages; a package imports only from layers below
// its own, or from its own folder. The same number: never each other.
var layers = map[string]int{
	"cmd": 60, "app": 50, "loadtest": 45,
	"api": 40, "store": 40, "realtime": 40, "jobs": 40,
	"actors": 30, "hiring": 30,
	"media": 20, "engine": 20, "assets": 20,
	"providers": 10, "configs": 10, "interview": 0,
}

// subLayers are folders whose place is not that of their top folder: the leaf
// types in providers are at the bottom, the clients below it are adapters.
var subLayers = map[string]int{"providers/": 40}

// tools are run by make and by tests; nothing imports them.
var tools = []string{"assets/fetch", "architecture", "scripts/"}

// testSupport is for tests only.
var testSupport = []string{"hiring/hiringtest", "store/testdb", "app/apptest"}

// pure packages decide and do nothing else: no clock, no I/O, no goroutine. They
// import what can't do any of it (time is there for its durations).
var pure = map[string][]string{
	"actors/turn": {"cmp", "encoding/json", "errors", "fmt", "maps", "math", "slices", "strings", "time", "unicode", "unicode/utf8"},
	"actors/plan": {"bytes", "cmp", "encoding/json", "errors", "fmt", "io", "maps", "math", "slices", "strings", "time", "unicode", "unicode/utf8"},
	"interview":   {"encoding/json", "errors", "fmt", "strconv", "strings", "time"},
}

// pkg is what go list says of a package.
type pkg struct {
	ImportPath, Name, Doc, Dir                         string
	Imports, TestImports, XTestImports                 []string
	GoFiles, TestGoFiles, XTestGoFiles, IgnoredGoFiles []string
}

func TestImportsPointInward(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		for _, fault := range importFaults(p) {
			t.Error(fault)
		}
	}
}

func TestTheImportRuleFindsFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ from, to string }{
		"hiring imports actors":                          {"hiring", module + "actors"},
		"actors imports hiring":                          {"actors", module + "hiring"},
		"media imports an actor":                         {"media/wsaudio", module + "actors/turn"},
		"media imports the actor runtime":                {"media", module + "engine"},
		"the edge imports the store":                     {"api", module + "store"},
		"the edge imports a provider":                    {"api", module + "providers/local"},
		"an actor imports a provider":                    {"actors", module + "providers/local"},
		"a leaf imports a provider's client":             {"providers", module + "providers/local"},
		"the settings import the vocabulary's neighbour": {"configs", module + "providers"},
		"the vocabulary imports media":                   {"interview", module + "media"},
		"the product imports its test twins":             {"api", module + "hiring/hiringtest"},
		"the product imports test databases":             {"store", module + "store/testdb"},
		"somebody imports hollywood":                     {"actors", hollywood + "/actor"},
		"somebody imports a tool":                        {"cmd/vantahire", module + "assets/fetch"},
		"the turn machine reads a file":                  {"actors/turn", "os"},
		"the turn machine waits":                         {"actors/turn", "sync"},
		"the plan calls a context's end":                 {"actors/plan", "context"},
		"a package nobody has placed":                    {"utils", "fmt"},
	} {
		if len(importFaults(pkg{ImportPath: module + tc.from, Imports: []string{tc.to}})) == 0 {
			t.Errorf("%s passes", name)
		}
	}
	for name, p := range map[string]pkg{
		"engine imports hollywood":          {ImportPath: module + "engine", Imports: []string{hollywood + "/actor"}},
		"the composition root knows all":    {ImportPath: module + "app", Imports: []string{module + "api", module + "store", module + "actors", module + "providers/local"}},
		"a provider reads media and leaves": {ImportPath: module + "providers/local", Imports: []string{module + "media", module + "providers", module + "providers/local/wire"}},
		"a test uses a test's database":     {ImportPath: module + "store", TestImports: []string{module + "store/testdb"}},
		"twins know their own folder":       {ImportPath: module + "hiring/hiringtest", Imports: []string{module + "hiring"}},
	} {
		if f := importFaults(p); len(f) != 0 {
			t.Errorf("%s: %v", name, f)
		}
	}
	// Tests may look further down and at twins, but not at another side's insides.
	if len(importFaults(pkg{ImportPath: module + "media", XTestImports: []string{hollywood + "/actor"}})) == 0 {
		t.Error("a test imports hollywood and passes")
	}
}

// importFaults says what p imports and must not.
func importFaults(p pkg) (found []string) {
	from := strings.TrimPrefix(p.ImportPath, module)
	for _, imported := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
		if strings.HasPrefix(imported, hollywood) && from != "engine" {
			found = append(found, from+" imports hollywood; only engine may")
		}
	}
	if isTool(from) {
		return found
	}
	level, placed := layer(from)
	if !placed {
		return append(found, from+" has no place in the layers")
	}
	for _, imported := range p.Imports {
		to, ours := strings.CutPrefix(imported, module)
		if allowed, isPure := pure[from]; isPure && !ours && !slices.Contains(allowed, imported) {
			found = append(found, from+" decides only, but imports "+imported)
		}
		if !ours {
			continue
		}
		if slices.Contains(testSupport, to) && !slices.Contains(testSupport, from) || isTool(to) {
			found = append(found, from+" imports "+to+", which is not for the product")
			continue
		}
		below, _ := layer(to)
		if below < level || top(from) == top(to) && below <= level {
			continue
		}
		found = append(found, from+" imports "+to+", which is not below it")
	}
	return found
}

func isTool(path string) bool {
	return slices.ContainsFunc(tools, func(tool string) bool {
		return path == tool || strings.HasSuffix(tool, "/") && strings.HasPrefix(path, tool)
	})
}

func top(path string) string {
	head, _, _ := strings.Cut(path, "/")
	return head
}

func layer(path string) (level int, placed bool) {
	for sub, level := range subLayers {
		if strings.HasPrefix(path, sub) {
			return level, true
		}
	}
	level, placed = layers[top(path)]
	return level, placed
}

// list asks the go command for the module's packages.
func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Name,Doc,Dir,Imports,TestImports,XTestImports,GoFiles,TestGoFiles,XTestGoFiles,IgnoredGoFiles", "./...")
	cmd.Dir = ".."
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, said.String())
	}
	var packages []pkg
	dec := json.NewDecoder(bytes.NewReader(out))
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) < 20 {
		t.Fatalf("only %d packages were found", len(packages))
	}
	return packages
}
