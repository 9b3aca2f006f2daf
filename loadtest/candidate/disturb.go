package candidate

import (
	"context"
	"fmt"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceclient"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// BargeIn is what an interruption or a cough did to a reply. Times count from
// the onset of the candidate's sound; a negative one did not happen.
type BargeIn struct {
	Cough    bool
	Reply    interview.ReplyNo
	Duck     time.Duration // the voice was lowered
	Hold     time.Duration // it stopped
	Decision time.Duration // it was cut (flush), or let go on (release)
	// LastPacket is how long after the flush the last packet of the reply came;
	// AfterFlush how many came.
	LastPacket time.Duration
	AfterFlush int
	// Over is set when the reply came to its end before anything was decided.
	Over bool
	// Resume is how long after the release of a coughed-into reply it was heard
	// again.
	Resume time.Duration
	// Lost are samples of a coughed-into reply that were sent and never played.
	Lost int64
	// Played is how much of the reply was played.
	Played time.Duration
	Full   string // the whole text of the reply
	Heard  string // what the server's transcript says was heard
	// Truth is what was really heard of it, read from the sound; nil without a
	// Reader.
	Truth []string
	// Captions are the reply's sentences with their places in its audio.
	Captions []voiceproto.Caption
}

const never = time.Duration(-1)

// disturb waits until the next reply has been playing for a while, and then cuts
// in (round 1) or coughs (round 2).
func (c *Candidate) disturb(ctx context.Context, round int) error {
	var no interview.ReplyNo
	err := c.log.until(ctx, "a reply to talk into", replyPatience, func(events []voiceclient.Event) bool {
		for _, e := range events {
			if e.Kind == voiceclient.EventFirstAudio && e.Reply > c.handled {
				no = e.Reply
				return true
			}
		}
		return false
	})
	if err != nil {
		return err
	}
	cough := round%2 == 0
	wait := interruptAfter
	if cough {
		wait = coughAfter
	}
	if c.o.Interruptions > 1 { // at every place of a word, not always the same
		wait += time.Duration(c.random.Int64N(int64(interruptSpread)))
	}
	select {
	case <-time.After(wait):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	b := BargeIn{Cough: cough, Reply: no, Resume: never}
	sound := c.o.Interruption.PCM
	if b.Cough {
		sound = c.o.Cough
	}
	onset := time.Now()
	if err := c.client.Speak(ctx, sound); err != nil {
		return err
	}
	if !b.Cough {
		c.report.Turns = append(c.report.Turns, Turn{Answer: c.o.Interruption.Text, Began: onset, Ended: time.Now()})
		c.handled = no
	}
	err = c.log.until(ctx, "a decision about the interruption", endPatience, func(events []voiceclient.Event) bool {
		for _, m := range messages[voiceproto.Flush](events) {
			if m.message.Reply == no {
				return true
			}
		}
		for _, m := range messages[voiceproto.Release](events) {
			if m.message.Reply == no && b.Cough {
				return true
			}
		}
		return playedOut(events) >= no
	})
	if err != nil {
		return err
	}
	c.timeBargeIn(&b, onset)
	c.report.BargeIns = append(c.report.BargeIns, b)
	return nil
}

// timeBargeIn reads the times of what the server did.
func (c *Candidate) timeBargeIn(b *BargeIn, onset time.Time) {
	b.Duck, b.Hold, b.Decision = never, never, never
	note := func(at *time.Duration, when time.Time) {
		if *at == never && !when.Before(onset) {
			*at = when.Sub(onset)
		}
	}
	for _, e := range c.log.all() {
		if e.Kind != voiceclient.EventMessage {
			continue
		}
		switch m := e.Message.(type) {
		case voiceproto.Gain:
			if m.Reply == b.Reply && m.DB < 0 {
				note(&b.Duck, e.At)
			}
		case voiceproto.Hold:
			if m.Reply == b.Reply {
				note(&b.Hold, e.At)
			}
		case voiceproto.Flush:
			if m.Reply == b.Reply {
				note(&b.Decision, e.At)
			}
		case voiceproto.Release:
			if m.Reply == b.Reply && b.Cough {
				note(&b.Decision, e.At)
			}
		default:
		}
	}
}

// finishBargeIns adds what is only known at the end of the call.
func (c *Candidate) finishBargeIns(lines map[interview.ReplyNo]string) {
	events := c.log.all()
	for i := range c.report.BargeIns {
		b := &c.report.BargeIns[i]
		for _, m := range messages[voiceproto.Response](events) {
			if m.message.Reply == b.Reply {
				b.Full = m.message.Text
			}
		}
		for _, m := range messages[voiceproto.Caption](events) {
			if m.message.Reply == b.Reply {
				b.Captions = append(b.Captions, m.message)
			}
		}
		b.Heard = lines[b.Reply]
		r, err := c.reply(b.Reply)
		if err != nil {
			c.problem("%v", err)
			continue
		}
		b.Played = time.Duration(r.Position) * time.Second / media.PlayRate
		b.AfterFlush = r.AfterFlush
		if b.Cough {
			b.Lost = r.Received - r.Played
			b.Resume = resumed(r)
			if b.Lost > 0 {
				c.problem("a cough into reply %d lost %d samples", b.Reply, b.Lost)
			}
			if !r.Flushed.IsZero() {
				c.problem("a cough cut reply %d off", b.Reply)
			}
			continue
		}
		if r.Flushed.IsZero() && c.o.Interruptions > 1 && !r.Complete.IsZero() && r.Position == r.Received {
			b.Over = true
			continue
		}
		if r.Flushed.IsZero() {
			c.problem("reply %d was not cut by the interruption", b.Reply)
			continue
		}
		b.LastPacket = r.LastPacket.Sub(r.Flushed)
		c.checkHeard(b, r.PCM)
		if b.AfterFlush > 0 {
			c.problem("%d packets of reply %d came after its flush", b.AfterFlush, b.Reply)
		}
	}
}

// resumed is how long after its last release a reply was heard again.
func resumed(r voiceclient.Reply) time.Duration {
	if len(r.Holds) == 0 {
		return never
	}
	release := r.Holds[len(r.Holds)-1].To
	for _, span := range r.Spans {
		if !release.IsZero() && !span.At.Before(release) {
			return span.At.Sub(release)
		}
	}
	return never
}

// String says it in one line.
func (b BargeIn) String() string {
	kind := "interruption"
	if b.Cough {
		kind = "cough"
	}
	line := fmt.Sprintf("%s into reply %d: duck %s, hold %s, decision %s", kind, b.Reply, ms(b.Duck), ms(b.Hold), ms(b.Decision))
	if b.Cough {
		return line + fmt.Sprintf(", samples lost %d", b.Lost)
	}
	return line + fmt.Sprintf(", old packets after it %d (last %s)", b.AfterFlush, ms(b.LastPacket))
}

func ms(d time.Duration) string {
	if d == never {
		return "none"
	}
	return fmt.Sprintf("%d ms", d.Milliseconds())
}
