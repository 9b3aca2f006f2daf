package deepgram

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/vantahire/vantahire/providers"
)

const (
	// speakEnough is the share of its expected sound with which a sentence may be
	// complete: voices vary by a few percent.
	speakEnough = .8
	// speakShortText is a sentence too short to expect anything of.
	speakShortText = speakRate * 3 / 2
	// speakAWhile is a wait that only news end.
	speakAWhile = time.Minute
	// speakWorthRotating is a wait for a limit that is longer than a dial.
	speakWorthRotating = 200 * time.Millisecond
)

func asSpeakFailure(err error, to **providers.Error) bool { return errors.As(err, to) }

// run sends the reply's sentences and watches over their sound until all of it
// came, the reply failed, or nobody wants it any more.
func (s *speakStream) run() {
	defer close(s.ended)
	defer func() {
		if r := recover(); r != nil {
			s.fail(speakFailure(true, fmt.Errorf("panic: %v", r)))
		}
		if s.sock != nil {
			s.sock.leave(s)
		}
		s.mu.Lock()
		if s.ctx.Err() != nil { // nobody will read it
			s.unread, s.head, s.marks = nil, 0, nil
		}
		s.mu.Unlock()
	}()
	timer := time.NewTimer(speakAWhile)
	defer timer.Stop()
	for s.ctx.Err() == nil {
		wait, over := s.step()
		if over {
			return
		}
		timer.Reset(wait)
		select {
		case <-s.wake:
		case <-timer.C:
		case <-s.ctx.Done():
		}
	}
}

// step does what can be done now and says how long to wait, unless news come.
func (s *speakStream) step() (wait time.Duration, over bool) {
	s.mu.Lock()
	loss := s.loss
	s.loss = nil
	s.mu.Unlock()
	if loss != nil {
		s.redial(loss)
	}
	for {
		text, ready, over := s.nextPiece()
		switch {
		case over:
			return 0, true
		case !ready:
			return s.settle(), false
		}
		if wait := s.send(text); wait > 0 {
			return min(wait, s.watch()), false
		}
	}
}

// nextPiece is what to send next, if it is time for it.
func (s *speakStream) nextPiece() (text string, ready, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.piece == 0 && s.next < len(s.sentences) && len(s.sentences[s.next].pieces) == 0 {
		s.next++
		if s.done == s.next-1 {
			s.complete(s.total)
			speakPoke(s.news)
		}
	}
	switch {
	case s.err != nil, s.finished && s.done == len(s.sentences):
		speakPoke(s.news)
		return "", false, true
	case s.loss != nil, s.next == len(s.sentences):
		return "", false, false
	}
	ahead := len(s.unread) - s.head + max(s.expected(s.done, s.next)-s.current, 0)
	if s.piece == 0 && ahead >= int(s.synth.cfg.Lead.Seconds()*speakRate) {
		return "", false, false
	}
	return s.sentences[s.next].pieces[s.piece], true, false
}

// send sends a piece and, behind the last of a sentence, a Flush when the socket's
// budget allows: it makes the sentence's end exact. One is kept for the reply's
// end. It returns how long to wait when the piece can't be sent now.
func (s *speakStream) send(text string) time.Duration {
	characters := utf8.RuneCountInString(text)
	wait, flushes, acks, unflushed := s.sock.budget(characters)
	if wait > 0 {
		if wait > speakWorthRotating && acks == 0 && !unflushed && s.rotate(characters, wait) {
			return 0
		}
		return wait
	}
	s.mu.Lock()
	one := &s.sentences[s.next]
	last := s.piece == len(one.pieces)-1
	final := s.finished && s.next == len(s.sentences)-1
	flush := -1
	if last && (flushes > 1 || final && flushes > 0) {
		flush = s.next
	}
	one.flushed = flush >= 0
	s.seen = time.Now()
	if last {
		s.next++
		s.piece = 0
	} else {
		s.piece++
	}
	s.mu.Unlock()
	speakPoke(s.room)
	if err := s.sock.say(s, text, characters, flush); err != nil {
		s.broken(err)
		return speakAWhile
	}
	return 0
}

// broken follows a failed write: the socket's reader reports the loss.
func (s *speakStream) broken(err error) {
	if !errors.Is(err, errSpeakClosed) {
		s.sock.fail(err)
	}
}

// settle flushes what is left once the reply is finished, and watches.
func (s *speakStream) settle() time.Duration {
	s.mu.Lock()
	all := s.finished && s.next == len(s.sentences) && s.done < s.next && s.loss == nil
	last := s.next - 1
	s.mu.Unlock()
	if _, flushes, _, unflushed := s.sock.budget(0); all && unflushed && flushes > 0 {
		s.mu.Lock()
		s.sentences[last].flushed = true
		s.mu.Unlock()
		if err := s.sock.say(s, "", 0, last); err != nil {
			s.broken(err)
		}
	}
	return s.watch()
}

// watch completes sentences whose acknowledgement is missing, and fails a reply
// whose sound stops in its middle. It returns when to look again.
func (s *speakStream) watch() time.Duration {
	_, _, acks, _ := s.sock.budget(0)
	cfg := &s.synth.cfg
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.done >= s.next || s.loss != nil || s.err != nil {
		return speakAWhile
	}
	expected := s.expected(s.done, s.next)
	within := cfg.FlushWithin
	if acks == 0 {
		within /= 2 // none is owed
	}
	quiet := time.Since(s.seen)
	enough := s.current > 0 && float64(s.current) >= speakEnough*float64(expected)
	if s.current > 0 && expected < speakShortText {
		enough, within = true, cfg.FlushWithin
	}
	switch {
	case enough && s.piece == 0 && quiet >= within:
		s.synth.pool.count.unmarked.Add(int64(s.next - s.done))
		s.completeTo(s.next - 1)
		speakPoke(s.news)
		s.look()
		return speakAWhile
	case quiet >= cfg.StallAfter:
		s.err = speakFailure(true, fmt.Errorf("sound: %w", providers.ErrNoProgress))
		speakPoke(s.news)
		s.look()
		return speakAWhile
	case enough && s.piece == 0:
		return within - quiet
	}
	return min(cfg.StallAfter-quiet, cfg.FlushWithin/4) // sound comes without waking us
}

// rotate goes on with another socket, because this one's limit is near; nothing is
// owed on it. It reports whether that was possible.
func (s *speakStream) rotate(characters int, before time.Duration) bool {
	other, err := s.synth.pool.acquire(s.ctx, s.key, false)
	if err != nil {
		return false
	}
	if wait, _, _, _ := other.budget(characters); wait >= before {
		s.synth.pool.release(other)
		return false
	}
	if other.attach(s) != nil {
		return false
	}
	s.sock.leave(s)
	s.sock = other
	s.synth.pool.count.rotated.Add(1)
	return true
}

// redial says what was not said on a new socket.
func (s *speakStream) redial(loss error) {
	sock, err := s.synth.pool.acquire(s.ctx, s.key, true)
	if err == nil {
		err = sock.attach(s)
	}
	if err != nil {
		if s.ctx.Err() != nil {
			err = context.Cause(s.ctx)
		}
		s.fail(fmt.Errorf("%w, after %w", err, loss))
		return
	}
	s.sock = sock
	s.synth.pool.count.redialled.Add(1)
	s.mu.Lock()
	s.next, s.piece, s.current, s.seen = s.done, 0, 0, time.Now()
	s.mu.Unlock()
}
