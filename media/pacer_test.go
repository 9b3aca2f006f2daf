package media

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// connection is a Sink that remembers what it was given.
type connection struct {
	mu     sync.Mutex
	ahead  time.Duration
	full   bool
	deaf   bool // remembers no sound
	frames []sentFrame
	asked  int // how often Lead was asked for
}

type sentFrame struct {
	reply  interview.ReplyNo
	offset int64
	at     time.Time
	pcm    []int16
}

func (c *connection) WriteFrame(reply interview.ReplyNo, offset int64, pcm []int16) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.full {
		return false
	}
	f := sentFrame{reply: reply, offset: offset, at: time.Now()}
	if !c.deaf {
		f.pcm = slices.Clone(pcm)
	}
	c.frames = append(c.frames, f)
	return true
}

func (c *connection) Lead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	return c.ahead
}

func (c *connection) setAhead(lead time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead = lead
}

func (c *connection) setFull(full bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.full = full
}

// take returns the frames since the last take.
func (c *connection) take() []sentFrame {
	c.mu.Lock()
	defer c.mu.Unlock()
	frames := c.frames
	c.frames = nil
	return frames
}

// call is a running pacer in a synctest bubble, with what it needs and did.
type call struct {
	t       *testing.T
	playout *Playout
	pacer   *Pacer
	conn    *connection
	start   time.Time
	events  []string // "started 1 at 0s", ...
}

func (c *call) note(format string, args ...any) {
	c.events = append(c.events, fmt.Sprintf(format, args...))
}

// newCall starts a pacer; it is stopped, and waited for, with the test.
func newCall(t *testing.T) *call {
	c := &call{t: t, playout: NewPlayout(time.Minute), conn: &connection{}, start: time.Now()}
	c.pacer = NewPacer(c.playout, PacerEvents{
		Started: func(no interview.ReplyNo, at time.Time) { c.note("started %d at %v", no, at.Sub(c.start)) },
		Drained: func(no interview.ReplyNo, sent int64) { c.note("drained %d after %d", no, sent) },
		Starved: func(no interview.ReplyNo, gap time.Duration) { c.note("starved %d for %v", no, gap) },
	}, PacerConfig{})
	c.pacer.Attach(c.conn)
	ctx, cancel := context.WithCancelCause(context.Background())
	stop := errors.New("the call is over")
	done := make(chan error)
	go func() { done <- c.pacer.Run(ctx) }()
	t.Cleanup(func() {
		cancel(stop)
		if err := <-done; !errors.Is(err, stop) {
			t.Errorf("run ended with %v, want the cause", err)
		}
	})
	return c
}

// say writes the samples [from, from+n) of reply.
func (c *call) say(no interview.ReplyNo, from int64, n int) {
	c.t.Helper()
	if err := c.playout.Write(context.Background(), no, speech(no, from, n)); err != nil {
		c.t.Fatal(err)
	}
	synctest.Wait()
}

func (c *call) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// expect checks that exactly the frames [from, from+n) of reply left since the
// last check, at the given times since the start of the call.
func (c *call) expect(no interview.ReplyNo, from int64, at ...time.Duration) {
	c.t.Helper()
	got := c.conn.take()
	for i := range min(len(got), len(at)) {
		want := from + int64(i*PlayFrame)
		f := got[i]
		if f.reply != no || f.offset != want || f.at.Sub(c.start) != at[i] || !slices.Equal(f.pcm, speech(no, want, PlayFrame)) {
			c.t.Errorf("frame %d: reply %d offset %d at %v, want reply %d offset %d at %v, with its samples",
				i, f.reply, f.offset, f.at.Sub(c.start), no, want, at[i])
		}
	}
	if len(got) != len(at) {
		c.t.Errorf("%d frames left, want %d", len(got), len(at))
	}
}

func (c *call) expectEvents(want ...string) {
	c.t.Helper()
	if !slices.Equal(c.events, want) {
		c.t.Errorf("events %q, want %q", c.events, want)
	}
}

// every returns n times, step apart, from first on.
func every(step, first time.Duration, n int) []time.Duration {
	at := make([]time.Duration, n)
	for i := range at {
		at[i] = first + time.Duration(i)*step
	}
	return at
}

const ms = time.Millisecond

func TestPacer(t *testing.T) {
	t.Parallel()
	for name, story := range map[string]func(c *call){
		"the first frame leaves at once and sets the deadlines": func(c *call) {
			c.pass(7 * ms)
			c.playout.Begin(1)
			c.say(1, 0, 5*PlayFrame)
			c.pass(100 * ms)
			c.expect(1, 0, every(20*ms, 7*ms, 5)...)
			c.expectEvents("started 1 at 7ms")
		},
		"nothing to say is no work": func(c *call) {
			c.playout.Begin(1)
			c.pass(time.Hour)
			c.say(1, 0, PlayFrame)
			c.playout.Finish(1)
			c.pass(time.Hour)
			c.expect(1, 0, time.Hour)
			if c.conn.asked > 1 {
				c.t.Errorf("it looked %d times for one frame", c.conn.asked)
			}
		},
		"the last frame is padded with silence and counted as it is": func(c *call) {
			c.playout.Begin(1)
			c.say(1, 0, PlayFrame+100)
			c.playout.Finish(1)
			c.pass(time.Second)
			frames := c.conn.take()
			if len(frames) != 2 {
				c.t.Fatalf("%d frames, want 2", len(frames))
			}
			want := append(speech(1, PlayFrame, 100), make([]int16, PlayFrame-100)...)
			if !slices.Equal(frames[1].pcm, want) || len(frames[1].pcm) != PlayFrame {
				c.t.Error("the last frame is not speech and then silence")
			}
			c.expectEvents("started 1 at 0s", "drained 1 after 580")
			if got := c.pacer.Sent(1); got != 580 {
				c.t.Errorf("sent %d, want 580", got)
			}
		},
		"a reply without a sound is drained as well": func(c *call) {
			c.playout.Begin(1)
			c.playout.Finish(1)
			c.pass(0)
			c.expect(1, 0)
			c.expectEvents("drained 1 after 0")
		},
		"half a frame waits for its other half": func(c *call) {
			c.playout.Begin(1)
			c.say(1, 0, PlayFrame/2)
			c.pass(time.Second)
			c.expect(1, 0)
			c.say(1, PlayFrame/2, PlayFrame/2)
			c.expect(1, 0, time.Second)
		},
		"a lead is filled at once and kept": func(c *call) {
			c.conn.ahead = 60 * ms
			c.playout.Begin(1)
			c.say(1, 0, 50*PlayFrame)
			c.pass(100 * ms)
			c.expect(1, 0, 0, 0, 0, 0, 20*ms, 40*ms, 60*ms, 80*ms, 100*ms)
		},
		"a lead that shrinks is waited for, a negative one is none": func(c *call) {
			c.conn.ahead = 60 * ms
			c.playout.Begin(1)
			c.say(1, 0, 50*PlayFrame)
			c.conn.setAhead(-time.Hour)
			c.pass(119 * ms)
			c.expect(1, 0, 0, 0, 0, 0, 80*ms, 100*ms)
		},
		"a lead beyond reason is limited": func(c *call) {
			c.conn.ahead = time.Hour
			c.playout.Begin(1)
			c.say(1, 0, 2*PlayRate)
			c.expect(1, 0, make([]time.Duration, 1+MaxLead/FrameDur)...)
		},
		"a full window keeps the frame until a deadline finds room": func(c *call) {
			c.playout.Begin(1)
			c.say(1, 0, 10*PlayFrame)
			c.conn.setFull(true)
			c.pass(70 * ms)
			c.conn.setFull(false)
			c.pass(50 * ms)
			c.expect(1, 0, 0, 80*ms, 100*ms, 120*ms)
			s := c.pacer.Stats()
			if s.Refused != 3 || s.Reanchors != 0 || s.Late != 0 || s.Lateness.Max() != 0 {
				c.t.Errorf("stats %+v: a full window is not the pacer's lateness", s)
			}
		},
		"a held reply goes on with the very next sample": func(c *call) {
			c.playout.Begin(1)
			c.say(1, 0, 10*PlayFrame)
			c.pass(45 * ms)
			c.pacer.Hold(1)
			c.expect(1, 0, 0, 20*ms, 40*ms)
			c.pass(time.Hour)
			c.expect(1, 0)
			c.pacer.Release(1)
			c.pass(30 * ms)
			c.expect(1, 3*PlayFrame, time.Hour+45*ms, time.Hour+65*ms)
			if s := c.pacer.Stats(); s.Reanchors != 0 || s.Starved != 0 {
				c.t.Errorf("stats %+v: a hold is nobody's lateness", s)
			}
		},
		"a short hold does not move the deadlines": func(c *call) {
			c.playout.Begin(1)
			c.say(1, 0, 10*PlayFrame)
			c.pass(15 * ms)
			c.pacer.Hold(1)
			c.pass(15 * ms)
			c.pacer.Release(1)
			c.pass(15 * ms)
			c.expect(1, 0, 0, 30*ms, 40*ms)
		},
		"a hold may come before its reply, and is only for that": func(c *call) {
			c.pacer.Hold(2)
			c.playout.Begin(1)
			c.say(1, 0, PlayFrame)
			c.expect(1, 0, 0)
			c.playout.Begin(2)
			c.say(2, 0, PlayFrame)
			c.pacer.Release(1)
			c.pass(time.Second)
			c.expect(2, 0)
			c.pacer.Release(2)
			c.pass(0)
			c.expect(2, 0, time.Second)
		},
		"a late hold of a revoked reply does not replace one that counts": func(c *call) {
			c.playout.Begin(2)
			c.pacer.Hold(2)
			c.pacer.Hold(1)
			c.say(2, 0, PlayFrame)
			c.expect(2, 0)
		},
		"speech waits for a connection": func(c *call) {
			c.pacer.Detach()
			c.playout.Begin(1)
			c.say(1, 0, 3*PlayFrame)
			c.pass(time.Minute)
			c.expect(1, 0)
			c.pacer.Attach(c.conn)
			c.pass(25 * ms)
			c.expect(1, 0, time.Minute, time.Minute+20*ms)
		},
		"another connection takes over from where the client really was": func(c *call) {
			c.conn.ahead = 60 * ms
			c.playout.Begin(1)
			c.say(1, 0, 20*PlayFrame)
			c.pass(30 * ms)
			c.pacer.Detach()
			c.expect(1, 0, 0, 0, 0, 0, 20*ms)
			c.conn = &connection{}
			if !c.pacer.Rewind(1, PlayFrame+100) {
				c.t.Error("can't rewind")
			}
			if got := c.pacer.Sent(1); got != PlayFrame+100 {
				c.t.Errorf("sent %d after rewinding to %d", got, PlayFrame+100)
			}
			c.pass(10 * time.Second)
			c.pacer.Attach(c.conn)
			c.pass(20 * ms)
			c.expect(1, PlayFrame+100, 10*time.Second+30*ms, 10*time.Second+50*ms)
		},
		"a drained reply can be rewound and drains again": func(c *call) {
			c.playout.Begin(1)
			c.say(1, 0, 2*PlayFrame)
			c.playout.Finish(1)
			c.pass(time.Second)
			c.expect(1, 0, 0, 20*ms)
			c.pacer.Rewind(1, PlayFrame)
			c.pass(time.Second)
			c.expect(1, PlayFrame, time.Second)
			c.expectEvents("started 1 at 0s", "drained 1 after 960", "drained 1 after 960")
		},
		"rewinding reaches 5 s back, not further, not forward, not elsewhere": func(c *call) {
			c.playout.Begin(3)
			c.say(3, 0, 20*PlayRate)
			c.pass(10*time.Second - 1)
			for to, want := range map[int64]bool{5 * PlayRate: true, 10*PlayRate + 1: false, 4 * PlayRate: false, -1: false, 7 * PlayRate: true} {
				c.pacer.Hold(3)
				now := c.pacer.Sent(3)
				if got := c.pacer.Rewind(3, to); got != want && to <= now {
					c.t.Errorf("rewind to %d from %d: %t, want %t", to, now, got, want)
				}
			}
			if c.pacer.Rewind(2, 0) || c.pacer.Rewind(4, 0) || c.pacer.Rewind(0, 0) {
				c.t.Error("rewound a reply that is not current")
			}
		},
		"cancel says what was sent and ends the reply for good": func(c *call) {
			c.playout.Begin(1)
			c.say(1, 0, 10*PlayFrame)
			c.pass(50 * ms)
			c.pacer.Hold(1)
			if got := c.pacer.Cancel(1); got != 3*PlayFrame {
				c.t.Errorf("cancel: %d samples sent, want 3 frames", got)
			}
			c.pacer.Release(1)
			c.pass(time.Second)
			c.expect(1, 0, 0, 20*ms, 40*ms)
			c.expectEvents("started 1 at 0s")
			if err := c.playout.Write(context.Background(), 1, nil); !errors.Is(err, ErrRevoked) {
				c.t.Errorf("write: %v, want ErrRevoked", err)
			}
			if c.pacer.Cancel(1) != 3*PlayFrame || c.pacer.Sent(1) != 3*PlayFrame || c.pacer.Sent(9) != 0 || c.pacer.Sent(0) != 0 {
				c.t.Error("what was sent is forgotten or invented")
			}
		},
		"the reply after a cut leaves at once": func(c *call) {
			c.conn.ahead = 60 * ms
			c.playout.Begin(1)
			c.say(1, 0, 10*PlayFrame)
			c.pass(10 * ms)
			c.pacer.Cancel(1)
			c.conn.take()
			c.playout.Begin(2)
			c.say(2, 0, 10*PlayFrame)
			c.expect(2, 0, every(0, 10*ms, 4)...)
		},
		"the reply after a whole one keeps to the lead": func(c *call) {
			c.conn.ahead = 60 * ms
			c.playout.Begin(1)
			c.say(1, 0, 10*PlayFrame)
			c.playout.Finish(1)
			c.pass(125 * ms)
			c.conn.take()
			c.playout.Begin(2)
			c.say(2, 0, 10*PlayFrame)
			c.pass(35 * ms)
			c.expect(2, 0, 140*ms, 160*ms)
		},
		"a slow provider is told from a slow pacer": func(c *call) {
			c.playout.Begin(1)
			c.say(1, 0, 2*PlayFrame)
			c.pass(300 * ms)
			c.say(1, 2*PlayFrame, 2*PlayFrame)
			c.pass(100 * ms)
			c.expect(1, 0, 0, 20*ms, 300*ms, 320*ms)
			c.playout.Finish(1)
			c.pass(0)
			c.expectEvents("started 1 at 0s", "starved 1 for 260ms", "drained 1 after 1920")
			if s := c.pacer.Stats(); s.Starved != 1 || s.StarvedFor != 260*ms || s.Reanchors != 0 || s.Late != 0 {
				c.t.Errorf("stats %+v", s)
			}
		},
		"audio that comes before it is missed is no starvation": func(c *call) {
			c.conn.ahead = 60 * ms
			c.playout.Begin(1)
			c.say(1, 0, 4*PlayFrame)
			c.pass(75 * ms)
			c.say(1, 4*PlayFrame, 6*PlayFrame)
			c.pass(10 * ms)
			c.expect(1, 0, 0, 0, 0, 0, 75*ms, 75*ms, 75*ms, 80*ms)
			c.expectEvents("started 1 at 0s")
		},
		"a reply that ends in a drought did not starve": func(c *call) {
			c.playout.Begin(1)
			c.say(1, 0, PlayFrame)
			c.pass(time.Second)
			c.playout.Finish(1)
			c.pass(0)
			c.expectEvents("started 1 at 0s", "drained 1 after 480")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { story(newCall(t)) })
		})
	}
}

func TestPacerKeepsItsDeadlinesForTenMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		const frames = 10 * 60 * 50
		c.conn.deaf = true
		c.playout.Begin(1)
		silence := make([]int16, PlayFrame)
		for i := range frames {
			if err := c.playout.Write(context.Background(), 1, silence); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Duration(i%3+1) * 10 * ms) // on average as fast as it is heard
		}
		c.pass(time.Second)
		sent := c.conn.take()
		for i, f := range sent {
			if want := time.Duration(i) * FrameDur; f.at.Sub(c.start) != want {
				t.Fatalf("frame %d left at %v, want %v", i, f.at.Sub(c.start), want)
			}
		}
		if len(sent) != frames {
			t.Errorf("%d frames left, want %d", len(sent), frames)
		}
	})
}

func TestPacerDucksWithoutAClick(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCall(t)
		c.playout.Begin(1)
		if err := c.playout.Write(context.Background(), 1, steady(30*PlayFrame, 20000)); err != nil {
			t.Fatal(err)
		}
		c.pacer.SetGain(2, -90, 0) // not current: no effect
		c.pass(50 * ms)
		c.pacer.SetGain(1, -12, 50*ms)
		c.conn.setFull(true) // refused frames must not move along the ramp
		c.pass(50 * ms)
		c.conn.setFull(false)
		c.pass(200 * ms)
		c.pacer.SetGain(1, 0, 50*ms)
		c.pass(time.Second)
		var out []int16
		for _, f := range c.conn.take() {
			out = append(out, f.pcm...)
		}
		if got := maxStep(out); len(out) != 30*PlayFrame || got > 14 { // 15000 / 1200 = 12.5
			t.Errorf("%d samples with a step of %d, want at most 14", len(out), got)
		}
		if low := slices.Min(out); low != 5024 || out[0] != 20000 || out[len(out)-1] != 20000 {
			t.Errorf("from %d down to %d and back to %d", out[0], low, out[len(out)-1])
		}
		c.pacer.SetGain(1, -12, 0)
		c.playout.Begin(2)
		c.say(2, 0, PlayFrame)
		c.expect(2, 0, c.conn.frames[0].at.Sub(c.start)) // the next reply is as it was written
	})
}

// The following tests call tick themselves, because in a bubble no timer is late.

// lateCall is a pacer with a second of speech, whose test is its clock.
func lateCall(t *testing.T, lead time.Duration) (p *Pacer, conn *connection, start time.Time) {
	t.Helper()
	playout := NewPlayout(time.Hour)
	conn = &connection{ahead: lead}
	p = NewPacer(playout, PacerEvents{}, PacerConfig{})
	p.Attach(conn)
	playout.Begin(1)
	if err := playout.Write(context.Background(), 1, speech(1, 0, PlayRate)); err != nil {
		t.Fatal(err)
	}
	return p, conn, time.Now()
}

// tickAll is step at a given time: it returns the frames that left and the wait.
func tickAll(p *Pacer, now time.Time) (frames int, wait time.Duration) {
	for {
		t := p.tick(now)
		if !t.sent {
			return frames, t.wait
		}
		frames++
	}
}

func TestPacerDoesNotDriftWhenEveryTimerIsLate(t *testing.T) {
	t.Parallel()
	p, conn, start := lateCall(t, 0)
	conn.deaf = true
	silence := make([]int16, PlayFrame)
	sent, now := 0, start
	for i := 0; now.Sub(start) < 10*time.Minute; i++ {
		if err := p.playout.Write(context.Background(), 1, silence); err != nil {
			t.Fatal(err)
		}
		n, wait := tickAll(p, now)
		sent += n
		now = now.Add(wait + time.Duration(i*7919%15)*ms) // 0 to 14 ms late
	}
	if want := int(10 * time.Minute / FrameDur); sent < want-1 || sent > want+1 {
		t.Errorf("%d frames in 10 min, want %d", sent, want)
	}
	s := p.Stats()
	if s.Reanchors != 0 || s.Late != 0 || s.Lateness.Max() != 14*ms || s.Frames != int64(sent) {
		t.Errorf("stats %+v", s)
	}
}

func TestPacerReanchorsInsteadOfBursting(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		lead, stall time.Duration
		burst       int // frames right after the stall
		wait        time.Duration
		reanchors   int64
	}{
		"late by less than a frame keeps the deadlines":  {0, 39 * ms, 1, 1 * ms, 0},
		"late by a frame gives them up":                  {0, 40 * ms, 1, 20 * ms, 1},
		"late by a second sends one frame":               {0, time.Second, 1, 20 * ms, 1},
		"within its lead it catches up":                  {60 * ms, 70 * ms, 3, 10 * ms, 0},
		"behind its lead it fills that again, no more":   {60 * ms, 100 * ms, 4, 20 * ms, 1},
		"a second behind its lead it fills it, no more":  {60 * ms, time.Second, 4, 20 * ms, 1},
		"an hour late it still skips and bursts nothing": {200 * ms, time.Hour, 11, 20 * ms, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, conn, start := lateCall(t, tc.lead)
			before, _ := tickAll(p, start)
			burst, wait := tickAll(p, start.Add(tc.stall))
			if burst != tc.burst || wait != tc.wait {
				t.Errorf("%d frames and then %v, want %d and %v", burst, wait, tc.burst, tc.wait)
			}
			if got := p.Stats().Reanchors; got != tc.reanchors {
				t.Errorf("%d re-anchors, want %d", got, tc.reanchors)
			}
			for i, f := range conn.take() {
				if f.offset != int64(i*PlayFrame) {
					t.Fatalf("frame %d has offset %d: speech was skipped", i, f.offset)
				}
			}
			if late := p.Stats().Lateness.Max(); late != tc.stall-FrameDur {
				t.Errorf("lateness %v after %d frames, want %v", late, before, tc.stall-FrameDur)
			}
		})
	}
}
