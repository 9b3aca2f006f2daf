package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// At the end of the restart policy a nil func is called: the process exits.
func TestTrapExhaustedPolicyDoesNotEndTheProcess(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{}, func(Gen) *probe {
			return &probe{started: func(*Ctx[msg]) { panic("at once") }}
		})
		time.Sleep(time.Hour)
		synctest.Wait()
		if events := f.events(); f.born() != 1+defaultMaxRestarts || events[len(events)-1] != "gave up" {
			t.Errorf("%d lives; events = %v", f.born(), events)
		}
	})
}

// Restarts are counted over an actor's whole life.
func TestTrapRestartsAreCountedInAWindow(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{}, nil)
		for range 20 {
			f.child.Tell(crash{})
			time.Sleep(defaultWindow)
		}
		synctest.Wait()
		if f.born() != 21 || slices.Contains(f.events(), "gave up") {
			t.Errorf("%d lives; events = %v", f.born(), f.events())
		}
	})
}

// The parent of a failed actor is told nothing.
func TestTrapParentIsToldOfAFailure(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{}, nil)
		f.child.Tell(crash{})
		synctest.Wait()
		m, ok := f.parent.messages()[0].(down)
		if !ok || !errors.Is(m.failure, errBroken) || len(m.failure.Stack) == 0 {
			t.Errorf("the parent was told %v", f.parent.messages())
		}
	})
}

// A panic of the code that makes or starts an actor hits whoever spawns it, after
// sleeping through its restarts there.
func TestTrapPanicAtTheStartDoesNotHitTheSpawner(t *testing.T) {
	for name, spec := range map[string]Spec[msg]{
		"in New": {Role: "r", New: func(Gen) Behavior[msg] { panic(errBroken) }},
		"in Started": {Role: "r", New: func(Gen) Behavior[msg] {
			return &probe{started: func(*Ctx[msg]) { panic(errBroken) }}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *System) {
				begin := time.Now()
				if _, err := Spawn(s, spec); !errors.Is(err, errBroken) || time.Since(begin) != 0 {
					t.Errorf("spawn = %v after %s", err, time.Since(begin))
				}
			})
		})
	}
}

// A panic of Stopped during a restart kills the process; in an orderly stop it restarts the actor.
func TestTrapPanicInStoppedIsHarmless(t *testing.T) {
	for name, end := range map[string]func(Ref[msg]){
		"after a panic": func(r Ref[msg]) { r.Tell(crash{}) },
		"after a stop":  func(r Ref[msg]) { r.Kill(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *System) {
				p := &probe{stopped: func() { panic("too late") }}
				ref := root(t, s, "a", p)
				end(ref)
				<-ref.Done()
				if p.stops() != 1 {
					t.Errorf("Stopped ran %d times", p.stops())
				}
			})
		})
	}
}

// A message behind the pill that panics brings the actor back: the pill is lost,
// earlier messages run twice, and Stopped is delivered again.
func TestTrapPanicBehindAStopDoesNotReviveTheActor(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		p := &probe{}
		ref := root(t, s, "a", p)
		ref.Tell(order(func() { time.Sleep(time.Second) }))
		ref.Tell(note(1))
		synctest.Wait()
		ref.Kill(nil)
		ref.Tell(crash{})
		ref.Tell(note(2))
		<-ref.Done()
		if got := p.notes(); !slices.Equal(got, []note{1}) || p.stops() != 1 || s.Stats().Panics != 0 {
			t.Errorf("received %v, Stopped ran %d times; %+v", got, p.stops(), s.Stats())
		}
	})
}

// The rest of the failed batch is run again by the next life, whose state knows nothing of it.
func TestTrapQueueOfAFailedLifeIsNotRunByTheNext(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{}, nil)
		child := f.child.Ref()
		child.Tell(note(1))
		child.Tell(crash{})
		child.Tell(note(2))
		child.Tell(note(3))
		synctest.Wait()
		if got := f.life(0).notes(); !slices.Equal(got, []note{1}) {
			t.Errorf("the failed life received %v", got)
		}
		if got := f.life(1).messages(); len(got) != 0 || s.Stats().DeadLetters != 2 {
			t.Errorf("the next life received %v; %+v", got, s.Stats())
		}
	})
}

// The restart delay is a sleep in the actor's own goroutine, while its mailbox grows.
func TestTrapBackoffSleepsInNobodysGoroutine(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{Backoff: []time.Duration{time.Hour}}, nil)
		f.child.Tell(crash{})
		synctest.Wait()
		begin := time.Now()
		do(f.ref, func() {})
		if time.Since(begin) != 0 || f.ref.Depth() != 0 {
			t.Error("the parent slept")
		}
		if err := f.ref.Stop(t.Context()); err != nil || time.Since(begin) != 0 {
			t.Errorf("stop = %v after %s", err, time.Since(begin))
		}
	})
}

// Children keep running when their parent restarts, and it spawns them again.
func TestTrapFailedParentTakesItsChildrenAlong(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{}, nil)
		f.ref.Tell(crash{})
		<-f.ref.Done()
		synctest.Wait()
		if f.life(0).stops() != 1 || s.Stats().Live != 0 {
			t.Errorf("the child's Stopped ran %d times; %+v", f.life(0).stops(), s.Stats())
		}
		again := raise(t, s, Policy{}, nil)
		again.child.Tell(note(1))
		synctest.Wait()
		if len(f.life(0).messages()) != 0 || len(again.life(0).messages()) != 1 {
			t.Error("the new family shares a child with the old one")
		}
	})
}

// Panics one after the other nest on the stack: 800 frames for 100.
func TestTrapReplacementsDoNotNestOnTheStack(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		var frames []int
		f := raise(t, s, Policy{Max: 200, Backoff: []time.Duration{0}}, func(gen Gen) *probe {
			frames = append(frames, runtime.Callers(0, make([]uintptr, 4096)))
			return &probe{started: func(*Ctx[msg]) {
				if gen <= 100 {
					panic("again")
				}
			}}
		})
		if got := f.child.Gen(); got != 101 {
			t.Fatalf("generation = %d", got)
		}
		if early, late := frames[2], frames[100]; late > early {
			t.Errorf("%d frames at the third life, %d at the last", early, late)
		}
	})
}

// A panic in a goroutine that an actor started is the end of the process.
func TestTrapPanicInAnOwnedGoroutineStaysInItsActor(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		neighbor := &probe{}
		ref := root(t, s, "neighbor", neighbor)
		f := raise(t, s, Policy{}, func(gen Gen) *probe {
			return &probe{started: func(ctx *Ctx[msg]) {
				if gen == 1 {
					ctx.Go("bad", func(context.Context) error { panic(fmt.Errorf("deep: %w", errBroken)) }, nil)
				}
			}}
		})
		ref.Tell(note(1))
		synctest.Wait()
		if got := f.child.Gen(); got != 2 || len(neighbor.messages()) != 1 {
			t.Errorf("generation = %d, the neighbor received %v", got, neighbor.messages())
		}
	})
}

// A panic in a parent's own answer to its child's failure is the parent's failure.
func TestTrapPanicInAnAnswerToAFailureStaysInTheParent(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{}, nil)
		do(f.ref, func() {
			spec := f.spec(Policy{}, nil)
			spec.OnDown = func(Failure) msg { panic(errBroken) }
			child, err := SpawnChild(f.ctx, spec)
			if err != nil {
				t.Error(err)
				return
			}
			child.Fail(errors.New("provider is gone"))
		})
		<-f.ref.Done()
		if got := context.Cause(f.ctx.Context()); !errors.Is(got, errBroken) {
			t.Errorf("cause = %v", got)
		}
	})
}

// The end of a system is nobody's: there is no list of actors and no shutdown.
func TestTrapShutdownLeavesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		before := mailboxes(s)
		for i := range 50 {
			root(t, s, fmt.Sprint("interview ", i), &probe{started: func(ctx *Ctx[msg]) {
				ctx.After(time.Hour, note(1))
				ctx.Go("stream", func(ctx context.Context) error { <-ctx.Done(); return nil }, nil)
			}})
		}
		if err := s.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := mailboxes(s); got != before {
			t.Errorf("%d mailboxes are left, want %d", got, before)
		}
	})
}
