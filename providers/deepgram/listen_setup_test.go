package deepgram

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/simulated"
	"github.com/vantahire/vantahire/providers/simulated/deepgramstt"
	"github.com/vantahire/vantahire/providers/soundcode"
)

// listenScene is a Transcriber beside the simulated service.
type listenScene struct {
	t      *testing.T
	server *deepgramstt.Server
	ears   *Transcriber
}

func listenTo(t *testing.T, serve deepgramstt.Config, cfg ListenConfig) *listenScene {
	t.Helper()
	serve.Ear, serve.Keys = soundcode.Ear{}, []string{"sekret"}
	server := deepgramstt.New(serve)
	h := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); h.Close() })
	cfg.BaseURL, cfg.Key = h.URL, "sekret"
	if cfg.FinalizeWait == 0 {
		cfg.FinalizeWait = 10 * time.Second // nothing is given up because the machine is busy
	}
	if cfg.DrainWait == 0 {
		cfg.DrainWait = 20 * time.Second
	}
	if cfg.Pace == 0 {
		cfg.Pace = -1
	}
	return &listenScene{t: t, server: server, ears: NewTranscriber(cfg)}
}

func (s *listenScene) open(o providers.TranscribeOptions) providers.TranscribeStream {
	s.t.Helper()
	stream, err := s.ears.Open(s.t.Context(), o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = stream.Close() })
	return stream
}

// sound is a text as it sounds, with silence behind it.
func sound(text string, quiet time.Duration) []int16 {
	pcm, _ := soundcode.Voice{}.Speak(text, listenRate)
	return append(pcm, make([]int16, interview.SampleAt(quiet))...)
}

func (s *listenScene) write(stream providers.TranscribeStream, pcm []int16) {
	s.t.Helper()
	if err := stream.Write(s.t.Context(), pcm); err != nil {
		s.t.Fatal(err)
	}
}

func (s *listenScene) finalize(stream providers.TranscribeStream) {
	s.t.Helper()
	if err := stream.Finalize(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// until receives results up to the first that is wanted, which it returns with all
// before it.
func (s *listenScene) until(stream providers.TranscribeStream, wanted func(providers.Transcript) bool) []providers.Transcript {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	var got []providers.Transcript
	for {
		t, err := stream.Recv(ctx)
		if err != nil {
			s.t.Fatalf("after %+v: %v", got, err)
		}
		got = append(got, t)
		if wanted(t) {
			return got
		}
	}
}

// rest receives all there is to come, and how it ended.
func (s *listenScene) rest(stream providers.TranscribeStream) ([]providers.Transcript, error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	var got []providers.Transcript
	for {
		t, err := stream.Recv(ctx)
		if err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				s.t.Fatalf("nothing follows %+v", got)
			}
			return got, err
		}
		got = append(got, t)
	}
}

// finals joins what was settled.
func finals(got []providers.Transcript) string {
	var text []string
	for _, t := range got {
		if t.Final && t.Text != "" {
			text = append(text, t.Text)
		}
	}
	return strings.Join(text, " ")
}

func isFinal(t providers.Transcript) bool { return t.Final }

// eventually waits for something that happens elsewhere.
func (s *listenScene) eventually(what string, done func() bool) {
	s.t.Helper()
	for end := time.Now().Add(20 * time.Second); !done(); {
		if time.Now().After(end) {
			s.t.Fatalf("still missing: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// failure is the provider's error in err.
func (s *listenScene) failure(err error) *providers.Error {
	s.t.Helper()
	var failed *providers.Error
	if !errors.As(err, &failed) || errors.Is(err, io.EOF) && failed == nil {
		s.t.Fatalf("%v is no *providers.Error", err)
	}
	return failed
}

var quick = simulated.Delay{P50: 20 * time.Millisecond}
