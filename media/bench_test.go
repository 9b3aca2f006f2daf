package media

import (
	"context"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// What one frame of 20 ms costs on its way. None of it may allocate: a call has a
// hundred frames a second, for an hour.

func BenchmarkRing(b *testing.B) {
	r := NewInbound(10 * time.Second)
	frame, dst := sine(MicRate, 300, .3, MicFrame), make([]int16, MicFrame)
	at := interview.Sample(0)
	b.ReportAllocs()
	for b.Loop() {
		r.Push(frame)
		_, n, err := r.Read(context.Background(), at, dst)
		if err != nil || n != MicFrame {
			b.Fatal(n, err)
		}
		at += MicFrame
	}
}

func BenchmarkIntake(b *testing.B) {
	now := time.Unix(0, 0)
	in := NewIntake(IntakeConfig{Now: func() time.Time { now = now.Add(FrameDur); return now }})
	message := bytesOf(sine(MicRate, 300, .3, MicFrame))
	frames := 0
	b.ReportAllocs()
	for b.Loop() {
		in.Write(message, func([]int16) { frames++ })
	}
	if in.Stats().Dropped > 0 || frames != b.N {
		b.Fatal(frames, in.Stats())
	}
}

// taker is a connection with room for everything.
type taker struct{ frames int }

func (t *taker) WriteFrame(interview.ReplyNo, int64, []int16) bool { t.frames++; return true }
func (t *taker) Lead() time.Duration                               { return 100 * time.Millisecond }

// BenchmarkPacer writes a frame of speech and paces it, in a time that passes by
// itself.
func BenchmarkPacer(b *testing.B) {
	for name, db := range map[string]float64{"plain": 0, "ducked": -12} {
		b.Run(name, func(b *testing.B) {
			play := NewPlayout(2 * time.Second)
			p := NewPacer(play, PacerEvents{}, PacerConfig{})
			sink := &taker{}
			p.Attach(sink)
			play.Begin(1)
			p.SetGain(1, db, 20*time.Millisecond)
			frame, now := sine(PlayRate, 300, .3, PlayFrame), time.Unix(0, 0)
			// The tape has its full length once: it is taken at the start of a reply.
			for range int(rewindable/FrameDur) + 100 {
				_ = play.Write(context.Background(), 1, frame)
				p.report(p.tick(now))
				now = now.Add(FrameDur)
			}
			before := sink.frames
			b.ReportAllocs()
			for b.Loop() {
				if err := play.Write(context.Background(), 1, frame); err != nil {
					b.Fatal(err)
				}
				p.report(p.tick(now))
				now = now.Add(FrameDur)
			}
			if sink.frames-before < b.N {
				b.Fatalf("%d of %d frames left", sink.frames-before, b.N)
			}
		})
	}
}

func BenchmarkResampler(b *testing.B) {
	for name, p := range map[string][2]int{"48_to_16": {48000, 16000}, "24_to_16": {24000, 16000}, "22.05_to_24": {22050, 24000}, "24_to_48": {24000, 48000}} {
		b.Run(name, func(b *testing.B) {
			r, err := NewResampler(p[0], p[1])
			if err != nil {
				b.Fatal(err)
			}
			frame := sine(p[0], 300, .3, p[0]/50)
			dst := make([]int16, 0, 2*p[1]/50)
			b.ReportAllocs()
			for b.Loop() {
				dst = r.Process(dst[:0], frame)
			}
			b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(FrameDur)*100, "%core")
		})
	}
}

func BenchmarkLevel(b *testing.B) {
	frame := sine(MicRate, 300, .3, MicFrame)
	b.ReportAllocs()
	for b.Loop() {
		LevelDBFS(frame)
	}
}

func BenchmarkGain(b *testing.B) {
	frame := sine(PlayRate, 300, .3, PlayFrame)
	var g Gain
	b.ReportAllocs()
	for b.Loop() {
		g.Set(-12, PlayFrame)
		g.Apply(frame)
		g.Set(0, 0)
	}
}
