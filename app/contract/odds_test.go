package contract

import (
	"strings"
	"testing"

	"github.com/vantahire/vantahire/app/apptest"
)

func TestHealthAndUnknownRoutes(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	n := h.Nobody()
	a := n.Get("/health").Want(200)
	if a.Str("status") != "healthy" || len(a.Str("timestamp")) != len("2026-11-22T21:17:03.602Z") {
		t.Errorf("health: %s", a.Body)
	}
	if a := n.Do("HEAD", "/health", "").Want(200); a.Body != "" {
		t.Errorf("HEAD: %q", a.Body)
	}
	for method, path := range map[string]string{"GET": "/nothing", "PUT": "/health", "DELETE": "/jobs", "POST": "/jobs/", "PATCH": "/"} {
		n.Do(method, path, "").Refused(404, "Not found")
	}
	for _, path := range []string{"//jobs/public", "/jobs//public", "/jobs/../users", "/./health"} {
		n.Do("GET", path, "").Refused(404, "Not found")
	}
	n.Do("PROPFIND", "/jobs", "").Refused(404, "Not found")
	if a := n.Do("OPTIONS", "/nothing", "", "Origin", apptest.Frontend, "Access-Control-Request-Method", "PATCH", "Access-Control-Request-Headers", "x-interview-token").Want(204); a.Header.Get("Access-Control-Allow-Headers") != "x-interview-token" ||
		a.Header.Get("Access-Control-Allow-Origin") != apptest.Frontend || a.Header.Get("Access-Control-Allow-Methods") != "GET,HEAD,PUT,POST,DELETE,PATCH" {
		t.Errorf("preflight: %v", a.Header)
	}
	refused := n.Do("GET", "/jobs", "", "Origin", apptest.Frontend).Want(401)
	if refused.Header.Get("Access-Control-Allow-Origin") != apptest.Frontend || refused.Header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("a refusal: %v", refused.Header)
	}
	if a := n.Do("GET", "/jobs", "", "Origin", "http://evil.test").Want(401); a.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("somebody else's page: %v", a.Header)
	}
}

func TestProfilesAreMadeWhenTheyAreFirstRead(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	a := r.Get("/users/candidate-profile").Want(200)
	if a.Str("userId") != r.UserID || a.Str("email") != r.Email || a.At("resumeFileId") != nil {
		t.Errorf("profile: %s", a.Body)
	}
	if again := r.Get("/users/candidate-profile").Want(200); again.Str("id") != a.Str("id") {
		t.Errorf("another profile: %s", again.Body)
	}
}

func TestAJobIsRewrittenOnlyByWhoHasSeenIt(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id := r.Post("/jobs", `{"title":"Engineer","location":"Here"}`).Want(201).Str("id")
	seen := r.Get("/jobs/" + id).Want(200).Header.Get("ETag")
	a := r.Do("PATCH", "/jobs/"+id, `{"location":null,"status":"ACTIVE"}`, "If-Match", seen).Want(200)
	if a.At("location") != nil || a.Str("title") != "Engineer" || a.Str("status") != "DRAFT" {
		t.Errorf("changed: %s", a.Body)
	}
	r.Do("PATCH", "/jobs/"+id, `{"title":"x"}`, "If-Match", seen).Refused(412, "The resource has changed")
	h.Recruiter().Patch("/jobs/"+id, `{"title":"x"}`).Refused(404, "Job not found")
	admin := h.Admin()
	if a := admin.Post("/jobs/admin/"+id+"/reject", `{"reason":"Too short"}`).Want(200); a.Str("rejectionReason") != "Too short" || a.Str("status") != "DRAFT" {
		t.Errorf("rejected: %s", a.Body)
	}
	admin.Post("/jobs/admin/nothing/reject", "").Refused(404, "Job not found")
	if a := admin.Patch("/admin/users/"+r.UserID+"/role", `{"role":"ADMIN"}`).Want(200); a.Str("role") != "ADMIN" {
		t.Errorf("role: %s", a.Body)
	}
}

func TestTheNewestMessageOfEachInterviewIsTold(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, other := h.Recruiter(), h.Recruiter()
	id, _ := interviewOf(r, "")
	foreign, _ := interviewOf(other, "")
	for _, sql := range []string{
		`INSERT INTO "EmailMessage" ("interviewId", "recipientEmail", status, "createdAt") VALUES ($1, 'x@example.com', 'failed', now() - interval '1 hour'), ($1, 'x@example.com', 'sent', now()), ($2, 'y@example.com', 'sent', now())`,
		`INSERT INTO "WhatsAppMessage" ("interviewId", "candidatePhone", status) VALUES ($1, '+4912345', 'pending'), ($2, '+49', 'sent')`,
	} {
		if _, err := h.Pool.Exec(t.Context(), sql, id, foreign); err != nil {
			t.Fatal(err)
		}
	}
	ask := `{"interviewIds":["` + id + `","` + foreign + `","nothing"]}`
	mail := r.Post("/notifications/email/status", ask).Want(200)
	if mail.Str(id+".status") != "sent" || mail.Str(id+".recipient_email") != "x@example.com" || mail.At(id+".opened_at") != nil || strings.Contains(mail.Body, foreign) {
		t.Errorf("mails: %s", mail.Body)
	}
	phone := r.Post("/notifications/whatsapp/status", ask).Want(200)
	if phone.Str(id+".candidate_phone") != "+4912345" || phone.At(id+".sentAt") != nil || phone.At(id+".read_at") != nil || strings.Contains(phone.Body, foreign) {
		t.Errorf("messages: %s", phone.Body)
	}
	if a := h.Admin().Post("/notifications/whatsapp/status", ask).Want(200); !strings.Contains(a.Body, foreign) {
		t.Errorf("an administrator's: %s", a.Body)
	}
	if a := r.Post("/notifications/email/status", `{"interviewIds":[]}`).Want(200); a.Body != "{}" {
		t.Errorf("of none: %s", a.Body)
	}
	r.Post("/notifications/email/status", `{}`).Refused(400, "Invalid input")
}

// A page stores hours of talk, not a database full of it.
func TestWhatAPageMayStoreIsBounded(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	id, token := interviewOf(h.Recruiter(), `,"type":"VOICE"`)
	link := h.Link(token)
	link.Post("/interviews/candidate/start", "").Want(200)
	if _, err := h.Pool.Exec(t.Context(), `INSERT INTO "InterviewMessage" ("interviewId", role, content, source) SELECT $1, 'user', 'x', 'client' FROM generate_series(1, 1999)`, id); err != nil {
		t.Fatal(err)
	}
	link.Post("/interviews/candidate/messages", `{"role":"user","content":"the last one"}`).Want(201)
	link.Post("/interviews/candidate/messages", `{"role":"user","content":"one too many"}`).Want(400)
}
