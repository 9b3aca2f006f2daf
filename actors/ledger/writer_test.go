package ledger

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// virtually runs a test in virtual time with a journal that has room.
func virtually(t *testing.T, run func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, run)
}

func TestEventsGoStraightToTheDatabase(t *testing.T) {
	virtually(t, func(t *testing.T) {
		d := newDesk(t, &disk{room: -1})
		d.say("a", "b", "a", "a", "b")
		synctest.Wait()
		d.expect("settled", d.settled(), 5)
		d.expect("state", d.state(), Direct)
		d.expect("events in the journal", d.disk.all, 0)
		d.complete("a")
		d.complete("b")
	})
}

func TestAnEventThatCanNeverBeStoredBlocksNobody(t *testing.T) {
	virtually(t, func(t *testing.T) {
		d := newDesk(t, &disk{room: -1})
		d.db.set(func(db *database) { db.poison, db.stale = "poison", []interview.ID{"stale"} })
		d.say("poison", "first", "poison", "good", "stale")
		synctest.Wait()
		d.complete("first")
		d.complete("good")
		if err := d.answers[key{"poison", 1}]; !errors.Is(err, ErrQuarantined) || !errors.Is(err, errFake) {
			t.Errorf("the event that can't be stored was answered with %v", err)
		}
		if err := d.answers[key{"stale", 1}]; !errors.As(err, new(*interview.StaleFenceError)) {
			t.Errorf("the stale event was answered with %v", err)
		}
		d.expect("refused", d.counters.Snapshot().Refused, uint64(3))
	})
}

func TestADatabaseThatRefusesCostsNothing(t *testing.T) {
	for name, fault := range map[string]func(*database){
		"it refuses":                            func(db *database) { db.broken = errFake },
		"it hangs":                              func(db *database) { db.hangs = true },
		"it stores and does not say so in time": func(db *database) { db.hangs, db.swallows = true, true },
	} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				d := newDesk(t, &disk{room: -1})
				d.say("a", "b")
				synctest.Wait()
				d.db.set(fault)
				d.say("a", "b")
				after(patience + time.Millisecond)
				synctest.Wait()
				d.expect("settled after a second", d.settled(), 4)
				d.expect("state", d.state(), Spilling)
				for range 50 {
					d.say("a", "b")
					after(400 * time.Millisecond)
				}
				synctest.Wait()
				d.expect("settled during the outage", d.settled(), 104)
				d.db.set(func(db *database) { db.broken, db.hangs, db.swallows = nil, false, false })
				for range 10 {
					d.say("a", "b")
					after(3 * time.Second)
				}
				synctest.Wait()
				d.expect("settled", d.settled(), 124)
				d.expect("state after it", d.state(), Direct)
				d.expect("left in the journal", d.disk.Len(), 0)
				d.expect("times the database was given up", d.counters.Snapshot().Spills, uint64(1))
				d.complete("a")
				d.complete("b")
			})
		})
	}
}

func TestWhatComesWhileTheJournalDrainsStaysBehindIt(t *testing.T) {
	virtually(t, func(t *testing.T) {
		d := newDesk(t, &disk{room: -1})
		d.db.set(func(db *database) { db.broken = errFake })
		for range 1000 {
			d.say("a")
		}
		synctest.Wait()
		d.db.set(func(db *database) { db.broken = nil })
		for range 300 {
			d.say("a")
			after(time.Millisecond)
		}
		after(5 * time.Second)
		synctest.Wait()
		d.expect("settled", d.settled(), 1300)
		d.expect("state", d.state(), Direct)
		d.complete("a")
	})
}

func TestWithNeitherDatabaseNorJournalNothingIsCalledSettledAndNothingIsLost(t *testing.T) {
	for name, journal := range map[string]*disk{"the disk is full": {room: 3}, "there is no journal": nil} {
		t.Run(name, func(t *testing.T) {
			virtually(t, func(t *testing.T) {
				d := newDesk(t, journal)
				d.db.set(func(db *database) { db.broken = errFake })
				for range 20 {
					d.say("a")
					after(time.Second)
				}
				synctest.Wait()
				d.expect("state", d.state(), Holding)
				kept := 0
				if journal != nil {
					kept = journal.all
				}
				d.expect("settled", d.settled(), kept)
				d.expect("waiting", d.counters.Snapshot().Waiting, 20-kept)
				d.db.set(func(db *database) { db.broken = nil })
				d.say("a")
				after(5 * time.Second)
				synctest.Wait()
				d.expect("settled after it", d.settled(), 21)
				d.expect("state after it", d.state(), Direct)
				d.complete("a")
			})
		})
	}
}

func TestADiskThatHasRoomAgainTakesWhatWaited(t *testing.T) {
	virtually(t, func(t *testing.T) {
		d := newDesk(t, &disk{room: 0})
		d.db.set(func(db *database) { db.broken = errFake })
		d.say("a", "a", "a")
		after(3 * time.Second)
		d.expect("settled", d.settled(), 0)
		d.disk.set(-1)
		after(3 * time.Second)
		synctest.Wait()
		d.expect("settled with room", d.settled(), 3)
		d.expect("state", d.state(), Spilling)
		d.db.set(func(db *database) { db.broken = nil })
		after(3 * time.Second)
		synctest.Wait()
		d.expect("state after it", d.state(), Direct)
		d.complete("a")
	})
}

func TestAnInterviewThatWasTakenOverMeanwhileIsKeptAsLate(t *testing.T) {
	virtually(t, func(t *testing.T) {
		d := newDesk(t, &disk{room: -1})
		d.db.set(func(db *database) { db.broken = errFake })
		d.say("mine", "theirs", "mine", "theirs")
		after(5 * time.Second)
		d.db.set(func(db *database) { db.broken, db.stale, db.noSettle = nil, []interview.ID{"theirs"}, true })
		after(5 * time.Second)
		synctest.Wait()
		d.expect("state while it can't be settled", d.state() == Direct, false)
		d.db.set(func(db *database) { db.noSettle = false })
		after(5 * time.Second)
		synctest.Wait()
		d.expect("late", len(d.db.late), 2)
		d.expect("late events counted", d.counters.Snapshot().Late, uint64(2))
		d.expect("settled late", len(d.db.settled), 1)
		d.expect("overtaken", len(d.overtaken), 1)
		d.expect("state", d.state(), Direct)
		d.complete("mine")
	})
}

func TestAFullQueueRefuses(t *testing.T) {
	virtually(t, func(t *testing.T) {
		d := newDesk(t, nil)
		d.db.set(func(db *database) { db.hangs = true })
		for range queueBound + batchSize + 2 {
			d.say("a")
		}
		synctest.Wait()
		refused := 0
		for _, err := range d.answers {
			if errors.Is(err, errFull) {
				refused++
			}
		}
		if refused == 0 || refused > batchSize+2 {
			t.Errorf("%d events were refused", refused)
		}
	})
}

func TestAnOwnershipIsGivenBackBehindItsEvents(t *testing.T) {
	virtually(t, func(t *testing.T) {
		d := newDesk(t, &disk{room: -1})
		d.db.set(func(db *database) { db.broken = errFake })
		d.say("a")
		after(2 * time.Second)
		d.ref.Tell(Release{Interview: "a", Fence: 1})
		after(20 * time.Second)
		synctest.Wait()
		d.expect("given back while its events are in the journal", len(d.db.released), 0)
		d.db.set(func(db *database) { db.broken = nil })
		after(5 * time.Second)
		synctest.Wait()
		d.expect("given back", len(d.db.released), 1)
		d.complete("a")
		d.ref.Tell(Release{Interview: "b", Fence: 1})
		told := false
		d.ref.Tell(Settled{Then: func() { told = true }})
		synctest.Wait()
		d.expect("given back at once", len(d.db.released), 2)
		d.expect("told at once", told, true)
		d.db.set(func(db *database) { db.broken = errFake })
		d.say("b")
		synctest.Wait()
		told = false
		d.ref.Tell(Settled{Then: func() { told = true }})
		after(time.Minute)
		d.expect("told during an outage", told, false)
		d.db.set(func(db *database) { db.broken = nil })
		after(time.Minute)
		synctest.Wait()
		d.expect("told after it", told, true)
	})
}
