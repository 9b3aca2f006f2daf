package media

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// clock is moved by hand.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func bytesOf(pcm []int16) []byte {
	var b []byte
	for _, s := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(s)) //nolint:gosec // the bit pattern is meant
	}
	return b
}

func TestIntakeMakesFramesOfMessagesOfAnySize(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := &clock{time.Unix(0, 0)}
		in := NewIntake(IntakeConfig{Now: c.now, OnGap: func(int) { t.Error("a gap") }})
		var said, heard []int16
		for i := range rapid.IntRange(1, 30).Draw(t, "messages") {
			pcm := rapid.SliceOfN(rapid.Int16(), 0, 900).Draw(t, "pcm")
			raw := bytesOf(pcm)
			if rapid.Bool().Draw(t, "odd") {
				raw = append(raw, byte(i))
			}
			in.Write(raw, func(frame []int16) {
				if len(frame) != MicFrame {
					t.Fatalf("a frame of %d samples", len(frame))
				}
				heard = append(heard, frame...)
			})
			said = append(said, pcm...)
			c.t = c.t.Add(60 * time.Millisecond)
		}
		if whole := len(said) / MicFrame * MicFrame; !slices.Equal(heard, said[:whole]) {
			t.Fatalf("%d samples were said, %d heard", len(said), len(heard))
		}
	})
}

func TestIntakeDropsAFloodAndKeepsTheNewest(t *testing.T) {
	t.Parallel()
	c := &clock{time.Unix(0, 0)}
	var gaps []int
	in := NewIntake(IntakeConfig{Now: c.now, Burst: 100 * time.Millisecond, OnGap: func(n int) { gaps = append(gaps, n) }})
	pcm := make([]int16, MicRate) // a second at once, a tenth may come
	for i := range pcm {
		pcm[i] = int16(i)
	}
	var heard []int16
	in.Write(bytesOf(pcm), func(frame []int16) { heard = append(heard, frame...) })
	if want := pcm[len(pcm)-5*MicFrame:]; !slices.Equal(heard, want) {
		t.Errorf("%d samples passed, the first %d, want the last %d", len(heard), heard[0], len(want))
	}
	stats := in.Stats()
	if stats.Messages != 1 || stats.Frames != 5 || stats.Dropped != int64(MicRate-5*MicFrame) || stats.Bytes != 2*MicRate {
		t.Errorf("%+v", stats)
	}
	// Its media clock must not run away from the wall clock, however much came.
	for range 100 {
		in.Write(bytesOf(pcm), func(frame []int16) { heard = append(heard, frame...) })
	}
	told := 0
	for _, n := range gaps {
		told += n
	}
	if ahead := told + len(heard); ahead > MicRate/10 {
		t.Errorf("the stream is %d samples long after no time at all", ahead)
	}
	// Real time goes on as if nothing had been.
	heard = heard[:0]
	for range 50 {
		c.t = c.t.Add(FrameDur)
		in.Write(bytesOf(pcm[:MicFrame]), func(frame []int16) { heard = append(heard, frame...) })
	}
	if len(heard) < 45*MicFrame {
		t.Errorf("after the flood %d of 50 frames were heard", len(heard)/MicFrame)
	}
}

func TestIntakeCountsOddMessages(t *testing.T) {
	t.Parallel()
	in := NewIntake(IntakeConfig{})
	for _, raw := range [][]byte{{1}, {1, 2, 3}, nil, {1, 2}} {
		in.Write(raw, func([]int16) { t.Error("a frame out of three samples") })
	}
	if s := in.Stats(); s.Odd != 2 || s.Messages != 4 || s.Bytes != 6 {
		t.Errorf("%+v", s)
	}
}
