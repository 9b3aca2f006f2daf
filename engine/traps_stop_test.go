package engine

import (
	"context"
	"errors"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anthdm/hollywood/actor"
)

// The tests of this file and of traps_failure_test.go each hold one property that
// Hollywood v1.0.5 does not have by itself. Each comment says what it does instead.

// Spawning a taken id returns the stranger's PID, and stopping that stops the stranger.
func TestTrapTakenIDIsAnErrorAndNotTheStranger(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		stranger := &probe{}
		root(t, s, "a", stranger)
		ref, err := Spawn(s, Spec[msg]{Role: "other", ID: "a", New: func(Gen) Behavior[msg] {
			t.Error("New ran for a taken id")
			return &probe{}
		}})
		if !errors.Is(err, ErrDuplicate) {
			t.Errorf("spawn = %v", err)
		}
		ref.Tell(note(1))
		if err := ref.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if len(stranger.messages()) != 0 || stranger.stops() != 0 {
			t.Error("the stranger felt it")
		}
	})
}

// The registry knows an actor by its id alone, so an old PID reaches whoever has it now.
func TestTrapOldRefDoesNotReachTheNextOwnerOfItsID(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		old := root(t, s, "a", &probe{})
		if err := old.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		next := &probe{}
		ref := root(t, s, "a", next)
		old.Tell(note(1))
		old.Kill(nil)
		synctest.Wait()
		if len(next.messages()) != 0 || next.stops() != 0 || ref.ID() != old.ID() {
			t.Error("the old Ref reached the new actor")
		}
	})
}

// A mailbox grows without a limit.
func TestTrapUnboundedMailboxHasABoundedPath(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		ref := root(t, s, "a", &probe{})
		ref.Tell(sleep{})
		synctest.Wait()
		for range 100_000 {
			ref.Offer(note(1))
		}
		if got := ref.Depth(); got != defaultOffers {
			t.Errorf("depth = %d, want %d", got, defaultOffers)
		}
	})
}

// One queue for everything: a cancel message waits behind all data (measured: 104 ms).
func TestTrapNoPriorityLaneSoCancelFuncsOvertake(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		var cancel context.CancelCauseFunc
		cancelled := make(chan error, 1)
		ref := root(t, s, "a", &probe{started: func(ctx *Ctx[msg]) {
			cancel = ctx.Go("reply", func(ctx context.Context) error {
				<-ctx.Done()
				cancelled <- context.Cause(ctx)
				return nil
			}, nil)
		}})
		for range 1000 {
			ref.Tell(sleep{})
		}
		begin := time.Now()
		cancel(errBroken)
		if got := <-cancelled; !errors.Is(got, errBroken) || time.Since(begin) != 0 {
			t.Errorf("cause = %v after %s", got, time.Since(begin))
		}
	})
}

// A graceful pill runs what sits behind it in the same batch, and drops the rest silently.
func TestTrapNothingBehindAStopIsReceived(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		const before, behind = 5000, 7000 // a batch holds 4096
		p := &probe{}
		ref := root(t, s, "a", p)
		ref.Tell(order(func() { time.Sleep(time.Second) }))
		for i := range note(before) {
			ref.Tell(i)
		}
		ref.Kill(nil)
		for range behind {
			ref.Tell(note(-1))
		}
		<-ref.Done()
		if got := p.notes(); len(got) != before || slices.Contains(got, -1) {
			t.Errorf("received %d notes, want the %d told before", len(got), before)
		}
		if got := s.Stats().DeadLetters; got != behind {
			t.Errorf("dead letters = %d, want %d", got, behind)
		}
	})
}

// Of the messages sent to an actor that goes down, a quarter is neither handled nor reported.
func TestTrapEveryMessageIsReceivedOrCountedDead(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		const tellers, each, lives = 4, 2000, 20
		received := 0
		for range lives {
			p := &probe{receive: func(*Ctx[msg], msg) {}}
			ref := root(t, s, "a", p)
			var wg sync.WaitGroup
			for range tellers {
				wg.Go(func() {
					for i := range note(each) {
						ref.Tell(i)
					}
				})
			}
			wg.Go(func() { ref.Kill(nil) })
			wg.Wait()
			<-ref.Done()
			received += len(p.messages())
		}
		if got, want := received+int(s.Stats().DeadLetters), tellers*each*lives; got != want {
			t.Errorf("%d of %d messages are accounted for", got, want)
		}
	})
}

// A second pill is swallowed, and whoever waits for it waits for ever.
func TestTrapStopFromManyGoroutinesEndsForAll(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		for range 200 {
			p := &probe{}
			ref := root(t, s, "a", p)
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					if err := ref.Stop(t.Context()); err != nil {
						t.Error(err)
					}
				})
				wg.Go(func() { ref.Kill(nil) })
			}
			wg.Wait()
			if p.stops() != 1 {
				t.Fatalf("Stopped ran %d times", p.stops())
			}
			if err := ref.Stop(t.Context()); err != nil { // one that is gone
				t.Fatal(err)
			}
		}
	})
}

// Poison from inside Receive and a wait for it is a deadlock.
func TestTrapStopInsideReceiveRunsIntoItsDeadlineOnly(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		var err error
		p := &probe{receive: func(ctx *Ctx[msg], _ msg) { err = ctx.Self().Stop(within(t, time.Second)) }}
		ref := root(t, s, "a", p)
		ref.Tell(note(1))
		<-ref.Done()
		if !errors.Is(err, ErrStopTimeout) || p.stops() != 1 {
			t.Errorf("stop = %v, Stopped ran %d times", err, p.stops())
		}
	})
}

// Children are stopped one after the other without a deadline: a stuck one holds all.
func TestTrapStuckChildDoesNotHoldItsSiblings(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{}, nil)
		slow := func(Gen) *probe { return &probe{stopped: func() { time.Sleep(200 * time.Millisecond) }} }
		do(f.ref, func() {
			for range 5 {
				if _, err := SpawnChild(f.ctx, f.spec(Policy{}, slow)); err != nil {
					t.Error(err)
				}
			}
		})
		f.child.Tell(sleep{})
		synctest.Wait()

		begin := time.Now()
		err := f.ref.Stop(within(t, time.Second))
		if !errors.Is(err, ErrStopTimeout) || !strings.Contains(err.Error(), "parent/child/1") {
			t.Errorf("stop = %v", err)
		}
		if took := time.Since(begin); took != 500*time.Millisecond { // half is the children's
			t.Errorf("took %s", took)
		}
		for i := 1; i <= 5; i++ {
			if f.life(i).stops() != 1 {
				t.Errorf("child %d: Stopped ran %d times", i, f.life(i).stops())
			}
		}
		if f.parent.stops() != 1 || s.Stats().Abandoned != 1 {
			t.Errorf("parent's Stopped ran %d times; %+v", f.parent.stops(), s.Stats())
		}
	})
}

// A busy parent never gets to its children: they live on, with all they own.
func TestTrapStuckParentDoesNotKeepItsChildren(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{}, nil)
		f.ref.Tell(sleep{})
		synctest.Wait()
		if err := f.ref.Stop(within(t, time.Second)); !errors.Is(err, ErrStopTimeout) {
			t.Errorf("stop = %v", err)
		}
		if f.life(0).stops() != 1 {
			t.Error("the child lives on")
		}
	})
}

// A child that asks its parent from Stopped waits for one that waits for it.
func TestTrapStoppedHookMayTalkToTheParent(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		var parent Ref[msg]
		f := raise(t, s, Policy{}, func(Gen) *probe {
			return &probe{stopped: func() { parent.Tell(note(1)); parent.Kill(nil) }}
		})
		parent = f.ref
		begin := time.Now()
		if err := f.ref.Stop(t.Context()); err != nil || time.Since(begin) != 0 {
			t.Errorf("stop = %v after %s", err, time.Since(begin))
		}
	})
}

// The engine neither cancels an actor's context nor hands it to the children.
func TestTrapContextEndsAtOnceDownTheTree(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		var ctx context.Context
		f := raise(t, s, Policy{}, func(Gen) *probe {
			return &probe{started: func(c *Ctx[msg]) { ctx = c.Context() }}
		})
		f.ref.Tell(sleep{})
		synctest.Wait()
		f.ref.Kill(errBroken) // queued behind the nap, but the contexts are not
		if got := context.Cause(ctx); !errors.Is(got, errBroken) {
			t.Errorf("the child's cause = %v", got)
		}
	})
}

// One context per actor, rewritten for each message: a goroutine reads the wrong one.
func TestTrapWhatCtxHandsOutStaysTrue(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		p := &probe{}
		p.receive = func(ctx *Ctx[msg], m msg) {
			if m != note(1) {
				return
			}
			self := ctx.Self()
			ctx.Go("later", func(context.Context) error {
				time.Sleep(time.Second)
				self.Tell(note(3))
				return nil
			}, nil)
		}
		ref := root(t, s, "a", p)
		ref.Tell(note(1))
		ref.Tell(note(2))
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if got := p.notes(); !slices.Equal(got, []note{1, 2, 3}) {
			t.Errorf("received %v", got)
		}
	})
}

// A repeater's ticker outlives its actor, and its second Stop panics.
func TestTrapTimersDieWithTheirActor(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		var timer *Timer
		p := &probe{started: func(ctx *Ctx[msg]) { timer = ctx.After(time.Hour, note(1)) }}
		ref := root(t, s, "a", p)
		if err := ref.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		timer.Stop()
		timer.Stop()
		time.Sleep(2 * time.Hour)
		if got := s.Stats(); len(p.messages()) != 0 || got.DeadLetters != 0 {
			t.Errorf("received %v; %+v", p.messages(), got)
		}
	})
}

// A request nobody reads stays registered for ever, and a second answer blocks who
// answers. Here an answer is a message; one that comes too late is a dead letter.
func TestTrapLateAnswerNeitherBlocksNorLeaks(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		asker := root(t, s, "asker", &probe{})
		before := mailboxes(s)
		answerer := root(t, s, "answerer", &probe{})
		answerer.Tell(sleep{})
		answerer.Tell(order(func() { asker.Tell(note(1)); asker.Tell(note(2)) }))
		if err := asker.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(napTime)
		do(answerer, func() {})
		if got := s.Stats().DeadLetters; got != 2 || mailboxes(s) != before {
			t.Errorf("dead letters = %d, mailboxes = %d, want 2 and %d", got, mailboxes(s), before)
		}
	})
}

// A dead subscriber makes the event stream report its own failure for ever: a core is lost.
func TestTrapSubscriberOutlivesTheSystem(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		if err := s.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.engine.Send(actor.NewPID(s.engine.Address(), "nobody/1"), note(1))
		synctest.Wait() // would not return
		if s.engine.Registry.GetPID("observer", "0") == nil {
			t.Error("the subscriber is gone")
		}
	})
}

// Each message to an unknown PID is an event that goes to every subscriber.
func TestTrapMessagesToTheDeadMakeNoEvents(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		events := &deadLetters{}
		pid := s.engine.Spawn(func() actor.Receiver { return events }, "observer", actor.WithID("1"))
		s.engine.Subscribe(pid)
		synctest.Wait()
		ref := root(t, s, "a", &probe{})
		if err := ref.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			ref.Tell(note(1))
			ref.Offer(note(1))
		}
		synctest.Wait()
		if events.n != 0 {
			t.Errorf("%d events", events.n)
		}
		s.engine.Unsubscribe(pid) // before its end, and with this very pointer: see the test above
		synctest.Wait()
		s.engine.Poison(pid)
	})
}

type deadLetters struct{ n int }

func (d *deadLetters) Receive(c *actor.Context) {
	if _, ok := c.Message().(actor.DeadLetterEvent); ok {
		d.n++
	}
}

// The list of children breaks when some come and go meanwhile.
func TestTrapChildrenMayComeAndGoDuringAStop(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{Max: 1000, Backoff: []time.Duration{0}}, nil)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 50 {
					f.child.Tell(crash{})
					f.ref.Tell(order(func() { _, _ = SpawnChild(f.ctx, f.spec(Policy{}, nil)) }))
				}
			})
		}
		wg.Go(func() {
			if err := f.ref.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		synctest.Wait()
		if got := s.Stats().Live; got != 0 {
			t.Errorf("%d actors live", got)
		}
	})
}

// remote panics unguarded goroutines and mixes up senders; cluster can activate an
// actor twice. This package uses neither.
func TestTrapOnlyTheLocalActorPackageIsImported(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, src, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, imported := range f.Imports {
			path := strings.Trim(imported.Path.Value, `"`)
			if strings.Contains(path, "hollywood") && path != "github.com/anthdm/hollywood/actor" {
				t.Errorf("%s imports %s", name, path)
			}
		}
	}
}
