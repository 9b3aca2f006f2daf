package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/configs"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/loadtest/candidate"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/providers/local"
	"github.com/vantahire/vantahire/providers/local/worker"
)

// workerEnv makes the test binary a speech worker, as the product's own binary is
// one under its speech command.
const workerEnv = "VANTAHIRE_TEST_SPEECH_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(workerEnv) != "" {
		os.Exit(worker.Main(context.Background(), os.Stdin, os.Stdout, os.Args[2:]))
	}
	// Fiber's HTTP library starts its clock with the first app and never stops it.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/valyala/fasthttp.updateServerDate.func1"))
}

// house is the whole product on a free port with its own data folder.
type house struct {
	t    *testing.T
	app  *App
	done chan error
	stop context.CancelFunc
}

// open starts it; env overrides settings.
func open(t *testing.T, dataDir string, env map[string]string) *house {
	t.Helper()
	t.Setenv(workerEnv, "1")
	cfg, err := configs.Load(func(key string) (string, bool) {
		if v, set := env[key]; set {
			return v, true
		}
		switch key {
		case "PORT":
			return "0", true
		case "VANTAHIRE_DATA_DIR":
			return dataDir, true
		}
		return "", false
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(t.Context(), cfg, slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &house{t: t, app: a, done: make(chan error, 1), stop: cancel}
	go func() { h.done <- a.Run(ctx) }()
	return h
}

// close stops it in good order.
func (h *house) close() {
	h.t.Helper()
	h.stop()
	if err := <-h.done; err != nil {
		h.t.Errorf("run: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := h.app.Close(ctx); err != nil {
		h.t.Errorf("close: %v", err)
	}
}

func (h *house) api() candidate.API { return candidate.API{Server: h.app.URL(), Key: h.app.DevKey()} }

// testWriter sends warnings of the product to the test's log.
type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// dataDir is a folder that the database's own user can reach as well.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "vantahire-scenario-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the database runs as another user when we are root
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func speaking(t *testing.T) *local.Speech {
	t.Helper()
	s, err := local.NewSpeech(t.Context(), local.SpeechConfig{})
	if err != nil {
		t.Fatalf("local speech is needed here; make setup brings it: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// spoken makes an answer of text, its quiet ends cut off.
func spoken(t *testing.T, s *local.Speech, text string) candidate.Answer {
	t.Helper()
	pcm, _, err := s.Speak(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	const lead = media.MicRate / 10
	return candidate.Answer{Text: text, PCM: pcm[lead : len(pcm)-lead]}
}

// shortPlan keeps the interviewer brief, so that a test is.
const shortPlan = `{"name":"short","greeting":"Hello and welcome.","closing":"That was my last question.","nextSteps":"We will write to you.",
"questions":[{"id":"work","text":"What do you work on at the moment?","topic":"your work","budgetSeconds":60},
{"id":"slow","text":"Tell me about a slow system that you made fast.","topic":"slow systems","budgetSeconds":60},
{"id":"test","text":"How do you test your work?","topic":"testing","budgetSeconds":60}]}`

// The product's main job, on real sound: a candidate speaks, is understood, gets a
// spoken answer, cuts in, and every line is in the database.
func TestASpokenInterviewRunsEndToEnd(t *testing.T) {
	h := open(t, dataDir(t), nil)
	defer h.close()
	s := speaking(t)
	invitation, err := h.api().Create(t.Context(), "Software Engineer", 15, "required", []byte(shortPlan))
	if err != nil {
		t.Fatal(err)
	}
	answers := []candidate.Answer{
		spoken(t, s, "I have worked as a software engineer for six years and now I build the payment system of a small company."),
		spoken(t, s, "I usually write a test first and then I change one small thing at a time until everything works again."),
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	report, err := candidate.Run(ctx, candidate.Options{API: h.api(), Invitation: invitation, Answers: answers})
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range report.Problems {
		t.Error(problem)
	}
	if report.Consent == "" {
		t.Error("no consent was asked for")
	}
	for i, turn := range report.Turns {
		if wer := local.WordErrorRate(turn.Answer, turn.Understood); wer > 0.25 {
			t.Errorf("answer %d was understood as %q: word error rate %.0f %%", i+1, turn.Understood, 100*wer)
		}
	}
	if len(report.Said) < 3 || len(report.Lines) != len(report.Said)+len(report.Turns) {
		t.Errorf("%d replies were heard, %d lines are stored", len(report.Said), len(report.Lines))
	}
	t.Logf("latencies: %v", latencies(report))
}

// What a candidate's hall and network do to a call: it is cut into, mumbled into,
// and goes on elsewhere in the middle of an answer.
func TestADisturbedInterviewLosesNothing(t *testing.T) {
	h := open(t, dataDir(t), nil)
	t.Cleanup(h.close) // after the calls, which run at once
	s := speaking(t)
	answers := []candidate.Answer{
		spoken(t, s, "I have worked as a software engineer for six years and now I build the payment system of a small company."),
		spoken(t, s, "I usually write a test first and then I change one small thing at a time until everything works again."),
	}
	for name, change := range map[string]func(*candidate.Options){
		"cut into": func(o *candidate.Options) {
			o.BargeIn = true
			o.Interruption = spoken(t, s, "sorry can i stop you there for a moment i have a question about the team")
			o.Cough = spoken(t, s, "uh huh").PCM
		},
		"connection lost": func(o *candidate.Options) { o.Drop = 3 * time.Second },
		"second device":   func(o *candidate.Options) { o.TakeOver = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // local speech hears four candidates at once
			invitation, err := h.api().Create(t.Context(), "Software Engineer", 15, "implied", []byte(shortPlan))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
			defer cancel()
			o := candidate.Options{API: h.api(), Invitation: invitation, Answers: answers}
			change(&o)
			report, err := candidate.Run(ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range report.Problems {
				t.Error(problem)
			}
			for _, b := range report.BargeIns {
				t.Log(b)
			}
		})
	}
}

func latencies(r candidate.Report) []time.Duration {
	var all []time.Duration
	for _, turn := range r.Turns {
		all = append(all, turn.Latency)
	}
	return all
}

// Without any speech software the interview is held in writing, and it outlives
// the process: a restart goes on at the same question.
func TestATypedInterviewSurvivesARestart(t *testing.T) {
	dir := dataDir(t)
	h := open(t, dir, map[string]string{"VANTAHIRE_LOCAL_CALLS": "0", "VANTAHIRE_CONSENT": "implied"})
	invitation, err := h.api().Create(t.Context(), "Data Analyst", 15, "implied", []byte(shortPlan))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	talking := make(chan error, 1)
	go func() {
		_, err := candidate.Run(ctx, candidate.Options{API: h.api(), Invitation: invitation, Answers: []candidate.Answer{
			{Text: "I look at sales numbers and write reports for the shops."}, {Text: "I never come to say this."},
		}})
		talking <- err
	}()
	waitFor(t, func() string {
		lines, err := h.api().Transcript(ctx, invitation.Interview)
		if err != nil {
			return err.Error()
		}
		if len(lines) < 2 {
			return "the first answer is not stored"
		}
		return ""
	})
	h.close()
	if err := <-talking; err == nil {
		t.Error("the candidate did not notice that the server stopped")
	}
	again := open(t, dir, map[string]string{"VANTAHIRE_LOCAL_CALLS": "0"})
	defer again.close()
	lines, err := again.api().Transcript(ctx, invitation.Interview)
	if err != nil || len(lines) < 2 || lines[0].Role != interview.RoleAssistant {
		t.Fatalf("after the restart the transcript is %v (%v)", lines, err)
	}
	if status, err := again.api().Status(ctx, invitation.Interview); err != nil || status != interview.StatusInProgress {
		t.Errorf("after the restart the interview is %s (%v)", status, err)
	}
	report, err := candidate.Run(ctx, candidate.Options{API: again.api(), Invitation: invitation, Answers: []candidate.Answer{
		{Text: "I made a slow report fast by adding an index to one table."},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range report.Lines[len(lines):] {
		if strings.Contains(l.Content, "welcome") {
			t.Errorf("the candidate was greeted again: %q", l.Content)
		}
	}
	if status, err := again.api().Status(ctx, invitation.Interview); err != nil || status != interview.StatusCompleted {
		t.Errorf("at the end the interview is %s (%v)", status, err)
	}
}

// waitFor polls until missing says that nothing is missing.
func waitFor(t *testing.T, missing func() string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		what := missing()
		if what == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
		time.Sleep(20 * time.Millisecond) //nolint:forbidigo // real processes
	}
}

func TestTheServerTellsItsHealthAndMetrics(t *testing.T) {
	h := open(t, dataDir(t), map[string]string{"VANTAHIRE_LOCAL_CALLS": "0"})
	defer h.close()
	for path, want := range map[string]string{"/health": `"status":"healthy"`, "/metrics": "vantahire_ticker_lateness_seconds_count"} {
		body := get(t, h.app.URL()+path)
		if !strings.Contains(body, want) {
			t.Errorf("%s does not say %s:\n%s", path, want, body)
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestASecondServerOnThePortIsToldSo(t *testing.T) {
	h := open(t, dataDir(t), map[string]string{"VANTAHIRE_LOCAL_CALLS": "0"})
	defer h.close()
	port := h.app.URL()[strings.LastIndexByte(h.app.URL(), ':')+1:]
	cfg, err := configs.Load(func(key string) (string, bool) {
		switch key {
		case "PORT":
			return port, true
		case "VANTAHIRE_DATA_DIR":
			return dataDir(t), true
		}
		return "", false
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = New(t.Context(), cfg, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "PORT is "+port) {
		t.Errorf("the second server was told %v", err)
	}
}

func TestTheServerEndsWhenItsDatabaseIsGoneForGood(t *testing.T) {
	h := open(t, dataDir(t), map[string]string{"VANTAHIRE_LOCAL_CALLS": "0"})
	defer h.stop()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := h.app.private.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-h.done:
		if err == nil || !strings.Contains(err.Error(), "the private database is gone") {
			t.Errorf("it ended with %v", err)
		}
	case <-ctx.Done():
		t.Fatal("it serves on without a database")
	}
	if err := h.app.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
}
