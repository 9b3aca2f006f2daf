package configs

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite example.env from the struct and its comments")

// exampleLine is a setting in example.env: commented out, with its default.
var exampleLine = regexp.MustCompile(`^#([A-Z][A-Z0-9_]*)=(.*)$`)

// TestExampleIsTheStructWithItsComments renders the reference from config.go and
// compares the whole file, so neither can gain or lose a key, a default, a bound
// or a sentence alone.
func TestExampleIsTheStructWithItsComments(t *testing.T) {
	t.Parallel()
	want := renderExample(t)
	if *update {
		if err := os.WriteFile("example.env", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("example.env")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("example.env is not config.go (go test ./configs -update rewrites it):\n%s", diff)
	}
}

// TestExampleWithEveryLineSwitchedOnGivesTheDefaults reads the file as an
// operator does: without the #.
func TestExampleWithEveryLineSwitchedOnGivesTheDefaults(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("example.env")
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimRight(line, "\n")
		switch m := exampleLine.FindStringSubmatch(line); {
		case m != nil:
			env[m[1]] = m[2]
		case line != "" && !strings.HasPrefix(line, "# "):
			t.Errorf("line %q is neither a comment nor a commented setting", line)
		}
	}
	var unset Config
	for _, k := range Keys(&unset) {
		value, named := env[k.Names[0]]
		if !named || value != k.Default {
			t.Errorf("%s is %q in the example (there: %t), its default is %q", k.Names[0], value, named, k.Default)
		}
		delete(env, k.Names[0])
	}
	for name := range env {
		t.Errorf("%s is no setting", name)
	}
	defaults, err := Load(from())
	if err != nil {
		t.Fatal(err)
	}
	got, err := Load(func(key string) (string, bool) {
		for line := range strings.Lines(string(raw)) {
			if v, found := strings.CutPrefix(line, "#"+key+"="); found {
				return strings.TrimSuffix(v, "\n"), true
			}
		}
		return "", false
	})
	if err != nil || !reflect.DeepEqual(got, defaults) {
		t.Errorf("the example does not give the defaults: %v\n%s", err, cmp.Diff(defaults, got))
	}
}

// renderExample writes example.env: each section's and field's comment, with the
// field's name replaced by the variable's, then the bounds of its tags.
func renderExample(t *testing.T) string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "config.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	structs, docs := map[string]*ast.StructType{}, map[string]string{}
	for _, d := range file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
			spec := g.Specs[0].(*ast.TypeSpec)
			docs[spec.Name.Name] = strings.TrimSpace(g.Doc.Text())
			structs[spec.Name.Name], _ = spec.Type.(*ast.StructType)
		}
	}
	var b strings.Builder
	b.WriteString("# Every setting with its default. Set what differs in the environment; what is\n# set to nothing counts as not set.\n")
	for _, section := range structs["Config"].Fields.List {
		name := section.Names[0].Name
		_, about, found := strings.Cut(docs[name], " ")
		if !found {
			t.Fatalf("section %s has no comment", name)
		}
		fmt.Fprintf(&b, "\n# ---- %s %s\n", name, about)
		for _, f := range structs[name].Fields.List {
			renderField(t, &b, f)
		}
	}
	return b.String()
}

func renderField(t *testing.T, b *strings.Builder, f *ast.Field) {
	t.Helper()
	tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`"))
	names := strings.Split(tag.Get("env"), ",")
	about, found := strings.CutPrefix(strings.TrimSpace(f.Doc.Text()), f.Names[0].Name+" ")
	if !found {
		t.Fatalf("the comment of %s does not begin with its name", f.Names[0].Name)
	}
	lines := strings.Split(names[0]+" "+about, "\n")
	if list := tag.Get("oneof"); list != "" {
		lines = append(lines, "One of: "+strings.ReplaceAll(list, " ", ", ")+".")
	}
	if tag.Get("min") != "" || tag.Get("max") != "" {
		lines = append(lines, fmt.Sprintf("From %s to %s.", tag.Get("min"), tag.Get("max")))
	}
	if n := tag.Get("minlen"); n != "" {
		lines = append(lines, "At least "+n+" characters.")
	}
	if len(names) > 1 {
		lines = append(lines, "Other spelling: "+strings.Join(names[1:], ", ")+".")
	}
	fmt.Fprintf(b, "\n# %s\n#%s=%s\n", strings.Join(lines, "\n# "), names[0], tag.Get("default"))
}
