package actors

import (
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
)

// feed delivers frames 20 ms apart from position pos, the k-th late[k] after its
// due moment, and returns the position and moment reached.
func feedClock(c *mediaClock, pos interview.Sample, due time.Duration, late ...time.Duration) (interview.Sample, time.Duration) {
	for _, l := range late {
		pos += media.MicFrame
		due += media.FrameDur
		c.tick(pos, due+l)
	}
	return pos, due
}

func TestMediaClockTakesTheEarliestArrivalAsTruth(t *testing.T) {
	t.Parallel()
	var c mediaClock
	const ms = time.Millisecond
	feedClock(&c, 0, time.Second, 40*ms, 5*ms, 90*ms, 0, 60*ms)
	if got, want := c.at(0), time.Second; got != want {
		t.Errorf("position 0 was said at %s, want %s", got, want)
	}
}

func TestMediaClockKeepsItsMapThroughABurstOfJitter(t *testing.T) {
	t.Parallel()
	var c mediaClock
	pos, due := feedClock(&c, 0, time.Second, 0, 0, 0)
	burst := make([]time.Duration, clockPatience-1)
	for i := range burst {
		burst[i] = 400 * time.Millisecond
	}
	pos, due = feedClock(&c, pos, due, burst...)
	pos, _ = feedClock(&c, pos, due, 0)
	if got, want := c.at(pos), time.Second+pos.Duration(); got != want {
		t.Errorf("after the burst the head is at %s, want %s", got, want)
	}
}

func TestMediaClockSkipsAHoleInTheAudio(t *testing.T) {
	t.Parallel()
	var c mediaClock
	pos, due := feedClock(&c, 0, time.Second, 0, 0, 0)
	before := pos - 1
	lost := make([]time.Duration, clockPatience+1)
	for i := range lost {
		lost[i] = 2 * time.Second // two seconds of samples never came
	}
	pos, _ = feedClock(&c, pos, due, lost...)
	if got, want := c.at(pos), 3*time.Second+pos.Duration(); got != want {
		t.Errorf("after the hole the head is at %s, want %s", got, want)
	}
	if got, want := c.at(before), time.Second+before.Duration(); got != want {
		t.Errorf("audio before the hole is at %s, want %s", got, want)
	}
}

func TestMediaClockStartsAnewAfterAReconnect(t *testing.T) {
	t.Parallel()
	var c mediaClock
	pos, _ := feedClock(&c, 0, time.Second, 0, 0)
	c.jump()
	c.tick(pos+media.MicFrame, 16*time.Second)
	if got, want := c.at(pos+media.MicFrame), 16*time.Second; got != want {
		t.Errorf("first frame of the new connection is at %s, want %s", got, want)
	}
}
