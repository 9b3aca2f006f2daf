package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gofiber/fiber/v2"
)

// Nullable is an optional field that may be null: null clears what it names.
type Nullable[T any] struct {
	Set   bool // the field was given
	Value *T   // nil for null
}

func (n *Nullable[T]) target() (set *bool, value any) { return &n.Set, &n.Value }

type nullable interface{ target() (set *bool, value any) }

// decoder fills a struct from a request and collects what is wrong in the words of
// contract section 1.3. Fields say with tags where they come from (path, query,
// json) and, in the words of OpenAPI, what they must be: minLength, maxLength,
// minimum, maximum, pattern, enum (values with commas) and format (email, uuid, uri,
// hexcolor). Beside those:
//
//   - a plain type is required; a pointer may be missing; a Nullable also null;
//   - query fields may always be missing; an empty one counts as missing;
//   - fault:"text" answers any fault of the field with that text alone;
//   - time.Time takes what ends in Z, json.RawMessage an object.
//
// Goroutine-safe.
type decoder struct {
	fields   []boundField
	body     bool // some come from the body
	needBody bool // and some of those are required
}

// boundField is a field with what it must be.
type boundField struct {
	index    []int
	source   string // path, query, json
	name     string
	kind     reflect.Type // without the pointer or Nullable
	wrapped  wrapping
	rules    fieldRules
	fault    string
	required bool
}

type wrapping int

const (
	plain wrapping = iota
	pointer
	nullableField
)

var (
	rawType      = reflect.TypeFor[json.RawMessage]()
	timeType     = reflect.TypeFor[time.Time]()
	nullableType = reflect.TypeFor[nullable]()
)

// decoderFor panics on a struct that can't be filled.
func decoderFor(t reflect.Type, route string) *decoder {
	if t.Kind() != reflect.Struct {
		panic(fmt.Sprintf("api: %s decodes into %s, which is no struct", route, t))
	}
	d := &decoder{}
	for _, f := range reflect.VisibleFields(t) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		b := boundField{index: f.Index, kind: f.Type, fault: f.Tag.Get("fault")}
		for _, source := range []string{"path", "query", "json"} {
			if name, ok := f.Tag.Lookup(source); ok {
				b.source, b.name = source, name
			}
		}
		if b.source == "" {
			panic(fmt.Sprintf("api: field %s of %s does not say where it comes from", f.Name, route))
		}
		switch {
		case reflect.PointerTo(f.Type).Implements(nullableType):
			b.wrapped, b.kind = nullableField, valueType(f.Type)
		case f.Type.Kind() == reflect.Pointer:
			b.wrapped, b.kind = pointer, f.Type.Elem()
		}
		b.required = b.wrapped == plain && b.source == "json"
		b.rules = rulesOf(f, b.kind, route)
		d.fields = append(d.fields, b)
		d.body = d.body || b.source == "json"
		d.needBody = d.needBody || b.required
	}
	return d
}

func valueType(t reflect.Type) reflect.Type {
	f, _ := t.FieldByName("Value")
	return f.Type.Elem()
}

// decode fills to. The error is a *problem.
func (d *decoder) decode(c *fiber.Ctx, to reflect.Value) error {
	var body map[string]json.RawMessage
	if d.body {
		var err error
		if body, err = readObject(c.Body(), d.needBody); err != nil {
			return err
		}
	}
	query, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil {
		query = url.Values{} // what can't be read was not asked for
	}
	bad := faults{}
	for i := range d.fields {
		f := &d.fields[i]
		var fault string
		switch f.source {
		case "path":
			v, err := url.PathUnescape(c.Params(f.name))
			if err != nil || !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				v = "" // no row has such an id
			}
			to.FieldByIndex(f.index).SetString(v)
		case "query":
			fault = f.fromQuery(query, to.FieldByIndex(f.index))
		default:
			raw, present := body[f.name]
			fault = f.fromBody(raw, present, to.FieldByIndex(f.index))
		}
		if fault != "" && f.fault != "" {
			return &problem{status: http.StatusBadRequest, message: f.fault}
		}
		if fault != "" {
			bad.add(f.name, fault)
		}
	}
	if len(bad) > 0 {
		return invalidInput(nil, bad)
	}
	return nil
}

type faults map[string][]string

func (b faults) add(field, text string) { b[field] = append(b[field], text) }

// readObject reads a JSON body whatever its content type. Nothing at all is an empty
// object where nothing is required.
func readObject(body []byte, needed bool) (map[string]json.RawMessage, error) {
	if len(body) == 0 && !needed {
		return map[string]json.RawMessage{}, nil
	}
	in, err := parseInput(body)
	if err != nil {
		return nil, err
	}
	return in.fields, nil
}

func (f *boundField) fromQuery(query url.Values, to reflect.Value) (fault string) {
	text := query.Get(f.name)
	if text == "" {
		return ""
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "Invalid"
	}
	target := to
	if f.wrapped == pointer {
		target = reflect.New(f.kind).Elem()
	}
	switch {
	case f.kind == timeType:
		t, ok := parseInstant(text)
		if !ok {
			return "Invalid datetime"
		}
		target.Set(reflect.ValueOf(t))
	case f.kind.Kind() == reflect.Bool:
		target.SetBool(text == "true" || text == "1")
	case f.kind.Kind() == reflect.Int:
		n, err := strconv.ParseInt(text, decimal, 64)
		if err != nil {
			return "Expected number, received nan"
		}
		if fault := f.rules.number(float64(n)); fault != "" {
			return fault
		}
		target.SetInt(n)
	default:
		if fault := f.rules.text(text); fault != "" {
			return fault
		}
		target.SetString(text)
	}
	if f.wrapped == pointer {
		to.Set(target.Addr())
	}
	return ""
}

func (f *boundField) fromBody(raw json.RawMessage, present bool, to reflect.Value) (fault string) {
	switch {
	case !present && f.required:
		return f.rules.missing()
	case !present:
		return ""
	case f.wrapped == nullableField:
		set, _ := to.Addr().Interface().(nullable).target()
		*set = true
		if kindOf(raw) == "null" {
			return ""
		}
		to = to.FieldByName("Value")
	}
	value := reflect.New(f.kind)
	if fault := f.read(raw, value.Elem()); fault != "" {
		return fault
	}
	if f.wrapped == plain {
		to.Set(value.Elem())
	} else {
		to.Set(value)
	}
	return ""
}

// read reads one value of the field's type.
func (f *boundField) read(raw json.RawMessage, to reflect.Value) (fault string) {
	kind := kindOf(raw)
	if len(f.rules.enum) > 0 && kind != "string" {
		return fmt.Sprintf("Expected '%s', received %s", strings.Join(f.rules.enum, "' | '"), kind)
	}
	want := jsonKind(f.kind)
	if kind != want {
		return fmt.Sprintf("Expected %s, received %s", want, kind)
	}
	switch f.kind {
	case rawType:
		to.SetBytes(slices.Clone(raw))
		return ""
	case timeType:
		text, fault := readText(raw)
		if fault != "" {
			return fault
		}
		t, ok := parseInstant(text)
		if !ok {
			return "Invalid datetime"
		}
		to.Set(reflect.ValueOf(t))
		return ""
	}
	switch f.kind.Kind() { //nolint:exhaustive // what is left are numbers
	case reflect.String:
		text, fault := readText(raw)
		if fault == "" {
			fault = f.rules.text(text)
		}
		to.SetString(text)
		return fault
	case reflect.Bool:
		to.SetBool(raw[0] == 't')
		return ""
	case reflect.Slice:
		return f.readList(raw, to)
	}
	n, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		return "Invalid"
	}
	if fault := f.rules.number(n); fault != "" {
		return fault
	}
	if f.kind.Kind() == reflect.Float64 {
		to.SetFloat(n)
		return ""
	}
	if n != float64(int64(n)) || n > 1<<53 || n < -1<<53 {
		return "Expected integer, received float"
	}
	to.SetInt(int64(n))
	return ""
}

// maxList bounds lists of texts; the longest that a page sends are the interviews
// of a whole list.
const maxList = 10_000

func (f *boundField) readList(raw json.RawMessage, to reflect.Value) (fault string) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return "Invalid"
	}
	if len(items) > maxList {
		return fmt.Sprintf("Array must contain at most %d element(s)", maxList)
	}
	list := reflect.MakeSlice(f.kind, 0, len(items))
	for _, item := range items {
		if kind := kindOf(item); kind != "string" {
			return "Expected string, received " + kind
		}
		text, fault := readText(item)
		if fault == "" {
			fault = f.rules.text(text)
		}
		if fault != "" {
			return fault
		}
		list = reflect.Append(list, reflect.ValueOf(text).Convert(f.kind.Elem()))
	}
	to.Set(list)
	return ""
}

// readText reads a JSON string; the database's texts have no NUL.
func readText(raw json.RawMessage) (text, fault string) {
	if err := json.Unmarshal(raw, &text); err != nil || strings.ContainsRune(text, 0) {
		return "", "Invalid"
	}
	return text, ""
}

func parseInstant(text string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, text)
	return t, err == nil && instantShape.MatchString(text)
}

// jsonKind is the JSON type a Go type is read from.
func jsonKind(t reflect.Type) string {
	switch {
	case t == rawType:
		return "object"
	case t == timeType, t.Kind() == reflect.String:
		return "string"
	case t.Kind() == reflect.Bool:
		return "boolean"
	case t.Kind() == reflect.Slice:
		return "array"
	}
	return "number"
}

var hexColor = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
