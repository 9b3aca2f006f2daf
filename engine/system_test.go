package engine

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anthdm/hollywood/actor"
)

func TestShutdownStopsRootsInReverseOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		var ended []string
		for _, id := range []string{"store", "interviews", "watchers"} {
			root(t, s, id, &probe{stopped: func() { ended = append(ended, id) }})
		}
		if err := s.Shutdown(within(t, time.Second)); err != nil {
			t.Fatal(err)
		}
		if want := []string{"watchers", "interviews", "store"}; !slices.Equal(ended, want) {
			t.Errorf("order = %v, want %v", ended, want)
		}
	})
}

func TestShutdownIsFinal(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		ref := root(t, s, "a", &probe{})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := s.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		ref.Tell(note(1))
		if got := s.Stats().DeadLetters; got != 1 {
			t.Errorf("dead letters = %d, want 1", got)
		}
		_, err := Spawn(s, Spec[msg]{Role: "late", New: func(Gen) Behavior[msg] { return &probe{} }})
		if !errors.Is(err, ErrStopped) {
			t.Errorf("spawn = %v, want ErrStopped", err)
		}
	})
}

func TestShutdownGetsPastStuckRoots(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		first := &probe{}
		root(t, s, "first", first)
		for _, id := range []string{"stuck 1", "stuck 2"} {
			root(t, s, id, &probe{}).Tell(sleep{})
		}
		last := &probe{}
		root(t, s, "last", last)
		synctest.Wait()

		begin := time.Now()
		err := s.Shutdown(within(t, 4*time.Second))
		if !errors.Is(err, ErrStopTimeout) {
			t.Errorf("shutdown = %v", err)
		}
		for _, id := range []string{"stuck 1", "stuck 2"} {
			if !strings.Contains(err.Error(), id) {
				t.Errorf("%q does not name %s", err, id)
			}
		}
		if took := time.Since(begin); took != 3*time.Second { // 4/2 s, then 2/2 s
			t.Errorf("took %s", took)
		}
		if first.stops() != 1 || last.stops() != 1 {
			t.Errorf("stops = %d and %d, want one each", first.stops(), last.stops())
		}
	})
}

func TestShutdownHonorsAnEndedContext(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		ref := root(t, s, "a", &probe{})
		ref.Tell(sleep{})
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begin := time.Now()
		if err := s.Shutdown(ctx); !errors.Is(err, ErrStopTimeout) || !errors.Is(err, context.Canceled) {
			t.Errorf("shutdown = %v", err)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("took %s", took)
		}
		<-ref.Done() // told to stop all the same
	})
}

func TestShutdownWaitsForASpawnInProgress(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		p := &probe{started: func(*Ctx[msg]) { time.Sleep(time.Second) }}
		spawned := make(chan Ref[msg])
		go func() {
			ref, err := Spawn(s, Spec[msg]{Role: "slow", New: func(Gen) Behavior[msg] { return p }})
			if err != nil {
				t.Error(err)
			}
			spawned <- ref
		}()
		synctest.Wait()
		go func() { <-(<-spawned).Done() }()
		if err := s.Shutdown(within(t, 4*time.Second)); err != nil {
			t.Error(err)
		}
		if p.stops() != 1 {
			t.Errorf("Stopped ran %d times", p.stops())
		}
	})
}

func TestLogNamesTheActor(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s, err := New(Config{Logger: slog.New(slog.NewTextHandler(&out, nil))})
	if err != nil {
		t.Fatal(err)
	}
	ref := root(t, s, "a", &probe{started: func(ctx *Ctx[msg]) {
		ctx.Log().Info("hello", "gen", ctx.Gen())
		ctx.Log().Info("again")
	}})
	if err := ref.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`msg=hello actor=a gen=1`, `msg=again actor=a`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q lacks %q", out.String(), want)
		}
	}
}

func TestFaultsInsideHollywoodAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		pid := actor.NewPID("local", "a/1")
		for _, event := range []any{
			actor.ActorDuplicateIdEvent{PID: pid},
			actor.ActorRestartedEvent{PID: pid},
			actor.ActorMaxRestartsExceededEvent{PID: pid},
			actor.ActorStoppedEvent{PID: pid}, // ordinary
		} {
			s.engine.BroadcastEvent(event)
		}
		synctest.Wait()
		if got := s.Stats().EngineFaults; got != 3 {
			t.Errorf("engine faults = %d, want 3", got)
		}
	})
}

func TestRootContextDerivesFromItsSpec(t *testing.T) {
	type key struct{}
	inBubble(t, func(t *testing.T, s *System) {
		base, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "v"))
		var ctx context.Context
		ref, err := Spawn(s, Spec[msg]{Role: "r", Ctx: base, New: func(Gen) Behavior[msg] {
			return &probe{started: func(c *Ctx[msg]) { ctx = c.Context() }}
		}})
		if err != nil {
			t.Fatal(err)
		}
		if ctx.Value(key{}) != "v" {
			t.Error("the value is lost")
		}
		cancel(errBroken)
		if got := context.Cause(ctx); !errors.Is(got, errBroken) {
			t.Errorf("cause = %v", got)
		}
		select {
		case <-ref.Done():
			t.Error("the end of the context stopped the actor")
		default:
		}
	})
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if s.log == nil || s.stopTimeout != 5*time.Second || s.slow != time.Millisecond {
		t.Errorf("system = %+v", s)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}
