package actors

import (
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
)

const (
	// clockStep is how far the arrival of audio may drift from its positions
	// before the map is corrected: network jitter stays below it, a hole in the
	// sending does not.
	clockStep = 150 * time.Millisecond
	// clockPatience is how many frames in a row must be late before lateness
	// counts as a hole: half a second, so a burst of jitter does not.
	clockPatience = 25
	// clockMarks bounds the remembered corrections; one happens per hole or
	// reconnect, and only the newest few matter for late finals.
	clockMarks = 64
)

// mediaClock maps media positions, which count received samples, to the
// interview's clock. Audio can only be late, so the earliest arrival relative to
// its position is the truth; a lasting shift means that samples are missing.
type mediaClock struct {
	marks []clockMark
	fresh bool // the next tick sets a new mark
	late  int
	from  interview.Sample // where the late frames began
	least time.Duration    // smallest offset seen among them
}

// clockMark says that from position From on, clock = position + Offset.
type clockMark struct {
	from   interview.Sample
	offset time.Duration
}

// jump says that the next audio does not continue the last.
func (c *mediaClock) jump() { c.fresh = true }

// tick learns that the audio before end had arrived at now.
func (c *mediaClock) tick(end interview.Sample, now time.Duration) {
	offset := now - end.Duration()
	if len(c.marks) == 0 || c.fresh {
		c.fresh, c.late = false, 0
		c.mark(end-media.MicFrame, offset)
		return
	}
	last := &c.marks[len(c.marks)-1]
	switch {
	case offset < last.offset:
		last.offset = offset
		c.late = 0
	case offset > last.offset+clockStep:
		if c.late == 0 {
			c.from = end - media.MicFrame
		}
		if c.late == 0 || offset < c.least {
			c.least = offset
		}
		if c.late++; c.late >= clockPatience {
			c.mark(c.from, c.least)
			c.late = 0
		}
	default:
		c.late = 0
	}
}

func (c *mediaClock) mark(from interview.Sample, offset time.Duration) {
	if len(c.marks) == clockMarks {
		copy(c.marks, c.marks[1:])
		c.marks = c.marks[:clockMarks-1]
	}
	c.marks = append(c.marks, clockMark{from, offset})
}

// at is the moment on the interview's clock at which position pos was said.
func (c *mediaClock) at(pos interview.Sample) time.Duration {
	if len(c.marks) == 0 {
		return pos.Duration()
	}
	m := c.marks[0]
	for i := len(c.marks) - 1; i >= 0; i-- {
		if c.marks[i].from <= pos || i == 0 {
			m = c.marks[i]
			break
		}
	}
	return max(0, pos.Duration()+m.offset)
}
