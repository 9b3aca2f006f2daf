package contract

import (
	"slices"
	"strings"
	"testing"

	"github.com/vantahire/vantahire/app/apptest"
)

// Whatever stands in a path or a body, the answer is a clear refusal and nothing is
// changed.
func TestOddInputIsRefusedWhole(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id, token := invited(r, "")
	before := r.Get("/interviews/" + id).Want(200).Body
	for _, odd := range []string{"%00", "%ff%fe", "..%2f..", "%F0%9F%A6%8A", strings.Repeat("x", 3000), "null", "'%20OR%201=1"} {
		for _, c := range []struct{ method, path, body string }{
			{"GET", "", ""},
			{"PATCH", "", `{"candidateName":"x"}`},
			{"DELETE", "", ""},
			{"GET", "/transcript", ""},
			{"PATCH", "/status", `{"status":"EXPIRED"}`},
			{"GET", "/sessions", ""},
			{"POST", "/sessions", ""},
			{"DELETE", "/sessions", ""},
			{"DELETE", "/sessions/" + odd, ""},
			{"GET", "/plan", ""},
			{"PUT", "/plan", `{"plan":` + validPlan + `}`},
		} {
			if a := r.Do(c.method, "/interviews/"+odd+c.path, c.body); a.Status != 404 {
				t.Errorf("%.60s: %d %.200s", a.Request, a.Status, a.Body)
			}
		}
		r.Delete("/interviews/"+id+"/sessions/"+odd).Refused(404, "Session not found")
		if a := h.Nobody().Get("/interviews/candidate/current?token=" + odd); a.Status != 401 {
			t.Errorf("token %.40s: %d %s", odd, a.Status, a.Body)
		}
	}
	for _, c := range []struct{ method, path, body string }{
		{"PATCH", "", `{"candidateNotes":"a\u0000b"}`},
		{"PATCH", "", "{\"candidateName\":\"\xff\"}"},
		{"PATCH", "", `{"timeLimitMinutes":1e300}`},
		{"PATCH", "", `{"timeLimitMinutes":"45"}`},
		{"PATCH", "", `[]`},
		{"PATCH", "/status", `{"status":7}`},
		{"PATCH", "/status", `{"status":null}`},
		{"PUT", "/plan", `{"plan":[]}`},
		{"PUT", "/plan", `{"plan":null}`},
		{"PUT", "/plan", `{"plan":{"name":"a\u0000b"}}`},
		{"POST", "/sessions", `{"expiresAt":null}`},
		{"POST", "/sessions", `{"expiresAt":"9999-99-99T00:00:00.000Z"}`},
	} {
		if a := r.Do(c.method, "/interviews/"+id+c.path, c.body); a.Status != 400 {
			t.Errorf("%s %.60q: %d %s", c.path, c.body, a.Status, a.Body)
		}
	}
	for _, body := range []string{`{"notes":7}`, `{"notes":"a\u0000b"}`, `"x"`, `{"notes":null}`} {
		if a := h.Link(token).Patch("/interviews/candidate/notes", body); a.Status != 400 {
			t.Errorf("notes %s: %d %s", body, a.Status, a.Body)
		}
	}
	for _, expires := range []string{"0000-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "1969-12-31T23:59:59.000Z"} { // odd, but times
		if a := r.Post("/interviews/"+id+"/sessions", `{"expiresAt":"`+expires+`"}`); a.Status >= 500 {
			t.Errorf("a link that ends at %s: %d %s", expires, a.Status, a.Body)
		}
		if a := r.Post("/interviews", `{"candidateEmail":"a@b.co","jobRole":"x","expiresAt":"`+expires+`"}`); a.Status >= 500 {
			t.Errorf("an interview that ends at %s: %d %s", expires, a.Status, a.Body)
		}
		if a := r.Get("/interviews?limit=500"); a.Status != 200 {
			t.Errorf("the list after %s: %d", expires, a.Status)
		}
	}
	for _, query := range []string{"cursor=x", "cursor=%00", "updatedAfter=yesterday", "status=%00", "page=%00"} {
		if a := r.Get("/interviews?" + query); a.Status != 400 {
			t.Errorf("%s: %d %s", query, a.Status, a.Body)
		}
	}
	for _, query := range []string{"page=99999999999999999999", "page=2147483647&limit=1000", "limit=-1"} {
		if a := r.Get("/interviews?" + query); a.Status != 200 {
			t.Errorf("%s: %d %s", query, a.Status, a.Body)
		}
	}
	after := r.Get("/interviews/" + id).Want(200)
	if was, is := strings.Split(before, `"interviewUrl"`)[0], strings.Split(after.Body, `"interviewUrl"`)[0]; was != is {
		t.Errorf("changed from %s to %s", was, is)
	}
}

func TestInterviewsAreReadIncrementally(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	var ids []string
	for range 5 {
		id, _ := invited(r, "")
		ids = append(ids, id)
	}
	var seen []string
	for cursor := ""; ; {
		a := r.Get("/interviews?limit=2&cursor=" + cursor).Want(200)
		for _, row := range a.At("data").([]any) {
			seen = append(seen, row.(map[string]any)["id"].(string))
		}
		next, more := a.At("pagination.nextCursor").(string)
		if !more {
			break
		}
		cursor = next
		invited(r, "") // what is added meanwhile moves nothing
	}
	slices.Reverse(seen)
	if !slices.Equal(seen, ids) {
		t.Errorf("seen %v, want %v", seen, ids)
	}
	at := r.Get("/interviews/" + ids[4]).Str("updatedAt")
	r.Patch("/interviews/"+ids[1], `{"candidateName":"Ada"}`).Want(200)
	a := r.Get("/interviews?limit=500&updatedAfter=" + at).Want(200)
	if !strings.Contains(a.Body, ids[1]) || strings.Contains(a.Body, ids[0]) {
		t.Errorf("changed since %s: %s", at, a.Body)
	}
}

func TestAKeyReachesInterviewsWithinItsScopes(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, other := h.Recruiter(), h.Recruiter()
	id, _ := invited(r, "")
	foreign, _ := invited(other, "")
	key := func(scopes string) *apptest.Client {
		return h.Key(r.Post("/api-keys", `{"name":"x","scopes":[`+scopes+`]}`).Want(201).Str("key"))
	}
	reads, writes, neither := key(`"interviews:read"`), key(`"interviews:write"`), key(`"jobs:read"`)
	reads.Get("/interviews/" + id).Want(200)
	reads.Get("/interviews").Want(200)
	reads.Get("/interviews/"+foreign).Refused(404, "Interview not found")
	reads.Patch("/interviews/"+id, `{"candidateName":"x"}`).Refused(403, "Insufficient permissions")
	writes.Patch("/interviews/"+id, `{"candidateName":"x"}`).Want(200)
	writes.Delete("/interviews/"+foreign).Refused(404, "Interview not found")
	writes.Post("/interviews", `{"candidateEmail":"a@b.co","jobRole":"x"}`).Want(201)
	writes.Get("/interviews/"+id).Refused(403, "Insufficient permissions")
	neither.Get("/interviews").Refused(403, "Insufficient permissions")
	if token, ok := reads.Headers["Authorization"]; ok {
		h.Nobody().Do("GET", "/interviews/candidate/current", "", "Authorization", token).Refused(401, "Interview token required")
	}
}
