package contract

import (
	"testing"

	"github.com/vantahire/vantahire/app/apptest"
)

// What is a user's own goes with him; what is somebody else's stays.
func TestAUserIsDeletedWithEverythingOfItsOwn(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	admin, r, c := h.Admin(), h.Recruiter(), h.Candidate()
	other := h.Recruiter()
	job, kept := published(h, r), published(h, other)
	for _, id := range []string{job, kept} {
		c.Post("/applications", `{"jobId":"`+id+`"}`).Want(201)
	}
	newKey(r, "")
	ids := map[string]string{}
	for name, sql := range map[string]string{
		"interview": `INSERT INTO "Interview" ("recruiterId", "candidateEmail", "jobRole", "jobId") VALUES ($1, 'x@example.com', 'Engineer', $2) RETURNING id`,
		"file":      `INSERT INTO "File" (name, "mimeType", size, category, "uploadedBy") SELECT 'logo.png', 'image/png', 3, 'LOGO', $1 WHERE $2 <> '' RETURNING id`,
	} {
		var id string
		if err := h.Pool.QueryRow(t.Context(), sql, r.UserID, job).Scan(&id); err != nil {
			t.Fatal(err)
		}
		ids[name] = id
	}
	for _, sql := range []string{
		`INSERT INTO "InterviewMessage" ("interviewId", role, content) VALUES ($1, 'user', 'hello')`,
		`INSERT INTO "EmailMessage" ("interviewId", "recipientEmail") VALUES ($1, 'x@example.com')`,
		`INSERT INTO "WhatsAppMessage" ("interviewId", "candidatePhone") VALUES ($1, '+1')`,
		`INSERT INTO "InterviewSession" ("interviewId", token, "expiresAt") VALUES ($1, 'a-token-to-delete', now())`,
		`INSERT INTO interview_owner (interview, fence) VALUES ($1, 1)`,
		`INSERT INTO interview_events (interview, seq, fence, kind, at, clock_ns, payload) VALUES ($1, 1, 1, 'note', now(), 0, '{}')`,
		`INSERT INTO "FileChunk" ("fileId", n, data) SELECT id, 0, 'abc' FROM "File" WHERE name = 'logo.png' AND $1 <> ''`,
	} {
		if _, err := h.Pool.Exec(t.Context(), sql, ids["interview"]); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	admin.Delete("/admin/users/" + r.UserID).Want(200)
	for table, want := range map[string]int{
		`"Interview"`: 0, `"InterviewMessage"`: 0, `"EmailMessage"`: 0, `"WhatsAppMessage"`: 0, `"InterviewSession"`: 0, "interview_owner": 0, "interview_events": 0,
		`"File"`: 0, `"FileChunk"`: 0, `"ApiKey"`: 0, `"Job"`: 1, `"JobApplication"`: 1,
	} {
		var n int
		if err := h.Pool.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != want {
			t.Errorf("%s has %d rows, want %d (%v)", table, n, want, err)
		}
	}
	r.Get("/auth/me").Refused(401, "Invalid or expired session")
	admin.Delete("/admin/users/" + c.UserID).Want(200)
	if a := other.Get("/applications").Want(200); a.At("pagination.total") != 0.0 {
		t.Errorf("a deleted candidate's applications: %s", a.Body)
	}
	var audited int
	if err := h.Pool.QueryRow(t.Context(), `SELECT count(*) FROM audit_event WHERE actor = $1 AND action = 'user.delete'`, admin.UserID).Scan(&audited); err != nil || audited != 2 {
		t.Errorf("%d deletions were noted (%v)", audited, err)
	}
}
