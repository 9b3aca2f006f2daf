package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/store"
)

// process is one of several that share a database.
type process struct {
	*store.Ledger

	b     *bundle
	owner string
}

// process starts one that has beaten once.
func (b *bundle) process(t testing.TB, owner, instance string) *process {
	t.Helper()
	p := &process{b.open(t, store.LedgerOptions{Instance: instance}), b, owner}
	if err := p.Beat(context.Background(), owner); err != nil {
		t.Fatal(err)
	}
	return p
}

// claim is the process's claim, which must succeed.
func (p *process) claim(t testing.TB, id interview.ID) *call {
	t.Helper()
	claim, err := p.Claim(context.Background(), id, p.owner)
	if err != nil {
		t.Fatal(err)
	}
	return &call{t: t, ledger: p.Ledger, id: id, fence: claim.Fence, seq: claim.LastSeq}
}

// lapse moves the last heartbeat of the process into the past.
func (p *process) lapse(t testing.TB) {
	t.Helper()
	p.b.exec(t, "UPDATE live_process SET heartbeat = heartbeat - interval '1 minute' WHERE owner = $1", p.owner)
}

func processes(t testing.TB, b *bundle, owner string) int {
	t.Helper()
	return scan[int](t, b, "SELECT count(*) FROM live_process WHERE owner = $1", owner)
}

// until waits for a condition.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still missing: %s", what)
		}
	}
}

func elsewhere(t testing.TB, err error, id interview.ID) {
	t.Helper()
	var refused *interview.OwnedElsewhereError
	if !errors.As(err, &refused) {
		t.Fatalf("answers %v, want that it is owned elsewhere", err)
	}
	if refused.Interview != id || refused.RetryAfter < time.Second || refused.RetryAfter > store.Lapse {
		t.Errorf("%+v, want interview %s and 1 to 5 s", *refused, id)
	}
}

func TestALiveProcessKeepsItsInterviews(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.process(t, "one", ""), b.process(t, "two", "")
	c := one.claim(t, b.interview(t))
	_, err := two.Claim(t.Context(), c.id, "two")
	elsewhere(t, err, c.id)
	elsewhere(t, two.Elsewhere(t.Context(), c.id, "two"), c.id)
	c.commit(c.says("mine"))
	if err := one.Elsewhere(t.Context(), c.id, "one"); err != nil {
		t.Errorf("its owner is told %v", err)
	}
	if again := one.claim(t, c.id); again.fence != c.fence+1 {
		t.Errorf("its owner claims it again with fence %d", again.fence)
	}
	other := b.interview(t)
	for _, id := range []interview.ID{other, nobodysID, "a\x00"} {
		if err := two.Elsewhere(t.Context(), id, "two"); err != nil {
			t.Errorf("interview %q, which nobody has: %v", id, err)
		}
	}
	two.claim(t, other)
}

func TestWhatIsGivenBackCanBeClaimedAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	two := b.process(t, "two", "")
	for name, give := range map[string]func(*process, *call) error{
		"the interview was released": func(p *process, c *call) error { return p.Release(t.Context(), c.id, c.fence) },
		"the process took leave":     func(p *process, _ *call) error { return p.Leave(t.Context(), p.owner) },
	} {
		one := b.process(t, "one", "")
		c := one.claim(t, b.interview(t))
		if err := give(one, c); err != nil {
			t.Fatal(err)
		}
		if err := two.Elsewhere(t.Context(), c.id, "two"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		// Nobody is waited for: this ctx ends before ConfirmAfter.
		within, cancel := context.WithTimeout(t.Context(), store.ConfirmAfter-100*time.Millisecond)
		if _, err := two.Claim(within, c.id, "two"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

func TestALapsedProcessLosesItsInterviewsUnlessItBeatsInTime(t *testing.T) {
	t.Parallel()
	for name, lapse := range map[string]string{
		"a heartbeat too old":            "now() - interval '6 seconds'",
		"a heartbeat from years ago":     "now() - interval '600 days'",
		"a heartbeat far in the future":  "now() + interval '1 hour'", // the database's clock was set back
		"a heartbeat that comes in time": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			one, two := b.process(t, "one", ""), b.process(t, "two", "")
			c := one.claim(t, b.interview(t))
			c.commit(c.says("before"))
			if lapse == "" {
				one.lapse(t)
			} else {
				b.exec(t, "UPDATE live_process SET heartbeat = "+lapse+" WHERE owner = 'one'")
			}
			if err := two.Elsewhere(t.Context(), c.id, "two"); err != nil {
				t.Errorf("before the claim: %v", err)
			}
			type answer struct {
				claim interview.Claim
				err   error
				took  time.Duration
			}
			got := make(chan answer, 1)
			go func() {
				began := time.Now()
				claim, err := two.Claim(context.Background(), c.id, "two")
				got <- answer{claim, err, time.Since(began)}
			}()
			if lapse == "" {
				looked := `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle' AND query LIKE '%FROM interview_owner o JOIN live_process p%'`
				until(t, "the claim's look at the owner", func() bool { return scan[int](t, b, looked) > 0 })
				if err := one.Beat(t.Context(), "one"); err != nil {
					t.Fatal(err)
				}
				a := <-got
				elsewhere(t, a.err, c.id)
				c.commit(c.says("still mine"))
				return
			}
			a := <-got
			if a.err != nil || a.claim.Fence != 2 || len(a.claim.Events) != 1 {
				t.Fatalf("claimed %+v, %v", a.claim, a.err)
			}
			if a.took < store.ConfirmAfter {
				t.Errorf("the owner was given only %s to beat", a.took)
			}
			if err := c.ledger.Commit(t.Context(), []interview.Event{c.says("late")}); !errors.As(err, new(*interview.StaleFenceError)) {
				t.Errorf("the old owner's commit answers %v", err)
			}
		})
	}
}

func TestAClaimThatWaitsEndsWithItsContext(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.process(t, "one", ""), b.process(t, "two", "")
	c := one.claim(t, b.interview(t))
	one.lapse(t)
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := two.Claim(ctx, c.id, "two"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("answers %v", err)
	}
	c.commit(c.says("still mine"))
}

func TestARestartedProcessTakesItsInterviewsBackAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	before := b.process(t, "before", "slot 1")
	neighbour := b.process(t, "neighbour", "slot 2")
	b.process(t, "alone", "")
	c := before.claim(t, b.interview(t))
	theirs := neighbour.claim(t, b.interview(t))
	after := b.process(t, "after", "slot 1") // the lock of slot 1 is what it got
	within, cancel := context.WithTimeout(t.Context(), store.ConfirmAfter-100*time.Millisecond)
	defer cancel()
	if _, err := after.Claim(within, c.id, "after"); err != nil {
		t.Error(err)
	}
	elsewhere(t, after.Elsewhere(t.Context(), theirs.id, "after"), theirs.id)
	for owner, want := range map[string]int{"before": 0, "neighbour": 1, "alone": 1, "after": 1} {
		if n := processes(t, b, owner); n != want {
			t.Errorf("%d rows of process %s, want %d", n, owner, want)
		}
	}
}

func TestProcessesThatAreLongDeadAreForgotten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.process(t, "old", "")
	b.process(t, "recent", "")
	b.exec(t, "UPDATE live_process SET heartbeat = now() - interval '25 hours' WHERE owner = 'old'")
	b.exec(t, "UPDATE live_process SET heartbeat = now() - interval '23 hours' WHERE owner = 'recent'")
	b.ledger(t)
	if processes(t, b, "old") != 0 || processes(t, b, "recent") != 1 {
		t.Error("the old one and only that is to be forgotten")
	}
}

func TestNamesThatCantBeStoredAreNoOwners(t *testing.T) {
	t.Parallel()
	b := setup(t)
	l := b.ledger(t)
	for what, text := range unfit {
		_, claim := l.Claim(t.Context(), b.interview(t), text)
		_, open := store.OpenLedger(t.Context(), b.url, store.LedgerOptions{Instance: text})
		for op, err := range map[string]error{"beat": l.Beat(t.Context(), text), "leave": l.Leave(t.Context(), text), "claim": claim, "open": open} {
			if !errors.As(err, new(*hiring.TextError)) {
				t.Errorf("%s with %s: %v", op, what, err)
			}
		}
	}
}

func TestOfTwoThatClaimAtOnceOneWins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	all := []*process{b.process(t, "one", ""), b.process(t, "two", "")}
	for round := range 30 {
		id := b.interview(t)
		if round%2 == 1 { // half of them have had an owner
			c := all[0].claim(t, id)
			if err := all[0].Release(t.Context(), id, c.fence); err != nil {
				t.Fatal(err)
			}
		}
		var errs [2]error
		var wg sync.WaitGroup
		for i, p := range all {
			wg.Go(func() { _, errs[i] = p.Claim(t.Context(), id, p.owner) })
		}
		wg.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("round %d: %v and %v, want one winner", round, errs[0], errs[1])
		}
		elsewhere(t, errors.Join(errs[:]...), id)
	}
}

// A process that is stopped inside a transaction keeps its locks. Its session is
// one of a ledger.
func TestAStoppedProcessThatHoldsALockIsThrownOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	one, two := b.process(t, "one", ""), b.process(t, "two", "")
	c := one.claim(t, b.interview(t))
	if err := one.Leave(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	tx, err := one.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), "SELECT FROM interview_owner WHERE interview = $1 FOR UPDATE", c.id); err != nil {
		t.Fatal(err)
	}
	refused := 0
	until(t, "the claim of the other process", func() bool {
		_, err := two.Claim(t.Context(), c.id, "two")
		if err != nil {
			refused++
			lockTimedOut(t, err)
		}
		return err == nil
	})
	if refused == 0 {
		t.Error("the lock held nobody up: the test shows nothing")
	}
}

func lockTimedOut(t testing.TB, err error) {
	t.Helper()
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "55P03" {
		t.Fatalf("answers %v, want that the lock can't be had", err)
	}
}

func TestWhoWaitsForALockGivesUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.process(t, "one", "")
	c := p.claim(t, b.interview(t))
	free := b.hold(t, "SELECT FROM interview_owner WHERE interview = $1 FOR UPDATE", c.id)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := p.Claim(ctx, c.id, "one")
	lockTimedOut(t, err)
	e := c.says("x")
	lockTimedOut(t, p.Commit(ctx, []interview.Event{e}))
	free()
	c.commit(e)
}

// After a restart every candidate comes back at once.
func TestManyClaimsKeepNeitherHeartbeatNorEventsUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.process(t, "one", "")
	held, mine := p.claim(t, b.interview(t)), p.claim(t, b.interview(t))
	b.hold(t, "SELECT FROM interview_owner WHERE interview = $1 FOR UPDATE", held.id)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	claimed := make(chan error, 100)
	for range cap(claimed) {
		wg.Go(func() {
			_, err := p.Claim(ctx, held.id, "one")
			claimed <- err
		})
	}
	until(t, "a claim that waits for the lock", func() bool {
		return scan[int](t, b, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0
	})
	for n := range 5 {
		if err := p.Beat(t.Context(), "one"); err != nil {
			t.Error(err)
		}
		mine.commit(mine.says(fmt.Sprint(n)))
	}
	if len(claimed) == cap(claimed) {
		t.Error("no claim waits any more: the test shows nothing")
	}
	cancel()
	wg.Wait()
}
