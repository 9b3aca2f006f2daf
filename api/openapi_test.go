package api

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the stored document")

const storedDocument = "testdata/openapi.json"

// The stored document is what clients were told. What is served may say more, never
// less: see breaks.
func TestTheDocumentBreaksNoClient(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.do("GET", "/openapi.json", "")
	if a.status != 200 || a.header.Get("Content-Type") != "application/json" {
		t.Fatalf("%d %s", a.status, a.header.Get("Content-Type"))
	}
	served := indented(t, []byte(a.body))
	if *update {
		if err := os.WriteFile(storedDocument, served, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(storedDocument)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range breaks(parsed(t, stored), parsed(t, served)) {
		t.Error(fault)
	}
	if string(stored) != string(served) {
		t.Error("the document has changed; look at it and run go test ./api -run TestTheDocument -update")
	}
}

func TestIncompatibleChangesOfTheDocumentAreFound(t *testing.T) {
	t.Parallel()
	const before = `{"openapi":"3.1.0","paths":{
		"/jobs":{"get":{"parameters":[{"name":"page","in":"query","schema":{"type":"string"}}],"responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Job"}}}}}},
		"post":{"requestBody":{"content":{"application/json":{"schema":{"type":"object","required":["title"],"properties":{"title":{"type":"string"},"note":{"type":"string"}}}}}},"responses":{"201":{}}}},
		"/old":{"get":{"responses":{"200":{}}}}},
		"components":{"schemas":{"Job":{"type":"object","required":["id","status"],"properties":{"id":{"type":"string"},"status":{"type":"string","enum":["DRAFT","ACTIVE"]}}}}}}`
	if found := breaks(parsed(t, []byte(before)), parsed(t, []byte(before))); len(found) > 0 {
		t.Errorf("nothing has changed, but %v", found)
	}
	for name, c := range map[string]struct{ old, changed, want string }{
		"a path is gone":                       {`"/old":`, `"/new":`, "/old is gone"},
		"a method is gone":                     {`"post":`, `"put":`, "POST /jobs is gone"},
		"a parameter is gone":                  {`"name":"page"`, `"name":"side"`, "query page"},
		"a parameter becomes needed":           {`"in":"query"`, `"in":"query","required":true`, "query page is required now"},
		"an answer's field is gone":            {`"id":{"type":"string"}`, `"key":{"type":"string"}`, "id is gone"},
		"an answer's field is no more certain": {`"required":["id","status"]`, `"required":["id"]`, "status may be missing now"},
		"an enum value is gone":                {`["DRAFT","ACTIVE"]`, `["DRAFT"]`, "ACTIVE is gone"},
		"a type changes":                       {`"id":{"type":"string"}`, `"id":{"type":"integer"}`, "was string"},
		"an answer's status changes":           {`"201":{}`, `"200":{}`, "201"},
		"an input becomes required":            {`"required":["title"]`, `"required":["title","note"]`, "note is required now"},
		"an input's field is gone":             {`"note":{"type":"string"}`, `"memo":{"type":"string"}`, "note is gone"},
	} {
		after := strings.Replace(before, c.old, c.changed, 1)
		if after == before {
			t.Fatalf("%s: nothing was changed", name)
		}
		found := breaks(parsed(t, []byte(before)), parsed(t, []byte(after)))
		if !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, c.want) }) {
			t.Errorf("%s: found %v, want %q", name, found, c.want)
		}
	}
	more := strings.Replace(before, `"note":{"type":"string"}`, `"note":{"type":"string"},"more":{"type":"string"}`, 1)
	more = strings.Replace(more, `"id":{"type":"string"},`, `"id":{"type":"string"},"extra":{"type":"string"},`, 1)
	if found := breaks(parsed(t, []byte(before)), parsed(t, []byte(more))); len(found) > 0 {
		t.Errorf("more fields break nobody, but %v", found)
	}
}

func TestThePageOfTheAPIWorksOffline(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.do("GET", "/docs", "")
	if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", a.status, a.header.Get("Content-Type"))
	}
	for _, outside := range []string{"<script", "http://", "https://", "<img", "<link"} {
		if strings.Contains(a.body, outside) {
			t.Errorf("the page has %s", outside)
		}
	}
	for _, d := range b.server.routes() {
		if !strings.Contains(a.body, "<code>"+d.path+"</code>") {
			t.Errorf("the page lacks %s %s", d.method, d.path)
		}
	}
}

func parsed(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func indented(t *testing.T, raw []byte) []byte {
	t.Helper()
	out, err := json.MarshalIndent(parsed(t, raw), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

// at walks through objects; nil where there is nothing.
func at(v any, path ...string) any {
	for _, name := range path {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	return v
}

func object(v any) map[string]any {
	o, _ := v.(map[string]any)
	return o
}

func textsOf(v any) (list []string) {
	items, _ := v.([]any)
	for _, item := range items {
		list = append(list, fmt.Sprint(item))
	}
	return list
}

// breaks says what of the old document a client may rely on and the new one lacks: a
// path, a method, a parameter, a field or enum value; and what it demands that it did
// not before.
func breaks(before, after map[string]any) (found []string) {
	for _, path := range slices.Sorted(maps.Keys(object(before["paths"]))) {
		now := object(at(after, "paths", path))
		if now == nil {
			found = append(found, path+" is gone")
			continue
		}
		for _, method := range slices.Sorted(maps.Keys(object(at(before, "paths", path)))) {
			name := strings.ToUpper(method) + " " + path
			if now[method] == nil {
				found = append(found, name+" is gone")
				continue
			}
			was, is := at(before, "paths", path, method), now[method]
			found = append(found, parameterBreaks(name, was, is)...)
			c := comparison{before: before, after: after, seen: map[string]bool{}}
			c.compare(name+" body", bodySchema(at(was, "requestBody", "content")), bodySchema(at(is, "requestBody", "content")), true)
			for _, status := range slices.Sorted(maps.Keys(object(at(was, "responses")))) {
				if at(is, "responses", status) == nil {
					found = append(found, name+" does not answer "+status+" any more")
					continue
				}
				c.compare(name+" "+status, bodySchema(at(was, "responses", status, "content")), bodySchema(at(is, "responses", status, "content")), false)
			}
			found = append(found, c.found...)
		}
	}
	return found
}

func parameterBreaks(name string, was, is any) (found []string) {
	index := func(v any) map[string]map[string]any {
		all := map[string]map[string]any{}
		items, _ := at(v, "parameters").([]any)
		for _, item := range items {
			p := object(item)
			all[fmt.Sprint(p["in"], " ", p["name"])] = p
		}
		return all
	}
	old, now := index(was), index(is)
	for key := range old {
		if now[key] == nil {
			found = append(found, name+": "+key+" is gone")
		}
	}
	for key, p := range now {
		if p["required"] == true && (old[key] == nil || old[key]["required"] != true) {
			found = append(found, name+": "+key+" is required now")
		}
	}
	return found
}

func bodySchema(content any) any {
	for _, media := range object(content) {
		return at(media, "schema")
	}
	return nil
}

type comparison struct {
	before, after map[string]any
	seen          map[string]bool
	found         []string
}

func (c *comparison) resolve(doc map[string]any, schema any) (map[string]any, string) {
	s := object(schema)
	if either, ok := s["oneOf"].([]any); ok { // that, or null
		s = object(either[0])
	}
	ref, ok := s["$ref"].(string)
	if !ok {
		return s, ""
	}
	return object(at(doc, "components", "schemas", strings.TrimPrefix(ref, "#/components/schemas/"))), ref
}

// compare holds two schemas against each other. What comes in may demand nothing
// more, what goes out may lack nothing.
func (c *comparison) compare(where string, was, is any, in bool) {
	old, ref := c.resolve(c.before, was)
	if old == nil {
		return
	}
	if ref != "" {
		if c.seen[ref] {
			return
		}
		c.seen[ref] = true
	}
	now, _ := c.resolve(c.after, is)
	if now == nil {
		c.found = append(c.found, where+" has no schema any more")
		return
	}
	if a, b := fmt.Sprint(old["type"]), fmt.Sprint(now["type"]); a != b {
		c.found = append(c.found, fmt.Sprintf("%s was %s and is %s", where, a, b))
	}
	for _, v := range textsOf(old["enum"]) {
		if !slices.Contains(textsOf(now["enum"]), v) {
			c.found = append(c.found, where+": "+v+" is gone")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object(old["properties"]))) {
		if at(now, "properties", name) == nil {
			c.found = append(c.found, where+": "+name+" is gone")
			continue
		}
		c.compare(where+"."+name, at(old, "properties", name), at(now, "properties", name), in)
	}
	needed, needs := textsOf(old["required"]), textsOf(now["required"])
	if in {
		for _, name := range needs {
			if !slices.Contains(needed, name) {
				c.found = append(c.found, where+": "+name+" is required now")
			}
		}
	} else {
		for _, name := range needed {
			if !slices.Contains(needs, name) {
				c.found = append(c.found, where+": "+name+" may be missing now")
			}
		}
	}
	if old["items"] != nil {
		c.compare(where+"[]", old["items"], now["items"], in)
	}
}
