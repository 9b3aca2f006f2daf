package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/local/wire"
)

const (
	// maxSentences bounds the sentences that wait for their turn; then Say blocks.
	maxSentences = 16
	// maxUnplayed bounds the sound a stream may hold: wire.SpeakWindow pieces of
	// maxPiece bytes are half a minute, but of digits three, and twice that at the
	// slowest rate.
	maxUnplayed = 10 * 60 * wire.Rate
)

// errFinished indicates a sentence after Finish.
var errFinished = errors.New("sentence after the end of the reply")

// Synthesizer speaks through flite with its voice slt: American English, 16 kHz.
type Synthesizer struct{ speech *Speech }

// Name is "local".
func (s *Synthesizer) Name() string { return Name }

// Open starts the speech of one reply; the end of ctx cuts it off. It blocks while
// a worker starts, a few tenths of a second at the first call. It fails with
// providers.ErrBusy at the admission limit and with providers.ErrUnavailable for
// another voice or language or where flite is missing. Rates outside of 0.5 to 2
// are taken as the nearest of these.
func (s *Synthesizer) Open(ctx context.Context, o providers.VoiceOptions) (providers.SpeechStream, error) {
	if !english(o.Language) || (o.Voice != "" && o.Voice != "slt") {
		return nil, &providers.Error{Stage: providers.StageTTS, Provider: Name, Err: fmt.Errorf("%w in language %q with voice %q: it speaks English with the voice slt", providers.ErrUnavailable, o.Language, o.Voice)}
	}
	if !s.speech.places.canSpeak() {
		return nil, s.speech.places.speakCapability().unavailable(providers.StageTTS)
	}
	if o.Rate == 0 {
		o.Rate = 1
	}
	first, err := wire.New(wire.KindSpeak, 0, wire.Speak{Rate: min(max(o.Rate, wire.MinRate), wire.MaxRate)})
	if err != nil {
		return nil, err
	}
	leave, err := admit(s.speech.speaking, providers.StageTTS)
	if err != nil {
		return nil, err
	}
	sl, c, err := s.speech.acquire(ctx)
	if err != nil {
		leave()
		return nil, failure(ctx, providers.StageTTS, err)
	}
	st := &speakStream{
		conn: c, id: c.reserve(),
		release:   func() { s.speech.release(sl, c); leave() },
		sentences: make(chan sentence, maxSentences),
		window:    make(chan struct{}, wire.SpeakWindow),
		news:      make(chan struct{}, 1),
	}
	st.ctx, st.cancel = context.WithCancelCause(ctx)
	if err := c.open(ctx, st.id, st, first); err != nil {
		st.cancel(err)
		st.release()
		return nil, failure(ctx, providers.StageTTS, err)
	}
	st.feeding.Go(st.feed)
	st.unwatch = context.AfterFunc(ctx, func() {
		st.cut(context.Cause(ctx))
		st.finish()
	})
	return st, nil
}

// sentence is one that waits for its turn.
type sentence struct {
	index int
	text  string
}

// sent is a piece that is on its way through the worker.
type sent struct {
	piece
	index    int // of the piece within the stream
	sentence int // of its sentence
}

// spoken is a piece of sound that waits for Recv.
type spoken struct {
	providers.Chunk
	frees bool // taking it makes room for another piece on its way
}

// speakStream is the speech of one reply. A goroutine of its own feeds the worker,
// at most wire.SpeakWindow pieces ahead of what the reader has taken.
type speakStream struct {
	conn      *conn
	id        uint32
	release   func()
	unwatch   func() bool
	once      sync.Once       // of finish
	ctx       context.Context //nolint:containedctx // the stream's own life, derived from its opener's
	cancel    context.CancelCauseFunc
	feeding   sync.WaitGroup
	sentences chan sentence
	window    chan struct{} // a token per piece on its way
	news      chan struct{} // ready grew, all was delivered, or the stream failed

	saying sync.Mutex // keeps the sentences of concurrent Says in order

	mu       sync.Mutex
	said     int // sentences taken by Say
	done     int // sentences delivered
	finished bool
	flying   []sent           // pieces on their way, in order
	held     []int16          // the newest sound: it waits until it is known whether more of its piece follows
	words    []providers.Word // for the next chunk
	sounded  int              // samples received for the pieces before the first of flying
	current  int              // samples received for the first of flying
	ready    []spoken
	unplayed int // samples in ready
	err      error
}

// Say queues a sentence.
func (s *speakStream) Say(ctx context.Context, text string) error {
	s.saying.Lock()
	defer s.saying.Unlock()
	s.mu.Lock()
	err, finished, index := s.err, s.finished, s.said
	s.mu.Unlock()
	switch {
	case err != nil:
		return err
	case finished:
		return &providers.Error{Stage: providers.StageTTS, Provider: Name, Err: errFinished}
	}
	select {
	case s.sentences <- sentence{index: index, text: text}:
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	s.mu.Lock()
	s.said++
	s.mu.Unlock()
	return nil
}

// Finish says that no sentence follows.
func (s *speakStream) Finish() error {
	s.saying.Lock()
	defer s.saying.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finished = true
	poke(s.news)
	return nil
}

// Recv blocks for the next piece of sound. The chunk that ends a sentence without
// any sound ("...") has none.
func (s *speakStream) Recv(ctx context.Context) (providers.Chunk, error) {
	for {
		s.mu.Lock()
		if len(s.ready) > 0 {
			next := s.ready[0]
			s.ready = s.ready[1:]
			s.unplayed -= len(next.PCM)
			if next.SentenceEnd >= 0 {
				s.done++
			}
			s.mu.Unlock()
			if next.frees {
				<-s.window
			}
			return next.Chunk, nil
		}
		err := s.err
		if s.finished && s.done == s.said {
			err = io.EOF
		}
		s.mu.Unlock()
		if err != nil {
			return providers.Chunk{}, err
		}
		select {
		case <-s.news:
		case <-ctx.Done():
			return providers.Chunk{}, context.Cause(ctx)
		}
	}
}

// Close cuts the speech off, or cleans up after its end. It is bounded, and
// idempotent.
func (s *speakStream) Close() error {
	s.cut(errStreamClosed)
	s.unwatch()
	s.finish()
	s.feeding.Wait()
	return nil
}

// fail notes why no more sound comes, and wakes whoever waits. What was received
// can still be taken. Only the first reason counts. It does not block.
func (s *speakStream) fail(err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	s.mu.Unlock()
	s.cancel(err)
	poke(s.news)
}

// cut fails the stream because its listener wants no more: nothing is delivered
// from here on.
func (s *speakStream) cut(err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	s.ready, s.unplayed = nil, 0
	s.mu.Unlock()
	s.cancel(err)
	poke(s.news)
}

func (s *speakStream) finish() {
	s.once.Do(func() {
		s.conn.stop(s.id)
		s.release()
	})
}

// feed sends the sentences, piece by piece, as the window allows.
func (s *speakStream) feed() {
	for index := 0; ; {
		var next sentence
		select {
		case next = <-s.sentences:
		case <-s.ctx.Done():
			return
		}
		for _, p := range pieces(next.text) {
			select {
			case s.window <- struct{}{}:
			case <-s.ctx.Done():
				return
			}
			if err := s.send(sent{piece: p, index: index, sentence: next.index}); err != nil {
				s.fail(failure(s.ctx, providers.StageTTS, err))
				return
			}
			index++
		}
	}
}

func (s *speakStream) send(p sent) error {
	f, err := wire.New(wire.KindSay, s.id, wire.Say{Index: p.index, Text: p.text()})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.flying = append(s.flying, p)
	s.mu.Unlock()
	return s.conn.send(s.ctx, f)
}

// broke implements receiver.
func (s *speakStream) broke(err error) {
	if err != nil {
		s.fail(&providers.Error{Stage: providers.StageTTS, Provider: Name, Retry: true, Err: err})
	}
}

// receive implements receiver.
func (s *speakStream) receive(f wire.Frame) error {
	switch f.Kind {
	case wire.KindWords:
		w, err := wire.Decode[wire.Words](f)
		if err != nil {
			return err
		}
		return s.takeWords(w)
	case wire.KindSound:
		pcm, err := wire.Samples(f.Payload)
		if err != nil {
			return err
		}
		return s.takeSound(pcm)
	case wire.KindSpoken:
		v, err := wire.Decode[wire.Spoken](f)
		if err != nil {
			return err
		}
		return s.takeSpoken(v)
	case wire.KindFailed:
		v, err := wire.Decode[wire.Failed](f)
		if err != nil {
			return err
		}
		s.fail(streamFailure(providers.StageTTS, v))
		return nil
	default:
		return errors.New("not a frame of synthesis")
	}
}

func (s *speakStream) takeWords(w wire.Words) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.flying) == 0 || s.flying[0].index != w.Index {
		return fmt.Errorf("words of piece %d out of turn", w.Index)
	}
	spans, ok := s.flying[0].times(w.Spans)
	if !ok {
		return fmt.Errorf("times of %d words for piece %d", len(w.Spans), w.Index)
	}
	for i, span := range spans {
		s.words = append(s.words, providers.Word{
			Text: s.flying[0].words[i],
			From: interview.Sample(s.sounded + span.From).Duration(),
			To:   interview.Sample(s.sounded + span.To).Duration(),
		})
	}
	return nil
}

func (s *speakStream) takeSound(pcm []int16) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.flying) == 0 {
		return errors.New("sound out of turn")
	}
	if s.unplayed > maxUnplayed {
		return fmt.Errorf("%d samples of sound nobody asked for", s.unplayed)
	}
	if s.held != nil {
		s.pass(s.held, -1, false)
	}
	s.held = pcm
	s.current += len(pcm)
	return nil
}

func (s *speakStream) takeSpoken(v wire.Spoken) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.flying) == 0 || s.flying[0].index != v.Index {
		return fmt.Errorf("end of piece %d out of turn", v.Index)
	}
	p := s.flying[0]
	s.flying = s.flying[1:]
	end := -1
	if p.last {
		end = p.sentence
	}
	s.pass(s.held, end, true)
	s.held = nil
	s.sounded += s.current
	s.current = 0
	return nil
}

// pass makes sound ready for Recv; mu is held. A stream that failed takes none.
func (s *speakStream) pass(pcm []int16, sentenceEnd int, frees bool) {
	if s.err != nil {
		return
	}
	s.ready = append(s.ready, spoken{
		Chunk: providers.Chunk{PCM: pcm, Rate: wire.Rate, Words: s.words, SentenceEnd: sentenceEnd},
		frees: frees,
	})
	s.words = nil
	s.unplayed += len(pcm)
	poke(s.news)
}
