package deepgram

import (
	"sync"
	"testing"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/simulated"
	"github.com/vantahire/vantahire/providers/simulated/deepgramtts"
)

// BenchmarkSpeakHundredReplies speaks 100 replies of about 5 s at once, made three
// to ten times faster than they sound, with the service on the same machine.
func BenchmarkSpeakHundredReplies(b *testing.B) {
	l := newSpeakLab(b, deepgramtts.Config{
		MaxSockets: 200, Characters: 1 << 30, Flushes: 1 << 20, SlowestPace: 3, FastestPace: 10,
		FirstByte: simulated.Delay{P50: 1},
	}, SpeakConfig{MaxSockets: 200, MaxIdle: 200, Characters: 1 << 29, Flushes: 1 << 19})
	b.ReportAllocs()
	for b.Loop() {
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				s, err := l.Open(b.Context(), providers.VoiceOptions{})
				if err != nil {
					b.Error(err)
					return
				}
				defer func() { _ = s.Close() }()
				_ = s.Say(b.Context(), "Thank you for that answer.")
				_ = s.Say(b.Context(), "What would you do differently if you did it again?")
				_ = s.Finish()
				if r := speakHear(b, s); r.err != nil || len(r.ends) != 2 {
					b.Errorf("%v, %v", r.ends, r.err)
				}
			})
		}
		all.Wait()
	}
}
