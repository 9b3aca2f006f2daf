package architecture

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// mostLines is where a file has to be split by concept.
const mostLines = 600

// vague names say nothing about what a package is for.
var vague = []string{"utils", "util", "common", "helpers", "types", "misc"}

func TestFilesAreShortAndPackagesAreNamedAfterConcepts(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, path := range sources(t) {
		raw, err := os.ReadFile(filepath.Join("..", path))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(raw, []byte("\n")); n > mostLines {
			t.Errorf("%s has %d lines; split it by concept", path, n)
		}
		dir := filepath.Dir(path)
		if slices.Contains(vague, filepath.Base(dir)) {
			t.Errorf("%s: a package named %s says nothing", path, filepath.Base(dir))
		}
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		has := bytes.Contains(raw, []byte("// Package ")) || bytes.Contains(raw, []byte("// Command "))
		documented[dir] = documented[dir] || has
	}
	for dir, has := range documented {
		if !has {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

func sources(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}} {{end}}{{range .TestGoFiles}}{{$d}}/{{.}} {{end}}`, "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for path := range strings.FieldsSeq(string(out)) {
		rel, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, rel)
	}
	return paths
}
