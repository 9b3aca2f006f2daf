package configs

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// exampleLine is a setting in example.env: commented out, with its default.
var exampleLine = regexp.MustCompile(`^#([A-Z][A-Z0-9_]*)=(.*)$`)

func TestExampleNamesEveryKeyWithItsDefault(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("example.env")
	if err != nil {
		t.Fatal(err)
	}
	example := map[string]string{}
	previous := ""
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimRight(line, "\n")
		if m := exampleLine.FindStringSubmatch(line); m != nil {
			if _, twice := example[m[1]]; twice {
				t.Errorf("%s stands there twice", m[1])
			}
			example[m[1]] = m[2]
			if !strings.HasPrefix(previous, "# ") {
				t.Errorf("%s has no comment above it", m[1])
			}
		} else if line != "" && !strings.HasPrefix(line, "# ") {
			t.Errorf("line %q is neither a comment nor a commented setting", line)
		}
		previous = line
	}
	var cfg Config
	for _, k := range Keys(&cfg) {
		value, named := example[k.Names[0]]
		if !named {
			t.Errorf("%s is missing", k.Names[0])
		} else if value != k.Default {
			t.Errorf("%s is %q in the example, its default is %q", k.Names[0], value, k.Default)
		}
		for _, alias := range k.Names[1:] {
			if !strings.Contains(string(raw), alias) {
				t.Errorf("the alias %s of %s is not mentioned", alias, k.Names[0])
			}
		}
		delete(example, k.Names[0])
	}
	for name := range example {
		t.Errorf("%s is no setting", name)
	}
}
