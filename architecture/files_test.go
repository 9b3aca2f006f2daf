package architecture

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// mostLines is where a file has to be split by concept.
const mostLines = 600

// vague names say nothing about what a package is for.
var vague = []string{"utils", "util", "common", "helpers", "helper", "types", "misc"}

func TestFilesAreShortAndPackagesAreNamedAfterConcepts(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		for _, fault := range shapeFaults(p, func(file string) int {
			raw, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				t.Error(err)
			}
			return bytes.Count(raw, []byte("\n"))
		}) {
			t.Error(fault)
		}
	}
}

func TestTheShapeRuleFindsFaults(t *testing.T) {
	t.Parallel()
	lines := func(n int) func(string) int { return func(string) int { return n } }
	sound := pkg{ImportPath: module + "media", Name: "media", Doc: "Package media moves audio.", GoFiles: []string{"ring.go"}}
	for name, tc := range map[string]struct {
		change func(*pkg)
		lines  int
		faults int
	}{
		"a sound package passes":            {func(*pkg) {}, mostLines, 0},
		"a file too long":                   {func(*pkg) {}, mostLines + 1, 1},
		"a test of another package":         {func(p *pkg) { p.XTestGoFiles = []string{"ring_test.go"} }, mostLines + 1, 2},
		"a file of another platform":        {func(p *pkg) { p.IgnoredGoFiles = []string{"ring_other.go"} }, mostLines + 1, 2},
		"a package without a comment":       {func(p *pkg) { p.Doc = "" }, 1, 1},
		"a package named after nothing":     {func(p *pkg) { p.Name = "helpers" }, 1, 1},
		"a folder of nothing in particular": {func(p *pkg) { p.ImportPath = module + "media/utils" }, 1, 1},
	} {
		p := sound
		tc.change(&p)
		if got := shapeFaults(p, lines(tc.lines)); len(got) != tc.faults {
			t.Errorf("%s: %v, want %d", name, got, tc.faults)
		}
	}
}

// shapeFaults says what is wrong with a package's name, comment and files.
func shapeFaults(p pkg, lines func(file string) int) (found []string) {
	if slices.Contains(vague, p.Name) || slices.Contains(vague, filepath.Base(p.ImportPath)) {
		found = append(found, fmt.Sprintf("%s: a package named %s says nothing", p.ImportPath, p.Name))
	}
	if p.Doc == "" {
		found = append(found, p.ImportPath+" has no package comment")
	}
	for _, file := range slices.Concat(p.GoFiles, p.TestGoFiles, p.XTestGoFiles, p.IgnoredGoFiles) {
		if n := lines(file); n > mostLines {
			found = append(found, fmt.Sprintf("%s/%s has %d lines; split it by concept", p.ImportPath, file, n))
		}
	}
	return found
}
