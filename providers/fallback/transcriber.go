package fallback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/providers"
)

// TranscriberProvider is a recognition provider as this package sees it.
type TranscriberProvider interface {
	Name() string
	// Open starts a stream; ctx bounds the dial and the stream's life.
	Open(ctx context.Context, o providers.TranscribeOptions) (providers.TranscribeStream, error)
}

// TranscriberMember is a recogniser with the circuit all calls share.
type TranscriberMember struct {
	Provider TranscriberProvider
	Circuit  *Circuit
}

// TranscriberConfig tunes a Transcriber. The zero value of a field means its
// default.
type TranscriberConfig struct {
	// OpenWithin is how long one provider may take to come up. Default 3 s.
	OpenWithin time.Duration
	// Mute is how long somebody may speak, by the sound's level, without a result
	// of any kind before the stream counts as deaf: interim results come about once
	// a second, and providers are known to go mute on an open socket. Default 10 s:
	// loud sound without a word, such as music, gets an empty final now and then.
	Mute time.Duration
}

// Transcriber hears with the first recogniser that works. A stream that fails is
// not replaced here: whoever reads it opens the next one from the first sound that
// was not settled, and gets the next provider. Goroutine-safe.
type Transcriber struct {
	members []TranscriberMember
	cfg     TranscriberConfig
}

// NewTranscriber makes one recogniser out of several, in order of preference. At
// least one.
func NewTranscriber(cfg TranscriberConfig, members ...TranscriberMember) *Transcriber {
	if cfg.OpenWithin <= 0 {
		cfg.OpenWithin = 3 * time.Second
	}
	if cfg.Mute <= 0 {
		cfg.Mute = 10 * time.Second
	}
	return &Transcriber{members: members, cfg: cfg}
}

// Name is that of the preferred recogniser.
func (t *Transcriber) Name() string { return t.members[0].Provider.Name() }

var errNoEar = &providers.Error{Stage: providers.StageSTT, Provider: "all", Retry: true, Err: ErrOpen}

// Open starts a stream with the first recogniser that comes up. It blocks for
// OpenWithin per provider at most, and not beyond ctx.
func (t *Transcriber) Open(ctx context.Context, o providers.TranscribeOptions) (providers.TranscribeStream, error) {
	var (
		last  error
		tried = make([]bool, len(t.members))
	)
	for _, allowed := range []func(*Circuit) bool{(*Circuit).Allow, (*Circuit).AllowLast} {
		for i, m := range t.members {
			if tried[i] || !allowed(m.Circuit) {
				continue
			}
			tried[i] = true
			stream, err := t.open(ctx, m, o)
			if err == nil {
				return stream, nil
			}
			if ctx.Err() != nil {
				m.Circuit.Abandoned()
				return nil, context.Cause(ctx)
			}
			m.Circuit.Failed(err)
			last = fmt.Errorf("open %s: %w", m.Provider.Name(), err)
		}
	}
	if last == nil {
		return nil, errNoEar
	}
	return nil, last
}

// open opens one member's stream, whose life goes on after the bounded dial.
func (t *Transcriber) open(ctx context.Context, m TranscriberMember, o providers.TranscribeOptions) (_ *earStream, err error) {
	life, cancel := context.WithCancelCause(ctx)
	patience := time.AfterFunc(t.cfg.OpenWithin, func() { cancel(fmt.Errorf("open: %w", providers.ErrNoProgress)) })
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
		if err != nil {
			cancel(err)
		}
	}()
	inner, err := m.Provider.Open(life, o)
	if !patience.Stop() && err == nil { // it came too late, its context is over
		_ = inner.Close()
		return nil, context.Cause(life)
	}
	if err != nil {
		if cause := context.Cause(life); cause != nil {
			err = cause
		}
		return nil, err
	}
	return &earStream{inner: inner, circuit: m.Circuit, name: m.Provider.Name(), life: life, cancel: cancel, mute: t.cfg.Mute}, nil
}

// earStream is a stream that reports how its provider does.
type earStream struct {
	inner   providers.TranscribeStream
	circuit *Circuit
	name    string
	life    context.Context //nolint:containedctx // the stream's own life
	cancel  context.CancelCauseFunc
	mute    time.Duration

	mu     sync.Mutex
	heard  bool          // a result came, ever
	loud   time.Duration // of speech written since the last result
	since  time.Time     // when the first of it was written
	last   time.Time     // and the last
	closed bool
	judged bool // the circuit knows of the end
}

// Write hands audio over and counts the speech that nothing is said about.
func (s *earStream) Write(ctx context.Context, pcm []int16) error {
	if err := s.inner.Write(ctx, pcm); err != nil {
		s.judge(ctx, err) // the caller ends Recv's context then
		return err
	}
	if media.LevelDBFS(pcm) < speechLevel {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Sub(s.last) >= speechPause {
		s.loud = 0 // a cough now and then is no speech
	}
	if s.loud == 0 {
		s.since = now
	}
	s.last = now
	s.loud += time.Duration(len(pcm)) * time.Second / media.MicRate
	if s.loud >= s.mute && now.Sub(s.since) >= s.mute { // both: a backlog is written faster than it was said
		s.cancel(errMute)
	}
	return nil
}

// speechLevel is how loud sound is that a recogniser must have an opinion on.
const speechLevel = -35 // dBFS

// speechPause is a silence within speech that is too long to count as part of it.
const speechPause = 2 * time.Second

// errMute indicates a recogniser that says nothing while somebody speaks.
var errMute = fmt.Errorf("speech without a result: %w", providers.ErrNoProgress)

// Finalize asks to settle what was said so far.
func (s *earStream) Finalize(ctx context.Context) error { return s.inner.Finalize(ctx) }

// Recv returns the next result.
func (s *earStream) Recv(ctx context.Context) (providers.Transcript, error) {
	recv, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(s.life, func() { cancel(context.Cause(s.life)) })()
	t, err := s.inner.Recv(recv)
	if err == nil {
		s.progress(t)
		return t, nil
	}
	if cause := context.Cause(s.life); cause != nil && !errors.Is(err, io.EOF) {
		err = cause
	}
	if errors.Is(err, errMute) {
		err = &providers.Error{Stage: providers.StageSTT, Provider: s.name, Retry: true, Err: errMute}
	}
	s.judge(ctx, err)
	return t, err
}

// progress notes a result. The first with words proves that the provider works.
func (s *earStream) progress(t providers.Transcript) {
	s.mu.Lock()
	s.loud = 0
	first := !s.heard && t.Text != ""
	s.heard = s.heard || first
	s.mu.Unlock()
	if first {
		s.circuit.Succeeded()
	}
}

// judge tells the circuit, once, how the stream ended.
func (s *earStream) judge(ctx context.Context, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.judged {
		return
	}
	s.judged = true
	deaf := errors.Is(context.Cause(s.life), errMute)
	if deaf {
		err = context.Cause(s.life)
	}
	if s.closed || ctx.Err() != nil && !deaf {
		s.circuit.Abandoned()
		return
	}
	s.circuit.Failed(err)
}

// Close ends the stream.
func (s *earStream) Close() error {
	s.mu.Lock()
	s.closed = true
	judged := s.judged
	s.judged = true
	s.mu.Unlock()
	if !judged {
		s.circuit.Abandoned()
	}
	err := s.inner.Close()
	s.cancel(errClosed)
	return err
}

var errClosed = errors.New("stream is closed")
