package fallback

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
)

func TestARateLimitedModelIsNotHedgedByItself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one := &model{acts: []act{ok(time.Second)}}
		chat := team(nil, one)
		time.AfterFunc(100*time.Millisecond, func() { // another call learns it
			chat.members[0].Circuit.Failed(failure(true, &dial.Refusal{Status: 429, RetryAfter: time.Minute}))
		})
		_, _, _ = reply(t.Context(), t, chat)
		if asked, _ := one.counts(); asked != 1 {
			t.Errorf("asked %d times", asked)
		}
	})
}

type deafEar struct{ writeErr error }

func (d *deafEar) Name() string { return "one" }
func (d *deafEar) Open(context.Context, providers.TranscribeOptions) (providers.TranscribeStream, error) {
	return d, nil
}
func (d *deafEar) Write(context.Context, []int16) error { return d.writeErr }
func (d *deafEar) Finalize(context.Context) error       { return nil }
func (d *deafEar) Close() error                         { return nil }
func (d *deafEar) Recv(ctx context.Context) (providers.Transcript, error) {
	<-ctx.Done()
	return providers.Transcript{}, ctx.Err()
}

// As actors/stt.go does: a failed write ends Recv's context.
func TestAFailedWriteCountsAgainstTheProvider(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := NewCircuit(providers.StageSTT, "one", nil)
		s, err := NewTranscriber(TranscriberConfig{}, TranscriberMember{&deafEar{errBroken}, c}).Open(t.Context(), providers.TranscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(s.Write(ctx, make([]int16, 320)))
		_, _ = s.Recv(ctx)
		_ = s.Close()
		if c.Stats().Failed != 1 {
			t.Errorf("%+v", c.Stats())
		}
	})
}

func TestRareNoiseIsNoSpeech(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := NewCircuit(providers.StageSTT, "one", nil)
		s, _ := NewTranscriber(TranscriberConfig{}, TranscriberMember{&deafEar{}, c}).Open(t.Context(), providers.TranscribeOptions{})
		written := make(chan struct{})
		defer func() { <-written }()
		go func() {
			defer close(written)
			loud := make([]int16, 320)
			for i := range loud {
				loud[i] = int16(8000 * (i%2*2 - 1))
			}
			for range 21 { // 200 ms of cough a minute
				for range 10 {
					_ = s.Write(t.Context(), loud)
				}
				time.Sleep(time.Minute)
			}
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		_, err := s.Recv(ctx)
		_ = s.Close()
		if errors.Is(err, providers.ErrNoProgress) {
			t.Errorf("%v", err)
		}
	})
}
