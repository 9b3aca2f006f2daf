package media

import (
	"encoding/binary"
	"sync/atomic"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// intakeBurst is how much more than real time a candidate may send: what piles up
// in a short network outage. More would only be heard too late.
const intakeBurst = 2 * time.Second

// IntakeConfig tunes an Intake; its zero value is the default.
type IntakeConfig struct {
	// Burst is how much audio may come at once, beyond real time. Defaults to 2 s;
	// at least one frame.
	Burst time.Duration
	// OnGap is told of samples that were dropped, before the frames that follow
	// them are emitted; nil = nobody. It never makes the stream run further ahead
	// of the clock than Burst, however much was sent.
	OnGap func(samples int)
	// Now is the clock. Defaults to time.Now.
	Now func() time.Time
}

// IntakeStats counts what came in.
type IntakeStats struct {
	Messages int64
	Bytes    int64
	Frames   int64 // emitted
	Odd      int64 // messages of odd length, whose last byte was dropped
	Dropped  int64 // samples dropped because they came much faster than real time
}

// Intake turns a transport's binary messages of any size, 16 kHz mono s16le, into
// 20 ms frames. Bytes that are no audio can't be told from noise; they are
// bounded like audio. Write belongs to one goroutine; Stats may be called from
// anywhere.
type Intake struct {
	cfg   IntakeConfig
	burst float64 // samples
	// credit is what may be taken now, in samples: real time and at most burst.
	credit float64
	start  time.Time // of the first message
	last   time.Time // of the latest message
	passed int64     // samples emitted, waiting in frame or told as gap
	frame  [MicFrame]int16
	filled int

	messages, bytes, frames, odd, dropped atomic.Int64
}

// NewIntake makes an Intake for one connection. Its clock starts with the first
// message.
func NewIntake(cfg IntakeConfig) *Intake {
	if cfg.Burst <= 0 {
		cfg.Burst = intakeBurst
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	burst := float64(interview.SampleAt(max(cfg.Burst, FrameDur)))
	return &Intake{cfg: cfg, burst: burst, credit: burst}
}

// Write takes one message and calls emit for every frame that is complete with
// it. The frame is only valid during the call. Of a message that exceeds what may
// come the oldest samples are dropped.
func (i *Intake) Write(p []byte, emit func(frame []int16)) {
	i.messages.Add(1)
	i.bytes.Add(int64(len(p)))
	if len(p)%2 != 0 {
		i.odd.Add(1)
		p = p[:len(p)-1]
	}
	now := i.cfg.Now()
	i.refill(now)
	p = p[2*i.excess(len(p)/2, now):]
	i.credit -= float64(len(p) / 2)
	i.passed += int64(len(p) / 2)
	for ; len(p) > 0; p = p[2:] {
		i.frame[i.filled] = int16(binary.LittleEndian.Uint16(p))
		if i.filled++; i.filled == MicFrame {
			i.filled = 0
			i.frames.Add(1)
			emit(i.frame[:])
		}
	}
}

// refill grants the real time since the last message.
func (i *Intake) refill(now time.Time) {
	if i.start.IsZero() {
		i.start, i.last = now, now
	}
	i.credit = min(i.burst, i.credit+now.Sub(i.last).Seconds()*MicRate)
	i.last = now
}

// excess returns how many of n new samples must go, the oldest first. Whole frames
// are kept, and what waits for the rest of its frame goes too: no frame contains
// a gap.
func (i *Intake) excess(n int, now time.Time) int {
	if float64(n) <= i.credit {
		return 0
	}
	drop := n - int(i.credit)/MicFrame*MicFrame
	i.dropped.Add(int64(drop + i.filled))
	gap := int64(drop + i.filled)
	i.passed -= int64(i.filled)
	i.filled = 0
	// A flood must not push the media clock away from the wall clock.
	room := int64(now.Sub(i.start).Seconds()*MicRate+i.burst) - i.passed - int64(n-drop)
	if gap = min(gap, room); gap > 0 {
		i.passed += gap
		if i.cfg.OnGap != nil {
			i.cfg.OnGap(int(gap))
		}
	}
	return drop
}

// Stats returns the counters so far.
func (i *Intake) Stats() IntakeStats {
	return IntakeStats{
		Messages: i.messages.Load(),
		Bytes:    i.bytes.Load(),
		Frames:   i.frames.Load(),
		Odd:      i.odd.Load(),
		Dropped:  i.dropped.Load(),
	}
}
