package deepgram

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/simulated"
	"github.com/vantahire/vantahire/providers/simulated/deepgramtts"
)

var errSpeakBargeIn = errors.New("the candidate speaks")

// TestSpeakNoSoundOfACutReplyIsHeardLater cuts replies anywhere and listens whether
// any of their sound, or of an end, gets into another one.
func TestSpeakNoSoundOfACutReplyIsHeardLater(t *testing.T) {
	t.Parallel()
	l := newSpeakLab(t, deepgramtts.Config{Characters: 1 << 30, Flushes: 1 << 20, SlowestPace: 30, FastestPace: 90},
		SpeakConfig{Characters: 1 << 29, Flushes: 1 << 19, MaxSockets: 6, ClearWithin: 10 * time.Second})
	var number atomic.Int64
	one := func(cut int, viaContext bool, count int) error {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		s, err := l.Open(ctx, providers.VoiceOptions{})
		if err != nil {
			return err
		}
		defer func() { _ = s.Close() }()
		mine := map[int16]bool{}
		want := 0
		for range count {
			text := fmt.Sprintf("Reply %d.", number.Add(1))
			mine[label(text)] = true
			want += labelSamples(text)
			if err := s.Say(ctx, text); err != nil {
				return err
			}
		}
		_ = s.Finish()
		heard := 0
		for cut < 0 || heard < cut {
			c, err := s.Recv(ctx)
			if err != nil {
				if heard != want {
					return fmt.Errorf("%d of %d samples: %w", heard, want, err)
				}
				return nil
			}
			for _, v := range c.PCM {
				if !mine[v] {
					return errors.New("the sound of another reply")
				}
			}
			heard += len(c.PCM)
		}
		if viaContext {
			cancel(errSpeakBargeIn)
			if c, err := s.Recv(t.Context()); !errors.Is(err, errSpeakBargeIn) {
				return fmt.Errorf("after the cut: %d samples, %w", len(c.PCM), err)
			}
		}
		return nil
	}
	rapid.Check(t, func(rt *rapid.T) {
		type plan struct {
			cut   int
			via   bool
			count int
		}
		draw := func() (plans []plan) {
			for range rapid.IntRange(1, 4).Draw(rt, "replies") {
				cut := rapid.OneOf(rapid.Just(-1), rapid.Just(0), rapid.IntRange(1, 30_000)).Draw(rt, "cut")
				plans = append(plans, plan{cut, rapid.Bool().Draw(rt, "by context"), rapid.IntRange(1, 3).Draw(rt, "sentences")})
			}
			return plans
		}
		var wg sync.WaitGroup
		faults := make(chan error, 32)
		for _, plans := range [][]plan{draw(), draw(), draw()} {
			wg.Go(func() {
				for _, p := range plans {
					if err := one(p.cut, p.via, p.count); err != nil {
						faults <- err
					}
				}
			})
		}
		wg.Wait()
		close(faults)
		for err := range faults {
			rt.Error(err)
		}
	})
	if s := l.Stats(); s.Cut == 0 || s.Stale == 0 || s.ClearLate > 0 || s.Sockets > 6 || s.Lost > 0 {
		t.Errorf("%+v", s)
	}
}

func TestSpeakASocketThatDoesNotGetQuietIsDropped(t *testing.T) {
	t.Parallel()
	l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{ClearWithin: 30 * time.Millisecond, CloseWithin: 100 * time.Millisecond})
	l.service.Speaking.Next(deepgramtts.SpeechFault{IgnoreClear: true, FirstByte: simulated.Delay{P50: time.Hour}})
	s := l.open(t, providers.VoiceOptions{})
	if err := s.Say(t.Context(), "This is never heard."); err != nil {
		t.Fatal(err)
	}
	speakUntil(t, "the text", func() bool { return l.service.Journal.Count("speak") == 1 })
	_ = s.Close()
	speakUntil(t, "the drop", func() bool { st := l.Stats(); return st.ClearLate == 1 && st.Sockets == 0 })
	l.say(t, "And this is.").is(t, "And this is.")
	if st := l.Stats(); st.Dialled != 2 || l.service.Journal.Count("close") != 1 {
		t.Errorf("%+v", st)
	}
}
