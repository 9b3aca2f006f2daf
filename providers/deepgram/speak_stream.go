package deepgram

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/vantahire/vantahire/providers"
)

const (
	// speakMaxWaiting bounds the sentences that wait to be sent; then Say blocks.
	speakMaxWaiting = 64
	// speakMaxChunk is 200 ms.
	speakMaxChunk = speakRate / 5
)

// speakSentence is one that was given to Say.
type speakSentence struct {
	pieces     []string // as sent; none when there is nothing to say
	characters int      // that sound
	flushed    bool     // a Flush of its own tells its end
}

// speakMark is the end of a sentence in the reply's sound, in samples.
type speakMark struct{ at, sentence int }

// speakStream is one reply. A goroutine of its own sends its sentences, the
// socket's reader brings the sound.
type speakStream struct {
	synth  *Synthesizer
	key    speakKey
	ctx    context.Context //nolint:containedctx // the reply's life, derived from its opener's
	cancel context.CancelCauseFunc
	wake   chan struct{} // the sender looks again
	news   chan struct{} // Recv looks again
	room   chan struct{} // Say looks again
	ended  chan struct{} // closed when the sender has ended

	// These belong to the sender.
	sock  *speakSocket
	piece int // the next piece of the next sentence

	mu        sync.Mutex
	sentences []speakSentence
	finished  bool
	next      int // the first sentence not sent
	done      int // sentences whose sound is complete
	unread    []int16
	head      int // of unread: what was read of it
	taken     int // samples read in all
	total     int // samples that came in all
	current   int // of them, of the first sentence that is not complete
	marks     []speakMark
	seen      time.Time // when sound came or text was sent
	loss      error     // the socket is gone, before any sound of the sentence
	redialled bool
	err       error
	over      bool // io.EOF was told
}

func newSpeakStream(ctx context.Context, synth *Synthesizer, k speakKey) *speakStream {
	s := &speakStream{
		synth: synth, key: k, wake: make(chan struct{}, 1), news: make(chan struct{}, 1), room: make(chan struct{}, 1), ended: make(chan struct{}),
		seen: time.Now(),
	}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	return s
}

// begin finds a socket and starts the sender.
func (s *speakStream) begin() error {
	sock, err := s.synth.pool.acquire(s.ctx, s.key, false)
	if err == nil && sock.attach(s) != nil { // it ended just now
		if sock, err = s.synth.pool.acquire(s.ctx, s.key, true); err == nil {
			err = sock.attach(s)
		}
	}
	if err != nil {
		s.cancel(err)
		return err
	}
	s.sock = sock
	if !s.synth.pool.begin(s.run) {
		sock.leave(s)
		s.cancel(errSpeakShut)
		return speakFailure(false, errSpeakShut)
	}
	s.synth.pool.count.replies.Add(1)
	return nil
}

func speakPoke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// look makes the sender look again.
func (s *speakStream) look() { speakPoke(s.wake) }

// Say queues one sentence, cleaned of what can't be said. It blocks while 64 wait.
func (s *speakStream) Say(ctx context.Context, sentence string) error {
	pieces := speakPieces(speakable(sentence), min(speakMaxText, s.synth.cfg.Characters))
	one := speakSentence{pieces: pieces}
	for _, p := range pieces {
		one.characters += utf8.RuneCountInString(strings.TrimSpace(p))
	}
	for {
		s.mu.Lock()
		switch {
		case s.ctx.Err() != nil:
			s.mu.Unlock()
			return context.Cause(s.ctx)
		case s.err != nil:
			err := s.err
			s.mu.Unlock()
			return err
		case s.finished:
			s.mu.Unlock()
			return speakFailure(false, errSpeakFinished)
		case len(s.sentences)-s.next < speakMaxWaiting:
			s.sentences = append(s.sentences, one)
			more := len(s.sentences)-s.next < speakMaxWaiting
			s.mu.Unlock()
			if more {
				speakPoke(s.room) // somebody else may wait too
			}
			s.look()
			return nil
		}
		s.mu.Unlock()
		select {
		case <-s.room:
		case <-s.ctx.Done():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Finish says that no sentence follows.
func (s *speakStream) Finish() error {
	s.mu.Lock()
	s.finished = true
	s.mu.Unlock()
	s.look()
	speakPoke(s.news)
	return nil
}

// Recv returns the next sound, at most 200 ms. The end of a sentence comes with its
// last sound, or behind it in a chunk without any.
func (s *speakStream) Recv(ctx context.Context) (providers.Chunk, error) {
	for {
		c, ok, err := s.receive()
		if err != nil || ok {
			return c, err
		}
		select {
		case <-s.news:
		case <-s.ctx.Done():
		case <-ctx.Done():
			return providers.Chunk{SentenceEnd: -1}, context.Cause(ctx)
		}
	}
}

func (s *speakStream) receive() (providers.Chunk, bool, error) {
	none := providers.Chunk{SentenceEnd: -1}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return none, false, io.EOF
	}
	if s.ctx.Err() != nil {
		return none, false, context.Cause(s.ctx)
	}
	if c, ok := s.chunk(); ok {
		if s.next < len(s.sentences) {
			s.look() // there may be room ahead of the listener now
		}
		return c, true, nil
	}
	if s.err != nil {
		return none, false, s.err
	}
	if s.finished && s.done == len(s.sentences) {
		s.over = true
		return none, false, io.EOF
	}
	return none, false, nil
}

// chunk cuts the next piece of sound; mu is held.
func (s *speakStream) chunk() (providers.Chunk, bool) {
	c := providers.Chunk{Rate: speakRate, SentenceEnd: -1}
	n := min(len(s.unread)-s.head, speakMaxChunk)
	if len(s.marks) > 0 {
		n = min(n, max(s.marks[0].at-s.taken, 0))
	}
	if n == 0 && (len(s.marks) == 0 || s.marks[0].at > s.taken) {
		return c, false
	}
	if n > 0 {
		c.PCM = append(make([]int16, 0, n), s.unread[s.head:s.head+n]...)
		s.head += n
		s.taken += n
		if s.head == len(s.unread) {
			s.unread, s.head = s.unread[:0], 0
		} else if s.head > speakRate {
			s.unread, s.head = s.unread[:copy(s.unread, s.unread[s.head:])], 0
		}
	}
	if len(s.marks) > 0 && s.marks[0].at <= s.taken {
		c.SentenceEnd = s.marks[0].sentence
		s.marks = s.marks[1:]
	}
	return c, true
}

// Close ends the reply; what is still owed is cleared away. It waits for the
// sender, at most the time of two writes.
func (s *speakStream) Close() error {
	s.cancel(errSpeakClosed)
	<-s.ended
	return nil
}

// fail ends the reply by an error; what came can still be received.
func (s *speakStream) fail(err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	s.mu.Unlock()
	s.look()
	speakPoke(s.news)
	speakPoke(s.room)
}

// lost is told by the socket's reader that it has ended. Before any sound of a
// sentence another socket can take it from there, once; a sentence that broke off
// in its middle is for whoever knows how to go on.
func (s *speakStream) lost(err error) {
	s.mu.Lock()
	var failed *providers.Error
	if retry := asSpeakFailure(err, &failed) && failed.Retry; !retry || s.current > 0 || s.redialled {
		s.mu.Unlock()
		s.fail(err)
		return
	}
	s.redialled, s.loss = true, err
	s.mu.Unlock()
	s.look()
}

// sound takes a frame; it is called by the socket's reader.
func (s *speakStream) sound(carry int, raw []byte) int {
	s.mu.Lock()
	before := len(s.unread)
	s.unread, carry = speakSamples(s.unread, carry, raw)
	n := len(s.unread) - before
	s.total += n
	s.current += n
	s.seen = time.Now()
	s.estimate()
	bound := 60*speakRate + 4*s.expected(s.done, s.next+1)
	if s.current > bound && s.err == nil {
		s.err = speakFailure(true, fmt.Errorf("%d samples of sound nobody asked for", s.current))
		s.look()
	}
	s.mu.Unlock()
	speakPoke(s.news)
	return carry
}

// expected is about how many samples the sentences from..to-1 make; mu is held.
func (s *speakStream) expected(from, to int) int {
	n := 0
	for _, one := range s.sentences[min(from, len(s.sentences)):min(to, len(s.sentences))] {
		n += one.characters
	}
	return s.synth.pace.samples(s.key, n)
}

// estimate ends sentences without a Flush of their own where their sound should
// be over, as long as another one was sent behind them; mu is held.
func (s *speakStream) estimate() {
	for s.done+1 < s.next && !s.sentences[s.done].flushed {
		want := s.expected(s.done, s.done+1)
		if s.current < want {
			return
		}
		s.current -= want
		s.complete(s.total - s.current)
	}
}

// complete ends the first sentence that is not at a sample; mu is held.
func (s *speakStream) complete(at int) {
	s.marks = append(s.marks, speakMark{max(at, s.taken), s.done})
	s.done++
	for s.done < s.next && len(s.sentences[s.done].pieces) == 0 {
		s.marks = append(s.marks, speakMark{max(at, s.taken), s.done})
		s.done++
	}
}

// flushed ends the sentences up to last; it is called by the socket's reader.
func (s *speakStream) flushed(last int) {
	s.mu.Lock()
	if last >= s.done && last < len(s.sentences) {
		if last == s.done && s.current > 0 {
			s.synth.pace.learn(s.key, s.sentences[last].characters, s.current)
		}
		s.completeTo(last)
	}
	s.seen = time.Now()
	s.mu.Unlock()
	speakPoke(s.news)
	s.look()
}

// unmarked notes that the end of a sentence will not be told; it is called by the
// socket's reader.
func (s *speakStream) unmarked(sentence int) {
	s.mu.Lock()
	if sentence < len(s.sentences) {
		s.sentences[sentence].flushed = false
	}
	s.mu.Unlock()
	s.look()
}

// completeTo ends the sentences up to last with the sound there is: each gets its
// share; mu is held.
func (s *speakStream) completeTo(last int) {
	start, sound, all := s.total-s.current, s.current, max(s.expected(s.done, last+1), 1)
	for share := 0; s.done <= last; {
		share += s.expected(s.done, s.done+1)
		s.complete(start + int(float64(sound)*min(float64(share)/float64(all), 1)))
	}
	s.current = 0
}
