package deepgram

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
	"github.com/vantahire/vantahire/providers/simulated/deepgramstt"
)

// scriptedListener is a server of a few lines, for what the simulated one never
// does. talk has the socket to itself; it ends the connection when it returns.
func scriptedListener(t *testing.T, cfg ListenConfig, talk func(ws *websocket.Conn)) *Transcriber {
	t.Helper()
	var running sync.WaitGroup
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		running.Add(1)
		defer running.Done()
		ws, err := (&websocket.Upgrader{}).Upgrade(w, r, http.Header{"Dg-Request-Id": {"r-1"}})
		if err != nil {
			return
		}
		defer func() { _ = ws.Close() }()
		talk(ws)
	}))
	t.Cleanup(func() { h.Close(); running.Wait() })
	cfg.BaseURL, cfg.Key = h.URL, "sekret"
	return NewTranscriber(cfg)
}

// say sends messages, then reads until the client hangs up.
func say(messages ...string) func(*websocket.Conn) {
	return func(ws *websocket.Conn) {
		for _, m := range messages {
			_ = ws.WriteMessage(websocket.TextMessage, []byte(m))
		}
		for {
			_, raw, err := ws.ReadMessage()
			if err != nil {
				return
			}
			if strings.Contains(string(raw), "CloseStream") {
				_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
			}
		}
	}
}

func openOn(t *testing.T, ears *Transcriber) providers.TranscribeStream {
	t.Helper()
	stream, err := ears.Open(t.Context(), providers.TranscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stream.Close() })
	return stream
}

func recv(t *testing.T, stream providers.TranscribeStream) (providers.Transcript, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	return stream.Recv(ctx)
}

// TestListenGoesWrongInPractice has a case for each thing that goes wrong in
// practice on /v1/listen.
func TestListenGoesWrongInPractice(t *testing.T) {
	t.Parallel()
	t.Run("KeepAlive is never starved, neither before the first audio nor while audio is held back", func(t *testing.T) {
		t.Parallel()
		s := listenTo(t, deepgramstt.Config{Idle: 2 * time.Second}, ListenConfig{KeepAlive: 30 * time.Millisecond, Pace: .1, Burst: 10 * time.Millisecond})
		stream := s.open(providers.TranscribeOptions{})
		s.eventually("signs of life before any audio", func() bool { return s.server.Journal.Count("keepalive") >= 3 })
		s.write(stream, make([]int16, 4*listenPiece)) // at this pace it takes 4 s
		s.eventually("audio held back", func() bool { return s.ears.Stats().Held > 0 })
		before := s.server.Journal.Count("keepalive")
		s.eventually("signs of life while audio is held back", func() bool { return s.server.Journal.Count("keepalive") >= before+3 })
	})
	t.Run("Close is idempotent, also after the server closed with 1011", func(t *testing.T) {
		t.Parallel()
		s := listenTo(t, deepgramstt.Config{Idle: 50 * time.Millisecond}, ListenConfig{})
		stream := s.open(providers.TranscribeOptions{})
		_, err := s.rest(stream)
		if failed := s.failure(err); !failed.Retry || !strings.Contains(err.Error(), "NET-0001") {
			t.Errorf("%v", err)
		}
		for range 3 {
			if err := stream.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := stream.Write(t.Context(), make([]int16, 320)); err == nil {
			t.Error("a closed stream takes sound")
		}
		if err := stream.Finalize(t.Context()); err == nil {
			t.Error("a closed stream takes a Finalize")
		}
	})
	t.Run("speech_final and UtteranceEnd never arrive, and Finalize settles all the same", func(t *testing.T) {
		t.Parallel()
		s := listenTo(t, deepgramstt.Config{Instant: true}, ListenConfig{})
		s.server.Faults.Always(deepgramstt.Fault{NoSpeechFinal: true, NoUtteranceEnd: true})
		stream := s.open(providers.TranscribeOptions{})
		s.write(stream, sound("settle this", 2*time.Second))
		s.finalize(stream)
		got := s.until(stream, isFinal)
		if finals(got) == "" || slices.ContainsFunc(got, func(x providers.Transcript) bool { return x.EndOfSpeech }) {
			t.Errorf("%+v", got)
		}
	})
	t.Run("Finalize is not answered, and one empty final follows by the stream's own clock", func(t *testing.T) {
		t.Parallel()
		s := listenTo(t, deepgramstt.Config{}, ListenConfig{FinalizeWait: 30 * time.Millisecond})
		s.server.Faults.Always(deepgramstt.Fault{NoFinalizeAnswer: true})
		stream := s.open(providers.TranscribeOptions{Offset: 320})
		s.write(stream, make([]int16, 640))
		s.finalize(stream)
		x, err := recv(t, stream)
		if err != nil || !x.Final || x.Text != "" || x.Through != 320 || s.ears.Stats().Unanswered != 1 {
			t.Errorf("%+v, %v", x, err)
		}
	})
	t.Run("audio is written only after the 101", func(t *testing.T) {
		t.Parallel()
		s := listenTo(t, deepgramstt.Config{Instant: true}, ListenConfig{})
		s.server.Faults.Always(deepgramstt.Fault{Hesitate: 100 * time.Millisecond})
		stream := s.open(providers.TranscribeOptions{})
		s.write(stream, sound("first words", 500*time.Millisecond))
		s.finalize(stream)
		if text := strings.ToLower(finals(s.until(stream, isFinal))); !strings.HasPrefix(text, "first") {
			t.Errorf("heard %q", text)
		}
	})
	t.Run("the socket stays open but goes mute while audio flows", func(t *testing.T) {
		t.Parallel()
		s := listenTo(t, deepgramstt.Config{Instant: true}, ListenConfig{MuteAfter: 200 * time.Millisecond})
		s.server.Faults.Always(deepgramstt.Fault{Mute: time.Millisecond})
		stream := s.open(providers.TranscribeOptions{})
		var err error
		for err == nil {
			err = stream.Write(t.Context(), make([]int16, listenPiece))
			time.Sleep(time.Millisecond)
		}
		if failed := s.failure(err); !failed.Retry || !errors.Is(err, providers.ErrNoProgress) {
			t.Errorf("%v", err)
		}
	})
	t.Run("noise makes SpeechStarted and no words", func(t *testing.T) {
		t.Parallel()
		s := listenTo(t, deepgramstt.Config{Instant: true}, ListenConfig{})
		stream := s.open(providers.TranscribeOptions{})
		noise := make([]int16, 2*interview.MicRate) // and then silence
		for i := range interview.MicRate {
			noise[i] = int16(i*7919%1500) - 750
		}
		s.write(stream, noise)
		s.finalize(stream)
		if got := s.until(stream, isFinal); len(got) != 1 || got[0].Text != "" || got[0].EndOfSpeech {
			t.Errorf("%+v", got)
		}
		if s.ears.Stats().SpeechStarts == 0 {
			t.Error("no SpeechStarted")
		}
	})
	t.Run("large Results exceed a small read limit", func(t *testing.T) {
		t.Parallel()
		s := listenTo(t, deepgramstt.Config{Instant: true}, ListenConfig{})
		s.server.Faults.Always(deepgramstt.Fault{Padding: 2 << 20})
		stream := s.open(providers.TranscribeOptions{})
		s.write(stream, sound("large", 400*time.Millisecond))
		s.finalize(stream)
		if finals(s.until(stream, isFinal)) == "" {
			t.Error("nothing heard")
		}
	})
}

func TestARedialReplaysWhatWasNotSettledAndNoWordIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	text := textOf()
	pcm := sound(text, 800*time.Millisecond)
	for _, after := range []time.Duration{300 * time.Millisecond, 2200 * time.Millisecond, 3300 * time.Millisecond, 4100 * time.Millisecond} {
		t.Run(after.String(), func(t *testing.T) {
			t.Parallel()
			s := listenTo(t, deepgramstt.Config{Final: quick, Interim: quick, Segment: time.Second}, ListenConfig{})
			s.server.Faults.Next(deepgramstt.Fault{Drop: after})
			const base = interview.Sample(7 * interview.MicRate)
			settled, heard := base, []string{}
			for range 3 {
				stream := s.open(providers.TranscribeOptions{Offset: settled})
				go func(from interview.Sample) {
					for rest := pcm[from-base:]; len(rest) > 0; {
						n := min(len(rest), 960)
						if stream.Write(t.Context(), rest[:n]) != nil {
							return
						}
						rest = rest[n:]
						time.Sleep(time.Millisecond) // much faster than real time, yet not at once
					}
					_ = stream.Finalize(t.Context())
				}(settled)
				var err error
				for err == nil && settled < base+interview.Sample(len(pcm))-2*listenRounding {
					var x providers.Transcript
					if x, err = recv(t, stream); err == nil && x.Final {
						settled = max(settled, x.To, x.Through) // as the interview does
						heard = append(heard, strings.Fields(bareWords(x.Text))...)
					}
				}
				_ = stream.Close()
				if err == nil {
					break
				}
				if !s.failure(err).Retry {
					t.Errorf("not to be tried again: %v", err)
				}
			}
			if got := strings.Join(heard, " "); got != text {
				t.Errorf("heard %q", got)
			}
			if s.server.Journal.Count("connect") != 2 {
				t.Errorf("%d connections", s.server.Journal.Count("connect"))
			}
		})
	}
}

func textOf() string {
	return "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
}

func bareWords(s string) string {
	return strings.ToLower(strings.NewReplacer(".", "", ",", "").Replace(s))
}

func TestEachRefusalAndCloseSaysWhetherToTryAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault deepgramstt.Fault
		key   string
		model string
		retry bool
	}{
		"400 a flux model is not dialled": {model: "flux-general-en"},
		"400 an unknown model":            {model: "whisper"},
		"401 a wrong key":                 {key: "other"},
		"402 no money":                    {fault: deepgramstt.Fault{Status: 402}},
		"403 no access":                   {fault: deepgramstt.Fault{Status: 403}},
		"429 too many connections":        {fault: deepgramstt.Fault{Status: 429, RetryAfter: time.Second}, retry: true},
		"503 not now":                     {fault: deepgramstt.Fault{Status: 503}, retry: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := listenTo(t, deepgramstt.Config{}, ListenConfig{Model: c.model})
			s.server.Faults.Always(c.fault)
			if c.key != "" {
				s.ears.cfg.Key = "other"
			}
			_, err := s.ears.Open(t.Context(), providers.TranscribeOptions{})
			var refusal *dial.Refusal
			if failed := s.failure(err); failed.Retry != c.retry || c.model != "flux-general-en" && !errors.As(err, &refusal) {
				t.Errorf("%v", err)
			}
			if strings.Contains(err.Error(), "sekret") {
				t.Error("the key is told")
			}
			if perr := s.ears.Probe(t.Context()); perr == nil {
				t.Error("a probe finds it well")
			}
		})
	}
	for code, retry := range map[int]bool{1000: true, 1001: true, 1002: false, 1003: false, 1007: false, 1008: false, 1009: false, 1011: true, 1012: true, 1013: true, 4000: true} {
		t.Run(fmt.Sprint(code), func(t *testing.T) {
			t.Parallel()
			s := listenTo(t, deepgramstt.Config{}, ListenConfig{})
			s.server.Faults.Always(deepgramstt.Fault{Close: time.Millisecond, CloseCode: code, CloseReason: "BECAUSE"})
			stream := s.open(providers.TranscribeOptions{})
			s.write(stream, make([]int16, 1600))
			_, err := s.rest(stream)
			if failed := s.failure(err); failed.Retry != retry || !strings.Contains(err.Error(), "BECAUSE") || !strings.Contains(err.Error(), "request ") {
				t.Errorf("%v", err)
			}
		})
	}
	t.Run("no code at all", func(t *testing.T) {
		t.Parallel()
		s := listenTo(t, deepgramstt.Config{}, ListenConfig{})
		s.server.Faults.Always(deepgramstt.Fault{Drop: time.Millisecond})
		stream := s.open(providers.TranscribeOptions{})
		s.write(stream, make([]int16, 1600))
		if _, err := s.rest(stream); !s.failure(err).Retry {
			t.Errorf("%v", err)
		}
	})
}

func TestAProbeOfAServiceThatIsWell(t *testing.T) {
	t.Parallel()
	s := listenTo(t, deepgramstt.Config{}, ListenConfig{})
	if err := s.ears.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.server.Journal.Count("closestream") != 1 {
		t.Error("it did not say goodbye")
	}
}

func TestTheFirstSilenceIsNoneOfTheStreams(t *testing.T) {
	t.Parallel()
	s := listenTo(t, deepgramstt.Config{Instant: true}, ListenConfig{FirstAudio: 20 * time.Millisecond})
	stream := s.open(providers.TranscribeOptions{})
	s.eventually("the silence", func() bool { return s.ears.Stats().Silences == 1 })
	pcm := sound("hello", 500*time.Millisecond)
	s.write(stream, pcm)
	s.finalize(stream)
	got := s.until(stream, func(x providers.Transcript) bool { return x.Final && x.Text != "" })
	if x := got[len(got)-1]; x.Words[0].From > 50*time.Millisecond || x.Through > interview.Sample(len(pcm)) {
		t.Errorf("%+v", x)
	}
}

func TestWriteWaitsForAPacedWriterUntilItsContextEnds(t *testing.T) {
	t.Parallel()
	s := listenTo(t, deepgramstt.Config{}, ListenConfig{Pace: .01, Burst: 10 * time.Millisecond})
	stream := s.open(providers.TranscribeOptions{})
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, providers.ErrNoProgress)
	defer cancel()
	if err := stream.Write(ctx, make([]int16, 100*listenPiece)); !errors.Is(err, providers.ErrNoProgress) {
		t.Errorf("%v", err)
	}
}

func TestAReplayIsSentAtTheServersPace(t *testing.T) {
	t.Parallel()
	s := listenTo(t, deepgramstt.Config{}, ListenConfig{Pace: 1.25})
	stream := s.open(providers.TranscribeOptions{})
	began := time.Now()
	s.write(stream, make([]int16, 2*interview.MicRate))
	// What waits in the queue is not sent yet: 2 s less 0.4 s, of which 0.5 s at once.
	if took := time.Since(began); took < 700*time.Millisecond {
		t.Errorf("sent in %s", took)
	}
	if n := s.server.Journal.Count("toofast"); n != 0 {
		t.Error("faster than the server accepts")
	}
}

func TestTheEndOfTheContextEndsTheStreamAtOnce(t *testing.T) {
	t.Parallel()
	s := listenTo(t, deepgramstt.Config{}, ListenConfig{})
	ctx, cancel := context.WithCancelCause(t.Context())
	stream, err := s.ears.Open(ctx, providers.TranscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	stop := errors.New("enough")
	cancel(stop)
	if _, err := s.rest(stream); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
	s.eventually("the goodbye", func() bool { return s.server.Journal.Count("closestream") == 1 && s.server.Open() == 0 })
	if err := stream.Close(); err != nil {
		t.Error(err)
	}
}

func TestCloseSettlesWhatWasWritten(t *testing.T) {
	t.Parallel()
	s := listenTo(t, deepgramstt.Config{Final: quick, Interim: quick}, ListenConfig{})
	s.server.Faults.Always(deepgramstt.Fault{LateFinals: 100 * time.Millisecond})
	stream := s.open(providers.TranscribeOptions{})
	s.write(stream, sound("last words", 100*time.Millisecond))
	s.finalize(stream)
	if err := stream.Close(); err != nil {
		t.Fatal(err)
	}
	got, _ := s.rest(stream)
	if text := strings.ToLower(finals(got)); !strings.Contains(text, "last words") {
		t.Errorf("heard %q", text)
	}
}

func TestCloseIsBoundedWhenTheServerDoesNotHangUp(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	defer close(hold)
	ears := scriptedListener(t, ListenConfig{DrainWait: 50 * time.Millisecond}, func(ws *websocket.Conn) { <-hold })
	stream := openOn(t, ears)
	if err := stream.Finalize(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := stream.Close(); err != nil {
		t.Fatal(err)
	}
	if x, err := recv(t, stream); err != nil || !x.Final {
		t.Errorf("the final that was owed: %+v, %v", x, err)
	}
}

func TestNonsenseIsCountedAndSurvived(t *testing.T) {
	t.Parallel()
	ears := scriptedListener(t, ListenConfig{FinalizeWait: 50 * time.Millisecond}, say(
		`{`, `[]`, `null`, `""`, "\xff\xfe", `{"type":5}`, `{"type":"Results"}`, `{"type":"Results","channel":[0,1],"is_final":"yes"}`,
		`{"type":"Results","start":-5,"duration":1e300,"is_final":true,"channel":{"alternatives":[{"transcript":"kept","confidence":"high","words":[{"word":7,"start":-1,"end":-9}]}]}}`,
		`{"type":"UtteranceEnd","last_word_end":"never"}`, `{"type":"Error","code":5,"message":"oops"}`, `{"type":"Warning","description":"careful"}`, `{"type":"Surprise"}`,
		strings.Repeat("[", 20000),
	))
	stream := openOn(t, ears)
	x, err := recv(t, stream)
	for err == nil && x.Text == "" {
		x, err = recv(t, stream)
	}
	if err != nil || x.Text != "kept" || x.Through != 0 {
		t.Errorf("%+v, %v", x, err)
	}
	if err := stream.Close(); err != nil {
		t.Error(err)
	}
	if c := ears.Stats(); c.Malformed < 6 || c.Unknown < 1 || c.Complaints != 2 {
		t.Errorf("%+v", c)
	}
}
