package local

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/providers"
)

// percentile sorts the durations and gives the p-th, in microseconds.
func percentile(all []time.Duration, p int) float64 {
	slices.Sort(all)
	return float64(all[len(all)*p/100].Microseconds())
}

// BenchmarkFirstSound is the time from a sentence to its first piece of sound.
func BenchmarkFirstSound(b *testing.B) {
	s := realSpeech(b, 1)
	say(b, s, "Ready.")
	b.ReportAllocs()
	var took []time.Duration
	for b.Loop() {
		st, err := s.Synthesizer().Open(b.Context(), providers.VoiceOptions{})
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if err := st.Say(b.Context(), answers[2]); err != nil {
			b.Fatal(err)
		}
		if _, err := st.Recv(b.Context()); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
		_ = st.Close()
	}
	b.ReportMetric(percentile(took, 50), "p50-us")
	b.ReportMetric(percentile(took, 99), "p99-us")
}

// BenchmarkFinal is the time from Finalize right behind an answer of 5 s to its
// final: the decoder's second pass over it. Where half a second of silence came
// before, the pass is over already.
func BenchmarkFinal(b *testing.B) {
	s := realSpeech(b, 1)
	pcm, _ := say(b, s, answers[2])
	b.ReportAllocs()
	var took []time.Duration
	for b.Loop() {
		st, err := s.Transcriber().Open(b.Context(), providers.TranscribeOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if err := st.Write(b.Context(), pcm); err != nil {
			b.Fatal(err)
		}
		for { // everything was heard
			h := st.(*hearStream)
			h.mu.Lock()
			done := h.room == 2*Rate
			h.mu.Unlock()
			if done {
				break
			}
			time.Sleep(time.Millisecond)
		}
		began := time.Now()
		if err := st.Finalize(b.Context()); err != nil {
			b.Fatal(err)
		}
		for final := false; !final; {
			t, err := st.Recv(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			final = t.Final
		}
		took = append(took, time.Since(began))
		_ = st.Close()
	}
	b.ReportMetric(percentile(took, 50), "p50-us")
	b.ReportMetric(percentile(took, 99), "p99-us")
}

// BenchmarkTicker is how late a 20 ms clock of this process wakes up, alone and
// beside workers that are never idle.
func BenchmarkTicker(b *testing.B) {
	tick := func(b *testing.B) {
		b.ReportAllocs()
		var late []time.Duration
		next := time.Now()
		for b.Loop() {
			next = next.Add(20 * time.Millisecond)
			time.Sleep(time.Until(next))
			late = append(late, time.Since(next))
		}
		b.ReportMetric(percentile(late, 50), "p50-us")
		b.ReportMetric(percentile(late, 99), "p99-us")
	}
	b.Run("alone", tick)
	b.Run("beside speech", func(b *testing.B) {
		s := realSpeech(b, 0)
		pcm, _ := say(b, s, answers[2])
		ctx, cancel := context.WithCancel(b.Context())
		var busy sync.WaitGroup
		for range 2 {
			busy.Go(func() {
				for ctx.Err() == nil {
					_, _ = s.Hear(ctx, pcm)
					_, _, _ = s.Speak(ctx, answers[2])
				}
			})
		}
		tick(b)
		cancel()
		busy.Wait()
	})
}
