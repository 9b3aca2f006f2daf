package local

import (
	"context"
	"encoding/json"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/vantahire/vantahire/providers/local/wire"
)

// everything is a machine where nothing is missing.
var everything = places{fliteAt: "/lib", earsAt: "/lib", model: "/model"}

// fakeWorker is the worker's end of a conversation inside the test.
type fakeWorker struct {
	in  *io.PipeReader // from the pool
	out *io.PipeWriter // to the pool
	// killed is closed when the pool loses its patience.
	killed chan struct{}

	mu sync.Mutex // orders whole frames
}

// send writes a frame; a pool that is gone is none of its business.
func (w *fakeWorker) send(kind wire.Kind, stream uint32, payload any) {
	var raw []byte
	switch p := payload.(type) {
	case nil:
	case []byte:
		raw = p
	default:
		raw, _ = json.Marshal(p)
	}
	b, err := wire.Append(nil, wire.Frame{Kind: kind, Stream: stream, Payload: raw})
	if err != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_, _ = w.out.Write(b)
}

func (w *fakeWorker) hello() {
	w.send(wire.KindHello, 0, wire.Hello{Protocol: wire.Protocol, Speak: wire.Engine{How: "library"}, Hear: wire.Engine{How: "library"}})
}

// die ends the conversation as a crash would.
func (w *fakeWorker) die() { _ = w.out.Close() }

// fakeLauncher starts workers that run script. It counts them.
type fakeLauncher struct {
	script  func(w *fakeWorker)
	started atomic.Int32
	fail    error // instead of starting
}

func (l *fakeLauncher) launch() (process, error) {
	l.started.Add(1)
	if l.fail != nil {
		return process{}, l.fail
	}
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	w := &fakeWorker{in: inR, out: outW, killed: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.script(w)
		_ = outW.Close()
		_ = inR.Close()
	}()
	return process{
		in: inW, out: outR,
		kill: sync.OnceFunc(func() {
			close(w.killed)
			_ = outW.Close()
			_ = inR.Close()
		}),
		wait:  func() error { <-done; return nil },
		notes: func() string { return "last words" },
	}, nil
}

// obedient answers like a good worker: sound is taken at once, every frame of it is
// understood as the word "yes", a sentence is 1600 samples per word.
func obedient(w *fakeWorker) {
	w.hello()
	w.obey(nil)
}

// obey serves until the pool is gone. A frame that refuse returns true for is left
// unanswered.
func (w *fakeWorker) obey(refuse func(f wire.Frame) bool) {
	through := make(map[uint32]int64)
	said := make(map[uint32]string)
	for {
		f, err := wire.Read(w.in)
		if err != nil {
			return
		}
		if refuse != nil && refuse(f) {
			continue
		}
		switch f.Kind {
		case wire.KindAudio:
			n := len(f.Payload) / 2
			through[f.Stream] += int64(n)
			said[f.Stream] += "yes "
			w.send(wire.KindTook, f.Stream, wire.Took(n))
			w.send(wire.KindResult, f.Stream, wire.Result{Text: said[f.Stream], Through: through[f.Stream]})
		case wire.KindFinalize:
			at := through[f.Stream]
			w.send(wire.KindResult, f.Stream, wire.Result{
				Text: said[f.Stream], Final: true, Answers: true, Confidence: 0.5, Through: at,
				Words: []wire.Word{{Text: "yes", From: 0, To: at, Confidence: 0.5}},
			})
			said[f.Stream] = ""
		case wire.KindSay:
			var say wire.Say
			_ = json.Unmarshal(f.Payload, &say)
			w.speak(f.Stream, say)
		case wire.KindStop:
			w.send(wire.KindStopped, f.Stream, nil)
		default:
		}
	}
}

func (w *fakeWorker) speak(stream uint32, say wire.Say) {
	var spans []wire.Span
	for i := range wordCount(say.Text) {
		spans = append(spans, wire.Span{From: 1600 * i, To: 1600 * (i + 1)})
	}
	w.send(wire.KindWords, stream, wire.Words{Index: say.Index, Spans: spans})
	for range spans {
		w.send(wire.KindSound, stream, wire.PCM(make([]int16, 1600)))
	}
	w.send(wire.KindSpoken, stream, wire.Spoken{Index: say.Index})
}

func wordCount(text string) int {
	n := 0
	for i := range len(text) {
		if text[i] != ' ' && (i == 0 || text[i-1] == ' ') {
			n++
		}
	}
	return n
}

// fakeSpeech is a pool over scripted workers. The caller's test must end with its
// closing, which it does by itself.
func fakeSpeech(t *testing.T, l *fakeLauncher, cfg SpeechConfig) *Speech {
	t.Helper()
	if cfg.Workers == 0 {
		cfg.Workers = 1
	}
	s := newSpeech(context.Background(), cfg, everything, l.launch)
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// voiced is n samples that the gate in front of the decoder takes for speech.
func voiced(n int) []int16 { return buzz(n, 8000) }
