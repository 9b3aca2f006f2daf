package engine

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestTellDeliversInOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		p := &probe{}
		ref := root(t, s, "a", p)
		var want []note
		for i := range note(10_000) {
			ref.Tell(i)
			want = append(want, i)
		}
		synctest.Wait()
		if !slices.Equal(p.notes(), want) {
			t.Errorf("got %d notes, or not in their order", len(p.notes()))
		}
		if ref.ID() != "a" || ref.Depth() != 0 {
			t.Errorf("ref = %s with depth %d, want a and 0", ref.ID(), ref.Depth())
		}
	})
}

func TestDepthCountsWhatWaits(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		ref := root(t, s, "a", &probe{})
		ref.Tell(sleep{})
		synctest.Wait()
		for i := range note(7) {
			ref.Tell(i)
		}
		if got := ref.Depth(); got != 7 {
			t.Errorf("depth = %d, want 7", got)
		}
		time.Sleep(napTime)
		synctest.Wait()
		if got := ref.Depth(); got != 0 {
			t.Errorf("depth after the nap = %d, want 0", got)
		}
		stats := s.Stats()
		if got := stats.Roles["probe"]; got != (RoleStats{Live: 1, DepthHigh: 7}) {
			t.Errorf("role = %+v, want 1 live and 7 high", got)
		}
		if stats.SlowReceives != 1 {
			t.Errorf("slow receives = %d, want the nap", stats.SlowReceives)
		}
	})
}

func TestOfferIsBoundedByItsCredits(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		p := &probe{}
		ref, err := Spawn(s, Spec[msg]{Role: "r", New: func(Gen) Behavior[msg] { return p }, Offers: 3})
		if err != nil {
			t.Fatal(err)
		}
		ref.Tell(sleep{})
		synctest.Wait()
		for i := range note(5) {
			if got, want := ref.Offer(i), i < 3; got != want {
				t.Errorf("offer %d = %t, want %t", i, got, want)
			}
		}
		ref.Tell(note(100)) // the control path stays open
		time.Sleep(napTime)
		synctest.Wait()
		for i := range note(3) { // the credits came back, the told message took none
			if !ref.Offer(200 + i) {
				t.Errorf("offer %d after the nap was refused", 200+i)
			}
		}
		synctest.Wait()
		if want := []note{0, 1, 2, 100, 200, 201, 202}; !slices.Equal(p.notes(), want) {
			t.Errorf("received %v, want %v", p.notes(), want)
		}
		if got := s.Stats().Refused; got != 2 {
			t.Errorf("refused = %d, want 2", got)
		}
	})
}

func TestOfferToAnEndedActorIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		ref := root(t, s, "a", &probe{})
		if err := ref.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if ref.Offer(note(1)) {
			t.Error("an ended actor took an offer")
		}
		if got := s.Stats(); got.Refused != 1 || got.DeadLetters != 0 {
			t.Errorf("stats = %+v, want 1 refused, no dead letter", got)
		}
	})
}

func TestZeroRefAddressesNobody(t *testing.T) {
	var ref Ref[msg]
	before := newSystem(t).Stats().NoActor
	ref.Tell(note(1))
	if ref.Offer(note(2)) {
		t.Error("the zero Ref took an offer")
	}
	if got := newSystem(t).Stats().NoActor - before; got != 2 {
		t.Errorf("counted %d messages to nobody, want 2", got)
	}
	if ref.ID() != "" || ref.Depth() != 0 {
		t.Errorf("zero Ref = %q with depth %d", ref.ID(), ref.Depth())
	}
	ref.Kill(nil)
	if err := ref.Stop(t.Context()); err != nil {
		t.Errorf("stop: %v", err)
	}
	<-ref.Done()
}

func TestNilMessageArrivesAsZeroValue(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		p := &probe{}
		root(t, s, "a", p).Tell(nil)
		synctest.Wait()
		if len(p.messages()) != 1 || p.messages()[0] != nil {
			t.Errorf("got %v, want one nil", p.messages())
		}
	})
}

func TestSpawnRefuses(t *testing.T) {
	plain := func(Gen) Behavior[msg] { return &probe{} }
	failure := new(Failure)
	for name, tc := range map[string]struct {
		spec Spec[msg]
		want func(error) bool
	}{
		"a role without a name": {Spec[msg]{ID: "b", New: plain}, is(ErrInvalidSpec)},
		"no New":                {Spec[msg]{Role: "r", ID: "b"}, is(ErrInvalidSpec)},
		"the id of a living":    {Spec[msg]{Role: "r", ID: "a", New: plain}, is(ErrDuplicate)},
		"a New that returns nil": {
			Spec[msg]{Role: "r", ID: "b", New: func(Gen) Behavior[msg] { return nil }}, is(errNoBehavior),
		},
		"a New that panics": {
			Spec[msg]{Role: "r", ID: "b", New: func(Gen) Behavior[msg] { panic(errBroken) }}, is(errBroken),
		},
		"a Started that panics": {
			Spec[msg]{Role: "r", ID: "b", New: func(Gen) Behavior[msg] {
				return &probe{started: func(*Ctx[msg]) { panic("no") }}
			}}, func(err error) bool { return errors.As(err, failure) && failure.ID == "b" && len(failure.Stack) > 0 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, s *System) {
				root(t, s, "a", &probe{})
				tc.spec.OnFailure = func(Failure) { t.Error("the failure was reported twice") }
				ref, err := Spawn(s, tc.spec)
				if !tc.want(err) || ref != (Ref[msg]{}) {
					t.Errorf("spawn = %v, %v", ref, err)
				}
				synctest.Wait()
				if got := s.Stats().Live; got != 1 {
					t.Errorf("%d actors live, want the first one only", got)
				}
			})
		})
	}
}

func is(target error) func(error) bool {
	return func(err error) bool { return errors.Is(err, target) }
}

func TestRefsOfOneActorAreEqual(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		var self Ref[msg]
		ref := root(t, s, "a", &probe{started: func(ctx *Ctx[msg]) { self = ctx.Self() }})
		if ref != self {
			t.Errorf("Self() = %v, spawned %v", self, ref)
		}
	})
}

func TestTryTellSaysWhetherTheActorStillReceives(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		p := &probe{}
		ref := root(t, s, "a", p)
		if !ref.TryTell(note(1)) {
			t.Error("a living actor refused a message")
		}
		synctest.Wait()
		if !slices.Equal(p.notes(), []note{1}) {
			t.Errorf("received %v", p.notes())
		}
		if err := ref.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if ref.TryTell(note(2)) || (Ref[msg]{}).TryTell(note(3)) {
			t.Error("nobody took a message")
		}
		if got := s.Stats().DeadLetters; got != 0 {
			t.Errorf("%d dead letters: the caller knows", got)
		}
	})
}
