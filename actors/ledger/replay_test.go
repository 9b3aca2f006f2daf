package ledger

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/interview"
)

func TestReplayBringsEverythingBeforeItReturns(t *testing.T) {
	virtually(t, func(t *testing.T) {
		db, k := newDatabase(), &disk{room: -1}
		for seq := range interview.Seq(700) {
			_ = k.Append([]interview.Event{{Interview: "a", Seq: seq + 1}, {Interview: "theirs", Seq: seq + 1}})
		}
		db.broken, db.stale = errFake, []interview.ID{"theirs"}
		go func() {
			after(10 * time.Second)
			db.set(func(db *database) { db.broken = nil })
		}()
		all, err := Replay(t.Context(), db, k, quiet())
		if err != nil {
			t.Fatal(err)
		}
		if all.Events != 1400 || all.Late != 700 || k.Len() != 0 || len(db.order) != 700 || len(db.late) != 700 || len(db.settled) != 1 {
			t.Errorf("replayed %+v; left %d, stored %d, late %d, settled %v", all, k.Len(), len(db.order), len(db.late), db.settled)
		}
	})
}

func TestReplayGivesUpWithItsContextAndKeepsTheJournal(t *testing.T) {
	virtually(t, func(t *testing.T) {
		db, k := newDatabase(), &disk{room: -1}
		_ = k.Append([]interview.Event{{Interview: "a", Seq: 1}})
		db.hangs = true
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := Replay(ctx, db, k, quiet()); err == nil || k.Len() != 1 {
			t.Errorf("it returned %v with %d events left", err, k.Len())
		}
		synctest.Wait()
	})
}
