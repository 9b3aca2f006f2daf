package actors

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
)

// pickyLedger can never store the event of one interview, and says so like the
// database does: the others of the batch are stored.
type pickyLedger struct {
	*memoryLedger
	poison interview.ID
	stale  interview.ID
}

type pickyError struct{ poison interview.ID }

func (e *pickyError) Error() string { return "some events can't be stored" }

func (e *pickyError) Refusal(id interview.ID, _ interview.Seq) error {
	if id == e.poison {
		return errFake
	}
	return nil
}

func (l pickyLedger) Commit(_ context.Context, batch []interview.Event) error {
	var refused, stale error
	for _, e := range batch {
		switch e.Interview {
		case l.poison:
			refused = &pickyError{l.poison}
		case l.stale:
			stale = &interview.StaleFenceError{Interviews: []interview.ID{l.stale}}
		}
	}
	return errors.Join(refused, stale)
}

func TestAnEventThatCanNeverBeStoredBlocksNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sys, err := engine.New(engine.Config{Logger: quietLog()})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = sys.Shutdown(context.Background()) }()
		ledger := pickyLedger{newMemoryLedger(), "poison", "stale"}
		ref, err := engine.Spawn(sys, engine.Spec[storeMsg]{
			Role: "store",
			New:  func(engine.Gen) engine.Behavior[storeMsg] { return newStoreActor(ledger, quietLog(), &storeCounters{}) },
		})
		if err != nil {
			t.Fatal(err)
		}
		answers := make(chan [2]any, 16)
		for _, id := range []interview.ID{"poison", "first", "poison", "good", "stale"} {
			ref.Tell(appendEvent{event: interview.Event{Interview: id, Seq: 1}, written: func(err error) { answers <- [2]any{id, err} }})
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		got := map[interview.ID]error{}
		for len(answers) > 0 {
			a := <-answers
			err, _ := a[1].(error)
			got[a[0].(interview.ID)] = err
		}
		if len(got) != 4 || got["first"] != nil || got["good"] != nil {
			t.Errorf("answers: %v", got)
		}
		if !errors.Is(got["poison"], errFake) {
			t.Errorf("the event that can't be stored was answered with %v", got["poison"])
		}
		if !errors.As(got["stale"], new(*interview.StaleFenceError)) {
			t.Errorf("the stale event was answered with %v", got["stale"])
		}
	})
}
