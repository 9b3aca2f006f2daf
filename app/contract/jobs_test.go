package contract

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/vantahire/vantahire/app/apptest"
)

// published makes an approved and active job of the recruiter.
func published(h *apptest.House, recruiter *apptest.Client) (id string) {
	h.T.Helper()
	id = recruiter.Post("/jobs", `{"title":"Engineer"}`).Want(201).Str("id")
	h.Admin().Post("/admin/jobs/"+id+"/approve", "").Want(200)
	return id
}

func TestAJobGoesFromDraftToThePublicAndBack(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, other, admin := h.Recruiter(), h.Recruiter(), h.Admin()
	events := h.Follow("user:" + r.UserID)
	job := r.Post("/jobs", `{"title":"Engineer","description":"Builds things","unknown":1}`).Want(201)
	id := job.Str("id")
	for field, want := range map[string]any{
		"recruiterId": r.UserID, "title": "Engineer", "description": "Builds things", "department": nil, "location": nil, "jobType": nil, "salaryRange": nil,
		"status": "DRAFT", "approvalStatus": "PENDING", "approvedAt": nil, "approvedBy": nil, "rejectionReason": nil,
	} {
		if got := job.At(field); got != want {
			t.Errorf("%s is %v, want %v", field, got, want)
		}
	}
	r.Post("/jobs/"+id+"/publish", "").Refused(400, "Job must be approved before publishing")
	r.Post("/jobs/"+id+"/status", `{"status":"GONE"}`).Refused(400, "Invalid status")
	r.Post("/jobs/"+id+"/status", `{}`).Refused(400, "Invalid status")
	other.Get("/jobs/"+id).Refused(404, "Job not found")
	r.Get("/jobs/not-an-id").Refused(404, "Job not found")
	if n := admin.Get("/jobs/admin/pending").Want(200).At("pagination.total"); n != 1.0 {
		t.Errorf("%v jobs wait", n)
	}
	admin.Post("/jobs/admin/"+id+"/approve", "").Want(200)
	if a := r.Get("/jobs/" + id).Want(200); a.Str("status") != "DRAFT" || a.Str("approvalStatus") != "APPROVED" || a.Str("approvedBy") != admin.UserID {
		t.Errorf("approved: %s", a.Body)
	}
	if e := <-events.Events(); e.Name != "job:approved" || fmt.Sprint(e.Payload) != fmt.Sprint(map[string]string{"jobId": id}) {
		t.Errorf("event %+v", e)
	}
	r.Post("/jobs/"+id+"/publish", "").Want(200)
	r.Post("/jobs/"+id+"/status", `{"status":"ACTIVE"}`).Want(200)
	r.Post("/jobs/"+id+"/status", `{"status":"DRAFT"}`).Refused(400, "Invalid status transition from 'ACTIVE' to 'DRAFT'")
	if list := h.Nobody().Get("/jobs/public").Want(200); list.Str("0.id") != id || list.At("0.recruiter.recruiterProfile.companyName") != nil {
		t.Errorf("public: %s", list.Body)
	}
	h.Nobody().Get("/jobs/public/" + id).Want(200)
	admin.Post("/admin/jobs/"+id+"/reject", `{}`).Want(200)
	if e := <-events.Events(); e.Name != "job:rejected" || !strings.Contains(fmt.Sprint(e.Payload), "No reason provided") {
		t.Errorf("event %+v", e)
	}
	if list := h.Nobody().Get("/jobs/public").Want(200); list.Body != "[]" {
		t.Errorf("public: %s", list.Body)
	}
	h.Nobody().Get("/jobs/public/"+id).Refused(404, "Job not found")
	if a := r.Get("/jobs").Want(200); a.Str("data.0.status") != "CLOSED" || a.At("data.0._count.applications") != 0.0 || a.At("pagination.nextCursor") != nil {
		t.Errorf("list: %s", a.Body)
	}
	h.Candidate().Post("/jobs", `{"title":"x"}`).Refused(403, "Insufficient permissions")
	h.Nobody().Get("/jobs").Refused(401, "Authentication required")
	other.Delete("/jobs/"+id).Refused(404, "Job not found")
	admin.Delete("/jobs/" + id).Want(200)
	r.Delete("/jobs/"+id).Refused(404, "Job not found")
}

func TestJobsAreRefusedWhole(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	for body, want := range map[string]string{
		`{}`:             `{"error":"Invalid input","details":{"formErrors":[],"fieldErrors":{"title":["Required"]}}}`,
		`{"title":null}`: `{"error":"Invalid input","details":{"formErrors":[],"fieldErrors":{"title":["Expected string, received null"]}}}`,
		`{"title":"` + strings.Repeat("x", 201) + `"}`: `{"error":"Invalid input","details":{"formErrors":[],"fieldErrors":{"title":["String must contain at most 200 character(s)"]}}}`,
		`{"title":"a\u0000b"}`:                         `{"error":"Invalid input","details":{"formErrors":[],"fieldErrors":{"title":["Invalid"]}}}`,
		`[]`:                                           `{"error":"Invalid input","details":{"formErrors":["Expected object, received array"],"fieldErrors":{}}}`,
		`{"title":`:                                    `{"error":"Invalid JSON"}`,
		``:                                             `{"error":"Invalid JSON"}`,
	} {
		if a := r.Post("/jobs", body).Want(400); a.Body != want {
			t.Errorf("%s: %s", body, a.Body)
		}
	}
	if n := r.Get("/jobs?page=-1&limit=abc").Want(200).At("pagination.total"); n != 0.0 {
		t.Errorf("%v jobs were made", n)
	}
	r.Get("/jobs?status=GONE").Want(400)
	r.Get("/jobs?cursor=xyz").Want(400)
}

func TestACandidateAppliesOnceAndIsReviewed(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, other, c := h.Recruiter(), h.Recruiter(), h.Candidate()
	id := published(h, r)
	events, mine := h.Follow("user:"+r.UserID), h.Follow("user:"+c.UserID)
	app := c.Post("/applications", `{"jobId":"`+id+`","coverLetter":"Hello"}`).Want(201)
	if app.Str("job.title") != "Engineer" || app.Str("status") != "PENDING" || app.At("reviewedAt") != nil {
		t.Errorf("applied: %s", app.Body)
	}
	for _, name := range []string{"application:new", "application:created"} {
		if e := <-events.Events(); e.Name != name {
			t.Errorf("event %+v, want %s", e, name)
		}
	}
	c.Post("/jobs/"+id+"/applications", "").Refused(400, "You have already applied for this job")
	c.Post("/applications", `{"jobId":"00000000-0000-4000-8000-0000000000ff"}`).Refused(404, "Job not found")
	r.Post("/applications", `{"jobId":"`+id+`"}`).Refused(403, "Insufficient permissions")
	a := app.Str("id")
	if list := r.Get("/applications").Want(200); list.Str("data.0.candidate.email") != c.Email || list.At("data.0.candidate.candidateProfile.skills") == nil {
		t.Errorf("list: %s", list.Body)
	}
	if list := other.Get("/applications").Want(200); list.At("pagination.total") != 0.0 {
		t.Errorf("somebody else's list: %s", list.Body)
	}
	r.Get("/applications/job/" + id).Want(200)
	other.Get("/applications/job/"+id).Refused(404, "Job not found or unauthorized")
	other.Get("/applications/"+a).Refused(404, "Application not found or unauthorized")
	other.Patch("/applications/"+a+"/status", `{"status":"REVIEWED"}`).Refused(404, "Application not found or unauthorized")
	c.Patch("/applications/mine/"+a, `{"notes":null,"coverLetter":"Hi"}`).Want(200)
	r.Patch("/applications/"+a+"/status", `{"status":"INTERVIEW_SCHEDULED"}`).Refused(400, "Invalid input")
	refused := r.Patch("/applications/"+a+"/status", `{"status":"HIRED"}`)
	refused.Refused(400, "Invalid status transition from 'PENDING' to 'HIRED'")
	if refused.Str("validTransitions.0") != "REVIEWED" || refused.Str("validTransitions.1") != "REJECTED" {
		t.Errorf("refused: %s", refused.Body)
	}
	if moved := r.Patch("/applications/"+a+"/status", `{"status":"REVIEWED"}`).Want(200); moved.At("reviewedAt") == nil {
		t.Errorf("moved: %s", moved.Body)
	}
	r.Patch("/applications/"+a+"/status", `{"status":"REVIEWED"}`).Want(200)
	for _, name := range []string{"application:status", "application:updated"} {
		if e := <-mine.Events(); e.Name != name {
			t.Errorf("event %+v, want %s", e, name)
		}
	}
	r.Patch("/applications/"+a+"/notes", `{"notes":3}`).Refused(400, "Notes must be a string")
	r.Patch("/applications/"+a+"/notes", `{"notes":"Good"}`).Want(200)
	c.Patch("/applications/mine/"+a, `{"notes":"x"}`).Refused(400, "Cannot update application after it has been reviewed")
	r.Patch("/applications/"+a, `{"status":"SHORTLISTED"}`).Want(200)
	c.Delete("/applications/mine/"+a).Refused(400, "Cannot withdraw application at this stage")
	h.Candidate().Get("/applications/mine/"+a).Refused(404, "Application not found")
	c.Get("/applications/mine/" + a).Want(200)
	if list := c.Get("/applications/mine").Want(200); list.Str("data.0.job.recruiter.id") != r.UserID {
		t.Errorf("mine: %s", list.Body)
	}
	h.Admin().Get("/applications/admin/all?jobId=" + id).Want(200)
	r.Delete("/jobs/" + id).Want(200)
	c.Get("/applications/mine/"+a).Refused(404, "Application not found")
}

// Of two who move the same application, one wins, and the other is told.
func TestTransitionsOfAnApplicationRace(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id := published(h, r)
	for range 5 {
		a := h.Candidate().Post("/applications", `{"jobId":"`+id+`"}`).Want(201).Str("id")
		r.Patch("/applications/"+a+"/status", `{"status":"REVIEWED"}`).Want(200)
		r.Patch("/applications/"+a+"/status", `{"status":"SHORTLISTED"}`).Want(200)
		var both sync.WaitGroup
		status := make([]int, 2)
		for i, to := range []string{"HIRED", "REJECTED"} {
			both.Go(func() { status[i] = r.Patch("/applications/"+a+"/status", `{"status":"`+to+`"}`).Status })
		}
		both.Wait()
		if status[0]+status[1] != 600 {
			t.Errorf("the two were answered with %v, want one 200 and one 400", status)
		}
	}
	c := h.Candidate()
	var many sync.WaitGroup
	var mu sync.Mutex
	counts := map[int]int{}
	for range 8 {
		many.Go(func() {
			a := c.Post("/applications", `{"jobId":"`+id+`"}`)
			mu.Lock()
			counts[a.Status]++
			mu.Unlock()
		})
	}
	many.Wait()
	if counts[201] != 1 || counts[400] != 7 {
		t.Errorf("eight applications at once: %v", counts)
	}
}

func TestAPlanHasVersionsAndIsNotOverwrittenUnseen(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id := r.Post("/jobs", `{"title":"Engineer"}`).Want(201).Str("id")
	first := r.Get("/jobs/" + id + "/plan").Want(200)
	if first.At("version") != 0.0 || first.At("plan") != nil || first.At("updatedAt") != nil {
		t.Errorf("before: %s", first.Body)
	}
	plan := `{"plan":` + validPlan + `}`
	r.Put("/jobs/"+id+"/plan", `{"plan":{"questions":[]}}`).Refused(400, "Invalid input")
	set := r.Do("PUT", "/jobs/"+id+"/plan", plan, "If-Match", first.Header.Get("ETag")).Want(200)
	if set.At("version") != 1.0 {
		t.Errorf("set: %s", set.Body)
	}
	r.Do("PUT", "/jobs/"+id+"/plan", plan, "If-Match", first.Header.Get("ETag")).Refused(412, "The resource has changed")
	r.Do("PUT", "/jobs/"+id+"/plan", plan, "If-Match", set.Header.Get("ETag")).Want(200)
	h.Recruiter().Get("/jobs/"+id+"/plan").Refused(404, "Job not found")
	again := r.Get("/jobs/" + id + "/plan").Want(200)
	if a := r.Do("GET", "/jobs/"+id+"/plan", "", "If-None-Match", again.Header.Get("ETag")); a.Status != 304 || a.Body != "" {
		t.Errorf("unchanged: %d %s", a.Status, a.Body)
	}
}

func TestListsGoOnBehindACursor(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	for i := range 7 {
		r.Post("/jobs", fmt.Sprintf(`{"title":"Job %d"}`, i)).Want(201)
	}
	seen, path := map[string]bool{}, "/jobs?limit=3"
	for range 3 {
		a := r.Get(path).Want(200)
		for i := range len(a.At("data").([]any)) { //nolint:forcetypeassert // else the test fails
			seen[a.Str(fmt.Sprintf("data.%d.id", i))] = true
		}
		if a.At("pagination.total") != 7.0 || a.At("pagination.totalPages") != 3.0 {
			t.Errorf("%s: %s", path, a.Body)
		}
		next, _ := a.At("pagination.nextCursor").(string)
		r.Post("/jobs", `{"title":"One more, which moves no row"}`).Want(201)
		if _, err := h.Pool.Exec(t.Context(), `DELETE FROM "Job" WHERE title LIKE 'One more%'`); err != nil {
			t.Fatal(err)
		}
		path = "/jobs?limit=3&cursor=" + next
	}
	if len(seen) != 7 {
		t.Errorf("%d of 7 jobs were seen", len(seen))
	}
	one := r.Get("/jobs?limit=1").Str("data.0.updatedAt")
	if a := r.Get("/jobs?updatedAfter=" + one).Want(200); a.At("pagination.total") != 0.0 {
		t.Errorf("changed after the newest: %s", a.Body)
	}
}
