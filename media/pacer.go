package media

import (
	"context"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// Sink is the candidate's connection as the pacer sees it.
type Sink interface {
	// WriteFrame takes one 20 ms frame of 24 kHz mono (480 samples; the last of a
	// reply is padded with silence) whose first sample is at offset within the
	// reply. pcm is only valid during the call. It never blocks and never calls the
	// Pacer or the Playout. False means that the transport can't take it now (its
	// send window is full): the pacer keeps the frame and offers it again at the
	// next deadline.
	WriteFrame(reply interview.ReplyNo, offset int64, pcm []int16) bool
	// Lead is how far ahead of real time frames may be sent now, at most MaxLead.
	// It never blocks and never calls the Pacer or the Playout.
	Lead() time.Duration
}

// MaxLead limits a Sink's Lead, so that one tick's burst stays bounded. More than
// this ahead, a barge-in has more to take back than any client needs as a cushion.
const MaxLead = 500 * time.Millisecond

// PacerEvents are called from the pacer's goroutine, with no lock held, and must
// not block. A nil func is not called. They may come after a Cancel of the same
// reply that ran at that moment: their receiver compares the reply.
type PacerEvents struct {
	// Started: the first frame of reply has left.
	Started func(reply interview.ReplyNo, at time.Time)
	// Drained: reply was finished and all of it has left, sent samples. It comes
	// again when a Rewind makes the end leave again.
	Drained func(reply interview.ReplyNo, sent int64)
	// Starved: speech goes on after the provider was too slow within a reply; gap
	// is the silence it made.
	Starved func(reply interview.ReplyNo, gap time.Duration)
}

// PacerConfig tunes a Pacer; its zero value is the default.
type PacerConfig struct {
	// ReanchorAfter is how far behind its deadlines a pacer gives them up and
	// starts new ones from now, instead of sending faster to catch up. Defaults to
	// one frame, 20 ms: from there on two frames would leave at once. Smaller
	// values make speech drift, as every timer is a little late.
	ReanchorAfter time.Duration
}

// PacerStats says how well the pacer kept time.
type PacerStats struct {
	Frames     int64         // frames a Sink took
	Refused    int64         // offers a Sink refused, its window being full
	Late       int64         // frames that left 20 ms or more after their time
	Reanchors  int64         // deadlines given up because the pacer ran late
	Starved    int64         // times the provider was too slow within a reply
	StarvedFor time.Duration // silence that made
	Lateness   Lateness      // of every frame against the time it should have left
}

// Pacer sends the speech of a Playout in real time, one per call. Frames have
// absolute deadlines 20 ms apart, set by the first frame of a stretch of speech,
// which leaves at once. A pacer that runs late moves its deadlines: it sends
// neither faster than real time beyond the Sink's lead, nor does it skip speech.
//
// All methods may be called concurrently. What they say holds when they have
// returned, also against a frame that was about to leave.
type Pacer struct {
	playout *Playout
	events  PacerEvents
	cfg     PacerConfig

	// Guarded by playout.mu.
	sink     Sink
	held     interview.ReplyNo
	loudness Gain
	loud     interview.ReplyNo // the reply that loudness is meant for
	next     time.Time         // when the next frame is to be heard
	due      time.Time         // when the next frame is to leave; zero while none can
	excused  bool              // the deadlines passed because nothing was to be sent
	starving bool              // the deadlines passed because there was no audio
	frame    [PlayFrame]int16
	stats    PacerStats
}

// NewPacer makes the pacer of p. A Playout has one pacer.
func NewPacer(p *Playout, ev PacerEvents, cfg PacerConfig) *Pacer {
	if cfg.ReanchorAfter <= 0 {
		cfg.ReanchorAfter = FrameDur
	}
	return &Pacer{playout: p, events: ev, cfg: cfg}
}

// Run paces until ctx ends and returns its cause. It sleeps while there is
// nothing to say. It is called once.
func (p *Pacer) Run(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if wait, ok := p.step(); ok {
			timer.Reset(wait)
		} else {
			timer.Stop()
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-p.playout.wake:
		case <-timer.C:
		}
	}
}

// step sends every frame that may leave now. It returns how long to wait for the
// next one; not ok means until told.
func (p *Pacer) step() (wait time.Duration, ok bool) {
	for {
		t := p.tick(time.Now())
		p.report(t)
		if !t.sent {
			return t.wait, t.wait > 0
		}
	}
}

// tickResult is what one look at the Playout led to.
type tickResult struct {
	reply   interview.ReplyNo
	at      time.Time
	sent    bool          // a frame left: look again
	wait    time.Duration // otherwise, when to look again; 0 = when told
	started bool
	drained bool
	total   int64         // samples sent of reply, when drained
	starved time.Duration // silence that ended with this frame
}

func (p *Pacer) report(t tickResult) {
	if t.starved > 0 && p.events.Starved != nil {
		p.events.Starved(t.reply, t.starved)
	}
	if t.started && p.events.Started != nil {
		p.events.Started(t.reply, t.at)
	}
	if t.drained && p.events.Drained != nil {
		p.events.Drained(t.reply, t.total)
	}
}

// tick sends at most one frame.
func (p *Pacer) tick(now time.Time) tickResult {
	b := p.playout
	b.mu.Lock()
	defer b.mu.Unlock()
	t := tickResult{reply: b.cur.no, at: now}
	if !p.ready(&t) {
		p.due = time.Time{}
		return t
	}

	lead := min(max(p.sink.Lead(), 0), MaxLead)
	behind := now.Sub(p.next)
	switch {
	case b.cut:
		p.next = now
	case behind >= p.cfg.ReanchorAfter:
		p.next = now
	case behind < -lead:
		t.wait = -lead - behind
		p.due = now.Add(t.wait)
		return t
	}

	if !p.offer() {
		p.stats.Refused++
		p.due = time.Time{}
		p.excused = true
		t.wait = FrameDur - max(0, now.Sub(p.next)+lead)%FrameDur
		return t
	}
	if !b.cut && behind >= p.cfg.ReanchorAfter {
		t.starved = p.blame(behind)
	}
	p.settle(now, &t)
	return t
}

// ready reports whether there is a frame to offer to a Sink.
func (p *Pacer) ready(t *tickResult) bool {
	b := p.playout
	switch unsent := b.unsent(); {
	case b.cur.no == 0:
		return false
	case unsent == 0 && b.cur.finished:
		t.drained = !b.cur.drained
		t.total = b.cur.next
		b.cur.drained = true
		return false
	case p.sink == nil || p.held == b.cur.no:
		p.excused = true
		return false
	case unsent < PlayFrame && !b.cur.finished:
		b.hungry = true
		p.starving = true
		return false
	}
	return true
}

// offer hands the next frame to the Sink and reports whether it took it.
func (p *Pacer) offer() bool {
	b := p.playout
	n := b.tape.copyAt(b.cur.next, p.frame[:])
	clear(p.frame[n:])
	if p.loud != b.cur.no {
		p.loud, p.loudness = b.cur.no, Gain{}
	}
	loudness := p.loudness // a refused frame must not move along the ramp
	loudness.Apply(p.frame[:])
	if !p.sink.WriteFrame(b.cur.no, b.cur.next, p.frame[:]) {
		return false
	}
	p.loudness = loudness
	b.advance(n)
	return true
}

// blame finds out whose fault it is that deadlines were given up, and returns the
// silence that the provider made.
func (p *Pacer) blame(behind time.Duration) (starved time.Duration) {
	switch {
	case p.excused || !p.playout.cur.started:
		return 0
	case p.starving:
		p.stats.Starved++
		p.stats.StarvedFor += behind
		return behind
	default:
		p.stats.Reanchors++
		return 0
	}
}

// settle does the accounts of a frame that left now.
func (p *Pacer) settle(now time.Time, t *tickResult) {
	b := p.playout
	late := time.Duration(0)
	if !p.due.IsZero() {
		late = max(0, now.Sub(p.due))
	}
	p.stats.Frames++
	p.stats.Lateness.Add(late)
	if late >= FrameDur {
		p.stats.Late++
	}
	if p.due.IsZero() || p.next.Equal(now) {
		p.due = now
	}
	p.due = p.due.Add(FrameDur)
	p.next = p.next.Add(FrameDur)
	p.excused, p.starving, b.cut = false, false, false
	t.sent = true
	t.started = !b.cur.started
	b.cur.started = true
}

// Attach makes s the connection that frames go to, instead of any other. Speech
// goes on where it stood; Rewind first what the old connection did not play.
// Attach and Detach belong to the one owner who knows which connection counts.
func (p *Pacer) Attach(s Sink) {
	p.playout.mu.Lock()
	defer p.playout.mu.Unlock()
	p.sink = s
	p.playout.cut = true
	p.playout.notify()
}

// Detach takes the connection away: speech waits. The Sink gets nothing any more
// once it has returned.
func (p *Pacer) Detach() { p.Attach(nil) }

// Hold stops reply: no frame of it leaves until Release, nothing is lost. It may
// come before the reply begins. One reply is held at a time, the latest.
func (p *Pacer) Hold(reply interview.ReplyNo) {
	p.playout.mu.Lock()
	defer p.playout.mu.Unlock()
	if !p.playout.Revoked(reply) {
		p.held = reply
	}
}

// Release lets a held reply go on with the very next sample.
func (p *Pacer) Release(reply interview.ReplyNo) {
	p.playout.mu.Lock()
	defer p.playout.mu.Unlock()
	if p.held == reply {
		p.held = 0
		p.playout.notify()
	}
}

// Cancel revokes reply and every one before it, in the Playout too, and returns
// the samples of it that were sent. Once it has returned, no frame of them is
// handed to the Sink.
func (p *Pacer) Cancel(reply interview.ReplyNo) (sent int64) {
	p.playout.mu.Lock()
	defer p.playout.mu.Unlock()
	sent = p.playout.sent(reply)
	p.playout.revoke(reply)
	return sent
}

// SetGain makes the frames of reply that leave from now on louder or softer, db
// relative to how they were written, reached by a linear ramp. It is for clients
// that can't do it themselves. Other replies sound as they were written.
func (p *Pacer) SetGain(reply interview.ReplyNo, db float64, ramp time.Duration) {
	p.playout.mu.Lock()
	defer p.playout.mu.Unlock()
	if p.loud != reply {
		p.loud, p.loudness = reply, Gain{}
	}
	p.loudness.Set(db, int(playSamples(ramp)))
}

// Sent is how many samples of reply were handed to a Sink, less what was taken
// back by Rewind. It knows the current and the last few replies.
func (p *Pacer) Sent(reply interview.ReplyNo) int64 {
	p.playout.mu.Lock()
	defer p.playout.mu.Unlock()
	return p.playout.sent(reply)
}

// Rewind goes back to offset to of the current reply, so that what was in flight
// on a lost connection is said again; the last 5 s that were sent are kept for
// this. False, and no change, if reply is not current or to is not kept.
func (p *Pacer) Rewind(reply interview.ReplyNo, to int64) bool {
	p.playout.mu.Lock()
	defer p.playout.mu.Unlock()
	return p.playout.rewind(reply, to)
}

// Stats returns the counters so far.
func (p *Pacer) Stats() PacerStats {
	p.playout.mu.Lock()
	defer p.playout.mu.Unlock()
	return p.stats
}
