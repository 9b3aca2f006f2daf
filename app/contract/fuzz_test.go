package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/vantahire/vantahire/app/apptest"
)

// nasty are JSON values no field expects, and some that one does.
var nasty = []string{
	`null`, `true`, `false`, `0`, `-1`, `1e308`, `-1e308`, `1e999`, `0.5`, `9007199254740993`, `""`, `" "`, `"\u0000"`, `"a\u0000b"`, "\"\xff\xfe\"", `"\ud800"`, `"💥"`, `"<script>"`,
	`"' OR 1=1 --"`, `"../../etc/passwd"`, `"2026-13-45T99:99:99.000Z"`, `"2026-01-01T00:00:00+02:00"`, `"9999-12-31T23:59:59.999Z"`, `"a@b"`, `"x@example.com"`, `"javascript:alert(1)"`,
	`"https://example.com"`, `"#GGGGGG"`, `"00000000-0000-4000-8000-0000000000ff"`, `[]`, `[null]`, `["a","a"]`, `[[[]]]`, `{}`, `{"a":{"b":{}}}`, `"PENDING"`, `"COMPLETED"`, `"ACTIVE"`, `"ADMIN"`,
	`"` + strings.Repeat("x", 20_000) + `"`,
}

// broken are bodies that are no JSON objects.
var broken = []string{``, `{`, `{"a":`, `[]`, `null`, `"x"`, `1`, "\x00", "\xff\xfe{}", `{"a":1}{"b":2}`, strings.Repeat(`{"a":`, 200), `{"a":1,}`, `{'a':1}`, "{\"a\":\"\x01\"}"}

// oddIDs stand where a path wants an id.
var oddIDs = []string{"%00", "%ff", "..", "%2e%2e%2f", "0", "-1", "null", strings.Repeat("a", 3000), "💥", "a%20b", "00000000-0000-4000-8000-0000000000ff", "';--", "{id}", "%F0%9F%92%A5"}

// operation is what the document says of a route.
type operation struct {
	method, path string
	query, body  []string
}

func operations(t *testing.T, h *apptest.House) (list []operation) {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters  []struct{ Name, In string }
			RequestBody struct {
				Content map[string]struct {
					Schema struct{ Properties map[string]any }
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(h.Nobody().Get("/openapi.json").Want(200).Body), &doc); err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			op := operation{method: strings.ToUpper(method), path: fiberPath(path)}
			for _, p := range doc.Paths[path][method].Parameters {
				if p.In == "query" {
					op.query = append(op.query, p.Name)
				}
			}
			op.body = slices.Sorted(maps.Keys(doc.Paths[path][method].RequestBody.Content["application/json"].Schema.Properties))
			list = append(list, op)
		}
	}
	return list
}

// Whatever a client sends, it is told what is wrong with it: never a 5xx, always the
// contract's shape.
func TestNoInputIsTheServersFault(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	owner, candidate, admin := h.Recruiter(), h.Candidate(), h.Admin()
	interview, token := interviewOf(owner, "")
	job := published(h, owner)
	ids := []string{interview, job, candidate.Post("/applications", `{"jobId":"`+job+`"}`).Want(201).Str("id")}
	callers := []*apptest.Client{owner, candidate, admin, h.Link(token), h.Nobody()}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same each time
	pick := func(list []string) string { return list[random.IntN(len(list))] }
	sent, answers := 0, map[int]int{}
	for _, op := range operations(t, h) {
		if op.path == "/auth/logout" || op.method == "DELETE" && strings.HasPrefix(op.path, "/admin/") || op.path == "/users/:id/role" || op.path == "/admin/users/:id/role" || op.path == "/admin/settings" && op.method == "PATCH" {
			continue // they would change who the callers are; their input is read by the same decoder
		}
		for n := range 40 {
			path := op.path
			for part := range strings.SplitSeq(op.path, "/") {
				if strings.HasPrefix(part, ":") {
					id := ids[random.IntN(len(ids))]
					if n%4 == 0 {
						id = pick(oddIDs)
					}
					path = strings.Replace(path, part, id, 1)
				}
			}
			query := url.Values{}
			for _, name := range op.query {
				if random.IntN(2) == 0 {
					query.Set(name, strings.Trim(pick(nasty), `"`))
				}
			}
			if len(query) > 0 {
				path += "?" + query.Encode()
			}
			body := ""
			if op.method != "GET" {
				body = pick(broken)
			}
			if len(op.body) > 0 && n%5 != 0 {
				fields := []string{}
				for _, name := range op.body {
					if random.IntN(4) > 0 {
						fields = append(fields, fmt.Sprintf("%q:%s", name, pick(nasty)))
					}
				}
				body = "{" + strings.Join(fields, ",") + "}"
			}
			headers := []string{}
			if op.path == "/auth/test-login" {
				headers = []string{"X-Test-Token", apptest.TestToken}
			}
			if random.IntN(10) == 0 {
				headers = append(headers, "If-Match", pick([]string{"x", `"0-a"`, `"zzzzzzzzzzzzzzzzzzzz-a"`, "*", `""`}))
			}
			a := callers[random.IntN(len(callers))].Do(op.method, path, body, headers...)
			sent++
			answers[a.Status/100]++
			if a.Status >= 500 || a.Status == 0 {
				t.Errorf("%s %.200s with %.300q: %d %s", op.method, path, body, a.Status, a.Body)
			}
			if a.Status >= 400 && op.path != "/api-keys/validate" && op.path != "/files/:id" {
				var refusal struct{ Error *string }
				if err := json.Unmarshal([]byte(a.Body), &refusal); err != nil || refusal.Error == nil || *refusal.Error == "" {
					t.Errorf("%s %.200s: a refusal without its text: %d %.200s", op.method, path, a.Status, a.Body)
				}
			}
		}
	}
	t.Logf("%d requests: %d 2xx, %d 3xx, %d 4xx, %d 5xx", sent, answers[2], answers[3], answers[4], answers[5])
}
