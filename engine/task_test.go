package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func report(err error) msg { return result{err} }

func TestGoroutineReportsItsResult(t *testing.T) {
	errOwn := errors.New("own")
	for name, tc := range map[string]struct {
		run  func(context.Context) error
		want error
	}{
		"success": {func(context.Context) error { return nil }, nil},
		"failure": {func(context.Context) error { return errBroken }, errBroken},
		"panic":   {func(context.Context) error { panic(errBroken) }, errBroken},
		"cancelled alone": {func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}, errOwn},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *System) {
				var cancel context.CancelCauseFunc
				p := &probe{started: func(ctx *Ctx[msg]) { cancel = ctx.Go("task", tc.run, report) }}
				ref := root(t, s, "a", p)
				synctest.Wait()
				cancel(errOwn)
				synctest.Wait()
				if len(p.messages()) != 1 || !errors.Is(p.messages()[0].(result).err, tc.want) {
					t.Errorf("got %v, want %v", p.messages(), tc.want)
				}
				do(ref, func() {}) // still alive
				if p.stops() != 0 {
					t.Error("the actor ended")
				}
			})
		})
	}
}

func TestGoroutinePanicIsAPanicError(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		p := &probe{started: func(ctx *Ctx[msg]) {
			ctx.Go("task", func(context.Context) error { panic("boom") }, report)
		}}
		root(t, s, "a", p)
		synctest.Wait()
		var panicked *PanicError
		if !errors.As(p.messages()[0].(result).err, &panicked) || panicked.Value != "boom" || len(panicked.Stack) == 0 {
			t.Errorf("got %v", p.messages()[0])
		}
		if got := panicked.Error(); got != "panic: boom" {
			t.Errorf("text = %q", got)
		}
	})
}

func TestGoroutineWithoutReport(t *testing.T) {
	for name, tc := range map[string]struct {
		run   func(context.Context) error
		done  func(error) msg
		stops int
	}{
		"its error is only logged":         {func(context.Context) error { return errBroken }, nil, 0},
		"its success is silent":            {func(context.Context) error { return nil }, nil, 0},
		"its panic fails the actor":        {func(context.Context) error { panic("boom") }, nil, 1},
		"a nil message is not told":        {func(context.Context) error { return nil }, func(error) msg { return nil }, 0},
		"a panic of done fails the actor":  {func(context.Context) error { return nil }, func(error) msg { panic("boom") }, 1},
		"a panic with a done that is mute": {func(context.Context) error { panic("boom") }, func(error) msg { return nil }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *System) {
				p := &probe{started: func(ctx *Ctx[msg]) { ctx.Go("task", tc.run, tc.done) }}
				// A failure so early may fail the spawn, or come after it.
				_, err := Spawn(s, Spec[msg]{Role: "r", New: func(Gen) Behavior[msg] { return p }})
				synctest.Wait()
				if p.stops() != tc.stops || (err != nil && tc.stops == 0) {
					t.Errorf("Stopped ran %d times, want %d; spawn = %v", p.stops(), tc.stops, err)
				}
				if len(p.messages()) != 0 {
					t.Errorf("got %v", p.messages())
				}
			})
		})
	}
}

func TestResultOfACancelledGoroutineIsNoDeadLetter(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		p := &probe{started: func(ctx *Ctx[msg]) {
			ctx.Go("task", func(ctx context.Context) error { <-ctx.Done(); return nil }, report)
			ctx.After(time.Hour, note(1))
		}}
		if err := root(t, s, "a", p).Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := s.Stats(); len(p.messages()) != 0 || got.DeadLetters != 0 {
			t.Errorf("got %v; %+v", p.messages(), got)
		}
	})
}

func TestGoroutineContextIsOverWhenItReturns(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		var kept context.Context
		root(t, s, "a", &probe{started: func(ctx *Ctx[msg]) {
			ctx.Go("task", func(ctx context.Context) error { kept = ctx; return nil }, nil)
		}})
		synctest.Wait()
		if kept.Err() == nil {
			t.Error("what outlives the goroutine still has a living context")
		}
	})
}
