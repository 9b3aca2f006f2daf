package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
)

// The document of the API (OpenAPI 3.1) is made of the routes' declarations, so that
// it can't say anything else than what is served. Huma keeps the schemas and writes
// the document; it validates nothing here: its answers are not the contract's.

// Schema makes a moment a text in documents.
func (instant) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Description: "UTC, with exactly three fraction digits"}
}

// form are the fields of a multipart form beside its file.
func (d declared) form(fields ...string) declared {
	d.fields = append([]string{}, fields...) // never nil: it is a form
	return d
}

// answers says what a streamed route answers with; without it, bytes.
func (d declared) answers(out reflect.Type) declared {
	d.out = out
	return d
}

// document describes the routes.
func document(routes []declared, apiURL string) ([]byte, error) {
	registry := huma.NewMapRegistry("#/components/schemas/", schemaName)
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info:    &huma.Info{Title: "VantaHire", Version: "1", Description: "Interviews by voice and text, and the hiring around them. Errors are {error, details?} as application/json."},
		Servers: []*huma.Server{{URL: apiURL}},
		Paths:   map[string]*huma.PathItem{},
		Components: &huma.Components{
			Schemas: registry,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"session":        {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "A login session; also as a bearer token"},
				"bearer":         {Type: "http", Scheme: "bearer", Description: "A session's id or an API key (vh_...)"},
				"interviewToken": {Type: "apiKey", In: "header", Name: "X-Interview-Token", Description: "An interview link's token; also as ?token="},
			},
		},
	}
	problem := registry.Schema(reflect.TypeFor[errorBody](), true, "Error")
	for _, d := range routes {
		path := openPath(d.path)
		item := doc.Paths[path]
		if item == nil {
			item = &huma.PathItem{}
			doc.Paths[path] = item
		}
		op := d.operation(registry, problem)
		switch d.method {
		case http.MethodGet:
			item.Get = op
		case http.MethodPost:
			item.Post = op
		case http.MethodPut:
			item.Put = op
		case http.MethodPatch:
			item.Patch = op
		case http.MethodDelete:
			item.Delete = op
		default:
			return nil, fmt.Errorf("no place in a document for %s", d.method)
		}
	}
	for name, schema := range registry.Map() {
		if t := registry.TypeFromRef("#/components/schemas/" + name); t != nil {
			openAnswer(schema, t)
		}
	}
	return json.Marshal(doc)
}

// openAnswer says of an answer's schema what Huma leaves out: which fields may be
// null, and that keys may be added.
func openAnswer(schema *huma.Schema, t reflect.Type) {
	schema.AdditionalProperties = nil
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for _, f := range reflect.VisibleFields(t) {
		name, rest, _ := strings.Cut(f.Tag.Get("json"), ",")
		field := schema.Properties[name]
		if f.Type.Kind() != reflect.Pointer || field == nil || rest == "omitempty" {
			continue
		}
		if field.Ref != "" {
			schema.Properties[name] = &huma.Schema{OneOf: []*huma.Schema{{Ref: field.Ref}, {Type: "null"}}}
			continue
		}
		nullable := *field
		nullable.Nullable = true
		schema.Properties[name] = &nullable
	}
}

// schemaName keeps names of generic types short.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	return strings.ReplaceAll(name, "PageBody", "PageOf")
}

// openPath turns a path of Fiber's form into one of OpenAPI's.
func openPath(path string) string { return muxPath(path) }

func (d declared) operation(registry huma.Registry, problem *huma.Schema) *huma.Operation {
	area, _, _ := strings.Cut(strings.TrimPrefix(d.path, "/"), "/")
	op := &huma.Operation{
		OperationID: operationID(d), Summary: d.summary, Tags: []string{area}, Security: d.access.security(),
		Extensions: map[string]any{"x-access": d.access.String()},
		Responses:  map[string]*huma.Response{},
	}
	d.parameters(op)
	d.requestBody(op)
	good := &huma.Response{Description: http.StatusText(d.status)}
	switch {
	case d.out != nil:
		good.Content = map[string]*huma.MediaType{fiber.MIMEApplicationJSON: {Schema: registry.Schema(d.out, true, operationID(d)+"Answer")}}
	case d.stream != nil:
		good.Content = map[string]*huma.MediaType{fiber.MIMEOctetStream: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	}
	op.Responses[strconv.Itoa(d.status)] = good
	op.Responses["default"] = &huma.Response{Description: "A refusal", Content: map[string]*huma.MediaType{fiber.MIMEApplicationJSON: {Schema: problem}}}
	return op
}

// operationID is a name of letters: getJobsByIdPlan.
func operationID(d declared) string {
	var id strings.Builder
	id.WriteString(strings.ToLower(d.method))
	for part := range strings.SplitSeq(d.path, "/") {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			part = "by-" + name
		}
		for word := range strings.FieldsFuncSeq(part, func(r rune) bool { return r == '-' || r == '.' }) {
			id.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return id.String()
}

// security are the credentials that open a route, each by itself.
func (a access) security() []map[string][]string {
	user := []map[string][]string{{"session": {}}, {"bearer": {}}}
	link := map[string][]string{"interviewToken": {}}
	switch a.who {
	case audiencePublic:
		return []map[string][]string{}
	case audienceAnybody:
		return append([]map[string][]string{{}, link}, user...)
	case audienceLink:
		return []map[string][]string{link}
	default:
		return user
	}
}

func (d declared) parameters(op *huma.Operation) {
	for part := range strings.SplitSeq(d.path, "/") {
		if name, ok := strings.CutPrefix(part, ":"); ok {
			op.Parameters = append(op.Parameters, &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
		}
	}
	if d.decoder == nil {
		return
	}
	for i := range d.decoder.fields {
		if f := &d.decoder.fields[i]; f.source == "query" {
			op.Parameters = append(op.Parameters, &huma.Param{Name: f.name, In: "query", Schema: f.schema()})
		}
	}
}

func (d declared) requestBody(op *huma.Operation) {
	body := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}}
	kind := fiber.MIMEApplicationJSON
	if d.decoder != nil && d.decoder.body {
		for i := range d.decoder.fields {
			f := &d.decoder.fields[i]
			if f.source != "json" {
				continue
			}
			body.Properties[f.name] = f.schema()
			if f.required {
				body.Required = append(body.Required, f.name)
			}
		}
	} else if d.fields != nil {
		kind = fiber.MIMEMultipartForm
		body.Properties["file"] = &huma.Schema{Type: huma.TypeString, Format: "binary"}
		body.Required = []string{"file"}
		for _, field := range d.fields {
			body.Properties[field] = &huma.Schema{Type: huma.TypeString}
		}
	} else {
		return
	}
	sort.Strings(body.Required)
	op.RequestBody = &huma.RequestBody{Required: len(body.Required) > 0, Content: map[string]*huma.MediaType{kind: {Schema: body}}}
}

// schema describes what a field must be.
func (f *boundField) schema() *huma.Schema {
	s := &huma.Schema{Type: jsonKind(f.kind), Nullable: f.wrapped == nullableField, Format: f.rules.format}
	if f.kind == timeType {
		s.Format = "date-time"
	}
	rules := s
	if s.Type == huma.TypeArray {
		rules = &huma.Schema{Type: huma.TypeString}
		s.Items = rules
	}
	if f.kind.Kind() == reflect.Int {
		s.Type = huma.TypeInteger
	}
	if n := f.rules.minLength; n > 0 {
		rules.MinLength = &n
	}
	if n := f.rules.maxLength; n > 0 {
		rules.MaxLength = &n
	}
	s.Minimum, s.Maximum = f.rules.minimum, f.rules.maximum
	if f.rules.pattern != nil {
		rules.Pattern = f.rules.pattern.String()
	}
	for _, v := range f.rules.enum {
		s.Enum = append(s.Enum, v)
	}
	return s
}

// getDocument serves the document.
func (s *Server) getDocument(c *fiber.Ctx) error {
	c.Set(fiber.HeaderETag, etag(s.began, s.document))
	if matchesAny(c.Get(fiber.HeaderIfNoneMatch), etag(s.began, s.document)) {
		return c.SendStatus(http.StatusNotModified)
	}
	return answerRaw(c, http.StatusOK, s.document)
}
