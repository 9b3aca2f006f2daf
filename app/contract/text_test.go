package contract

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/actors"
	"github.com/vantahire/vantahire/app/apptest"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/interview/record"
	"github.com/vantahire/vantahire/store"
)

// sixAnswers are what a candidate writes; the page completes the interview
// after six messages.
var sixAnswers = []string{
	"I work on the payment system of a shop, in a team of four people.",
	"We had a report that took twenty minutes, because it read every order of the year.",
	"I measured it first, then I added an index and a table of daily sums, and it took two seconds.",
	"The hardest part was to convince the others that the numbers stay right.",
	"I would write the test for the numbers before anything else.",
	"No, thank you, I have no questions.",
}

func write(c *apptest.Client, content string) apptest.Answer {
	return c.Post("/interviews/candidate/message", fmt.Sprintf(`{"content":%q}`, content))
}

// begun is an interview in writing that was started, and its candidate.
func begun(h *apptest.House, fields string) (id string, link *apptest.Client) {
	h.T.Helper()
	id, token := invited(h.Recruiter(), fields)
	link = h.Link(token)
	link.Post("/interviews/candidate/start", "").Want(200)
	return id, link
}

// lines are the stored messages, one "role: text" each.
func lines(c *apptest.Client) (lines []string) {
	rows, _ := c.Get("/interviews/candidate/messages").Want(200).JSON().([]any)
	for _, row := range rows {
		r, _ := row.(map[string]any)
		lines = append(lines, fmt.Sprintf("%s: %s", r["role"], r["content"]))
	}
	return lines
}

// checkRecord verifies and replays what is stored of an interview.
func checkRecord(h *apptest.House, id string) {
	h.T.Helper()
	l, err := store.OpenReader(h.T.Context(), h.DatabaseURL)
	if err != nil {
		h.T.Fatal(err)
	}
	defer l.Close()
	r, err := l.Record(h.T.Context(), interview.ID(id))
	if err != nil {
		h.T.Fatal(err)
	}
	for _, p := range record.Verify(r, nil).Problems {
		if r.Seal == nil {
			h.T.Errorf("record: %s", p)
		}
	}
	report, err := actors.Replay(r.Events)
	if err != nil || !report.Replayed() {
		h.T.Errorf("replay: %v, %+v", err, report)
	}
}

func TestAnInterviewInWritingIsHeldFromItsOpeningToItsEnd(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	id, token := invited(h.Recruiter(), `,"plan":`+validPlan)
	link := h.Link(token)
	write(link, "").Refused(400, "Interview not in progress")
	link.Post("/interviews/candidate/start", "").Want(200)
	for _, body := range []string{`{}`, `{"content":null}`, `{"content":5}`, `{"content":["x"]}`, `{"content":"   "}`} {
		link.Post("/interviews/candidate/message", body).Refused(400, "Content is required")
	}
	if a := write(link, strings.Repeat("ä", 10_001)).Want(400); !strings.Contains(a.Body, "String must contain at most 10000 character(s)") {
		t.Errorf("too long: %s", a.Body)
	}
	if got := lines(link); len(got) != 0 {
		t.Errorf("before the first message there are lines: %q", got)
	}
	events := h.Follow("interview:" + id)
	opening := write(link, "").Want(200)
	if opening.Str("userMessage.role") != "user" || opening.Str("userMessage.content") != "" || opening.Str("aiMessage.role") != "assistant" || opening.Str("aiMessage.content") == "" {
		t.Errorf("opening: %s", opening.Body)
	}
	want := []string{"assistant: " + opening.Str("aiMessage.content")}
	if again := write(link, "").Want(200); again.Body != opening.Body {
		t.Errorf("another opening: %s", again.Body)
	}
	for n, answer := range sixAnswers { // of a plan that has two questions
		a := write(link, answer).Want(200)
		if a.Str("userMessage.content") != answer || a.Str("aiMessage.content") == "" {
			t.Errorf("message %d: %s", n+1, a.Body)
		}
		want = append(want, "user: "+answer, "assistant: "+a.Str("aiMessage.content"))
	}
	if got := lines(link); strings.Join(got, "\n") != strings.Join(want, "\n") { // what a reload shows
		t.Errorf("lines are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for n := 0; n < 7; {
		select {
		case e := <-events.Events():
			if e.Name == "interview:message" {
				n++
			}
		case <-time.After(patience):
			t.Fatalf("%d lines were told", n)
		}
	}
	if got := link.Get("/interviews/candidate/current").Str("status"); got != "IN_PROGRESS" {
		t.Errorf("before it is completed it is %s", got)
	}
	var channel string
	if err := h.Pool.QueryRow(t.Context(), `SELECT channel FROM interview_consent WHERE interview = $1`, id).Scan(&channel); err != nil || channel != "web" {
		t.Errorf("consent came by %q (%v)", channel, err)
	}
	link.Post("/interviews/candidate/complete", "").Want(200)
	write(link, "One more thing.").Refused(400, "Interview not in progress")
	write(link, "").Refused(400, "Interview not in progress")
	checkRecord(h, id)
}

func TestAVoiceInterviewIsNotHeldInWriting(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	_, link := begun(h, `,"type":"VOICE"`)
	write(link, "Hello").Refused(400, "This endpoint is for text interviews only")
	h.Nobody().Post("/interviews/candidate/message", `{"content":"x"}`).Refused(401, "Interview token required")
}

func TestMessagesAtOnceAreTurnsInOrder(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	id, link := begun(h, "")
	write(link, "").Want(200)
	var wg sync.WaitGroup
	var mu sync.Mutex
	replies := map[string]string{}
	for n := range 4 {
		wg.Go(func() {
			said := fmt.Sprintf("Answer %d: I have worked on payments for years.", n)
			a := write(link, said)
			if a.Status != 200 {
				t.Errorf("%d %s", a.Status, a.Body)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			replies["user: "+said] = "assistant: " + a.Str("aiMessage.content")
		})
	}
	wg.Wait()
	got := lines(link)
	if len(got) != 9 {
		t.Fatalf("lines: %q", got)
	}
	for i := 1; i < len(got); i += 2 {
		if replies[got[i]] != got[i+1] {
			t.Errorf("%q is followed by %q, its request got %q", got[i], got[i+1], replies[got[i]])
		}
	}
	link.Post("/interviews/candidate/complete", "").Want(200)
	checkRecord(h, id)
}

func TestAnInterviewInWritingGoesOnInTheNextProcess(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	id, link := begun(h, "")
	opening := write(link, "").Want(200).Body
	write(link, sixAnswers[0]).Want(200)
	before := lines(link)
	h.Close()
	next := apptest.Beside(t, h.DatabaseURL, h.RedisURL)
	link = next.Link(link.Headers["X-Interview-Token"])
	if got := lines(link); strings.Join(got, "\n") != strings.Join(before, "\n") {
		t.Errorf("after the restart: %q, before: %q", got, before)
	}
	if again := write(link, "").Want(200); again.Body != opening {
		t.Errorf("another opening: %s", again.Body)
	}
	write(link, sixAnswers[1]).Want(200)
	// Two processes and no sticky sessions: each message finds the interview.
	third := apptest.Beside(t, h.DatabaseURL, h.RedisURL)
	write(third.Link(link.Headers["X-Interview-Token"]), sixAnswers[2]).Want(200)
	if got := lines(link); len(got) != 7 || got[5] != "user: "+sixAnswers[2] {
		t.Errorf("lines: %q", got)
	}
	link.Post("/interviews/candidate/complete", "").Want(200)
	checkRecord(next, id)
}

// silentModel is a server of a language model that takes requests and says nothing.
// asked is closed by the first one.
func silentModel(t *testing.T) (url string, asked <-chan struct{}) {
	t.Helper()
	var once sync.Once
	first := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/chat/completions") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice who leaves
		once.Do(func() { close(first) })
		<-r.Context().Done()
	}))
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL, first
}

func TestWithoutAModelEveryMessageIsAnsweredAllTheSame(t *testing.T) {
	t.Parallel()
	silent, _ := silentModel(t)
	for name, url := range map[string]string{"nobody listens": "http://127.0.0.1:1", "it says nothing": silent} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := apptest.Open(t, "VANTAHIRE_LLM_URL", url, "VANTAHIRE_LLM_MODEL", "none")
			_, link := begun(h, "")
			for _, content := range []string{"", sixAnswers[0], sixAnswers[1]} {
				if a := write(link, content).Want(200); a.Str("aiMessage.content") == "" {
					t.Errorf("%q: %s", content, a.Body)
				}
			}
		})
	}
}

func TestWhatEndsAnInterviewEndsTheReplyOnItsWay(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]struct {
		do   func(h *apptest.House, r, link *apptest.Client, id string) apptest.Answer
		left int // lines afterwards
	}{
		"completed by its candidate": {func(_ *apptest.House, _, link *apptest.Client, _ string) apptest.Answer {
			return link.Post("/interviews/candidate/complete", "")
		}, 0},
		"completed by its recruiter": {func(_ *apptest.House, r, _ *apptest.Client, id string) apptest.Answer {
			return r.Patch("/interviews/"+id+"/status", `{"status":"COMPLETED"}`)
		}, 0},
		"deleted": {func(_ *apptest.House, r, _ *apptest.Client, id string) apptest.Answer {
			return r.Delete("/interviews/" + id)
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, asked := silentModel(t)
			h := apptest.Open(t, "VANTAHIRE_LLM_URL", url, "VANTAHIRE_LLM_MODEL", "none")
			r := h.Recruiter()
			id, token := invited(r, "")
			link := h.Link(token)
			link.Post("/interviews/candidate/start", "").Want(200)
			answered := make(chan apptest.Answer, 1)
			go func() { answered <- write(link, "") }()
			select {
			case <-asked:
			case <-time.After(patience):
				t.Fatal("the model is not asked")
			}
			end.do(h, r, link, id).Want(200)
			select {
			case a := <-answered:
				a.Refused(400, "Interview not in progress")
			case <-time.After(patience):
				t.Fatal("the message is not answered")
			}
			var n int
			if err := h.Pool.QueryRow(t.Context(), `SELECT count(*) FROM "InterviewMessage" WHERE "interviewId" = $1`, id).Scan(&n); err != nil || n != end.left {
				t.Errorf("%d lines are stored (%v)", n, err)
			}
		})
	}
}

func TestACandidateWhoLeavesFindsTheReplyLater(t *testing.T) {
	t.Parallel()
	url, asked := silentModel(t)
	h := apptest.Open(t, "VANTAHIRE_LLM_URL", url, "VANTAHIRE_LLM_MODEL", "none")
	_, link := begun(h, "")
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.App.URL()+"/interviews/candidate/message", strings.NewReader(`{"content":""}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Interview-Token", link.Headers["X-Interview-Token"])
	left := make(chan struct{})
	go func() {
		defer close(left)
		if res, err := http.DefaultTransport.RoundTrip(req); err == nil {
			_ = res.Body.Close()
			t.Errorf("answered with %d", res.StatusCode)
		}
	}()
	<-asked
	leave()
	<-left
	eventually(t, func() string {
		if got := lines(link); len(got) != 1 {
			return fmt.Sprintf("lines: %q", got)
		}
		return ""
	})
}
