package contract

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/app/apptest"
)

func TestACandidateGoesThroughTheInterview(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id, token := invited(r, `,"timeLimitMinutes":20`)
	link := h.Link(token)
	events := h.Follow("interview:" + id)
	current := link.Get("/interviews/candidate/current").Want(200)
	if want := `{"id":"` + id + `","jobRole":"Engineer","type":"TEXT","timeLimitMinutes":20,"status":"PENDING","startedAt":null}`; current.Body != want {
		t.Errorf("current: %s, want %s", current.Body, want)
	}
	link.Post("/interviews/candidate/complete", "").Refused(400, "Interview not in progress")
	link.Post("/interviews/candidate/messages", `{"role":"user","content":"Hello"}`).Refused(400, "Interview not in progress")
	link.Patch("/interviews/candidate/notes", `{"notes":"I am on the train."}`).Want(200)
	if got := r.Get("/interviews/" + id).Str("candidateNotes"); got != "I am on the train." {
		t.Errorf("notes %q", got)
	}
	started := link.Post("/interviews/candidate/start", "").Want(200)
	if started.Str("status") != "IN_PROGRESS" || started.Str("startedAt") != link.Get("/interviews/candidate/current").Str("startedAt") {
		t.Errorf("started: %s", started.Body)
	}
	if got := told(t, events, 2); !slices.Equal(got, []string{"interview:status", "interview:started"}) {
		t.Errorf("told %v", got)
	}
	for _, line := range []string{`{"role":"assistant","content":"Welcome."}`, `{"role":"user","content":"Hello."}`} {
		a := link.Post("/interviews/candidate/messages", line).Want(201)
		if gone := missing(a.JSON(), []string{"id", "interviewId", "role", "content", "createdAt"}); len(gone) > 0 {
			t.Errorf("a line has no %v", gone)
		}
	}
	if got := told(t, events, 2); !slices.Equal(got, []string{"interview:message", "interview:message"}) {
		t.Errorf("told %v", got)
	}
	for body, want := range map[string]string{
		`{"role":"system","content":"x"}`:                                `"role":["Invalid enum value. Expected 'user' | 'assistant', received 'system'"]`,
		`{"role":"user","content":""}`:                                   `"content":["String must contain at least 1 character(s)"]`,
		`{"role":"user"}`:                                                `"content":["Required"]`,
		`{"role":"user","content":"` + strings.Repeat("x", 10001) + `"}`: `"content":["String must contain at most 10000 character(s)"]`,
	} {
		if a := link.Post("/interviews/candidate/messages", body).Want(400); !strings.Contains(a.Body, want) {
			t.Errorf("%.80s: %s", body, a.Body)
		}
	}
	lines := link.Get("/interviews/candidate/messages").Want(200)
	if len(lines.JSON().([]any)) != 2 || lines.Str("0.content") != "Welcome." || lines.Str("1.role") != "user" || r.Get("/interviews/"+id+"/transcript").Body != lines.Body {
		t.Errorf("lines: %s", lines.Body)
	}
	var sources []string
	if err := h.Pool.QueryRow(t.Context(), `SELECT array_agg(source) FROM "InterviewMessage" WHERE "interviewId" = $1`, id).Scan(&sources); err != nil || !slices.Equal(sources, []string{"client", "client"}) {
		t.Errorf("the lines are marked %v (%v)", sources, err)
	}
	completed := link.Post("/interviews/candidate/complete", "").Want(200)
	if completed.Str("status") != "COMPLETED" || completed.Str("completedAt") != r.Get("/interviews/"+id).Str("completedAt") || completed.Str("message") == "" {
		t.Errorf("completed: %s", completed.Body)
	}
	if got := told(t, events, 2); !slices.Equal(got, []string{"interview:status", "interview:completed"}) {
		t.Errorf("told %v", got)
	}
	link.Post("/interviews/candidate/complete", "").Refused(400, "Interview not in progress")
	link.Post("/interviews/candidate/start", "").Refused(400, "Interview already started or completed")
	// The page sends what it still has.
	link.Post("/interviews/candidate/messages", `{"role":"user","content":"Bye."}`).Want(201)
	link.Patch("/interviews/candidate/notes", `{"notes":"Thanks"}`).Want(200)
	if _, err := h.Pool.Exec(t.Context(), `UPDATE "Interview" SET "completedAt" = now() - interval '11 minutes' WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	link.Post("/interviews/candidate/messages", `{"role":"user","content":"Too late."}`).Refused(400, "Interview not in progress")
	link.Patch("/interviews/candidate/notes", `{"notes":"Too late"}`).Refused(400, "Interview is no longer active")
	link.Get("/interviews/candidate/messages").Want(200)
}

func TestNotesKeepWhatTheProductWroteIntoThem(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id, token := invited(r, "")
	if _, err := h.Pool.Exec(t.Context(), `UPDATE "Interview" SET "candidateNotes" = '{"video_transcription":"Hello"}' WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	h.Link(token).Patch("/interviews/candidate/notes", `{"notes":"say \"hi\""}`).Want(200)
	if got := r.Get("/interviews/" + id).Str("candidateNotes"); got != `{"notes":"say \"hi\"","video_transcription":"Hello"}` {
		t.Errorf("notes %s", got)
	}
	h.Link(token).Patch("/interviews/candidate/notes", `{"notes":"`+strings.Repeat("x", 5001)+`"}`).Want(400)
	h.Link(token).Patch("/interviews/candidate/notes", `{}`).Want(400)
}

// A use is written beside the request, within a second or so, and at the stop at the
// latest.
func TestEveryUseOfALinkIsCounted(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id, token := invited(r, "")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if a := h.Link(token).Get("/interviews/candidate/current"); a.Status != 200 {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		})
	}
	wg.Wait()
	eventually(t, func() string {
		a := r.Get("/interviews/" + id + "/sessions").Want(200)
		if a.At("0.accessCount") != 20.0 || a.At("0.lastAccessedAt") == nil {
			return "counted: " + a.Body
		}
		return ""
	})
	h.Link(token).Get("/interviews/candidate/current").Want(200)
	url := h.DatabaseURL
	h.Close()
	again := apptest.Beside(t, url, h.RedisURL)
	var n int
	if err := again.Pool.QueryRow(t.Context(), `SELECT "accessCount" FROM "InterviewSession" WHERE token = $1`, token).Scan(&n); err != nil || n != 21 {
		t.Errorf("after the stop %d uses are counted (%v), want 21", n, err)
	}
}

// eventually polls until nothing is missing.
func eventually(t *testing.T, missing func() string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		what := missing()
		if what == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
		time.Sleep(20 * time.Millisecond) //nolint:forbidigo // a real server
	}
}
