package contract

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/app/apptest"
	"github.com/vantahire/vantahire/realtime"
)

// Fields of contract section 2.0.
var (
	jobFields = []string{
		"id", "recruiterId", "title", "description", "department", "location", "jobType", "salaryRange", "status", "approvalStatus", "approvedAt",
		"approvedBy", "rejectionReason", "createdAt", "updatedAt",
	}
	applicationFields = []string{
		"id", "jobId", "candidateId", "coverLetter", "resumeFileId", "notes", "status", "reviewedAt", "appliedAt", "updatedAt",
	}
	// applicantFields are those of section 2.7.1, flat and nested.
	applicantFields = []string{
		"id", "fullName", "email", "phone", "bio", "skills", "experienceYears", "linkedinUrl", "portfolioUrl", "avatarUrl", "candidateProfile",
	}
)

// wantFields checks that an object has fields, null or not.
func wantFields(t *testing.T, a apptest.Answer, path string, lists ...[]string) {
	t.Helper()
	object := a.JSON()
	if path != "" {
		object = a.At(path)
	}
	for _, fields := range lists {
		if lacks := missing(object, fields); len(lacks) > 0 {
			t.Errorf("%s: %s lacks %v in %s", a.Request, path, lacks, a.Body)
		}
	}
}

func TestAnApplicationShowsItsCandidateAndItsJob(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, c, admin := h.Recruiter(), h.Candidate(), h.Admin()
	r.Patch("/users/recruiter-profile", `{"companyName":"Acme"}`).Want(200)
	job := published(h, r)
	a := c.Post("/applications", `{"jobId":"`+job+`","coverLetter":"Hello","notes":null}`).Want(201)
	wantFields(t, a, "", applicationFields)
	id := a.Str("id")
	// Without a candidate profile, the account speaks for the candidate.
	list := r.Get("/applications?jobId=" + job + "&status=PENDING").Want(200)
	wantFields(t, list, "data.0", applicationFields, []string{"job", "candidate", "resumeFile"})
	wantFields(t, list, "data.0.job", []string{"id", "title", "department", "location"})
	wantFields(t, list, "data.0.candidate", applicantFields)
	if list.Str("data.0.candidate.email") != c.Email || list.Str("data.0.candidate.fullName") != "Test Person" {
		t.Errorf("by the account: %s", list.Body)
	}
	c.Patch("/users/candidate-profile", `{"fullName":"Ada L.","email":"ada@work.example.com","phone":"+1","bio":"Engines","skills":["Go"],"experienceYears":5}`).Want(200)
	for _, one := range []struct {
		answer apptest.Answer
		row    string
	}{
		{r.Get("/applications").Want(200), "data.0."},
		{r.Get("/applications/job/" + job).Want(200), "data.0."},
		{r.Get("/applications/" + id).Want(200), ""},
		{admin.Get("/applications/" + id).Want(200), ""},
	} {
		for path, want := range map[string]any{
			"candidate.id": c.UserID, "candidate.fullName": "Ada L.", "candidate.email": "ada@work.example.com", "candidate.phone": "+1", "candidate.bio": "Engines",
			"candidate.skills.0": "Go", "candidate.experienceYears": 5.0, "candidate.linkedinUrl": nil, "candidate.candidateProfile.bio": "Engines", "job.id": job, "resumeFile": nil,
		} {
			if got := one.answer.At(one.row + path); got != want {
				t.Errorf("%s: %s is %v, want %v", one.answer.Request, path, got, want)
			}
		}
	}
	wantFields(t, r.Get("/applications/"+id), "", applicationFields, []string{"files"})
	mine := c.Get("/applications/mine?status=PENDING").Want(200)
	wantFields(t, mine, "data.0", applicationFields, []string{"job", "resumeFile"})
	wantFields(t, mine, "data.0.job", []string{"id", "title", "department", "location", "recruiter"})
	if mine.Str("data.0.job.recruiter.recruiterProfile.companyName") != "Acme" {
		t.Errorf("mine: %s", mine.Body)
	}
	one := c.Get("/applications/mine/" + id).Want(200)
	wantFields(t, one, "", applicationFields, []string{"resumeFile", "files"})
	wantFields(t, one, "job", []string{"id", "title", "description", "jobType", "recruiter"})
	all := admin.Get("/applications/admin/all?status=PENDING").Want(200)
	wantFields(t, all, "data.0", applicationFields, []string{"resumeFile"})
	wantFields(t, all, "data.0.job.recruiter", []string{"id", "fullName", "email"})
	if all.Str("data.0.candidate.email") != c.Email || all.Str("data.0.candidate.fullName") != "Test Person" {
		t.Errorf("for administrators, the account: %s", all.Body)
	}
	if n := r.Get("/applications?status=HIRED").Want(200).At("pagination.total"); n != 0.0 {
		t.Errorf("%v were hired", n)
	}
	// The candidate's account may be gone.
	if _, err := h.Pool.Exec(t.Context(), `UPDATE "JobApplication" SET "candidateId" = '00000000-0000-4000-8000-0000000000ff'`); err != nil {
		t.Fatal(err)
	}
	for _, gone := range []apptest.Answer{r.Get("/applications").Want(200), admin.Get("/applications/admin/all").Want(200)} {
		if gone.At("data.0.candidate") != nil {
			t.Errorf("nobody's: %s", gone.Body)
		}
	}
	c.Get("/applications").Refused(403, "Insufficient permissions")
	r.Get("/applications/mine").Refused(403, "Insufficient permissions")
	r.Get("/applications/admin/all").Refused(403, "Insufficient permissions")
	for _, path := range []string{"/applications?status=INTERVIEW_SCHEDULED", "/applications?cursor=%00"} {
		r.Get(path).Want(400)
	}
	for _, path := range []string{"/applications?jobId=%00", "/applications?jobId=%FF", "/applications?page=99999999999999999999", "/applications?page=4611686018427387904&limit=500"} {
		if s := r.Get(path).Status; s != 200 && s != 400 {
			t.Errorf("%s: %d", path, s)
		}
	}
	r.Get("/applications/%00").Refused(404, "Application not found or unauthorized")
	r.Get("/applications/%FF").Refused(404, "Application not found or unauthorized")
}

func TestTheResumeOfAnApplicationIsTheCandidatesOwn(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, c := h.Recruiter(), h.Candidate()
	first, second, third := published(h, r), published(h, r), published(h, r)
	resume := func(c *apptest.Client, purpose string) string {
		return upload(c, "/files", "cv.pdf", "application/pdf", pdf, "category", "RESUME", "purpose", purpose).Want(201).Str("id")
	}
	apply := func(job, file string) apptest.Answer {
		return c.Post("/applications", `{"jobId":"`+job+`","resumeFileId":"`+file+`"}`).Want(201)
	}
	own, ofProfile, foreign := resume(c, "application_resume"), resume(c, "profile_resume"), resume(h.Candidate(), "application_resume")
	if a := apply(first, own); a.Str("resumeFileId") != own {
		t.Errorf("his own: %s", a.Body)
	}
	if a := apply(second, foreign); a.Str("resumeFileId") != ofProfile {
		t.Errorf("somebody else's: %s", a.Body)
	}
	again := apply(third, own)
	if again.Str("resumeFileId") != own {
		t.Errorf("his own, for another job: %s", again.Body)
	}
	// What another application shows outlives the one it hangs on.
	c.Delete("/applications/mine/" + c.Get("/applications/mine").Str("data.2.id")).Want(200)
	r.Get("/files/" + own).Want(200)
	if a := r.Get("/applications/" + again.Str("id")).Want(200); a.Str("resumeFile.id") != own || a.At("resumeFile.size") != float64(len(pdf)) {
		t.Errorf("after the other was withdrawn: %s", a.Body)
	}
	attached := upload(c, "/files", "work.pdf", "application/pdf", pdf, "category", "DOCUMENT", "jobApplicationId", again.Str("id")).Want(201).Str("id")
	if a := c.Get("/applications/mine/" + again.Str("id")).Want(200); a.Str("files.0.id") != attached || a.Str("files.0.category") != "DOCUMENT" || a.Str("resumeFile.mimeType") != "application/pdf" {
		t.Errorf("with a file: %s", a.Body)
	}
	c.Delete("/applications/mine/" + again.Str("id")).Want(200)
	c.Get("/files/"+attached).Refused(404, "File not found")
	c.Get("/files/" + ofProfile).Want(200)
	for body, field := range map[string]string{`"resumeFileId":"x"`: "Invalid uuid", `"coverLetter":3`: "Expected string, received number", `"notes":"a\u0000"`: "Invalid"} {
		a := c.Post("/applications", `{"jobId":"`+third+`",`+body+`}`).Want(400)
		if !strings.Contains(a.Body, field) {
			t.Errorf("%s: %s", body, a.Body)
		}
	}
	if n := c.Get("/applications/mine").At("pagination.total"); n != 1.0 {
		t.Errorf("%v applications are left", n)
	}
}

// said are the next n events, as a client gets them.
func said(t *testing.T, f *realtime.Follower, n int) []string {
	t.Helper()
	var events []string
	for range n {
		select {
		case e := <-f.Events():
			payload, err := json.Marshal(e.Payload)
			if err != nil {
				t.Fatal(err)
			}
			events = append(events, e.Name+" "+string(payload))
		case <-time.After(10 * time.Second):
			t.Fatalf("only %v was said", events)
		}
	}
	return events
}

// wantEvents checks the next events with their whole payloads.
func wantEvents(t *testing.T, f *realtime.Follower, want ...string) {
	t.Helper()
	for i, got := range said(t, f, len(want)) {
		if got != want[i] {
			t.Errorf("event %d is %s, want %s", i, got, want[i])
		}
	}
}

func TestWhatHappensToJobsAndApplicationsIsTold(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, c, admin := h.Recruiter(), h.Candidate(), h.Admin()
	events, mine := h.Follow("user:"+r.UserID), h.Follow("user:"+c.UserID)
	job := r.Post("/jobs", `{"title":"Engineer"}`).Want(201).Str("id")
	admin.Post("/jobs/admin/"+job+"/reject", `{"reason":"No salary"}`).Want(200)
	admin.Post("/admin/jobs/"+job+"/reject", "").Want(200)
	admin.Post("/jobs/admin/"+job+"/approve", "").Want(200)
	wantEvents(t, events, `job:rejected {"jobId":"`+job+`","reason":"No salary"}`, `job:rejected {"jobId":"`+job+`","reason":"No reason provided"}`, `job:approved {"jobId":"`+job+`"}`)
	r.Post("/jobs/"+job+"/publish", "").Want(200)
	apply := func() string { return c.Post("/jobs/"+job+"/applications", "{}").Want(201).Str("id") }
	id := apply()
	applied := `{"applicationId":"` + id + `","jobId":"` + job + `","jobTitle":"Engineer"}`
	wantEvents(t, events, "application:new "+applied, "application:created "+applied)
	r.Patch("/applications/"+id, `{"status":"REVIEWED","notes":"Good"}`).Want(200)
	r.Patch("/applications/"+id, `{"status":"REVIEWED"}`).Want(200)         // told nobody
	r.Patch("/applications/"+id+"/notes", `{"notes":"Better"}`).Want(200)   // neither
	r.Patch("/applications/"+id+"/status", `{"status":"HIRED"}`).Want(400)  // nor this
	c.Patch("/applications/mine/"+id, `{"coverLetter":"Please"}`).Want(400) // nor this
	moved := `application:updated {"applicationId":"` + id + `","jobId":"` + job + `","jobTitle":"Engineer","status":"REVIEWED"}`
	wantEvents(t, events, moved)
	wantEvents(t, mine, `application:status {"applicationId":"`+id+`","jobTitle":"Engineer","status":"REVIEWED"}`, moved)
	c.Delete("/applications/mine/" + id).Want(200)
	wantEvents(t, events, `application:deleted {"applicationId":"`+id+`","jobId":"`+job+`"}`)
	id = apply()
	said(t, events, 2)
	r.Delete("/jobs/" + job).Want(200)
	wantEvents(t, events, `application:deleted {"applicationId":"`+id+`","jobId":"`+job+`"}`)
}

func TestRowsOfJobsAndApplicationsAreChangedOnlyAsSeen(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, c := h.Recruiter(), h.Candidate()
	job := published(h, r)
	seen := r.Get("/jobs/" + job).Want(200)
	at := seen.Str("updatedAt")
	if same := r.Post("/jobs/"+job+"/status", `{"status":"ACTIVE"}`).Want(200); same.Str("updatedAt") != at {
		t.Errorf("the same state again made a new version: %s", same.Body)
	}
	changed := r.Do("PATCH", "/jobs/"+job, `{"location":"Oslo"}`, "If-Match", seen.Header.Get("ETag")).Want(200)
	if changed.Str("updatedAt") <= at || changed.Str("location") != "Oslo" || changed.Str("title") != "Engineer" {
		t.Errorf("changed: %s", changed.Body)
	}
	for _, stale := range []apptest.Answer{
		r.Do("PATCH", "/jobs/"+job, `{"location":null}`, "If-Match", seen.Header.Get("ETag")),
		r.Do("POST", "/jobs/"+job+"/status", `{"status":"CLOSED"}`, "If-Match", seen.Header.Get("ETag")),
		r.Do("DELETE", "/jobs/"+job, "", "If-Match", seen.Header.Get("ETag")),
	} {
		stale.Refused(412, "The resource has changed")
	}
	h.Recruiter().Do("PATCH", "/jobs/"+job, `{}`, "If-Match", seen.Header.Get("ETag")).Refused(404, "Job not found")
	id := c.Post("/applications", `{"jobId":"`+job+`"}`).Want(201).Str("id")
	first := c.Get("/applications/mine/" + id).Want(200).Header.Get("ETag")
	edited := c.Do("PATCH", "/applications/mine/"+id, `{"coverLetter":"Hi"}`, "If-Match", first).Want(200)
	for _, stale := range []apptest.Answer{
		c.Do("PATCH", "/applications/mine/"+id, `{"coverLetter":"Ho"}`, "If-Match", first),
		c.Do("DELETE", "/applications/mine/"+id, "", "If-Match", first),
		r.Do("PATCH", "/applications/"+id+"/status", `{"status":"REVIEWED"}`, "If-Match", first),
		r.Do("PATCH", "/applications/"+id+"/notes", `{"notes":"x"}`, "If-Match", first),
	} {
		stale.Refused(412, "The resource has changed")
	}
	if after := r.Get("/applications?updatedAfter=" + edited.Str("updatedAt")).Want(200); after.At("pagination.total") != 0.0 {
		t.Errorf("changed later: %s", after.Body)
	}
	c.Do("DELETE", "/applications/mine/"+id, "", "If-Match", edited.Header.Get("ETag")).Want(200)
	r.Do("DELETE", "/jobs/"+job, "", "If-Match", changed.Header.Get("ETag")).Want(200)
}

// Who applies while the job closes or goes is taken or refused, never lost.
func TestApplyingRacesWithTheEndOfTheJob(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	for _, end := range []func(job string){
		func(job string) { r.Post("/jobs/"+job+"/status", `{"status":"CLOSED"}`).Want(200) },
		func(job string) { r.Delete("/jobs/" + job).Want(200) },
	} {
		job := published(h, r)
		candidates := make([]*apptest.Client, 6)
		for i := range candidates {
			candidates[i] = h.Candidate()
		}
		var all sync.WaitGroup
		taken := make([]bool, len(candidates))
		for i, c := range candidates {
			all.Go(func() {
				switch a := c.Post("/applications", `{"jobId":"`+job+`"}`); {
				case a.Status == 201:
					taken[i] = true
				case a.Status == 400 && strings.Contains(a.Body, "Job is not accepting applications"), a.Status == 404 && strings.Contains(a.Body, "Job not found"):
				default:
					t.Errorf("applying: %d %s", a.Status, a.Body)
				}
			})
		}
		all.Go(func() { end(job) })
		all.Wait()
		var exists bool
		if err := h.Pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM "Job" WHERE id = $1)`, job).Scan(&exists); err != nil {
			t.Fatal(err)
		}
		for i, c := range candidates {
			if n := c.Get("/applications/mine").At("pagination.total"); n != map[bool]float64{true: 1}[taken[i] && exists] {
				t.Errorf("a candidate who was taken (%t) for a job that exists (%t) has %v applications", taken[i], exists, n)
			}
		}
	}
}
