package contract

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/app/apptest"
	"github.com/vantahire/vantahire/realtime"
)

// invited makes an interview of the recruiter and returns its id and its first token.
func invited(r *apptest.Client, fields string) (id, token string) {
	a := r.Post("/interviews", `{"candidateEmail":"ada@example.com","jobRole":"Engineer"`+fields+`}`).Want(201)
	return a.Str("id"), a.Str("sessions.0.token")
}

// interviewFields are those of contract section 2.0, InterviewRow.
var interviewFields = []string{
	"id", "recruiterId", "jobId", "candidateEmail", "candidateName", "candidateNotes", "candidateResumeFileId", "candidateUserId", "jobRole", "type",
	"timeLimitMinutes", "status", "interviewUrl", "expiresAt", "startedAt", "completedAt", "score", "transcriptSummary", "recordingGcsKey", "createdAt", "updatedAt",
}

// missing are the fields that an object does not have.
func missing(object any, fields []string) []string {
	row, _ := object.(map[string]any)
	return slices.DeleteFunc(slices.Clone(fields), func(f string) bool {
		_, ok := row[f]
		return ok
	})
}

func TestAnInterviewIsCreatedReadChangedAndDeleted(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, other, admin, candidate := h.Recruiter(), h.Recruiter(), h.Admin(), h.LoginAs("Ada@Example.com", "CANDIDATE")
	job := r.Post("/jobs", `{"title":"Engineer"}`).Want(201).Str("id")
	created := r.Post("/interviews", `{"candidateEmail":"ada@example.com","jobRole":"Engineer","jobId":"`+job+`","candidatePhone":"+1","type":"VOICE","recruiterId":"x","score":9}`).Want(201)
	id, token := created.Str("id"), created.Str("sessions.0.token")
	if gone := missing(created.JSON(), interviewFields); len(gone) > 0 {
		t.Errorf("a new interview has no %v", gone)
	}
	if gone := missing(created.At("sessions.0"), []string{"id", "interviewId", "token", "expiresAt", "revokedAt", "lastAccessedAt", "accessCount", "createdAt"}); len(gone) > 0 {
		t.Errorf("its link has no %v", gone)
	}
	for field, want := range map[string]any{
		"recruiterId": r.UserID, "jobId": job, "candidateUserId": candidate.UserID, "type": "VOICE", "timeLimitMinutes": 30.0, "status": "PENDING", "score": nil, "candidateName": nil,
		"interviewUrl": apptest.Frontend + "/voice-interview/" + id + "?token=" + token,
	} {
		if got := created.At(field); got != want {
			t.Errorf("%s is %v, want %v", field, got, want)
		}
	}
	if created.Str("expiresAt") != created.Str("sessions.0.expiresAt") {
		t.Error("the link does not end with its interview")
	}
	detail := r.Get("/interviews/" + id).Want(200)
	if gone := missing(detail.JSON(), append(slices.Clone(interviewFields), "job", "messages", "sessions")); len(gone) > 0 {
		t.Errorf("the interview has no %v", gone)
	}
	if detail.Str("job.title") != "Engineer" || len(detail.At("messages").([]any)) != 0 || detail.Str("sessions.0.token") != token {
		t.Errorf("detail: %s", detail.Body)
	}
	tag := detail.Header.Get("ETag")
	r.Do("GET", "/interviews/"+id, "", "If-None-Match", tag).Want(304)
	for _, c := range []*apptest.Client{other, candidate} {
		for _, path := range []string{"", "/transcript", "/sessions", "/plan"} {
			c.Get("/interviews/"+id+path).Refused(404, "Interview not found")
		}
		c.Patch("/interviews/"+id, `{"candidateName":"x"}`).Refused(404, "Interview not found")
		c.Patch("/interviews/"+id+"/status", `{"status":"EXPIRED"}`).Refused(404, "Interview not found")
		c.Post("/interviews/"+id+"/sessions", "").Refused(404, "Interview not found")
		c.Delete("/interviews/"+id+"/sessions").Refused(404, "Interview not found")
		c.Delete("/interviews/"+id).Refused(404, "Interview not found")
	}
	admin.Get("/interviews/" + id).Want(200)
	changed := r.Do("PATCH", "/interviews/"+id, `{"candidateName":"Ada","candidateNotes":"calm","timeLimitMinutes":45,"status":"COMPLETED"}`, "If-Match", tag).Want(200)
	if changed.Str("candidateName") != "Ada" || changed.At("timeLimitMinutes") != 45.0 || changed.Str("status") != "PENDING" {
		t.Errorf("changed: %s", changed.Body)
	}
	for _, method := range []string{"PATCH", "DELETE"} {
		r.Do(method, "/interviews/"+id, `{"candidateName":"Bob"}`, "If-Match", tag).Refused(412, "The resource has changed")
	}
	r.Do("PATCH", "/interviews/"+id+"/status", `{"status":"EXPIRED"}`, "If-Match", tag).Refused(412, "The resource has changed")
	r.Patch("/interviews/"+id, `{"candidateName":null}`).Want(400)
	if !strings.Contains(r.Patch("/interviews/"+id, `{"timeLimitMinutes":4}`).Want(400).Body, "Number must be greater than or equal to 5") {
		t.Error("four minutes are not told")
	}
	admin.Delete("/interviews/" + id).Want(200)
	r.Get("/interviews/"+id).Refused(404, "Interview not found")
	r.Delete("/interviews/"+id).Refused(404, "Interview not found")
	r.Get("/interviews/not-an-id").Refused(404, "Interview not found")
	h.Nobody().Get("/interviews").Refused(401, "Authentication required")
	candidate.Post("/interviews", `{"candidateEmail":"a@b.co","jobRole":"x"}`).Refused(403, "Insufficient permissions")
}

func TestAnInterviewRefersOnlyToWhatItsRecruiterMayUse(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, other, admin := h.Recruiter(), h.Recruiter(), h.Admin()
	foreign := other.Post("/jobs", `{"title":"Theirs"}`).Want(201).Str("id")
	files := map[string]string{"mine": r.UserID, "theirs": other.UserID}
	for name, owner := range files {
		if err := h.Pool.QueryRow(t.Context(), `INSERT INTO "File" (name, "mimeType", size, category, "uploadedBy") VALUES ('cv.pdf', 'application/pdf', 1, 'RESUME', $1) RETURNING id`, owner).Scan(new(string)); err != nil {
			t.Fatal(err)
		}
		var id string
		if err := h.Pool.QueryRow(t.Context(), `SELECT id FROM "File" WHERE "uploadedBy" = $1`, owner).Scan(&id); err != nil {
			t.Fatal(err)
		}
		files[name] = id
	}
	const nobodys = "00000000-0000-4000-8000-00000000ffff"
	body := func(field, id string) string {
		return fmt.Sprintf(`{"candidateEmail":"a@b.co","jobRole":"x",%q:%q}`, field, id)
	}
	for field, ids := range map[string][]string{"jobId": {foreign, nobodys}, "candidateResumeFileId": {files["theirs"], nobodys}} {
		for _, id := range ids {
			if a := r.Post("/interviews", body(field, id)).Want(400); !strings.Contains(a.Body, `"`+field+`":["`) {
				t.Errorf("%s %s: %s", field, id, a.Body)
			}
		}
	}
	r.Post("/interviews", body("candidateResumeFileId", files["mine"])).Want(201)
	admin.Post("/interviews", body("jobId", foreign)).Want(201)
	if total := r.Get("/interviews").Want(200).At("pagination.total"); total != 1.0 {
		t.Errorf("%v interviews are there: a refused one was stored", total)
	}
}

func TestLinksAreIssuedListedAndRevoked(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id, first := invited(r, "")
	otherID, otherToken := invited(r, "")
	ends := time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
	issued := r.Post("/interviews/"+id+"/sessions", `{"expiresAt":"`+ends+`"}`).Want(201)
	second := issued.Str("token")
	if issued.Str("expiresAt") != ends || issued.Str("interviewUrl") != apptest.Frontend+"/interview/"+id+"?token="+second || r.Get("/interviews/"+id).Str("interviewUrl") != issued.Str("interviewUrl") {
		t.Errorf("issued: %s", issued.Body)
	}
	if third := r.Post("/interviews/"+id+"/sessions", "").Want(201); third.Str("expiresAt") != r.Get("/interviews/"+id).Str("expiresAt") {
		t.Errorf("a link that chose no end: %s", third.Body)
	}
	r.Post("/interviews/"+id+"/sessions", `{"expiresAt":"2026-01-01"}`).Want(400)
	for _, token := range []string{first, second} { // older ones stay good
		h.Link(token).Get("/interviews/candidate/current").Want(200)
	}
	links := r.Get("/interviews/" + id + "/sessions").Want(200)
	if n := len(links.JSON().([]any)); n != 3 || links.Str("2.token") != first {
		t.Errorf("%d links, newest first: %s", n, links.Body)
	}
	r.Delete("/interviews/"+otherID+"/sessions/"+issued.Str("sessionId")).Refused(404, "Session not found")
	r.Delete("/interviews/"+id+"/sessions/nothing").Refused(404, "Session not found")
	h.Link(second).Get("/interviews/candidate/current").Want(200)
	for range 2 { // the first time wins, the second does no harm
		r.Delete("/interviews/" + id + "/sessions/" + issued.Str("sessionId")).Want(200)
	}
	h.Link(second).Get("/interviews/candidate/current").Refused(401, "Interview access has been revoked")
	if _, err := h.Pool.Exec(t.Context(), `UPDATE "InterviewSession" SET "expiresAt" = now() - interval '1 second' WHERE token = $1`, first); err != nil {
		t.Fatal(err)
	}
	h.Link(first).Get("/interviews/candidate/current").Refused(401, "Interview link has expired")
	for query, want := range map[string]int{"": 1, "?all=true": 3} {
		if n := len(r.Get("/interviews/" + id + "/sessions" + query).Want(200).JSON().([]any)); n != want {
			t.Errorf("%d links with %q, want %d", n, query, want)
		}
	}
	if a := r.Delete("/interviews/" + id + "/sessions").Want(200); a.At("revoked") != 2.0 || a.At("success") != true {
		t.Errorf("revoked: %s", a.Body)
	}
	if a := r.Delete("/interviews/" + id + "/sessions").Want(200); a.At("revoked") != 0.0 {
		t.Errorf("revoked again: %s", a.Body)
	}
	h.Link(otherToken).Get("/interviews/candidate/current").Want(200)
	h.Link("nonsense").Get("/interviews/candidate/current").Refused(401, "Invalid interview token")
	h.Nobody().Get("/interviews/candidate/current").Refused(401, "Interview token required")
}

func TestTheSetLifeOfLinksIsHonoured(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t, "INTERVIEW_SESSION_TTL_HOURS", "72")
	a := h.Recruiter().Post("/interviews", `{"candidateEmail":"a@b.co","jobRole":"x"}`).Want(201)
	link, err := time.Parse(time.RFC3339, a.Str("sessions.0.expiresAt"))
	if err != nil {
		t.Fatal(err)
	}
	ends, err := time.Parse(time.RFC3339, a.Str("expiresAt"))
	if err != nil || ends.Sub(link) != 4*24*time.Hour {
		t.Errorf("the link ends at %s, its interview at %s (%v)", link, ends, err)
	}
}

// told is what the recruiter of an interview is told of its state, in order.
func told(t *testing.T, f *realtime.Follower, n int) []string {
	t.Helper()
	var names []string
	for range n {
		select {
		case e := <-f.Events():
			names = append(names, e.Name)
		case <-time.After(10 * time.Second):
			t.Fatalf("only %v was told", names)
		}
	}
	return names
}

func TestAnInterviewsStatesFollowTheContract(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	events := h.Follow("user:" + r.UserID)
	id, token := invited(r, "")
	move := func(to string) apptest.Answer {
		return r.Patch("/interviews/"+id+"/status", `{"status":"`+to+`"}`)
	}
	move("GONE").Refused(400, "Invalid status")
	r.Patch("/interviews/"+id+"/status", `{}`).Refused(400, "Invalid status")
	for _, to := range []string{"PENDING", "COMPLETED"} {
		a := move(to)
		a.Refused(400, "Invalid status transition from 'PENDING' to '"+to+"'")
		if got := a.At("validTransitions").([]any); !slices.Equal(got, []any{"IN_PROGRESS", "EXPIRED"}) {
			t.Errorf("instead of %s: %v", to, got)
		}
	}
	if a := move("IN_PROGRESS").Want(200); a.At("startedAt") == nil || a.At("completedAt") != nil {
		t.Errorf("started: %s", a.Body)
	}
	if got := told(t, events, 2); !slices.Equal(got, []string{"interview:status", "interview:started"}) {
		t.Errorf("told %v", got)
	}
	r.Patch("/interviews/"+id, `{"candidateName":"x"}`).Refused(400, "Cannot update interview after it has started")
	r.Put("/interviews/"+id+"/plan", `{"plan":`+validPlan+`}`).Refused(400, "Cannot update interview after it has started")
	h.Link(token).Post("/interviews/candidate/start", "").Refused(400, "Interview already started or completed")
	if a := move("EXPIRED").Want(200); a.At("completedAt") == nil || a.Str("status") != "EXPIRED" {
		t.Errorf("expired: %s", a.Body)
	}
	if got := told(t, events, 1); !slices.Equal(got, []string{"interview:status"}) {
		t.Errorf("told %v", got)
	}
	a := move("IN_PROGRESS")
	a.Refused(400, "Invalid status transition from 'EXPIRED' to 'IN_PROGRESS'")
	if len(a.At("validTransitions").([]any)) != 0 {
		t.Errorf("after the end one may go on: %s", a.Body)
	}
	h.Link(token).Get("/interviews/candidate/current").Refused(410, "Interview has expired")
	h.Link(token).Post("/interviews/candidate/start", "").Refused(410, "Interview has expired")
	r.Post("/interviews/"+id+"/sessions", "").Want(201)
	r.Delete("/interviews/" + id).Want(200)
}

func TestAPlanIsSetUntilTheStart(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id, token := invited(r, "")
	if a := r.Get("/interviews/" + id + "/plan").Want(200); a.At("version") != 0.0 || a.At("plan") != nil || a.At("updatedAt") != nil {
		t.Errorf("without one: %s", a.Body)
	}
	tag := r.Get("/interviews/" + id + "/plan").Header.Get("ETag")
	if a := r.Do("PUT", "/interviews/"+id+"/plan", `{"plan":`+validPlan+`}`, "If-Match", tag).Want(200); a.At("version") != 1.0 || a.Str("plan.name") != "short" {
		t.Errorf("set: %s", a.Body)
	}
	r.Do("PUT", "/interviews/"+id+"/plan", `{"plan":`+validPlan+`}`, "If-Match", tag).Want(412)
	if a := r.Put("/interviews/"+id+"/plan", `{"plan":{"questions":[]}}`).Want(400); !strings.Contains(a.Body, `"plan":["`) {
		t.Errorf("a plan without questions: %s", a.Body)
	}
	r.Put("/interviews/"+id+"/plan", `{}`).Want(400)
	job := r.Post("/jobs", `{"title":"Engineer"}`).Want(201).Str("id")
	r.Put("/jobs/"+job+"/plan", `{"plan":`+validPlan+`}`).Want(200)
	copied, _ := invited(r, `,"jobId":"`+job+`"`)
	r.Put("/jobs/"+job+"/plan", `{"plan":`+strings.Replace(validPlan, `"short"`, `"later"`, 1)+`}`).Want(200)
	if a := r.Get("/interviews/" + copied + "/plan").Want(200); a.At("version") != 1.0 || a.Str("plan.name") != "short" {
		t.Errorf("the copy of the job's plan: %s", a.Body)
	}
	own, _ := invited(r, `,"jobId":"`+job+`","plan":`+strings.Replace(validPlan, `"short"`, `"own"`, 1))
	if a := r.Get("/interviews/" + own + "/plan").Want(200); a.Str("plan.name") != "own" {
		t.Errorf("its own plan: %s", a.Body)
	}
	h.Link(token).Post("/interviews/candidate/start", "").Want(200)
	r.Put("/interviews/"+id+"/plan", `{"plan":`+validPlan+`}`).Refused(400, "Cannot update interview after it has started")
}

func TestListsOfInterviewsAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, other, admin := h.Recruiter(), h.Recruiter(), h.Admin()
	candidate := h.LoginAs("Grace@example.com", "CANDIDATE")
	job := r.Post("/jobs", `{"title":"Engineer"}`).Want(201).Str("id")
	id := r.Post("/interviews", `{"candidateEmail":"grace@EXAMPLE.com","jobRole":"x","candidateNotes":"secret","jobId":"`+job+`"}`).Want(201).Str("id")
	if _, err := h.Pool.Exec(t.Context(), `UPDATE "Interview" SET "transcriptSummary" = '{"technicalScore":3}' WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, token := invited(r, "")
		h.Link(token).Post("/interviews/candidate/start", "").Want(200)
		h.Link(token).Post("/interviews/candidate/messages", `{"role":"user","content":"Hello"}`).Want(201)
	}
	invited(other, "")
	list := r.Get("/interviews?limit=500").Want(200)
	if list.At("pagination.total") != 4.0 || list.At("data.0._count.messages") != 1.0 || list.At("data.0.job") != nil || list.Str("data.3.job.title") != "Engineer" || list.At("pagination.limit") != 500.0 {
		t.Errorf("list: %s", list.Body)
	}
	if gone := missing(list.At("data.0"), interviewFields); len(gone) > 0 {
		t.Errorf("a row has no %v", gone)
	}
	if a := r.Get("/interviews?status=IN_PROGRESS&limit=2&page=2").Want(200); a.At("pagination.total") != 3.0 || a.At("pagination.totalPages") != 2.0 || len(a.At("data").([]any)) != 1 {
		t.Errorf("second page: %s", a.Body)
	}
	r.Get("/interviews?status=GONE").Want(400)
	r.Get("/interviews?page=-1&limit=abc").Want(200)
	if a := admin.Get("/interviews").Want(200); a.At("pagination.total") != 0.0 || a.Body[:11] != `{"data":[],` {
		t.Errorf("an administrator's own: %s", a.Body)
	}
	mine := candidate.Get("/interviews/mine").Want(200)
	if mine.At("pagination.total") != 1.0 || mine.Str("data.0.id") != id || mine.At("data.0.candidateNotes") != nil || mine.At("data.0.transcriptSummary") != nil || strings.Contains(mine.Body, "secret") {
		t.Errorf("mine: %s", mine.Body)
	}
	if gone := missing(mine.At("data.0"), interviewFields); len(gone) > 0 {
		t.Errorf("a row of mine has no %v", gone)
	}
	r.Get("/interviews/mine").Refused(403, "Insufficient permissions")
	if a := candidate.Get("/interviews").Want(200); a.At("pagination.total") != 0.0 {
		t.Errorf("a candidate's list: %s", a.Body)
	}
}

// counts are the rows of a database's tables.
func counts(h *apptest.House) map[string]int {
	h.T.Helper()
	found := map[string]int{}
	for _, table := range []string{`"Interview"`, `"InterviewSession"`, `"InterviewMessage"`, `"EmailMessage"`, `"WhatsAppMessage"`, `"File"`, `"FileChunk"`, "interview_owner", "interview_events", "interview_end", "interview_consent"} {
		var n int
		if err := h.Pool.QueryRow(h.T.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			h.T.Fatal(err)
		}
		found[table] = n
	}
	return found
}

func TestWhatHangsOnAnInterviewGoesWithIt(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	empty := counts(h)
	id, token := invited(r, "")
	h.Link(token).Post("/interviews/candidate/start", "").Want(200)
	h.Link(token).Post("/interviews/candidate/messages", `{"role":"user","content":"Hello"}`).Want(201)
	r.Post("/interviews/"+id+"/sessions", "").Want(201)
	for _, sql := range []string{
		`INSERT INTO "EmailMessage" ("interviewId", "recipientEmail") VALUES ($1, 'a@b.co')`,
		`INSERT INTO "WhatsAppMessage" ("interviewId", "candidatePhone") VALUES ($1, '+1')`,
		`INSERT INTO "File" (id, name, "mimeType", size, category, "interviewId") VALUES ('00000000-0000-4000-8000-0000000000f1', 'cv.pdf', 'application/pdf', 1, 'RESUME', $1)`,
		`INSERT INTO "FileChunk" ("fileId", n, data) SELECT id, 0, 'x' FROM "File" WHERE "interviewId" = $1`,
		`UPDATE "Interview" SET "candidateResumeFileId" = '00000000-0000-4000-8000-0000000000f1' WHERE id = $1`,
		`INSERT INTO interview_owner (interview, fence, last_seq) VALUES ($1, 1, 1)`,
		`INSERT INTO interview_events (interview, seq, fence, kind, at, clock_ns, payload) VALUES ($1, 1, 1, 'started', now(), 0, '{}')`,
		`INSERT INTO interview_end (interview, seq, reason, used_ns, at) VALUES ($1, 1, 'finished', 0, now())`,
		`INSERT INTO interview_consent (interview, version, at, channel) VALUES ($1, 'x', now(), 'web')`,
	} {
		if _, err := h.Pool.Exec(t.Context(), sql, id); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	if full := counts(h); slices.Contains(slices.Collect(maps.Values(full)), 0) {
		t.Fatalf("the test leaves tables empty: %v", full)
	}
	r.Delete("/interviews/" + id).Want(200)
	if left := counts(h); !maps.Equal(left, empty) {
		t.Errorf("left behind: %v, want %v", left, empty)
	}
}

func TestOfTwoWhoMoveAnInterviewOneWins(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	race := func(calls ...func() apptest.Answer) map[int]int {
		var (
			wg       sync.WaitGroup
			mu       sync.Mutex
			statuses = map[int]int{}
		)
		for _, call := range calls {
			wg.Go(func() {
				a := call()
				mu.Lock()
				defer mu.Unlock()
				statuses[a.Status]++
			})
		}
		wg.Wait()
		return statuses
	}
	for range 8 {
		id, token := invited(r, "")
		link := h.Link(token)
		start := func() apptest.Answer { return link.Post("/interviews/candidate/start", "") }
		if got := race(start, start, start); got[200] != 1 || got[400] != 2 {
			t.Errorf("three starts: %v", got)
		}
		got := race(
			func() apptest.Answer { return link.Post("/interviews/candidate/complete", "") },
			func() apptest.Answer { return r.Patch("/interviews/"+id+"/status", `{"status":"EXPIRED"}`) },
		)
		if got[200] != 1 || got[400]+got[410] != 1 {
			t.Errorf("complete against expire: %v", got)
		}
		id, _ = invited(r, "")
		got = race(
			func() apptest.Answer { return r.Patch("/interviews/"+id+"/status", `{"status":"IN_PROGRESS"}`) },
			func() apptest.Answer { return r.Patch("/interviews/"+id, `{"candidateName":"x"}`) },
			func() apptest.Answer { return r.Delete("/interviews/" + id) },
		)
		if got[200]+got[404]+got[400] != 3 || got[200] == 0 {
			t.Errorf("changes against a deletion: %v", got)
		}
		r.Get("/interviews/"+id).Refused(404, "Interview not found")
	}
}
