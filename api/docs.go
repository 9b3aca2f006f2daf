package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

//go:embed docs.html
var docsHTML string

//go:embed docs.css
var docsCSS string

// docsPage is the document as a page for people. It is made once, carries no script,
// and fetches nothing.
type docsPage struct{ html, policy string }

type docsArea struct {
	Name   string
	Routes []docsRoute
}

type docsRoute struct {
	Method, Path, Summary, Access string
	Status                        int
	Query, Body                   []docsField
	Answer                        string
}

type docsField struct {
	Name, Type, Rules string
	Required          bool
}

func newDocsPage(routes []declared, document []byte) (docsPage, error) {
	var doc struct {
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		return docsPage{}, fmt.Errorf("read the document: %w", err)
	}
	type named struct{ Name, JSON string }
	var schemas []named
	for name, raw := range doc.Components.Schemas {
		var text bytes.Buffer
		if err := json.Indent(&text, raw, "", "  "); err != nil {
			return docsPage{}, fmt.Errorf("show schema %s: %w", name, err)
		}
		schemas = append(schemas, named{name, text.String()})
	}
	slices.SortFunc(schemas, func(a, b named) int { return strings.Compare(a.Name, b.Name) })
	var out bytes.Buffer
	page := template.Must(template.New("docs").Parse(docsHTML)) //nolint:forbidigo // of our own text, before anything is served
	err := page.Execute(&out, map[string]any{
		"Style": template.CSS(docsCSS), "Areas": docsAreas(routes), "Schemas": schemas, //nolint:gosec // our own text
	})
	if err != nil {
		return docsPage{}, fmt.Errorf("make the page of the API: %w", err)
	}
	sum := sha256.Sum256([]byte(docsCSS))
	return docsPage{out.String(), "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; frame-ancestors 'none'"}, nil
}

func docsAreas(routes []declared) []docsArea {
	var areas []docsArea
	for _, d := range routes {
		name, _, _ := strings.Cut(strings.TrimPrefix(d.path, "/"), "/")
		i := slices.IndexFunc(areas, func(a docsArea) bool { return a.Name == name })
		if i < 0 {
			areas = append(areas, docsArea{Name: name})
			i = len(areas) - 1
		}
		areas[i].Routes = append(areas[i].Routes, docsRouteOf(d))
	}
	return areas
}

func docsRouteOf(d declared) docsRoute {
	r := docsRoute{Method: d.method, Path: d.path, Summary: d.summary, Access: d.access.String(), Status: d.status}
	if d.out != nil {
		r.Answer = answerName(d.out)
	}
	if d.fields != nil {
		r.Body = append(r.Body, docsField{Name: "file", Type: "binary", Required: true})
		for _, name := range d.fields {
			r.Body = append(r.Body, docsField{Name: name, Type: "string"})
		}
	}
	if d.decoder == nil {
		return r
	}
	for i := range d.decoder.fields {
		f := &d.decoder.fields[i]
		field := docsField{Name: f.name, Type: f.rules.kind, Rules: f.rules.String(), Required: f.required}
		if f.wrapped == nullableField {
			field.Type += " or null"
		}
		switch f.source {
		case "query":
			r.Query = append(r.Query, field)
		case "json":
			r.Body = append(r.Body, field)
		}
	}
	return r
}

func answerName(t reflect.Type) string {
	name := schemaName(t, "")
	if name == "" {
		return t.Kind().String()
	}
	return name
}

// String tells the rules in a few words.
func (r *fieldRules) String() string {
	var parts []string
	if len(r.enum) > 0 {
		parts = append(parts, strings.Join(r.enum, " | "))
	}
	if r.format != "" {
		parts = append(parts, r.format)
	}
	if r.minLength > 0 || r.maxLength > 0 {
		parts = append(parts, fmt.Sprintf("%d to %d characters", r.minLength, r.maxLength))
	}
	if r.minimum != nil {
		parts = append(parts, fmt.Sprintf("at least %g", *r.minimum))
	}
	if r.maximum != nil {
		parts = append(parts, fmt.Sprintf("at most %g", *r.maximum))
	}
	return strings.Join(parts, ", ")
}

func (s *Server) docsRoutes() []declared {
	return []declared{
		plainRoute("/openapi.json", accessPublic, "Read this API's document (OpenAPI 3.1)", nil, s.getDocument),
		plainRoute("/docs", accessPublic, "Read about this API as a page", nil, s.getDocs),
	}
}

func (s *Server) getDocs(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderContentSecurityPolicy, s.docs.policy)
	return c.Status(http.StatusOK).SendString(s.docs.html)
}
