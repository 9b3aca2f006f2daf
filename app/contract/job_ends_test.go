package contract

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/vantahire/vantahire/app/apptest"
)

// The two surfaces for administrators differ in what they do beside the approval
// (contract section 11, D15).
func TestApprovingPublishesOnOneSurfaceOnly(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, admin := h.Recruiter(), h.Admin()
	for _, tc := range []struct{ surface, approved, rejected string }{{"/jobs/admin/", "DRAFT", "DRAFT"}, {"/admin/jobs/", "ACTIVE", "CLOSED"}} {
		job := r.Post("/jobs", `{"title":"Engineer"}`).Want(201).Str("id")
		approved := admin.Post(tc.surface+job+"/approve", "").Want(200)
		wantFields(t, approved, "", jobFields)
		if approved.Str("status") != tc.approved || approved.Str("approvalStatus") != "APPROVED" || approved.Str("approvedBy") != admin.UserID || approved.At("approvedAt") == nil {
			t.Errorf("%s approved: %s", tc.surface, approved.Body)
		}
		rejected := admin.Post(tc.surface+job+"/reject", `{"reason":"No"}`).Want(200)
		if rejected.Str("status") != tc.rejected || rejected.Str("approvalStatus") != "REJECTED" || rejected.Str("rejectionReason") != "No" {
			t.Errorf("%s rejected: %s", tc.surface, rejected.Body)
		}
		r.Post("/jobs/"+job+"/publish", "").Refused(400, "Job must be approved before publishing")
		if again := admin.Post(tc.surface+job+"/approve", "").Want(200); again.At("rejectionReason") != nil {
			t.Errorf("%s approved again: %s", tc.surface, again.Body)
		}
		r.Post("/jobs/"+job+"/status", `{"status":"ACTIVE"}`).Want(200)
		for _, path := range []string{"/approve", "/reject"} {
			r.Post(tc.surface+job+path, "").Refused(403, "Insufficient permissions")
			admin.Post(tc.surface+"00000000-0000-4000-8000-0000000000ff"+path, "").Refused(404, "Job not found")
			admin.Post(tc.surface+"%00"+path, "").Refused(404, "Job not found")
		}
		admin.Post(tc.surface+job+"/reject", `{"reason":3}`).Refused(400, "Invalid input")
	}
}

func TestListsOfJobsAreNarrowedAndOrdered(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, admin := h.Recruiter(), h.Admin()
	r.Patch("/users/recruiter-profile", `{"companyName":"Acme"}`).Want(200)
	var ids []string
	for i := range 3 {
		ids = append(ids, r.Post("/jobs", fmt.Sprintf(`{"title":"Job %d","salaryRange":"1"}`, i)).Want(201).Str("id"))
	}
	admin.Post("/admin/jobs/"+ids[1]+"/approve", "").Want(200)
	newest := r.Get("/jobs").Want(200)
	wantFields(t, newest, "data.0", jobFields, []string{"_count"})
	if newest.Str("data.0.id") != ids[2] || newest.At("data.0._count.interviews") != 0.0 {
		t.Errorf("own: %s", newest.Body)
	}
	if a := r.Get("/jobs?status=ACTIVE").Want(200); a.At("pagination.total") != 1.0 || a.Str("data.0.id") != ids[1] {
		t.Errorf("active: %s", a.Body)
	}
	if a := admin.Get("/jobs").Want(200); a.Body != `{"data":[],"pagination":{"page":1,"limit":20,"total":0,"totalPages":0,"nextCursor":null}}` {
		t.Errorf("an administrator's own: %s", a.Body)
	}
	if a := admin.Get("/jobs/admin/pending").Want(200); a.At("pagination.total") != 2.0 || a.Str("data.0.id") != ids[0] || a.Str("data.1.id") != ids[2] || a.Str("data.0.recruiter.email") != r.Email {
		t.Errorf("waiting, oldest first: %s", a.Body)
	}
	all := admin.Get("/admin/jobs?limit=500").Want(200)
	wantFields(t, all, "data.0", jobFields, []string{"_count", "recruiter"})
	wantFields(t, all, "data.0.recruiter", []string{"id", "fullName", "email"})
	if all.At("pagination.total") != 3.0 || all.At("pagination.limit") != 500.0 || all.Str("data.0.id") != ids[2] {
		t.Errorf("everybody's: %s", all.Body)
	}
	for query, want := range map[string]float64{"approvalStatus=PENDING": 2, "approvalStatus=APPROVED&status=ACTIVE": 1, "status=CLOSED": 0} {
		if a := admin.Get("/admin/jobs?" + query).Want(200); a.At("pagination.total") != want {
			t.Errorf("%s: %s", query, a.Body)
		}
	}
	admin.Get("/admin/jobs?approvalStatus=MAYBE").Refused(400, "Invalid input")
	r.Get("/admin/jobs").Refused(403, "Insufficient permissions")
	r.Get("/jobs/admin/pending").Refused(403, "Insufficient permissions")
	public := h.Nobody().Get("/jobs/public").Want(200)
	wantFields(t, public, "0", jobFields, []string{"recruiter"})
	if public.Str("0.recruiter.recruiterProfile.companyName") != "Acme" || public.At("0.recruiter.recruiterProfile.logoFileId") != nil {
		t.Errorf("public: %s", public.Body)
	}
	for range 11 {
		interviewOf(r, `,"jobId":"`+ids[1]+`"`)
		h.Candidate().Post("/applications", `{"jobId":"`+ids[1]+`"}`).Want(201)
	}
	one := r.Get("/jobs/" + ids[1]).Want(200)
	wantFields(t, one, "", jobFields)
	wantFields(t, one, "interviews.9", interviewFields)
	wantFields(t, one, "applications.9", applicationFields)
	for _, list := range []string{"interviews", "applications"} {
		if n := len(one.At(list).([]any)); n != 10 { //nolint:forcetypeassert // else the test fails
			t.Errorf("%d %s stand beside the job", n, list)
		}
	}
	if one.Str("applications.0.appliedAt") < one.Str("applications.9.appliedAt") {
		t.Errorf("not the newest first: %s", one.Body)
	}
	if a := r.Get("/jobs?status=ACTIVE"); a.At("data.0._count.interviews") != 11.0 || a.At("data.0._count.applications") != 11.0 {
		t.Errorf("counts: %s", a.Body)
	}
}

// A job goes with all that is its own or not at all.
func TestAJobIsDeletedInOneTransaction(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, other, c := h.Recruiter(), h.Recruiter(), h.Candidate()
	job, kept := published(h, r), published(h, other)
	a := c.Post("/applications", `{"jobId":"`+job+`"}`).Want(201).Str("id")
	c.Post("/applications", `{"jobId":"`+kept+`"}`).Want(201)
	upload(c, "/files", "work.pdf", "application/pdf", pdf, "category", "DOCUMENT", "jobApplicationId", a).Want(201)
	upload(r, "/files", "cv.pdf", "application/pdf", pdf, "category", "RESUME", "jobApplicationId", a).Want(201)
	interview, _ := interviewOf(r, `,"jobId":"`+job+`"`)
	state := func() (s string) {
		t.Helper()
		err := h.Pool.QueryRow(t.Context(), `SELECT concat_ws(' ', (SELECT count(*) FROM "Job"), (SELECT count(*) FROM "JobApplication"), (SELECT count(*) FROM "File"),
			(SELECT count(*) FROM "FileChunk"), (SELECT count(*) FROM "Interview"), (SELECT count(*) FROM "Interview" WHERE "jobId" IS NOT NULL))`).Scan(&s)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	before := state()
	if _, err := h.Pool.Exec(t.Context(), `
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not now'; END $$;
		CREATE CONSTRAINT TRIGGER refuse AFTER DELETE ON "Job" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()`); err != nil {
		t.Fatal(err)
	}
	if failed := r.Delete("/jobs/" + job).Want(500); strings.Contains(failed.Body, "not now") {
		t.Errorf("the answer tells of the database: %s", failed.Body)
	}
	if s := state(); s != before || before != "2 2 2 2 1 1" {
		t.Errorf("after a deletion that failed: %s, before: %s", s, before)
	}
	if _, err := h.Pool.Exec(t.Context(), `DROP TRIGGER refuse ON "Job"`); err != nil {
		t.Fatal(err)
	}
	other.Delete("/jobs/"+job).Refused(404, "Job not found")
	c.Delete("/jobs/"+job).Refused(403, "Insufficient permissions")
	h.Admin().Delete("/jobs/" + job).Want(200)
	if s := state(); s != "1 1 0 0 1 0" {
		t.Errorf("after the deletion: %s", s)
	}
	if i := r.Get("/interviews/" + interview).Want(200); i.At("jobId") != nil || i.At("job") != nil {
		t.Errorf("the interview: %s", i.Body)
	}
	c.Get("/applications/mine/"+a).Refused(404, "Application not found")
}

func TestOfTwoWhoSawTheSamePlanOneSetsIt(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, admin := h.Recruiter(), h.Admin()
	job := r.Post("/jobs", `{"title":"Engineer"}`).Want(201).Str("id")
	for round := range 3 {
		tag := r.Get("/jobs/" + job + "/plan").Want(200).Header.Get("ETag")
		var both sync.WaitGroup
		status := make([]int, 2)
		for i, c := range []*apptest.Client{r, admin} {
			both.Go(func() {
				status[i] = c.Do("PUT", "/jobs/"+job+"/plan", `{"plan":`+validPlan+`}`, "If-Match", tag).Status
			})
		}
		both.Wait()
		if status[0]+status[1] != 200+412 {
			t.Errorf("the two were answered with %v", status)
		}
		if v := r.Get("/jobs/" + job + "/plan").At("version"); v != float64(round+1) {
			t.Errorf("version %v after %d changes", v, round+1)
		}
	}
	for _, body := range []string{`{"plan":null}`, `{"plan":[]}`, `{"plan":"x"}`, `{}`, `{"plan":{"questions":[{"id":"\u0000"}]}}`} {
		r.Put("/jobs/"+job+"/plan", body).Want(400)
	}
	h.Candidate().Get("/jobs/"+job+"/plan").Refused(403, "Insufficient permissions")
	r.Put("/jobs/%00/plan", `{"plan":`+validPlan+`}`).Refused(404, "Job not found")
}
