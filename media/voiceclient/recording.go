package voiceclient

import (
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
)

// Recording is what a client has heard so far.
type Recording struct {
	Began   time.Time // when the call was dialled
	Replies []Reply   // in the order in which they began to arrive
	Unknown int       // messages of types the client does not know
	Broken  int       // messages that can't be read, binary ones of odd length
	Overrun int       // packets dropped because more than a minute waited to be played
}

// Reply is what became of one thing the interviewer said. Positions and lengths
// are samples of 24 kHz.
type Reply struct {
	No          interview.ReplyNo
	FirstPacket time.Time
	LastPacket  time.Time
	Packets     int
	Received    int64
	Played      int64     // samples played, repeated ones counted each time
	Position    int64     // behind the last sample played, from the reply's start
	Spans       []Span    // when it was played
	PCM         []int16   // what was played, gain applied; nil unless kept
	Gaps        []Gap     // underruns within the reply
	Holds       []Hold    // times it was held
	Gains       []Gain    // changes of volume asked for
	Complete    time.Time // when audio_complete came; zero: not yet
	Flushed     time.Time // when it was flushed; zero: it was not
	AfterFlush  int       // packets of it that came after its flush

	over bool // its end was reported
}

// Span is a stretch that was played without a break.
type Span struct {
	At      time.Time
	From    int64 // its first sample within the reply
	Samples int64
}

// Gap is a time in which the next sample of a reply was due and not there.
type Gap struct {
	At     time.Time
	Length time.Duration
}

// Hold is a time in which a reply was held. To is zero while it lasts.
type Hold struct{ From, To time.Time }

// Gain is a change of volume.
type Gain struct {
	At   time.Time
	DB   float64
	Ramp time.Duration
}

// maxKept is how much speech a client keeps: an hour, 173 MB.
const maxKept = 60 * 60 * media.PlayRate

// Reply returns what is known about a reply; false when nothing of it came.
func (r Recording) Reply(no interview.ReplyNo) (Reply, bool) {
	for _, one := range r.Replies {
		if one.No == no {
			return one, true
		}
	}
	return Reply{}, false
}

// Timeline renders what was played on one time axis of 24 kHz that begins when
// the call was dialled, with silence where nothing was played. It is empty when
// nothing was kept.
func (r Recording) Timeline() []int16 {
	var out []int16
	for _, one := range r.Replies {
		kept := one.PCM
		for _, span := range one.Spans {
			n := min(int64(len(kept)), span.Samples)
			// A span begins where the clock says, but never on top of the one before:
			// rounding may place it a sample early.
			at := max(int(samplesIn(span.At.Sub(r.Began))), len(out))
			out = append(out, make([]int16, at-len(out))...)
			out = append(out, kept[:n]...)
			kept = kept[n:]
		}
	}
	return out
}

// clone copies everything a later change could touch.
func (r *Reply) clone() Reply {
	c := *r
	c.Spans = append([]Span(nil), r.Spans...)
	c.PCM = append([]int16(nil), r.PCM...)
	c.Gaps = append([]Gap(nil), r.Gaps...)
	c.Holds = append([]Hold(nil), r.Holds...)
	c.Gains = append([]Gain(nil), r.Gains...)
	return c
}

func samplesIn(d time.Duration) int64 {
	return int64(d) * media.PlayRate / int64(time.Second)
}

// durationOf rounds up, so that samplesIn(durationOf(n)) is n.
func durationOf(samples int64) time.Duration {
	return time.Duration((samples*int64(time.Second) + media.PlayRate - 1) / media.PlayRate)
}
