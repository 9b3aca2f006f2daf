package contract

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/app/apptest"
	"github.com/vantahire/vantahire/media/voiceproto"
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

// A recruiter's deletion ends the calls of his interviews.
func TestADeletedRecruitersCallsEnd(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id, token := invited(r, `,"type":"VOICE","consentPolicy":"implied","plan":`+validPlan)
	c := call(t, h, id, token)
	began := time.Now()
	h.Admin().Delete("/admin/users/" + r.UserID).Want(200)
	select {
	case <-c.Done():
	case <-time.After(patience):
		t.Fatal("the call goes on")
	}
	if closed := c.Closed(); closed.Code != voiceproto.CloseNotActive || closed.At.Sub(began) > cutWithin {
		t.Errorf("closed with %d after %s", closed.Code, closed.At.Sub(began))
	}
	if is := written(h, id); is != "0 messages, 0 events, 0 ends,  " {
		t.Errorf("left of it: %s", is)
	}
}

// Whatever a user and others are doing meanwhile, his deletion leaves nothing of his
// and breaks nothing of theirs.
func TestADeletionRacesWithWhatItDeletes(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	admin, r, c := h.Admin(), h.Recruiter(), h.Candidate()
	other, rival := h.Recruiter(), h.Candidate()
	jobs := []string{published(h, r), published(h, r), published(h, r), published(h, other), published(h, other)}
	const interview = `{"candidateEmail":"x@example.com","jobRole":"Engineer"}`
	for range 3 {
		r.Post("/interviews", `{"candidateEmail":"`+c.Email+`","jobRole":"Engineer"}`).Want(201)
	}
	start := make(chan struct{})
	var all sync.WaitGroup
	race := func(times int, do func(n int) apptest.Answer, fine ...int) {
		all.Go(func() {
			<-start
			for n := range times {
				a := do(n)
				ok := false
				for _, status := range fine {
					ok = ok || a.Status == status
				}
				if !ok {
					t.Errorf("%s: %d %.200s", a.Request, a.Status, a.Body)
				}
			}
		})
	}
	gone := []int{http.StatusUnauthorized, http.StatusNotFound}
	race(20, func(int) apptest.Answer { return r.Post("/interviews", interview) }, append(gone, 201, 400)...) // 400: what it hangs on is gone
	race(20, func(int) apptest.Answer { return r.Post("/jobs", `{"title":"x"}`) }, append(gone, 201)...)
	race(20, func(int) apptest.Answer { return r.Post("/users/api-keys", `{"name":"x"}`) }, append(gone, 201)...)
	race(20, func(int) apptest.Answer { return r.Patch("/users/recruiter-profile", `{"companyName":"x"}`) }, append(gone, 200)...)
	race(20, func(int) apptest.Answer { return c.Patch("/users/candidate-profile", `{"bio":"x"}`) }, append(gone, 200)...)
	for _, client := range []*apptest.Client{c, rival} {
		race(2*len(jobs), func(n int) apptest.Answer {
			return client.Post("/applications", `{"jobId":"`+jobs[n%len(jobs)]+`"}`)
		}, append(gone, 201, 400)...) // 400: applied before
	}
	race(1, func(int) apptest.Answer { return admin.Delete("/admin/users/" + r.UserID) }, 200)
	race(1, func(int) apptest.Answer { return admin.Delete("/admin/users/" + c.UserID) }, 200)
	close(start)
	all.Wait()
	for what, sql := range map[string]string{
		"interviews":   `SELECT count(*) FROM "Interview" WHERE "recruiterId" = ANY ($1) OR "candidateUserId" = ANY ($1)`,
		"jobs":         `SELECT count(*) FROM "Job" WHERE "recruiterId" = ANY ($1)`,
		"keys":         `SELECT count(*) FROM "ApiKey" WHERE "userId" = ANY ($1)`,
		"applications": `SELECT count(*) FROM "JobApplication" a LEFT JOIN "Job" j ON j.id = a."jobId" WHERE "candidateId" = ANY ($1) OR j.id IS NULL OR j."recruiterId" = ANY ($1)`,
		"accounts":     `SELECT count(*) FROM "User" WHERE id = ANY ($1)`,
	} {
		var n int
		if err := h.Pool.QueryRow(t.Context(), sql, []string{r.UserID, c.UserID}).Scan(&n); err != nil || n != 0 {
			t.Errorf("%d %s are left (%v)", n, what, err)
		}
	}
	if a := other.Get("/jobs").Want(200); a.At("pagination.total") != 2.0 {
		t.Errorf("somebody else's jobs: %s", a.Body)
	}
}
