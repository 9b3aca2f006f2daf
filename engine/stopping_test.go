package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestStopDrainsThenEndsWhatIsOwnedThenRunsStopped(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		var log []string
		var mu sync.Mutex
		say := func(line string) {
			mu.Lock()
			defer mu.Unlock()
			log = append(log, line)
		}
		parent := &probe{
			started: func(ctx *Ctx[msg]) {
				_, err := SpawnChild(ctx, ChildSpec[msg, msg]{Role: "child", New: func(Gen) Behavior[msg] {
					return &probe{stopped: func() { say("child stopped") }}
				}})
				if err != nil {
					t.Error(err)
				}
				ctx.Go("worker", func(ctx context.Context) error {
					<-ctx.Done()
					time.Sleep(time.Millisecond)
					say("goroutine: " + context.Cause(ctx).Error())
					return nil
				}, nil)
			},
			stopped: func() { say("parent stopped") },
		}
		ref := root(t, s, "parent", parent)
		ref.Tell(sleep{})
		ref.Tell(order(func() { say("last message") }))
		synctest.Wait()
		if err := ref.Stop(within(t, 3*napTime)); err != nil {
			t.Fatal(err)
		}
		want := []string{"goroutine: actor stopped", "last message", "child stopped", "parent stopped"}
		if !slices.Equal(log, want) {
			t.Errorf("order = %q, want %q", log, want)
		}
		<-ref.Done()
		if parent.stops() != 1 {
			t.Errorf("Stopped ran %d times", parent.stops())
		}
	})
}

func TestContextEndsWithACause(t *testing.T) {
	errWhy := errors.New("time is up")
	for name, tc := range map[string]struct {
		end  func(Ref[msg], *Ctx[msg])
		want error
	}{
		"stopped":                 {func(r Ref[msg], _ *Ctx[msg]) { r.Kill(nil) }, ErrStopped},
		"killed with a cause":     {func(r Ref[msg], _ *Ctx[msg]) { r.Kill(errWhy) }, errWhy},
		"ended by itself":         {func(r Ref[msg], c *Ctx[msg]) { r.Tell(order(func() { c.Stop(errWhy) })) }, errWhy},
		"ended without a cause":   {func(r Ref[msg], c *Ctx[msg]) { r.Tell(order(func() { c.Stop(nil) })) }, ErrStopped},
		"panicked":                {func(r Ref[msg], _ *Ctx[msg]) { r.Tell(crash{}) }, errBroken},
		"declared broken":         {func(r Ref[msg], c *Ctx[msg]) { r.Tell(order(func() { c.Fail(errWhy) })) }, errWhy},
		"declared broken, no why": {func(r Ref[msg], c *Ctx[msg]) { r.Tell(order(func() { c.Fail(nil) })) }, errUnnamed},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *System) {
				var view *Ctx[msg]
				ref := root(t, s, "a", &probe{started: func(ctx *Ctx[msg]) { view = ctx }})
				ctx := view.Context()
				if ctx.Err() != nil {
					t.Fatal("the context of a living actor has ended")
				}
				tc.end(ref, view)
				<-ref.Done()
				if got := context.Cause(ctx); !errors.Is(got, tc.want) {
					t.Errorf("cause = %v, want %v", got, tc.want)
				}
			})
		})
	}
}

func TestEndByItselfLeavesTheQueueUnreceived(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		p := &probe{receive: func(ctx *Ctx[msg], m msg) {
			if m == note(2) {
				ctx.Stop(nil)
			}
		}}
		ref := root(t, s, "a", p)
		for i := range note(5) {
			ref.Tell(i)
		}
		<-ref.Done()
		if want := []note{0, 1, 2}; !slices.Equal(p.notes(), want) {
			t.Errorf("received %v, want %v", p.notes(), want)
		}
		if got := s.Stats().DeadLetters; got != 2 {
			t.Errorf("dead letters = %d, want 2", got)
		}
	})
}

func TestStopOfAHangingActor(t *testing.T) {
	for name, tc := range map[string]struct {
		hang  func(ref Ref[msg])
		probe *probe
	}{
		"in Receive": {func(ref Ref[msg]) { ref.Tell(sleep{}) }, &probe{}},
		"in Stopped": {func(Ref[msg]) {}, &probe{stopped: func() { time.Sleep(napTime) }}},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *System) {
				ref := root(t, s, "a", tc.probe)
				tc.hang(ref)
				synctest.Wait()
				begin := time.Now()
				err := ref.Stop(within(t, time.Second))
				if !errors.Is(err, ErrStopTimeout) || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("stop = %v", err)
				}
				if took := time.Since(begin); took != time.Second {
					t.Errorf("stop took %s", took)
				}
				synctest.Wait()
				if got := s.Stats(); got.Abandoned != 1 || got.Live != 0 {
					t.Errorf("stats = %+v", got)
				}
				root(t, s, "a", &probe{}) // the id is free again
				<-ref.Done()
				if tc.probe.stops() != 1 { // when its code has returned at last
					t.Errorf("Stopped ran %d times", tc.probe.stops())
				}
				if err := ref.Stop(t.Context()); err != nil {
					t.Errorf("stop when it had ended at last: %v", err)
				}
			})
		})
	}
}

func TestStopDropsAQueueThatIsTooLong(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		p := &probe{receive: func(*Ctx[msg], msg) { time.Sleep(100 * time.Millisecond) }}
		ref := root(t, s, "a", p)
		for i := range note(1000) {
			ref.Tell(i)
		}
		if err := ref.Stop(within(t, time.Second)); err != nil || p.stops() != 1 {
			t.Errorf("stop = %v, Stopped ran %d times", err, p.stops())
		}
		if got := len(p.messages()) + int(s.Stats().DeadLetters); got != 1000 || len(p.messages()) < 5 {
			t.Errorf("%d of 1000 messages accounted for, %d received", got, len(p.messages()))
		}
	})
}

func TestStopBoundsItself(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		ref := root(t, s, "a", &probe{})
		ref.Tell(sleep{})
		synctest.Wait()
		begin := time.Now()
		if err := ref.Stop(context.Background()); !errors.Is(err, ErrStopTimeout) {
			t.Errorf("stop = %v", err)
		}
		if took := time.Since(begin); took != defaultStopTimeout {
			t.Errorf("took %s, want the default bound", took)
		}
	})
}

func TestStopNamesTheGoroutineItAbandoned(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		p := &probe{started: func(ctx *Ctx[msg]) {
			ctx.Go("deaf provider call", func(context.Context) error { time.Sleep(napTime); return nil }, nil)
		}}
		ref := root(t, s, "a", p)
		err := ref.Stop(within(t, time.Second))
		if !errors.Is(err, ErrStopTimeout) || !strings.Contains(err.Error(), "deaf provider call") {
			t.Errorf("stop = %v", err)
		}
		if got := s.Stats(); p.stops() != 1 || got.Abandoned != 1 || got.Live != 0 {
			t.Errorf("Stopped ran %d times; %+v", p.stops(), got)
		}
	})
}

func TestGoroutineOfAnAbandonedReceiveIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		ran := false
		ref := root(t, s, "a", &probe{receive: func(ctx *Ctx[msg], _ msg) {
			time.Sleep(napTime)
			cancel := ctx.Go("late", func(context.Context) error { ran = true; return nil }, nil)
			cancel(nil)
			if ctx.After(0, note(1)).Stop() {
				t.Error("a timer of an ended actor was armed")
			}
			if _, err := SpawnChild(ctx, ChildSpec[msg, msg]{
				Role: "late", New: func(Gen) Behavior[msg] { return &probe{} },
			}); !errors.Is(err, ErrStopped) {
				t.Errorf("spawn child = %v", err)
			}
		}})
		ref.Tell(note(0))
		synctest.Wait()
		if err := ref.Stop(within(t, time.Second)); !errors.Is(err, ErrStopTimeout) {
			t.Errorf("stop = %v", err)
		}
		<-ref.Done()
		if ran {
			t.Error("the goroutine ran")
		}
	})
}

func TestRootFailureIsReportedOnce(t *testing.T) {
	for name, tc := range map[string]struct {
		probe *probe
		fail  func(Ref[msg])
	}{
		"a panic":                          {&probe{}, func(r Ref[msg]) { r.Tell(crash{}); r.Tell(crash{}) }},
		"a panic, then a stop":             {&probe{}, func(r Ref[msg]) { r.Tell(crash{}); synctest.Wait(); r.Kill(nil) }},
		"a panic, then one in Stopped":     {&probe{stopped: func() { panic("again") }}, func(r Ref[msg]) { r.Tell(crash{}) }},
		"a panic, then a hang in Stopped":  {&probe{stopped: func() { time.Sleep(napTime) }}, func(r Ref[msg]) { r.Tell(crash{}) }},
		"declared broken":                  {&probe{receive: func(c *Ctx[msg], _ msg) { c.Fail(errBroken) }}, func(r Ref[msg]) { r.Tell(note(1)) }},
		"a goroutine that nobody asks for": {&probe{receive: goPanic}, func(r Ref[msg]) { r.Tell(note(1)) }},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *System) {
				reports := make(chan Failure, 10)
				ref, err := Spawn(s, Spec[msg]{
					Role: "r", ID: "a", New: func(Gen) Behavior[msg] { return tc.probe },
					OnFailure: func(f Failure) {
						reports <- f
						root(t, s, "a", &probe{}) // the report comes when the id is free
						panic("a bad report must not hurt")
					},
				})
				if err != nil {
					t.Fatal(err)
				}
				tc.fail(ref)
				<-ref.Done()
				synctest.Wait()
				if len(reports) != 1 {
					t.Fatalf("%d reports, want 1", len(reports))
				}
				if f := <-reports; !errors.Is(f, errBroken) || f.ID != "a" || f.Role != "r" || f.Gen != 1 {
					t.Errorf("report = %+v", f)
				}
				if tc.probe.stops() != 1 {
					t.Errorf("Stopped ran %d times", tc.probe.stops())
				}
			})
		})
	}
}

func goPanic(ctx *Ctx[msg], _ msg) {
	ctx.Go("bad", func(context.Context) error { panic(errBroken) }, nil)
}

func TestOrderlyStopIsNoFailure(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		ref, err := Spawn(s, Spec[msg]{
			Role: "r", New: func(Gen) Behavior[msg] { return &probe{} },
			OnFailure: func(f Failure) { t.Errorf("reported %v", f) },
		})
		if err != nil {
			t.Fatal(err)
		}
		ref.Kill(nil)
		ref.Tell(crash{}) // behind the stop: never received
		<-ref.Done()
		if got := s.Stats(); got.Panics != 0 || got.DeadLetters != 1 {
			t.Errorf("stats = %+v", got)
		}
	})
}

func TestPanicWhileStoppingEndsTheDrain(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		p := &probe{}
		ref := root(t, s, "a", p)
		ref.Tell(sleep{})
		ref.Tell(crash{})
		ref.Tell(note(1))
		synctest.Wait()
		if err := ref.Stop(within(t, 3*napTime)); err != nil {
			t.Fatal(err)
		}
		if len(p.notes()) != 0 || p.stops() != 1 {
			t.Errorf("received %v after the panic, Stopped ran %d times", p.notes(), p.stops())
		}
	})
}
