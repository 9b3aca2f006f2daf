package architecture

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/vantahire/vantahire/"

// layers orders the top-level packages; a package imports only from layers below
// its own, or from its own folder. The same number: never each other.
var layers = map[string]int{
	"cmd": 60, "app": 50, "loadtest": 45,
	"api": 40, "store": 40, "realtime": 40, "jobs": 40,
	"actors": 30, "hiring": 30,
	"media": 20, "engine": 20, "assets": 20,
	"providers": 10, "configs": 10, "interview": 0,
}

// subLayers are folders whose place is not that of their top folder.
var subLayers = map[string]int{
	"providers/local": 40, "loadtest/candidate": 45,
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestImportsPointInward(t *testing.T) {
	t.Parallel()
	for _, fault := range faults(list(t)) {
		t.Error(fault)
	}
}

func TestTheRuleFindsFaults(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]pkg{
		"hiring imports actors":         {module + "hiring", []string{module + "actors"}},
		"actors imports hiring":         {module + "actors", []string{module + "hiring"}},
		"media imports an actor":        {module + "media/wsaudio", []string{module + "actors/turn"}},
		"the edge imports the store":    {module + "api", []string{module + "store"}},
		"somebody imports hollywood":    {module + "actors", []string{"github.com/anthdm/hollywood/actor"}},
		"the vocabulary imports media":  {module + "interview", []string{module + "media"}},
		"a package nobody has placed":   {module + "utils", nil},
		"the product imports its tests": {module + "api", []string{module + "hiring/hiringtest"}},
	} {
		if len(faults([]pkg{p})) == 0 {
			t.Errorf("%s passes", name)
		}
	}
	if f := faults([]pkg{{module + "engine", []string{"github.com/anthdm/hollywood/actor"}}}); len(f) != 0 {
		t.Errorf("engine may import hollywood: %v", f)
	}
}

func faults(packages []pkg) (found []string) {
	for _, p := range packages {
		from := strings.TrimPrefix(p.ImportPath, module)
		if strings.HasPrefix(from, "scripts/") || strings.HasPrefix(from, "architecture") || from == "assets/fetch" {
			continue
		}
		level, placed := layer(from)
		if !placed {
			found = append(found, from+" has no place in the layers")
			continue
		}
		for _, imported := range p.Imports {
			if strings.HasPrefix(imported, "github.com/anthdm/hollywood") && from != "engine" {
				found = append(found, from+" imports hollywood; only engine may")
			}
			to, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			if to == "hiring/hiringtest" || to == "store/testdb" {
				found = append(found, from+" imports test support "+to)
				continue
			}
			below, _ := layer(to)
			if below < level || top(from) == top(to) && below <= level {
				continue
			}
			found = append(found, from+" imports "+to)
		}
	}
	return found
}

func top(path string) string {
	head, _, _ := strings.Cut(path, "/")
	return head
}

func layer(path string) (int, bool) {
	for _, sub := range slices.Sorted(keys(subLayers)) {
		if path == sub || strings.HasPrefix(path, sub+"/") {
			return subLayers[sub], true
		}
	}
	l, ok := layers[top(path)]
	return l, ok
}

func keys(m map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// list asks the go command for the module's packages and what their code, without
// its tests, imports.
func list(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var packages []pkg
	dec := json.NewDecoder(strings.NewReader(string(out)))
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
