package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vantahire/vantahire/app/apptest"
	"github.com/vantahire/vantahire/hiring"
)

// marker stands in the rows of the owner: nobody else may read it.
const marker = "MARKER-OF-THE-OWNER"

// estate are rows of one owner, one of each kind, and those who stand around them.
type estate struct {
	ids        map[string]string // by what the path calls them
	principals map[string]*apptest.Client
}

// everybody are those who try each route; the owner comes last, as he changes things.
var everybody = []string{"nobody", "other recruiter", "candidate", "applicant", "own link", "other link", "key without scope", "other's key", "key with scope", "admin", "owner"}

// estateOf makes fresh rows for the given people.
func estateOf(h *apptest.House, people map[string]*apptest.Client, keys map[string]string) estate {
	h.T.Helper()
	owner, applicant := people["owner"], people["applicant"]
	e := estate{ids: map[string]string{}, principals: maps.Clone(people)}
	job := owner.Post("/jobs", `{"title":"`+marker+`"}`).Want(201).Str("id")
	people["admin"].Post("/admin/jobs/"+job+"/approve", "").Want(200)
	e.ids["job"] = job
	e.ids["application"] = applicant.Post("/applications", `{"jobId":"`+job+`","coverLetter":"`+marker+`"}`).Want(201).Str("id")
	a := owner.Post("/interviews", `{"candidateEmail":"x@example.com","candidateName":"`+marker+`","jobRole":"Engineer"}`).Want(201)
	e.ids["interview"], e.ids["session"] = a.Str("id"), a.Str("sessions.0.id")
	e.principals["own link"] = h.Link(a.Str("sessions.0.token"))
	e.principals["other link"] = h.Link(people["other recruiter"].Post("/interviews", `{"candidateEmail":"y@example.com","jobRole":"Engineer"}`).Want(201).Str("sessions.0.token"))
	e.ids["key"] = owner.Post("/api-keys", `{"name":"`+marker+`"}`).Want(201).Str("id")
	e.ids["file"] = upload(owner, "/files", marker+".pdf", "application/pdf", pdf, "category", "DOCUMENT", "interviewId", e.ids["interview"]).Want(201).Str("id")
	e.ids["user"] = h.Recruiter().UserID
	for name, key := range keys {
		e.principals[name] = h.Key(key)
	}
	return e
}

// path fills a route's parameters.
func (e estate) path(route string) string {
	area := strings.Split(strings.TrimPrefix(route, "/"), "/")
	kind := map[string]string{"jobs": "job", "applications": "application", "interviews": "interview", "api-keys": "key", "files": "file", "users": "user"}[area[0]]
	if area[0] == "admin" && len(area) > 1 {
		kind = map[string]string{"jobs": "job", "users": "user"}[area[1]]
	}
	if strings.HasPrefix(route, "/users/api-keys") {
		kind = "key"
	}
	return strings.NewReplacer(":sessionId", e.ids["session"], ":jobId", e.ids["job"], ":id", e.ids[kind]).Replace(route)
}

// audience says whether a rule lets a principal in at all, and what those hear whom it
// keeps out.
func audience(access, who string) (in bool, out int) {
	rule, scope, keyed := strings.Cut(access, ", key with ")
	_ = scope
	isKey := strings.Contains(who, "key")
	link := strings.Contains(who, "link")
	switch {
	case rule == "public":
		return true, 0
	case isKey && (!keyed || who == "key without scope"):
		if rule == "link" {
			return false, 401
		}
		return false, 403
	case rule == "link":
		return link, 401
	case rule == "anybody":
		return true, 0
	case who == "nobody" || link:
		return false, 401
	case rule == "session":
		return true, 0
	case rule == "recruiter":
		return who != "candidate" && who != "applicant", 403
	case rule == "candidate":
		return who == "candidate" || who == "applicant", 403
	}
	return who == "admin", 403 // rule admin
}

// stranger says whether a principal that is let in has no business with the estate's
// rows behind a route.
func stranger(route, who string) bool {
	switch {
	case !strings.Contains(route, ":"), strings.HasPrefix(route, "/admin/"), strings.HasPrefix(route, "/jobs/public"), route == "/jobs/:id/applications":
		return false
	case route == "/users/:id" || route == "/users/:id/role":
		return false // administrators only
	case strings.HasPrefix(route, "/applications/mine/"):
		return who != "applicant"
	case route == "/interviews/:id/files", route == "/interviews/:id/resume":
		return who != "own link"
	case strings.HasPrefix(route, "/files/"):
		return who != "owner" && who != "admin" && who != "key with scope" && who != "own link"
	case strings.HasPrefix(route, "/users/api-keys"):
		return who != "owner" && who != "admin" && who != "key with scope"
	}
	return who != "owner" && who != "admin" && who != "key with scope"
}

// bodies are what some routes want before they look at the row.
var bodies = map[string]string{
	"PATCH /applications/:id/notes":  `{"notes":"x"}`,
	"PATCH /applications/:id/status": `{"status":"REVIEWED"}`,
	"PATCH /interviews/:id/status":   `{"status":"EXPIRED"}`,
	"POST /jobs/:id/status":          `{"status":"CLOSED"}`,
	"PUT /interviews/:id/plan":       `{"plan":` + validPlan + `}`,
	"PUT /jobs/:id/plan":             `{"plan":` + validPlan + `}`,
}

func TestNobodyReachesWhatIsNotHis(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	people := map[string]*apptest.Client{
		"nobody": h.Nobody(), "owner": h.Recruiter(), "other recruiter": h.Recruiter(), "candidate": h.Candidate(), "applicant": h.Candidate(), "admin": h.Admin(),
	}
	all := []string{"interviews:read", "interviews:write", "jobs:read", "jobs:write", "applications:read", "applications:write", "files:read", "files:write", "candidates:invite", "reports:read"}
	scopes, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	key := func(c *apptest.Client, scopes string) string {
		return c.Post("/api-keys", `{"name":"A key","scopes":`+scopes+`}`).Want(201).Str("key")
	}
	admin := people["admin"]
	if _, err := h.Pool.Exec(t.Context(), `ALTER TABLE "ApiKey" ALTER "rateLimitPerDay" SET DEFAULT 1000000`); err != nil {
		t.Fatal(err)
	}
	keys := map[string]string{"key with scope": key(people["owner"], string(scopes)), "key without scope": key(people["owner"], `[]`), "other's key": key(people["other recruiter"], string(scopes))}
	for _, k := range admin.Get("/api-keys/admin/all").Want(200).At("data").([]any) { //nolint:forcetypeassert // else the test fails
		admin.Patch(fmt.Sprintf("/api-keys/%v", k.(map[string]any)["id"]), `{"rateLimitPerDay":1000000}`).Want(200) //nolint:forcetypeassert // else the test fails
	}
	cells := 0
	served := documented(t, h)
	for _, route := range slices.Sorted(maps.Keys(served)) {
		method, path, _ := strings.Cut(route, " ")
		if path == "/auth/logout" || path == "/auth/test-login" {
			continue // they change who one is; tested by themselves
		}
		e := estateOf(h, people, keys)
		for _, who := range everybody {
			if who == "owner" {
				e = refreshed(h, e, people, keys)
			}
			a := e.principals[who].Do(method, e.path(path), bodies[route])
			cells++
			in, out := audience(served[route], who)
			switch {
			case !in && a.Status != out:
				t.Errorf("%s by %s (%s): %d, want %d: %.200s", route, who, served[route], a.Status, out, a.Body)
			case in && stranger(path, who) && a.Status != 404 && a.Status != 403:
				t.Errorf("%s by %s (%s): %d, want 404 or 403: %.200s", route, who, served[route], a.Status, a.Body)
			case in && !stranger(path, who) && (a.Status == 401 || a.Status == 403 || a.Status == 404) && !excused(route, who):
				t.Errorf("%s by %s (%s): %d, but it is his: %.200s", route, who, served[route], a.Status, a.Body)
			case a.Status >= 500:
				t.Errorf("%s by %s: %d: %.200s", route, who, a.Status, a.Body)
			}
			mayRead := who == "owner" || who == "admin" || who == "key with scope" || who == "key without scope" || who == "own link" || who == "applicant" || strings.HasPrefix(path, "/jobs/public") || path == "/jobs/:id/applications" // who applies is told the title
			if !mayRead && strings.Contains(a.Body, marker) {
				t.Errorf("%s by %s shows what is the owner's: %.300s", route, who, a.Body)
			}
		}
	}
	t.Logf("%d routes x %d principals: %d cells", len(served), len(everybody), cells)
	if gone := h.Login(hiring.RoleAdmin).Get("/admin/stats").Want(200); gone.At("totalRecruiters") == 0.0 {
		t.Error("the test has deleted everybody")
	}
}

// refreshed makes new rows when the old ones were changed by an administrator.
func refreshed(h *apptest.House, _ estate, people map[string]*apptest.Client, keys map[string]string) estate {
	h.T.Helper()
	return estateOf(h, people, keys)
}

// excused are refusals of a row's own state or kind, not of the caller.
func excused(route, who string) bool {
	switch route {
	case "DELETE /users/api-keys/:id", "DELETE /interviews/:id/sessions/:sessionId":
		return who != "owner" // one of those before has done it
	case "DELETE /applications/mine/:id", "POST /jobs/:id/applications":
		return true
	case "POST /files":
		return true // 401 and 403 tell of the form, which is missing here
	}
	return strings.HasPrefix(route, "DELETE ")
}
