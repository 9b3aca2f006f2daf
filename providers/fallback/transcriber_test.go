package fallback

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
)

// ear is a scripted recogniser.
type ear struct {
	name   string
	refuse error
	hang   bool
	late   bool // comes up after its context ended
	panics bool

	mu      sync.Mutex
	opened  int
	streams []*earScript
}

func (e *ear) Name() string { return e.name }

func (e *ear) Open(ctx context.Context, _ providers.TranscribeOptions) (providers.TranscribeStream, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.opened++
	switch {
	case e.panics:
		panic("a defect")
	case e.hang, e.late:
		<-ctx.Done()
		if !e.late {
			return nil, context.Cause(ctx)
		}
	case e.refuse != nil:
		return nil, e.refuse
	}
	s := &earScript{results: make(chan providers.Transcript, 8), fail: make(chan error, 1)}
	e.streams = append(e.streams, s)
	return s, nil
}

type earScript struct {
	results chan providers.Transcript
	fail    chan error
	mu      sync.Mutex
	written int
	closed  int
	asked   int
}

func (s *earScript) Write(_ context.Context, pcm []int16) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written += len(pcm)
	return nil
}

func (s *earScript) Finalize(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return nil
}

func (s *earScript) Recv(ctx context.Context) (providers.Transcript, error) {
	select {
	case t := <-s.results:
		return t, nil
	case err := <-s.fail:
		return providers.Transcript{}, err
	case <-ctx.Done():
		return providers.Transcript{}, context.Cause(ctx)
	}
}

func (s *earScript) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed++
	return nil
}

func pair(ears ...*ear) (*Transcriber, []*Circuit) {
	var (
		members  []TranscriberMember
		circuits []*Circuit
	)
	for _, e := range ears {
		c := NewCircuit(providers.StageSTT, e.name, nil)
		members, circuits = append(members, TranscriberMember{e, c}), append(circuits, c)
	}
	return NewTranscriber(TranscriberConfig{Mute: 4 * time.Second}, members...), circuits
}

// frame is 20 ms of sound, loud as speech or quiet.
func frame(loud bool) []int16 {
	pcm := make([]int16, media.MicFrame)
	if loud {
		for i := range pcm {
			pcm[i] = int16(8000 * math.Sin(float64(i)/5))
		}
	}
	return pcm
}

func TestTheFirstRecogniserThatComesUpHears(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]*ear{
		"it is refused":        {refuse: errFar},
		"it does not answer":   {hang: true},
		"it comes up too late": {late: true},
		"it panics":            {panics: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				first.name = "first"
				second := &ear{name: "second"}
				tr, circuits := pair(first, second)
				began := time.Now()
				stream, err := tr.Open(t.Context(), providers.TranscribeOptions{})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = stream.Close() }()
				if took := time.Since(began); took > 3*time.Second {
					t.Errorf("it took %s", took)
				}
				if second.opened != 1 || circuits[0].Stats().Failed != 1 {
					t.Errorf("the second was opened %d times, the first failed %d times", second.opened, circuits[0].Stats().Failed)
				}
				for _, s := range first.streams {
					if s.closed != 1 {
						t.Error("a stream that came too late is left open")
					}
				}
			})
		})
	}
}

var errFar = &providers.Error{Stage: providers.StageSTT, Retry: true, Err: errors.New("far away")}

func TestAStreamForwardsAndReportsHowItsProviderDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := &ear{name: "first"}
		tr, circuits := pair(e, &ear{name: "second"})
		circuits[0].Failed(errFar)
		stream, err := tr.Open(t.Context(), providers.TranscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		script := e.streams[0]
		if err := stream.Write(t.Context(), frame(true)); err != nil {
			t.Fatal(err)
		}
		if err := stream.Finalize(t.Context()); err != nil || script.asked != 1 || script.written != media.MicFrame {
			t.Errorf("%v; asked %d times, %d samples", err, script.asked, script.written)
		}
		script.results <- providers.Transcript{Text: "hello", Final: true}
		if got, err := stream.Recv(t.Context()); err != nil || got.Text != "hello" {
			t.Errorf("%+v, %v", got, err)
		}
		if c := circuits[0]; c.failures != 0 {
			t.Errorf("%d failures in a row after words", c.failures)
		}
		for range failuresToOpen {
			script.fail <- errFar
			if _, err := stream.Recv(t.Context()); !errors.Is(err, errFar) {
				t.Errorf("%v", err)
			}
		}
		if got := circuits[0].Stats().Failed; got != 2 {
			t.Errorf("the failure of one stream was counted %d times", got-1)
		}
		_ = stream.Close()
	})
}

func TestARecogniserThatSaysNothingToSpeechIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		loud    bool
		results bool // a result each second
		fast    bool // a backlog: everything at once
		fails   bool
	}{
		"speech without a result": {loud: true, fails: true},
		"speech with results":     {loud: true, results: true},
		"silence":                 {},
		"a backlog":               {loud: true, fast: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e := &ear{name: "first"}
				tr, circuits := pair(e)
				stream, err := tr.Open(t.Context(), providers.TranscribeOptions{})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = stream.Close() }()
				ended := make(chan error, 1)
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				go func() {
					for {
						if _, err := stream.Recv(ctx); err != nil {
							ended <- err
							return
						}
					}
				}()
				for i := range 400 { // 8 s
					if !c.fast {
						time.Sleep(media.FrameDur)
					}
					if err := stream.Write(t.Context(), frame(c.loud)); err != nil {
						t.Fatal(err)
					}
					if c.results && i%50 == 0 {
						e.streams[0].results <- providers.Transcript{Text: "something"}
					}
				}
				synctest.Wait()
				select {
				case err := <-ended:
					if !c.fails {
						t.Errorf("it was given up: %v", err)
					}
					var known *providers.Error
					if !errors.Is(err, providers.ErrNoProgress) || !errors.As(err, &known) || !known.Retry || circuits[0].Stats().Failed != 1 {
						t.Errorf("%v", err)
					}
				default:
					if c.fails {
						t.Error("it was not given up")
					}
				}
				stop()
			})
		})
	}
}

func TestRecognitionComesBackToTheFirstProvider(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := &ear{name: "first", refuse: errFar}, &ear{name: "second"}
		tr, circuits := pair(first, second)
		open := func() {
			t.Helper()
			stream, err := tr.Open(t.Context(), providers.TranscribeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			_ = stream.Close()
		}
		for range failuresToOpen {
			open()
		}
		open()
		if first.opened != failuresToOpen || second.opened != failuresToOpen+1 {
			t.Errorf("the first was asked %d times, the second %d times", first.opened, second.opened)
		}
		first.refuse = nil
		time.Sleep(firstRest)
		open()
		if first.opened != failuresToOpen+1 || second.opened != failuresToOpen+1 {
			t.Errorf("after the rest the first was asked %d times, the second %d times", first.opened, second.opened)
		}
		_ = circuits
	})
}

func TestWithNobodyToHearTheReasonIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := &ear{name: "first", refuse: &providers.Error{Stage: providers.StageSTT, Err: &dial.Refusal{Status: http.StatusUnauthorized}}}
		tr, _ := pair(e)
		var refusal *dial.Refusal
		if _, err := tr.Open(t.Context(), providers.TranscribeOptions{}); !errors.As(err, &refusal) {
			t.Errorf("%v", err)
		}
		if _, err := tr.Open(t.Context(), providers.TranscribeOptions{}); !errors.Is(err, ErrOpen) {
			t.Errorf("%v", err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(io.ErrClosedPipe)
		other, circuits := pair(&ear{name: "x", hang: true})
		if _, err := other.Open(ctx, providers.TranscribeOptions{}); !errors.Is(err, io.ErrClosedPipe) || circuits[0].Stats().Failed != 0 {
			t.Errorf("%v", err)
		}
	})
}

func TestCircuitsAreSharedAndProbed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		all := NewCircuits(nil)
		defer all.Close()
		c := all.For(providers.StageSTT, "a")
		if all.For(providers.StageSTT, "a") != c || all.For(providers.StageTTS, "a") == c {
			t.Fatal("a provider has no circuit of its own")
		}
		p := &probe{err: errFar}
		all.Watch(c, p)
		for range failuresToOpen {
			c.Failed(errFar)
		}
		time.Sleep(3 * time.Second)
		if s := all.Stats(); len(s) != 2 || s[0].State != Open || p.count() == 0 {
			t.Errorf("%+v after %d probes", s, p.count())
		}
		p.set(nil)
		time.Sleep(10 * time.Second)
		if s := all.Stats(); s[0].State != Closed {
			t.Errorf("%+v after %d probes", s, p.count())
		}
	})
}

type probe struct {
	mu  sync.Mutex
	err error
	n   int
}

func (p *probe) Probe(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	return p.err
}

func (p *probe) set(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

func (p *probe) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}
