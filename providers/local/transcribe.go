package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/local/wire"
)

const (
	// maxFinalizes bounds the finals a stream may owe; more are refused.
	maxFinalizes = 32
	// maxUnread bounds the finals nobody takes; a stream beyond it has failed.
	maxUnread = 256
	// drainDeadline is how long a closed stream may still owe its finals.
	drainDeadline = 5 * time.Second
)

var (
	// errStreamClosed indicates use of a stream after its Close.
	errStreamClosed = errors.New("speech stream is closed")
	// errUnread indicates a stream whose reader went away.
	errUnread = errors.New("nobody reads the transcripts")
)

// Transcriber hears through pocketsphinx: American English, 16 kHz.
type Transcriber struct{ speech *Speech }

// Name is "local".
func (t *Transcriber) Name() string { return Name }

// Open starts a recognition stream. It blocks while a worker starts, a few tenths
// of a second at the first call; sound may be written at once. ctx is the stream's
// life as well. It fails with providers.ErrBusy at the admission limit and with
// providers.ErrUnavailable for a language other than English or where pocketsphinx
// is missing. Terms are ignored.
func (t *Transcriber) Open(ctx context.Context, o providers.TranscribeOptions) (providers.TranscribeStream, error) {
	if !english(o.Language) {
		return nil, &providers.Error{Stage: providers.StageSTT, Provider: Name, Err: fmt.Errorf("%w in language %q: it hears English only", providers.ErrUnavailable, o.Language)}
	}
	if !t.speech.places.canHear() {
		return nil, t.speech.places.hearCapability().unavailable(providers.StageSTT)
	}
	leave, err := admit(t.speech.hearing, providers.StageSTT)
	if err != nil {
		return nil, err
	}
	sl, c, err := t.speech.acquire(ctx)
	if err != nil {
		leave()
		return nil, failure(ctx, providers.StageSTT, err)
	}
	s := &hearStream{
		conn: c, id: c.reserve(), offset: o.Offset, room: wire.HearWindow,
		roomier: make(chan struct{}, 1), news: make(chan struct{}, 1), over: make(chan struct{}),
		release: func() { t.speech.release(sl, c); leave() },
	}
	if err = c.open(ctx, s.id, s, wire.Frame{Kind: wire.KindHear}); err != nil {
		s.release()
		return nil, failure(ctx, providers.StageSTT, err)
	}
	s.unwatch = context.AfterFunc(ctx, func() {
		s.fail(context.Cause(ctx))
		s.finish()
	})
	return s, nil
}

// english accepts the language tags of what the model was made for.
func english(language string) bool {
	primary, _, _ := strings.Cut(strings.ToLower(language), "-")
	return primary == "" || primary == "en"
}

// hearStream is a recognition stream. It keeps at most wire.HearWindow samples on
// their way; the results wait in queue, where a newer partial replaces an older.
type hearStream struct {
	conn    *conn
	id      uint32
	offset  interview.Sample
	release func()
	unwatch func() bool   // set by Open
	once    sync.Once     // of finish
	over    chan struct{} // closed with the first err

	roomier chan struct{} // room grew, or the stream failed
	news    chan struct{} // queue grew, a final is owed no more, or the stream failed

	mu    sync.Mutex
	gate  quietGate
	room  int // samples that may be sent
	owed  int // finals asked for and not received
	queue []providers.Transcript
	err   error // why nothing more comes
}

func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// Write hands over sound. It blocks while the decoder is 2 s behind.
func (s *hearStream) Write(ctx context.Context, pcm []int16) error {
	s.mu.Lock()
	pcm = s.gate.pass(pcm)
	s.mu.Unlock()
	for len(pcm) > 0 {
		n := min(len(pcm), wire.MaxSamples)
		if err := s.takeRoom(ctx, n); err != nil {
			return err
		}
		if err := s.conn.send(ctx, wire.Frame{Kind: wire.KindAudio, Stream: s.id, Payload: wire.PCM(pcm[:n])}); err != nil {
			return failure(ctx, providers.StageSTT, err)
		}
		pcm = pcm[n:]
	}
	return nil
}

func (s *hearStream) takeRoom(ctx context.Context, n int) error {
	for {
		s.mu.Lock()
		err := s.err
		ok := err == nil && s.room >= n
		if ok {
			s.room -= n
		}
		s.mu.Unlock()
		switch {
		case err != nil:
			return err
		case ok:
			return nil
		}
		select {
		case <-s.roomier:
		case <-s.over: // err is set; this case wakes every waiter
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Finalize asks for a final of everything written before.
func (s *hearStream) Finalize(ctx context.Context) error {
	s.mu.Lock()
	err := s.err
	full := s.owed >= maxFinalizes
	if err == nil && !full {
		s.owed++
	}
	s.mu.Unlock()
	switch {
	case err != nil:
		return err
	case full:
		return &providers.Error{Stage: providers.StageSTT, Provider: Name, Retry: true, Err: fmt.Errorf("%w: %d finals are owed", providers.ErrBusy, maxFinalizes)}
	}
	if err := s.conn.send(ctx, wire.Frame{Kind: wire.KindFinalize, Stream: s.id}); err != nil {
		return failure(ctx, providers.StageSTT, err)
	}
	return nil
}

// Recv blocks for the next result. After Close it still gives what was received
// and the finals that were asked for, within a few seconds, then io.EOF.
func (s *hearStream) Recv(ctx context.Context) (providers.Transcript, error) {
	for {
		s.mu.Lock()
		if len(s.queue) > 0 {
			t := s.queue[0]
			s.queue = s.queue[1:]
			s.mu.Unlock()
			return t, nil
		}
		err, owed := s.err, s.owed
		s.mu.Unlock()
		if errors.Is(err, errStreamClosed) {
			if owed == 0 {
				return providers.Transcript{}, io.EOF
			}
		} else if err != nil {
			return providers.Transcript{}, err
		}
		select {
		case <-s.news:
		case <-ctx.Done():
			return providers.Transcript{}, context.Cause(ctx)
		}
	}
}

// Close ends the stream. It is bounded, and idempotent.
func (s *hearStream) Close() error {
	s.mu.Lock()
	owed := s.owed
	s.mu.Unlock()
	if s.fail(errStreamClosed) && owed > 0 {
		time.AfterFunc(drainDeadline, s.forgive)
	}
	s.unwatch()
	s.finish()
	return nil
}

// fail notes why nothing more comes, and wakes whoever waits. Only the first
// reason counts: false for the others. It does not block.
func (s *hearStream) fail(err error) bool {
	s.mu.Lock()
	first := s.err == nil
	if first {
		s.err = err
		close(s.over)
	}
	s.mu.Unlock()
	poke(s.news)
	return first
}

// finish tells the worker that the stream is over and leaves the admission.
func (s *hearStream) finish() {
	s.once.Do(func() {
		s.conn.stop(s.id)
		s.release()
	})
}

// forgive gives up the finals that are still owed.
func (s *hearStream) forgive() {
	s.mu.Lock()
	s.owed = 0
	s.mu.Unlock()
	poke(s.news)
}

// broke implements receiver.
func (s *hearStream) broke(err error) {
	if err != nil {
		s.fail(&providers.Error{Stage: providers.StageSTT, Provider: Name, Retry: true, Err: err})
	}
	s.forgive()
}

// receive implements receiver.
func (s *hearStream) receive(f wire.Frame) error {
	switch f.Kind {
	case wire.KindTook:
		n, err := wire.TakenSamples(f.Payload)
		if err != nil {
			return err
		}
		return s.giveRoom(n)
	case wire.KindResult:
		r, err := wire.Decode[wire.Result](f)
		if err != nil {
			return err
		}
		return s.result(r)
	case wire.KindFailed:
		v, err := wire.Decode[wire.Failed](f)
		if err != nil {
			return err
		}
		s.fail(streamFailure(providers.StageSTT, v))
		s.forgive()
		return nil
	default:
		return errors.New("not a frame of recognition")
	}
}

func (s *hearStream) giveRoom(n int) error {
	s.mu.Lock()
	s.room += n
	room := s.room
	s.mu.Unlock()
	if room > wire.HearWindow {
		return fmt.Errorf("it took %d samples more than there were", room-wire.HearWindow)
	}
	poke(s.roomier)
	return nil
}

func (s *hearStream) result(r wire.Result) error {
	t := s.transcript(r)
	s.mu.Lock()
	closed := s.err != nil
	if r.Final && r.Answers {
		if s.owed == 0 && !closed {
			s.mu.Unlock()
			return errors.New("a final nobody asked for")
		}
		s.owed = max(0, s.owed-1)
	}
	if n := len(s.queue); n > 0 && !s.queue[n-1].Final {
		s.queue = s.queue[:n-1]
	}
	s.queue = append(s.queue, t)
	full := len(s.queue) > maxUnread
	s.mu.Unlock()
	if full {
		s.fail(&providers.Error{Stage: providers.StageSTT, Provider: Name, Err: errUnread})
	}
	poke(s.news)
	return nil
}

// transcript moves a result to the media clock.
func (s *hearStream) transcript(r wire.Result) providers.Transcript {
	s.mu.Lock()
	defer s.mu.Unlock()
	place := func(fed int64) interview.Sample { return interview.Sample(s.gate.place(fed)) }
	through := s.offset + interview.Sample(s.gate.through(r.Through))
	t := providers.Transcript{Text: r.Text, Final: r.Final, Confidence: r.Confidence, From: through, To: through, Through: through}
	for _, w := range r.Words {
		t.Words = append(t.Words, providers.Word{Text: w.Text, Confidence: w.Confidence, From: place(w.From).Duration(), To: place(w.To).Duration()})
	}
	if n := len(r.Words); n > 0 {
		t.From, t.To = s.offset+place(r.Words[0].From), s.offset+place(r.Words[n-1].To)
	}
	return t
}

// streamFailure is what a worker's report of a broken stream means to a caller.
func streamFailure(stage providers.Stage, f wire.Failed) error {
	err := errors.New(f.Message)
	if f.Code == wire.CodeUnavailable {
		err = fmt.Errorf("%w: %s; %s", providers.ErrUnavailable, f.Message, howToInstall)
	}
	return &providers.Error{Stage: stage, Provider: Name, Retry: f.Code == wire.CodeFailed, Err: err}
}
