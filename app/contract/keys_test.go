package contract

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vantahire/vantahire/app/apptest"
)

// newKey makes a key and returns its id and secret.
func newKey(c *apptest.Client, fields string) (id, secret string) {
	a := c.Post("/api-keys", `{"name":"Key"`+fields+`}`).Want(201)
	return a.Str("id"), a.Str("key")
}

func TestAKeyActsForItsOwnerWithinItsScopes(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	job := r.Post("/jobs", `{"title":"Engineer"}`).Want(201).Str("id")
	id, secret := newKey(r, `,"scopes":["jobs:read"],"rateLimitPerDay":7`)
	if len(secret) != 67 || !strings.HasPrefix(secret, "vh_") {
		t.Errorf("the key has %d characters", len(secret))
	}
	k := h.Key(secret)
	a := k.Get("/jobs").Want(200)
	if a.Str("data.0.id") != job {
		t.Errorf("jobs: %s", a.Body)
	}
	for name, want := range map[string]string{"X-RateLimit-Limit": "7", "X-RateLimit-Remaining": "6", "RateLimit-Limit": "7"} {
		if got := a.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	other := h.Nobody()
	other.Headers["X-API-Key"] = secret
	other.Get("/jobs/" + job).Want(200)
	k.Post("/jobs", `{"title":"x"}`).Refused(403, "Insufficient permissions")
	k.Get("/api-keys").Refused(403, "Insufficient permissions")
	h.Key("vh_"+strings.Repeat("0", 64)).Get("/jobs").Refused(401, "Invalid API key")
	if n := r.Get("/api-keys/" + id).Want(200).At("requestsToday"); n != 3.0 {
		t.Errorf("%v uses were counted, want 3", n)
	}
	for deadline := time.Now().Add(20 * time.Second); ; {
		a := r.Get("/api-keys/" + id + "/usage").Want(200)
		if a.At("pagination.total") == 3.0 && a.Str("data.0.endpoint") != "" && a.At("data.0.statusCode") != nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the log is %s", a.Body)
		}
	}
	hash := ""
	if err := h.Pool.QueryRow(t.Context(), `SELECT "keyHash" FROM "ApiKey" WHERE id = $1`, id).Scan(&hash); err != nil || strings.Contains(hash, secret[3:]) {
		t.Errorf("stored as %q (%v)", hash, err)
	}
}

func TestTheLimitOfAKeyIsExact(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	const limit, requests, at = 500, 1000, 50
	r := h.Recruiter()
	id, secret := newKey(r, fmt.Sprintf(`,"scopes":["jobs:read"],"rateLimitPerDay":%d`, limit))
	k := h.Key(secret)
	var passed, refused, others atomic.Int64
	var all sync.WaitGroup
	slots := make(chan struct{}, at)
	for range requests {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			switch a := k.Get("/jobs?limit=1"); a.Status {
			case 200:
				passed.Add(1)
			case 429:
				refused.Add(1)
				if a.Header.Get("Retry-After") == "" || !strings.Contains(a.Body, `"Rate limit exceeded"`) {
					t.Errorf("refused: %s", a.Body)
				}
			default:
				others.Add(1)
			}
		})
	}
	all.Wait()
	t.Logf("%d requests against a limit of %d: %d passed, %d refused, %d others", requests, limit, passed.Load(), refused.Load(), others.Load())
	if passed.Load() != limit || refused.Load() != requests-limit {
		t.Errorf("%d passed and %d were refused", passed.Load(), refused.Load())
	}
	h.Nobody().Post("/api-keys/validate", `{"key":"`+secret+`"}`).Want(200)
	if _, err := h.Pool.Exec(t.Context(), `UPDATE "ApiKey" SET "lastResetAt" = now() - interval '1 day' WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	if a := k.Get("/jobs?limit=1").Want(200); a.Header.Get("X-RateLimit-Remaining") != "499" {
		t.Errorf("on a new day %s are left", a.Header.Get("X-RateLimit-Remaining"))
	}
}

func TestBothSurfacesShowTheSameKeys(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, other, admin := h.Recruiter(), h.Recruiter(), h.Admin()
	r.Post("/users/api-keys", `{}`).Refused(400, "Name is required")
	r.Post("/users/api-keys", `{"name":"  "}`).Refused(400, "Name is required")
	id := r.Post("/users/api-keys", `{"name":"Page"}`).Want(201).Str("id")
	if list := r.Get("/users/api-keys").Want(200); list.Str("0.status") != "active" || list.At("0.expiresAt") != nil || list.Str("0.id") != id {
		t.Errorf("page: %s", list.Body)
	}
	if list := r.Get("/api-keys").Want(200); list.Str("data.0.status") != "ACTIVE" || list.At("data.0.revokedAt") != nil {
		t.Errorf("list: %s", list.Body)
	}
	other.Get("/api-keys/"+id).Refused(403, "Forbidden")
	other.Patch("/api-keys/"+id, `{"name":"mine"}`).Refused(403, "Forbidden")
	other.Post("/api-keys/"+id+"/revoke", "").Refused(403, "Forbidden")
	other.Get("/api-keys/"+id+"/usage").Refused(403, "Forbidden")
	other.Delete("/api-keys/"+id).Refused(403, "Forbidden")
	other.Delete("/users/api-keys/"+id).Refused(404, "API key not found")
	r.Get("/api-keys/nothing").Refused(404, "API key not found")
	r.Patch("/api-keys/"+id, `{"rateLimitPerDay":0}`).Refused(400, "Invalid rate limit")
	r.Patch("/api-keys/"+id, `{"rateLimitPerDay":100000}`).Refused(400, "Invalid rate limit")
	r.Patch("/api-keys/"+id, `{"scopes":"x"}`).Refused(400, "Scopes must be an array")
	r.Patch("/api-keys/"+id, `{"name":""}`).Refused(400, "Invalid name")
	admin.Patch("/api-keys/"+id, `{"rateLimitPerDay":100000}`).Want(200)
	r.Patch("/api-keys/"+id, `{"name":"New","scopes":[]}`).Want(200)
	r.Post("/api-keys", `{"name":"x","expiresAt":"yesterday"}`).Refused(400, "Invalid expiresAt date")
	if list := admin.Get("/api-keys/admin/all").Want(200); list.Str("data.0.user.email") != r.Email || strings.Contains(list.Body, "Hash") {
		t.Errorf("all: %s", list.Body)
	}
	r.Delete("/users/api-keys/" + id).Want(200)
	r.Post("/api-keys/"+id+"/revoke", "").Refused(400, "Key already revoked")
	r.Patch("/api-keys/"+id, `{"name":"x"}`).Refused(400, "Cannot update a revoked key")
	r.Delete("/api-keys/" + id).Want(200)
	r.Delete("/api-keys/"+id).Refused(404, "API key not found")
}

func TestAKeyIsValidatedWithoutBeingUsed(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	validate := func(secret string) string {
		return h.Nobody().Post("/api-keys/validate", `{"key":"`+secret+`"}`).Want(200).Body
	}
	if a := h.Nobody().Post("/api-keys/validate", `{}`).Want(400); a.Body != `{"valid":false,"error":"Key required"}` {
		t.Errorf("without a key: %s", a.Body)
	}
	if got := validate("vh_nothing"); got != `{"valid":false,"error":"Invalid key"}` {
		t.Errorf("unknown: %s", got)
	}
	id, secret := newKey(r, `,"scopes":["jobs:read"],"rateLimitPerDay":1`)
	want := fmt.Sprintf(`{"valid":true,"userId":%q,"scopes":["jobs:read"],"remainingRequests":1}`, r.UserID)
	for range 3 {
		if got := validate(secret); got != want {
			t.Errorf("valid: %s, want %s", got, want)
		}
	}
	h.Key(secret).Get("/jobs").Want(200)
	if got := validate(secret); got != `{"valid":false,"error":"Rate limit exceeded"}` {
		t.Errorf("used up: %s", got)
	}
	if _, err := h.Pool.Exec(t.Context(), `UPDATE "ApiKey" SET "expiresAt" = now() - interval '1 minute', "requestsToday" = 0 WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	if got := validate(secret); got != `{"valid":false,"error":"Key expired"}` {
		t.Errorf("expired: %s", got)
	}
	h.Key(secret).Get("/jobs").Refused(401, "Key expired")
	r.Post("/api-keys/"+id+"/revoke", "").Want(200)
	if got := validate(secret); got != `{"valid":false,"error":"Key revoked"}` {
		t.Errorf("revoked: %s", got)
	}
	h.Key(secret).Get("/jobs").Refused(401, "Key revoked")
}

// A key that may read holds no interview: whoever has a link does.
func TestAKeyThatReadsGetsNoLink(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	job := published(h, r)
	id, token := interviewOf(r, `,"jobId":"`+job+`"`)
	h.Candidate().Post("/applications", `{"jobId":"`+job+`"}`).Want(201)
	_, jobs := newKey(r, `,"scopes":["jobs:read"]`)
	a := h.Key(jobs).Get("/jobs/" + job).Want(200)
	if len(a.At("interviews").([]any)) != 0 || len(a.At("applications").([]any)) != 0 { //nolint:forcetypeassert // else the test fails
		t.Errorf("jobs:read shows %s", a.Body)
	}
	_, reads := newKey(r, `,"scopes":["interviews:read","jobs:read"]`)
	for _, path := range []string{"/interviews", "/interviews/" + id, "/jobs/" + job} {
		if a := h.Key(reads).Get(path).Want(200); strings.Contains(a.Body, token) || !strings.Contains(a.Body, id) {
			t.Errorf("interviews:read gets %s: %s", path, a.Body)
		}
	}
	h.Key(reads).Get("/interviews/"+id+"/sessions").Refused(403, "Insufficient permissions")
	_, writes := newKey(r, `,"scopes":["interviews:read","interviews:write"]`)
	if a := h.Key(writes).Get("/interviews/" + id).Want(200); !strings.Contains(a.Body, token) {
		t.Errorf("interviews:write gets %s", a.Body)
	}
}
