package media

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vantahire/vantahire/interview"
)

var (
	// ErrRevoked indicates that the reply is not (or no longer) the one that is
	// being said. Whoever produces it has nothing left to do.
	ErrRevoked = errors.New("reply revoked")
	// ErrFinished indicates audio for a reply after its Finish: a defect of the
	// caller.
	ErrFinished = errors.New("reply already finished")
)

const (
	// minBound keeps a Playout able to hold whole frames while the pacer takes one.
	minBound = 4 * FrameDur
	// rewindable is how much audio of the current reply is kept after it was sent.
	// It covers what can be in flight when a connection dies: transports send at
	// most 200 ms ahead, and a dead peer's last acknowledgement is at most one
	// write deadline (2 s) old.
	rewindable = 5 * time.Second
	// remembered is how many past replies Sent still answers for.
	remembered = 8
)

// Playout buffers the synthesised speech of the current reply between the
// provider's goroutine, which it blocks when enough is buffered, and the Pacer.
// Reply numbers only rise; a reply is current from its Begin until it is revoked.
type Playout struct {
	revoked atomic.Uint32 // this reply and all before it are revoked

	mu      sync.Mutex // also held by the Pacer while it hands a frame to the Sink
	bound   int64
	cur     progress
	tape    tape // of cur
	past    [remembered]progress
	pastAt  int
	hungry  bool // the pacer waits for audio
	cut     bool // what was sent last may have been taken back: no deadline stands
	writers gate
	wake    chan struct{} // tells the pacer to look again
	stats   PlayoutStats
}

// progress is how far one reply has got. No 0 is no reply.
type progress struct {
	no       interview.ReplyNo
	next     int64 // offset of the first sample not sent
	finished bool  // nothing follows what is on the tape
	started  bool  // its first frame has left
	drained  bool  // its last frame has left
}

// PlayoutStats counts samples of 24 kHz, except where it says otherwise.
type PlayoutStats struct {
	Replies   int64         // replies begun
	Written   int64         // taken from providers
	Discarded int64         // written but never sent, because the reply was revoked
	Blocked   int64         // writes that had to wait
	HighWater time.Duration // most that was ever buffered
}

// NewPlayout makes a buffer that holds at most bound of unsent speech; a full one
// blocks Write, so that the provider is not read any more. Memory is taken only
// while a reply is there: up to 48 kB for each second of bound, and as much for
// the 5 s kept for a Rewind.
func NewPlayout(bound time.Duration) *Playout {
	return &Playout{
		bound: playSamples(max(bound, minBound)),
		wake:  make(chan struct{}, 1),
	}
}

// Begin makes no the current reply. Every older reply is revoked for good, what
// is buffered of it is gone and its writers get ErrRevoked, so a reply that
// follows another in good order begins after that one was played. Begin of a
// revoked or of the current reply does nothing.
func (p *Playout) Begin(no interview.ReplyNo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if no == p.cur.no || p.Revoked(no) {
		return
	}
	// The candidate may still hear the end of a reply that was sent in full: the
	// next one follows it on the same deadlines.
	cut := p.cut || !p.cur.drained
	p.revoke(no - 1)
	p.cut = cut
	p.cur = progress{no: no}
	p.hungry = true
	p.stats.Replies++
}

// Write appends 24 kHz mono speech to reply no, any number of samples. It blocks
// while the buffer is full, until ctx ends (its cause is wrapped) or the reply is
// revoked (ErrRevoked). It copies pcm.
func (p *Playout) Write(ctx context.Context, no interview.ReplyNo, pcm []int16) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	waited := false
	for {
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("write speech of reply %d: %w", no, context.Cause(ctx))
		case no == 0 || no != p.cur.no:
			return fmt.Errorf("write speech of reply %d: %w", no, ErrRevoked)
		case p.cur.finished:
			return fmt.Errorf("write speech of reply %d: %w", no, ErrFinished)
		}
		pcm = p.fill(pcm)
		if len(pcm) == 0 {
			return nil
		}
		if !waited {
			waited = true
			p.stats.Blocked++
		}
		p.wait(ctx)
	}
}

// fill takes as much of pcm as there is room for and returns the rest.
func (p *Playout) fill(pcm []int16) []int16 {
	room := max(0, p.bound-p.unsent())
	n := min(room, int64(len(pcm)))
	p.tape.append(pcm[:n])
	p.stats.Written += n
	p.stats.HighWater = max(p.stats.HighWater, playTime(p.unsent()))
	if p.hungry && p.unsent() >= PlayFrame {
		p.hungry = false
		p.notify()
	}
	return pcm[n:]
}

// wait gives up the lock until there may be room, the reply was revoked or ctx
// ended.
func (p *Playout) wait(ctx context.Context) {
	ch := p.writers.park()
	p.mu.Unlock()
	select {
	case <-ch:
	case <-ctx.Done():
	}
	p.mu.Lock()
	p.writers.leave(ch)
}

// Finish says that nothing follows in reply no.
func (p *Playout) Finish(no interview.ReplyNo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if no == 0 || no != p.cur.no || p.cur.finished {
		return
	}
	p.cur.finished = true
	p.writers.wake()
	p.notify()
}

// Revoke takes back reply no and every one before it, for good. Once it has
// returned, no frame of them is handed to the Sink.
func (p *Playout) Revoke(no interview.ReplyNo) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.revoke(no)
}

// revoke is Revoke with the lock held.
func (p *Playout) revoke(no interview.ReplyNo) {
	if p.Revoked(no) {
		return
	}
	p.revoked.Store(uint32(no))
	if p.cur.no == 0 || p.cur.no > no {
		return
	}
	p.past[p.pastAt] = p.cur
	p.pastAt = (p.pastAt + 1) % remembered
	p.stats.Discarded += p.unsent()
	p.cur = progress{}
	p.tape.reset()
	p.cut = true
	p.writers.wake()
	p.notify()
}

// Revoked reports whether reply no must not be heard any more. It takes no lock,
// so that a transport can ask for every frame. Reply 0 is none, hence revoked.
func (p *Playout) Revoked(no interview.ReplyNo) bool {
	return uint32(no) <= p.revoked.Load()
}

// Buffered is how much speech of the current reply waits to be sent.
func (p *Playout) Buffered() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return playTime(p.unsent())
}

// Stats returns the counters so far.
func (p *Playout) Stats() PlayoutStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}

// unsent is the number of samples that wait to be sent.
func (p *Playout) unsent() int64 { return p.tape.end - p.cur.next }

// sent is how far reply no got, current or remembered.
func (p *Playout) sent(no interview.ReplyNo) int64 {
	if no == p.cur.no {
		return p.cur.next
	}
	for _, r := range p.past {
		if r.no == no {
			return r.next
		}
	}
	return 0
}

// advance says that n samples were sent.
func (p *Playout) advance(n int) {
	p.cur.next += int64(n)
	p.tape.forget(p.cur.next - playSamples(rewindable))
	p.writers.wake()
}

// rewind goes back to offset to of reply no, if that is still kept.
func (p *Playout) rewind(no interview.ReplyNo, to int64) bool {
	if no == 0 || no != p.cur.no || to < p.tape.base || to > p.cur.next {
		return false
	}
	p.cur.next = to
	p.cur.drained = false
	p.cut = true
	p.notify()
	return true
}

// notify makes the pacer look again.
func (p *Playout) notify() {
	select {
	case p.wake <- struct{}{}:
	default: // it has been told and has not looked yet
	}
}
