package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// TestMain makes the test binary a speech worker when it is started as one, as the
// product's own binary is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "speech" {
		os.Exit(dispatch(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	switch os.Getenv(roleEnv) {
	case "command":
		main()
	case "deaf":
		playDeaf()
	}
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// output is what a command printed, readable while it runs.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}

func TestTheCommandLineTellsWhatItKnows(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args     []string
		status   int
		out, err string
	}{
		"nothing":                    {nil, exitUsage, "", "usage: vantahire COMMAND"},
		"help":                       {[]string{"--help"}, exitOK, "usage: vantahire COMMAND", ""},
		"no such command":            {[]string{"dance"}, exitUsage, "", `no command "dance"`},
		"a flag nobody knows":        {[]string{"call", "--loud"}, exitUsage, "", "flag provided but not defined: -loud"},
		"help of a command":          {[]string{"call", "-h"}, exitOK, "", "-barge-in"},
		"a word too much":            {[]string{"call", "now"}, exitUsage, "", `unexpected "now"`},
		"a link without its token":   {[]string{"call", "--interview", "x"}, exitUsage, "", "--interview and --token belong together"},
		"no calls":                   {[]string{"call", "--calls", "0"}, exitUsage, "", "--calls takes 1 to 1000"},
		"one interview, two calls":   {[]string{"call", "--calls", "2", "--interview", "x", "--token", "y"}, exitUsage, "", "one interview takes one call"},
		"one answer to cut":          {[]string{"call", "--drop", "1s", "--answer", "yes"}, exitUsage, "", "at least two answers"},
		"typing into a voice":        {[]string{"call", "--type", "--barge-in"}, exitUsage, "", "leave --type out"},
		"a wrong flag of the server": {[]string{"serve", "--port", "3"}, exitUsage, "", "flag provided but not defined: -port"},
		"a wrong flag of the doctor": {[]string{"doctor", "--all"}, exitUsage, "", "flag provided but not defined: -all"},
	} {
		var out, errOut output
		if status := dispatch(t.Context(), c.args, &out, &errOut); status != c.status {
			t.Errorf("%s: exit status %d, want %d", name, status, c.status)
		}
		if !strings.Contains(out.String(), c.out) || !strings.Contains(errOut.String(), c.err) {
			t.Errorf("%s: out %q, error %q", name, out.String(), errOut.String())
		}
		if c.out == "" && out.String() != "" {
			t.Errorf("%s: an error was printed as output: %q", name, out.String())
		}
	}
}

func TestAWrongSettingStopsTheStartWithItsName(t *testing.T) {
	t.Setenv("PORT", "eighty")
	var errOut output
	if status := dispatch(t.Context(), []string{"serve"}, io.Discard, &errOut); status != exitUsage {
		t.Errorf("exit status %d", status)
	}
	for _, want := range []string{"PORT", "eighty", "configs/example.env"} {
		if !strings.Contains(errOut.String(), want) {
			t.Errorf("%q does not tell %q", errOut.String(), want)
		}
	}
	var out output
	if status := dispatch(t.Context(), []string{"doctor"}, &out, io.Discard); status != exitFailed || !strings.Contains(out.String(), "PORT") {
		t.Errorf("the doctor: exit status %d, %s", status, out.String())
	}
}

func TestTheDoctorExamines(t *testing.T) {
	t.Setenv("DEEPGRAM_API_KEY", "deepgram-very-secret-key")
	var out output
	if status := dispatch(t.Context(), []string{"doctor", "--json"}, &out, io.Discard); status != exitOK {
		t.Errorf("exit status %d on a machine with everything: %s", status, out.String())
	}
	if strings.Contains(out.String(), "very-secret") {
		t.Error("it prints a key")
	}
	var findings []finding
	if err := json.Unmarshal([]byte(out.String()), &findings); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range findings {
		seen[f.Name] = f.OK
		if f.OK == (f.Fix != "") && f.Name != "machine" {
			t.Errorf("%+v: what is missing has a fix, what is there has none", f)
		}
	}
	for _, want := range []string{"machine", "configuration", "postgresql", "speech recognition", "voice", "voice detector", "DEEPGRAM_API_KEY"} {
		if !seen[want] {
			t.Errorf("%s is not found here: %s", want, out.String())
		}
	}
	t.Setenv("VANTAHIRE_PG_BIN", t.TempDir())
	var missing output
	if status := dispatch(t.Context(), []string{"doctor"}, &missing, io.Discard); status != exitFailed || !strings.Contains(missing.String(), "missing  postgresql") {
		t.Errorf("without a database: exit status %d, %s", status, missing.String())
	}
}

// shortPlan keeps the interviewer brief.
const shortPlan = `{"name":"short","greeting":"Hello and welcome.","closing":"That was my last question.","nextSteps":"We will write to you.",
"questions":[{"id":"work","text":"What do you work on?","topic":"your work","budgetSeconds":60},
{"id":"test","text":"How do you test it?","topic":"testing","budgetSeconds":60}]}`

var listens = regexp.MustCompile(`listens on (http://\S+)`)

// TestServeAndCall runs both commands as a user would.
func TestServeAndCall(t *testing.T) {
	dir, err := os.MkdirTemp("", "vantahire-cli-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the database runs as another user when we are root
		t.Fatal(err)
	}
	t.Setenv("VANTAHIRE_DATA_DIR", dir)
	t.Setenv("PORT", "0")
	t.Setenv("LOG_LEVEL", "warn")
	ctx, stop := context.WithCancel(t.Context())
	var served, serveErr output
	done := make(chan int, 1)
	go func() { done <- dispatch(ctx, []string{"serve"}, &served, &serveErr) }()
	var url string
	for deadline := time.Now().Add(time.Minute); url == ""; time.Sleep(20 * time.Millisecond) {
		if m := listens.FindStringSubmatch(served.String()); m != nil {
			url = m[1]
		} else if time.Now().After(deadline) {
			t.Fatalf("it does not listen: %s %s", served.String(), serveErr.String())
		}
	}
	plan, report, wav := filepath.Join(t.TempDir(), "plan.json"), filepath.Join(t.TempDir(), "report.json"), filepath.Join(t.TempDir(), "heard.wav")
	if err := os.WriteFile(plan, []byte(shortPlan), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("two candidates type", func(t *testing.T) {
		var out, errOut output
		status := dispatch(t.Context(), []string{
			"call", "--server", url, "--type", "--plan", plan, "--calls", "2", "--json", report, "--out", wav,
			"--answer", "I work on a payment system that many small shops use every day.",
			"--answer", "I write the test first and then the code, and I run all of it before I go on.",
		}, &out, &errOut)
		if status != exitOK || !strings.Contains(out.String(), "2 calls, 0 with problems") {
			t.Fatalf("exit status %d: %s %s", status, out.String(), errOut.String())
		}
		raw, err := os.ReadFile(report) //nolint:gosec // the test's own file
		if err != nil {
			t.Fatal(err)
		}
		var calls []struct {
			Lines []struct{ Role, Content string } `json:"lines"`
		}
		if err := json.Unmarshal(raw, &calls); err != nil || len(calls) != 2 || len(calls[0].Lines) < 5 {
			t.Errorf("the report: %v, %s", err, raw)
		}
		if info, err := os.Stat(wav); err != nil || info.Size() < 44 {
			t.Errorf("the recording: %v", err)
		}
	})
	t.Run("their records are complete", func(t *testing.T) { checkRecords(t, dir, report) })
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a wrong key":              {[]string{"--type", "--key", "dev_" + strings.Repeat("0", 48)}, "401"},
		"a plan that is none":      {[]string{"--type", "--plan", report}, "Expected object, received array"},
		"a plan that is not there": {[]string{"--type", "--plan", report + "x"}, "read the plan"},
		"a foreign interview":      {[]string{"--type", "--interview", "11111111-2222-4333-8444-555555555555", "--token", "nope"}, "401"},
		"a recording that is none": {[]string{"--wav", plan}, "read " + plan},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errOut output
			status := dispatch(t.Context(), append([]string{"call", "--server", url}, c.args...), &out, &errOut)
			if status != exitFailed || !strings.Contains(out.String()+errOut.String(), c.want) {
				t.Errorf("exit status %d: %s %s", status, out.String(), errOut.String())
			}
		})
	}
	stop()
	if status := <-done; status != exitOK {
		t.Errorf("the server ended with %d: %s", status, serveErr.String())
	}
	if !strings.Contains(served.String(), "Stopping") {
		t.Errorf("it printed %q", served.String())
	}
	var out, errOut output
	if status := dispatch(t.Context(), []string{"call", "--server", url, "--type", "--key", strings.Repeat("k", 24)}, &out, &errOut); status != exitFailed || !strings.Contains(out.String(), "PROBLEMS") {
		t.Errorf("with nobody there: exit status %d: %s %s", status, out.String(), errOut.String())
	}
}

func TestTheTickerReportFindsALateServer(t *testing.T) {
	t.Parallel()
	if p := (tickReport{}).problem(); !strings.Contains(p, "did not tick") {
		t.Errorf("a server that does not tick: %q", p)
	}
}
