package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers/simulated"
)

func TestDelaysOnTheCommandLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]simulated.Delay{
		"120ms":      {P50: 120 * time.Millisecond, P95: 120 * time.Millisecond},
		"98ms/217ms": {P50: 98 * time.Millisecond, P95: 217 * time.Millisecond},
	} {
		var d simulated.Delay
		if err := (delayFlag{&d}).Set(text); err != nil || d != want {
			t.Errorf("%s: %+v, %v", text, d, err)
		}
	}
	for _, text := range []string{"", "fast", "1s/", "1s/slow"} {
		if err := (delayFlag{&simulated.Delay{}}).Set(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestWrongOrdersToSimulatedProvidersAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"another machine":       {[]string{"--addr", "0.0.0.0:0"}, exitFailed, "not a loopback address"},
		"no address":            {[]string{"--addr", "nowhere"}, exitFailed, "nowhere"},
		"an unknown provider":   {[]string{"--addr", "127.0.0.1:0", "--trouble", "acme:down"}, exitFailed, `no provider "acme"`},
		"an unknown trouble":    {[]string{"--addr", "127.0.0.1:0", "--trouble", "groq:sad"}, exitFailed, `no trouble "sad"`},
		"a trouble without all": {[]string{"--trouble", "groq"}, exitUsage, "use PROVIDER:KIND"},
		"a wrong time":          {[]string{"--trouble", "groq:down:soon"}, exitUsage, "invalid duration"},
		"a wrong delay":         {[]string{"--final", "soon"}, exitUsage, "invalid duration"},
	} {
		var errOut bytes.Buffer
		if status := dispatch(t.Context(), append([]string{"providers"}, c.args...), io.Discard, &errOut); status != c.status || !strings.Contains(errOut.String(), c.want) {
			t.Errorf("%s: exit status %d, %s", name, status, errOut.String())
		}
	}
}

var atURL = regexp.MustCompile(`at (http://[0-9.]+:[0-9]+)`)

func TestSimulatedProvidersServeUntilTheyAreStopped(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	var out, errOut output
	done := make(chan int, 1)
	go func() {
		done <- dispatch(ctx, []string{"providers", "--addr", "127.0.0.1:0", "--trouble", "groq:down:0s:60s"}, &out, &errOut)
	}()
	var url string
	for deadline := time.Now().Add(time.Minute); url == ""; time.Sleep(10 * time.Millisecond) {
		if m := atURL.FindStringSubmatch(out.String()); m != nil {
			url = m[1]
		} else if time.Now().After(deadline) {
			t.Fatalf("it does not listen: %s %s", out.String(), errOut.String())
		}
	}
	if took, err := firstWord(t.Context(), url); err == nil { // the planned trouble may begin a moment later
		t.Logf("a word came after %s, before the trouble", took)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/control/trouble", strings.NewReader(`{"provider":"groq","kind":"none"}`))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if took, err := firstWord(t.Context(), url); err != nil || took <= 0 {
		t.Errorf("%s, %v", took, err)
	}
	added := watchControl(t.Context(), url, 0, func() {
		select {
		case <-time.After(3 * controlEvery):
		case <-t.Context().Done():
		}
	})
	if len(added) == 0 {
		t.Error("the control measured nothing")
	}
	stop()
	if status := <-done; status != exitOK {
		t.Errorf("exit status %d: %s", status, errOut.String())
	}
}

func TestWhatTheEngineAddsNeedsEveryStage(t *testing.T) {
	t.Parallel()
	o := callOptions{lessModel: 100 * time.Millisecond, lessVoice: 150 * time.Millisecond}
	whole := voiceproto.Stages{
		voiceproto.StageSpeechEndToFinal: 400, voiceproto.StageFinalToDecision: 1, voiceproto.StageDecisionToFirstToken: 102,
		voiceproto.StageFirstTokenToSentence: 0, voiceproto.StageSentenceToAudio: 151, voiceproto.StageAudioToFirstPacket: 0,
	}
	if got, known := o.engineAdded(whole); !known || got != 4*time.Millisecond {
		t.Errorf("%s, %t", got, known)
	}
	delete(whole, voiceproto.StageSentenceToAudio)
	if _, known := o.engineAdded(whole); known {
		t.Error("a turn without a voice is measured")
	}
	if _, known := (callOptions{}).engineAdded(whole); known {
		t.Error("without constant delays something is measured")
	}
}

func TestTheSpreadOfDurations(t *testing.T) {
	t.Parallel()
	s := spread{3 * time.Millisecond, time.Millisecond, 2 * time.Millisecond}
	if got := s.String(); got != "p50 2.0 ms, p95 3.0 ms, p99 3.0 ms, worst 3.0 ms of 3" {
		t.Error(got)
	}
	if (spread{}).at(.5) != 0 {
		t.Error("nothing has a median")
	}
}

func TestCodedAnswersCanBeReadBack(t *testing.T) {
	t.Parallel()
	pcm, err := codeVoice{}.say(t.Context(), "I can't say, really.")
	if err != nil {
		t.Fatal(err)
	}
	got, want := codeReader{}.Read(pcm, 16000), codeReader{}.Words("I can't say really")
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q, want %q", got, want)
	}
	if cough, err := (codeVoice{}).cough(t.Context()); err != nil || len(cough) == 0 || len((codeReader{}).Read(cough, 16000)) != 0 {
		t.Errorf("a cough of %d samples says %q, %v", len(cough), codeReader{}.Read(cough, 16000), err)
	}
}

func TestADrillHasQuestionsEnough(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 25, 100} {
		raw, err := drillPlan(n)
		if err != nil || strings.Count(string(raw), `"topic"`) != min(n, 30) {
			t.Errorf("%d: %d questions, %v", n, strings.Count(string(raw), `"topic"`), err)
		}
	}
}
