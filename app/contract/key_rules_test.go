package contract

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/app/apptest"
)

func TestAKeyCoversWhatItsScopesSay(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	for scopes, want := range map[string][3]int{ // GET /jobs, POST /jobs, GET /interviews
		`[]`:                                  {403, 403, 403},
		`["jobs:read"]`:                       {200, 403, 403},
		`["read:jobs"]`:                       {200, 403, 403},
		`["jobs:write"]`:                      {403, 201, 403},
		`["jobs:*"]`:                          {200, 201, 403},
		`["read:*"]`:                          {200, 403, 200},
		`["interviews:*"]`:                    {403, 403, 200},
		`["admin"]`:                           {200, 201, 200},
		`["jobs:read","interviews:read"]`:     {200, 403, 200},
		`["JOBS:READ","jobs","jobs:","read"]`: {403, 403, 403},
	} {
		_, secret := newKey(r, `,"scopes":`+scopes)
		k := h.Key(secret)
		got := [3]int{k.Get("/jobs").Status, k.Post("/jobs", `{"title":"Engineer"}`).Status, k.Get("/interviews").Status}
		if got != want {
			t.Errorf("%s: %v, want %v", scopes, got, want)
		}
	}
}

func TestAKeyIsNeverMoreThanItsOwner(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, other, candidate, admin := h.Recruiter(), h.Recruiter(), h.Candidate(), h.Admin()
	job := other.Post("/jobs", `{"title":"Engineer"}`).Want(201).Str("id")
	_, secret := newKey(r, `,"scopes":["admin"]`)
	k := h.Key(secret)
	k.Patch("/jobs/"+job, `{"title":"Mine"}`).Refused(404, "Job not found")
	_, secret = newKey(candidate, `,"scopes":["admin"]`)
	h.Key(secret).Post("/jobs", `{"title":"x"}`).Refused(403, "Insufficient permissions")
	// What makes keys, users and decisions is for people.
	adminKey, secret := newKey(admin, `,"scopes":["admin"]`)
	of := h.Key(secret)
	for _, route := range []string{
		"GET /api-keys", "POST /api-keys", "GET /api-keys/admin/all", "GET /api-keys/" + adminKey, "PATCH /api-keys/" + adminKey, "DELETE /api-keys/" + adminKey,
		"POST /api-keys/" + adminKey + "/revoke", "GET /api-keys/" + adminKey + "/usage", "GET /users/api-keys", "POST /users/api-keys", "DELETE /users/api-keys/" + adminKey,
		"GET /users", "GET /admin/users", "POST /auth/logout",
	} {
		method, path, _ := strings.Cut(route, " ")
		of.Do(method, path, "").Refused(403, "Insufficient permissions")
	}
	// The header of keys takes keys only.
	session := h.Nobody()
	session.Headers["X-API-Key"] = r.Session
	session.Get("/jobs").Refused(401, "Invalid API key")
	old := h.Nobody()
	old.Headers["Authorization"] = "Bearer vt_" + strings.Repeat("0", 40)
	old.Get("/jobs").Refused(401, "Invalid API key")
}

func TestKeysAreMadeAndChangedByTheRules(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, other := h.Recruiter(), h.Recruiter()
	past, future := time.Now().Add(-time.Minute).UTC().Format(time.RFC3339), time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
	for fields, text := range map[string]string{
		`{}`:                                    "Name is required",
		`{"name":null}`:                         "Name is required",
		`{"name":5}`:                            "Name is required",
		`{"name":" \t"}`:                        "Name is required",
		`{"name":"a\u0000b"}`:                   "Name is required",
		`{"name":"x","scopes":"admin"}`:         "Scopes must be an array",
		`{"name":"x","scopes":[1]}`:             "Scopes must be an array",
		`{"name":"x","scopes":{}}`:              "Scopes must be an array",
		`{"name":"x","expiresAt":5}`:            "Invalid expiresAt date",
		`{"name":"x","expiresAt":"soon"}`:       "Invalid expiresAt date",
		`{"name":"x","expiresAt":"2030-01-01"}`: "Invalid expiresAt date",
		`{"name":"x","expiresAt":"2030-01-01T00:00:00+02:00"}`: "Invalid expiresAt date",
		`{"name":"x","expiresAt":"` + past + `"}`:              "Invalid expiresAt date",
		`{"name":"x","rateLimitPerDay":0}`:                     "Invalid rate limit",
		`{"name":"x","rateLimitPerDay":-1}`:                    "Invalid rate limit",
		`{"name":"x","rateLimitPerDay":1.5}`:                   "Invalid rate limit",
		`{"name":"x","rateLimitPerDay":"9"}`:                   "Invalid rate limit",
		`{"name":"x","rateLimitPerDay":1001}`:                  "Invalid rate limit",
		`{"name":"x","rateLimitPerDay":1e99}`:                  "Invalid rate limit",
	} {
		if a := r.Post("/api-keys", fields); a.Status != 400 || a.Body != fmt.Sprintf(`{"error":%q}`, text) {
			t.Errorf("%s: %d %s, want %q", fields, a.Status, a.Body, text)
		}
	}
	if list := r.Get("/api-keys").Want(200); list.Body != `{"data":[]}` {
		t.Errorf("after refusals: %s", list.Body)
	}
	// Nobody writes what is not his to write.
	foreign := fmt.Sprintf(`"id":%q,"userId":%q,"status":"EXPIRED","requestsToday":-500,"key":"vh_mine","keyHash":"mine","keyPrefix":"mine","revokedAt":%q,"lastResetAt":%q,"createdAt":%q`,
		other.UserID, other.UserID, future, future, future)
	a := r.Post("/api-keys", `{"name":"  Key ","expiresAt":null,`+foreign+`}`).Want(201)
	id := a.Str("id")
	untouched := func(a apptest.Answer, name string) {
		t.Helper()
		if a.Str("id") != id || a.Str("name") != name || a.Str("status") != "ACTIVE" || a.At("requestsToday") != 0.0 || a.At("revokedAt") != nil || a.At("expiresAt") != nil ||
			!strings.HasPrefix(a.Str("keyPrefix"), "vh_") || len(a.Str("keyPrefix")) != 10 || a.At("rateLimitPerDay") != 1000.0 || a.Str("createdAt") == future {
			t.Errorf("the key is %s", a.Body)
		}
	}
	untouched(a, "Key")
	untouched(r.Patch("/api-keys/"+id, `{"name":" New ",`+foreign+`}`).Want(200), "New")
	one := r.Get("/api-keys/" + id).Want(200)
	untouched(one, "New")
	if one.Str("userId") != r.UserID || one.At("lastResetAt") != nil || one.At("_count.usageLogs") != 0.0 || strings.Contains(one.Body, "Hash") || strings.Contains(one.Body, a.Str("key")) {
		t.Errorf("the key is %s", one.Body)
	}
	for fields, text := range map[string]string{
		`{"name":null}`: "Invalid name", `{"name":"  "}`: "Invalid name", `{"scopes":null}`: "Scopes must be an array",
		`{"rateLimitPerDay":null}`: "Invalid rate limit", `{"rateLimitPerDay":1001}`: "Invalid rate limit",
	} {
		r.Patch("/api-keys/"+id, fields).Refused(400, text)
	}
	if got := r.Post("/api-keys", `{"name":"Ends","expiresAt":"`+future+`"}`).Want(201).Str("expiresAt"); got != future {
		t.Errorf("it ends %s, want %s", got, future)
	}
	// An enterprise has more from the start, and its recruiter may go that far.
	r.Get("/users/recruiter-profile").Want(200)
	if _, err := h.Pool.Exec(t.Context(), `UPDATE "RecruiterProfile" SET "subscriptionStatus" = 'ENTERPRISE' WHERE "userId" = $1`, r.UserID); err != nil {
		t.Fatal(err)
	}
	if a := r.Post("/users/api-keys", `{"name":"Big"}`).Want(201); a.At("rateLimitPerDay") != 10_000.0 {
		t.Errorf("an enterprise's key: %s", a.Body)
	}
	r.Patch("/api-keys/"+id, `{"rateLimitPerDay":10000}`).Want(200)
	r.Patch("/api-keys/"+id, `{"rateLimitPerDay":10001}`).Refused(400, "Invalid rate limit")
}

func TestKeysAreForThoseWhoAreLoggedIn(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, admin := h.Recruiter(), h.Admin()
	id, secret := newKey(r, `,"scopes":["jobs:read"],"rateLimitPerDay":1`)
	for _, route := range []string{
		"GET /api-keys", "POST /api-keys", "GET /api-keys/admin/all", "GET /api-keys/" + id, "PATCH /api-keys/" + id, "DELETE /api-keys/" + id, "POST /api-keys/" + id + "/revoke",
		"GET /api-keys/" + id + "/usage", "GET /users/api-keys", "POST /users/api-keys", "DELETE /users/api-keys/" + id,
	} {
		method, path, _ := strings.Cut(route, " ")
		h.Nobody().Do(method, path, "").Refused(401, "Authentication required")
	}
	r.Get("/api-keys/admin/all").Refused(403, "Insufficient permissions")
	admin.Get("/api-keys/admin/all?status=GONE").Refused(400, "Invalid input")
	if a := admin.Get("/api-keys/admin/all?limit=1000&status=ACTIVE").Want(200); a.At("pagination.limit") != 100.0 || a.At("pagination.total") != 1.0 || a.Str("data.0.user.id") != r.UserID {
		t.Errorf("all: %s", a.Body)
	}
	if a := admin.Get("/api-keys/admin/all?status=REVOKED").Want(200); a.At("pagination.total") != 0.0 {
		t.Errorf("revoked: %s", a.Body)
	}
	if a := r.Get("/api-keys/" + id + "/usage").Want(200); a.At("pagination.limit") != 50.0 || a.At("pagination.totalPages") != 0.0 {
		t.Errorf("usage: %s", a.Body)
	}
	// When to come back is told to those who are sent away, not with the last use.
	k := h.Key(secret)
	if a := k.Get("/jobs").Want(200); a.Header.Get("Retry-After") != "" || a.Header.Get("X-RateLimit-Remaining") != "0" {
		t.Errorf("the last use: %v", a.Header)
	}
	a := k.Get("/jobs").Want(http.StatusTooManyRequests)
	if a.Header.Get("Retry-After") == "" || a.Header.Get("Retry-After") != a.Header.Get("RateLimit-Reset") || a.Header.Get("X-RateLimit-Limit") != "1" || a.Header.Get("X-RateLimit-Remaining") != "0" || a.Header.Get("X-RateLimit-Reset") == "" {
		t.Errorf("over the limit: %v", a.Header)
	}
	revoked := admin.Post("/api-keys/"+id+"/revoke", "").Want(200)
	if revoked.Str("status") != "REVOKED" || revoked.Str("revokedAt") == "" || revoked.Str("keyPrefix") != secret[:10] {
		t.Errorf("revoked: %s", revoked.Body)
	}
	k.Get("/jobs").Refused(401, "Key revoked")
	r.Delete("/users/api-keys/"+id).Refused(400, "Key already revoked")
}
