package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestFailedChildIsReplacedUnderANewGeneration(t *testing.T) {
	errDeclared := errors.New("declared")
	for name, tc := range map[string]struct {
		fail func(*family)
		want error
	}{
		"it panicked":            {func(f *family) { f.child.Tell(crash{}) }, errBroken},
		"its owner declared it":  {func(f *family) { f.child.Fail(errDeclared) }, errDeclared},
		"its parent declared it": {func(f *family) { f.ref.Tell(order(func() { f.child.Fail(errDeclared) })) }, errDeclared},
		"it declared itself":     {func(f *family) { f.child.Tell(note(-1)) }, errDeclared},
		"its goroutine panicked": {func(f *family) { f.child.Tell(note(-2)) }, errBroken},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *System) {
				f := raise(t, s, Policy{}, func(Gen) *probe {
					return &probe{receive: func(ctx *Ctx[msg], m msg) {
						switch m {
						case note(-1):
							ctx.Fail(errDeclared)
						case note(-2):
							goPanic(ctx, m)
						case crash{}:
							panic(errBroken)
						}
					}}
				})
				old := f.child.Ref()
				tc.fail(f)
				synctest.Wait()

				if want := []string{"down", "up"}; !slices.Equal(f.events(), want) {
					t.Fatalf("events = %v, want %v", f.events(), want)
				}
				var failure Failure
				for _, m := range f.parent.messages() {
					if m, ok := m.(down); ok {
						failure = m.failure
					}
				}
				if !errors.Is(failure, tc.want) || failure.ID != "parent/child/1" || failure.Gen != 1 || failure.Role != "child" {
					t.Errorf("failure = %+v", failure)
				}
				if got := f.child.Ref(); got.ID() != "parent/child/2" || f.child.Gen() != 2 {
					t.Errorf("the child is %s in generation %d", got.ID(), f.child.Gen())
				}
				f.child.Tell(note(7))
				f.child.Offer(note(8))
				old.Tell(note(9))
				synctest.Wait()
				if got := f.life(1).notes(); !slices.Equal(got, []note{7, 8}) {
					t.Errorf("the new generation got %v", got)
				}
				if f.life(0).stops() != 1 || f.life(1).stops() != 0 {
					t.Errorf("stops = %d, %d", f.life(0).stops(), f.life(1).stops())
				}
				if got := s.Stats(); got.Restarts != 1 || got.DeadLetters != 1 || got.Live != 2 {
					t.Errorf("stats = %+v", got)
				}
			})
		})
	}
}

func TestParentIsReceivingDuringTheBackoff(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{Backoff: []time.Duration{time.Second}}, nil)
		f.child.Tell(crash{})
		synctest.Wait()
		f.ref.Tell(note(1))
		f.child.Tell(note(2)) // to the failed one
		synctest.Wait()
		if got := f.parent.notes(); !slices.Equal(got, []note{1}) || f.born() != 1 {
			t.Errorf("during the backoff the parent got %v, %d lives", got, f.born())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if want := []string{"down", "up"}; !slices.Equal(f.events(), want) {
			t.Errorf("events = %v", f.events())
		}
		if got := s.Stats().DeadLetters; got != 1 {
			t.Errorf("dead letters = %d", got)
		}
	})
}

func TestChildIsGivenUpWhenThePolicyIsExhausted(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{Max: 2, Backoff: []time.Duration{0}}, nil)
		for range 4 {
			f.child.Tell(crash{})
			synctest.Wait()
		}
		want := []string{"down", "up", "down", "up", "down", "gave up"}
		if !slices.Equal(f.events(), want) {
			t.Errorf("events = %v, want %v", f.events(), want)
		}
		if got := s.Stats(); got.GaveUp != 1 || got.Live != 1 || got.DeadLetters != 1 {
			t.Errorf("stats = %+v", got)
		}
	})
}

func TestGivenUpChildFailsAParentThatHasNoAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{}, nil)
		do(f.ref, func() {
			spec := f.spec(Policy{Max: -1}, nil)
			spec.Role, spec.OnDown, spec.OnGiveUp = "vital", nil, nil
			vital, err := SpawnChild(f.ctx, spec)
			if err != nil {
				t.Error(err)
				return
			}
			vital.Fail(errBroken)
		})
		<-f.ref.Done()
		synctest.Wait()
		if got := context.Cause(f.ctx.Context()); !errors.Is(got, errBroken) {
			t.Errorf("cause = %v", got)
		}
		if got := s.Stats().Live; got != 0 {
			t.Errorf("%d actors live", got)
		}
	})
}

func TestGenerationThatFailsAtItsStartIsReplacedToo(t *testing.T) {
	for name, bad := range map[string]func() *probe{
		"New panics":            func() *probe { panic(errBroken) },
		"Started panics":        func() *probe { return &probe{started: func(*Ctx[msg]) { panic(errBroken) }} },
		"Started declares it":   func() *probe { return &probe{started: func(c *Ctx[msg]) { c.Fail(errBroken) }} },
		"its first job panics":  func() *probe { return &probe{started: func(c *Ctx[msg]) { goPanic(c, nil) }} },
		"Started ends, then so": func() *probe { return &probe{started: func(c *Ctx[msg]) { c.Fail(errBroken); panic("too") }} },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *System) {
				f := raise(t, s, Policy{Backoff: []time.Duration{time.Second}}, func(gen Gen) *probe {
					if gen < 3 {
						return bad()
					}
					return &probe{}
				})
				time.Sleep(2 * time.Second)
				synctest.Wait()
				f.child.Tell(note(1))
				synctest.Wait()
				events := f.events()
				if name == "its first job panics" { // it was up before that
					events = slices.Delete(events, 1, 2)
				}
				if want := []string{"down", "down", "up"}; !slices.Equal(events, want) {
					t.Errorf("events = %v, want %v", events, want)
				}
				if got := f.child.Gen(); got != 3 {
					t.Errorf("generation = %d, want 3", got)
				}
			})
		})
	}
}

func TestReplacementSeesWhatOnDownChanged(t *testing.T) {
	// The parent moves on to its next provider when it hears of the failure; New
	// runs in the parent's own sequence, after that.
	inBubble(t, func(t *testing.T, s *System) {
		provider := 0
		var used []int
		var child *Child[msg]
		p := &probe{
			receive: func(_ *Ctx[msg], m msg) {
				if _, ok := m.(down); ok {
					provider++
				}
			},
		}
		p.started = func(ctx *Ctx[msg]) {
			var err error
			child, err = SpawnChild(ctx, ChildSpec[msg, msg]{
				Role:   "tts",
				New:    func(Gen) Behavior[msg] { used = append(used, provider); return &probe{} },
				OnDown: func(f Failure) msg { return down{f} },
			})
			if err != nil {
				t.Error(err)
			}
		}
		root(t, s, "a", p)
		child.Tell(crash{})
		synctest.Wait()
		if !slices.Equal(used, []int{0, 1}) {
			t.Errorf("providers used: %v", used)
		}
	})
}

func TestChildEndedOnPurposeIsNotReplaced(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *family){
		"stopped": func(t *testing.T, f *family) {
			if err := f.child.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		},
		"killed":                      func(_ *testing.T, f *family) { f.child.Kill(nil) },
		"stopped during the backoff":  func(_ *testing.T, f *family) { f.child.Fail(errBroken); synctest.Wait(); f.child.Kill(nil) },
		"failed when it was retired":  func(_ *testing.T, f *family) { f.child.Kill(nil); f.child.Fail(errBroken) },
		"stopped by its Ref":          func(_ *testing.T, f *family) { f.child.Ref().Kill(nil) },
		"its parent ends it OnDown":   func(_ *testing.T, f *family) { f.child.Tell(crash{}) },
		"its parent ends itself then": func(_ *testing.T, f *family) { f.child.Tell(note(-3)) },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *System) {
				f := raise(t, s, Policy{Backoff: []time.Duration{time.Second}}, func(Gen) *probe {
					return &probe{receive: func(_ *Ctx[msg], m msg) { panic(m) }}
				})
				f.parent.receive = func(ctx *Ctx[msg], m msg) {
					switch m := m.(type) {
					case down:
						if strings.Contains(m.failure.Error(), fmt.Sprint(crash{})) {
							f.child.Kill(nil)
						}
						if strings.Contains(m.failure.Error(), "-3") {
							ctx.Stop(nil)
						}
					}
				}
				end(t, f)
				time.Sleep(time.Minute)
				synctest.Wait()
				if f.born() != 1 || f.life(0).stops() != 1 {
					t.Errorf("%d lives, Stopped ran %d times", f.born(), f.life(0).stops())
				}
			})
		})
	}
}

func TestEndOfTheParentEndsItsChildren(t *testing.T) {
	for name, tc := range map[string]struct {
		end  func(Ref[msg])
		want error
	}{
		"stopped": {func(r Ref[msg]) { r.Kill(nil) }, ErrStopped},
		"failed":  {func(r Ref[msg]) { r.Tell(crash{}) }, errBroken},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *System) {
				var ctx context.Context
				f := raise(t, s, Policy{}, func(Gen) *probe {
					return &probe{started: func(c *Ctx[msg]) { ctx = c.Context() }}
				})
				tc.end(f.ref)
				<-f.child.Ref().Done()
				if got := context.Cause(ctx); !errors.Is(got, tc.want) {
					t.Errorf("the child's cause = %v, want %v", got, tc.want)
				}
				synctest.Wait()
				if f.life(0).stops() != 1 || len(f.events()) != 0 {
					t.Errorf("Stopped ran %d times; the parent heard %v", f.life(0).stops(), f.events())
				}
			})
		})
	}
}

func TestChildrenOfOneRoleNeverShareAnID(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{}, nil)
		var second *Child[msg]
		do(f.ref, func() { second, _ = SpawnChild(f.ctx, f.spec(Policy{}, nil)) })
		f.child.Fail(errBroken)
		synctest.Wait()
		if a, b := f.child.Ref().ID(), second.Ref().ID(); a != "parent/child/3" || b != "parent/child/2" {
			t.Errorf("ids = %s and %s", a, b)
		}
	})
}

func TestTakenIDOfAReplacementIsAFailureLikeOthers(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{Backoff: []time.Duration{0}}, nil)
		squatter := root(t, s, "parent/child/2", &probe{})
		f.child.Fail(errBroken)
		synctest.Wait()
		if want := []string{"down", "down", "up"}; !slices.Equal(f.events(), want) || f.child.Gen() != 3 {
			t.Errorf("events = %v, generation %d", f.events(), f.child.Gen())
		}
		squatter.Tell(note(1))
		synctest.Wait()
		if squatter.Depth() != 0 || s.Stats().DeadLetters != 0 {
			t.Error("the one who had the id was hurt")
		}
	})
}

func TestSpawnChildRefuses(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{}, nil)
		do(f.ref, func() {
			for _, spec := range []ChildSpec[msg, msg]{{}, {Role: "r"}, {New: func(Gen) Behavior[msg] { return &probe{} }}} {
				if _, err := SpawnChild(f.ctx, spec); !errors.Is(err, ErrInvalidSpec) {
					t.Errorf("spec %+v: %v", spec, err)
				}
			}
			f.ctx.Stop(nil)
			if _, err := SpawnChild(f.ctx, f.spec(Policy{}, nil)); !errors.Is(err, ErrStopped) {
				t.Errorf("a stopping parent: %v", err)
			}
		})
	})
}

func TestChildStopBoundsItself(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		f := raise(t, s, Policy{}, nil)
		f.child.Tell(sleep{})
		synctest.Wait()
		if err := f.child.Stop(within(t, time.Second)); !errors.Is(err, ErrStopTimeout) {
			t.Errorf("stop = %v", err)
		}
		// The parent forgets an abandoned child and stops in time itself.
		if err := f.ref.Stop(within(t, time.Second)); err != nil {
			t.Errorf("stop of the parent = %v", err)
		}
	})
}
