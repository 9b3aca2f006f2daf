package engine

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestTimerTellsWhenItsTimeHasCome(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		p := &probe{started: func(ctx *Ctx[msg]) {
			ctx.After(2*time.Second, note(2))
			ctx.After(time.Second, note(1))
			ctx.After(0, note(0))
			ctx.After(-time.Second, note(-1)).Stop()
		}}
		root(t, s, "a", p)
		for i, want := range [][]note{{0}, {0, 1}, {0, 1, 2}} {
			synctest.Wait()
			if !slices.Equal(p.notes(), want) {
				t.Errorf("after %d s: %v, want %v", i, p.notes(), want)
			}
			time.Sleep(time.Second)
		}
	})
}

func TestStoppedTimerIsNeverReceivedEvenIfQueued(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		var timer *Timer
		p := &probe{started: func(ctx *Ctx[msg]) { timer = ctx.After(time.Second, note(1)) }}
		ref := root(t, s, "a", p)
		ref.Tell(sleep{}) // the timer's message queues up behind the nap
		ref.Tell(note(0))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !timer.Stop() {
			t.Error("the timer could not be stopped")
		}
		if timer.Stop() {
			t.Error("it was stopped twice")
		}
		time.Sleep(napTime)
		synctest.Wait()
		if want := []note{0}; !slices.Equal(p.notes(), want) {
			t.Errorf("received %v, want %v", p.notes(), want)
		}
	})
}

func TestDeliveredTimerCanNotBeStopped(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		var timer *Timer
		if timer.Stop() {
			t.Error("a nil timer was stopped")
		}
		root(t, s, "a", &probe{started: func(ctx *Ctx[msg]) { timer = ctx.After(time.Second, note(1)) }})
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if timer.Stop() {
			t.Error("a delivered timer was stopped")
		}
	})
}
