package ledger

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/interview"
)

func TestAJournalThatIsSlowerThanTheTalkRunsDryAllTheSame(t *testing.T) {
	virtually(t, func(t *testing.T) {
		d := newDesk(t, &disk{room: -1, delay: 20 * time.Millisecond})
		d.db.set(func(db *database) { db.broken = errFake })
		for range 100 {
			d.say("a")
			after(7 * time.Millisecond)
		}
		d.db.set(func(db *database) { db.broken = nil })
		told := false
		for i := range 1000 {
			d.say("a")
			if i == 300 {
				d.ref.Tell(Settled{Then: func() { told = true }})
			}
			after(7 * time.Millisecond)
		}
		synctest.Wait()
		d.expect("state while the talk goes on", d.state(), Direct)
		d.expect("a claim is told", told, true)
		after(time.Minute)
		synctest.Wait()
		d.expect("settled", d.settled(), 1100)
		d.complete("a")
	})
}

func TestADiskThatDoesNotAnswerHoldsNobodyUpOnceTheDatabaseIsBack(t *testing.T) {
	virtually(t, func(t *testing.T) {
		d := newDesk(t, &disk{room: -1, delay: 10 * time.Minute})
		d.db.set(func(db *database) { db.broken = errFake })
		d.say("a", "a")
		after(diskPatience + 2*time.Second)
		synctest.Wait()
		d.expect("state", d.state(), Holding)
		d.expect("settled", d.settled(), 0)
		d.db.set(func(db *database) { db.broken = nil })
		d.say("a")
		after(3 * time.Second)
		synctest.Wait()
		d.expect("settled", d.settled(), 3)
		d.expect("state with the database", d.state(), Direct)
		after(20 * time.Minute) // the disk answers after all
		synctest.Wait()
		d.expect("left in the journal", d.disk.Len(), 0)
		d.expect("state after it", d.state(), Direct)
		d.complete("a")
	})
}

func TestAnEventThatComesTooLateForItsOwnerIsKept(t *testing.T) {
	virtually(t, func(t *testing.T) {
		d := newDesk(t, &disk{room: -1})
		d.db.set(func(db *database) { db.stale = []interview.ID{"theirs"} })
		d.say("mine", "theirs")
		synctest.Wait()
		d.expect("late", len(d.db.late), 1)
		d.expect("settled", d.settled(), 1)
	})
}

func TestAJournalThatCantLetGoOfItsFilesForgetsNoTakeover(t *testing.T) {
	virtually(t, func(t *testing.T) {
		d := newDesk(t, &disk{room: -1, unable: 2})
		d.db.set(func(db *database) { db.broken = errFake })
		d.say("theirs", "mine")
		after(5 * time.Second)
		d.db.set(func(db *database) { db.broken, db.stale = nil, []interview.ID{"theirs"} })
		after(10 * time.Second)
		synctest.Wait()
		d.expect("overtaken", len(d.overtaken), 1)
		d.expect("settled late", len(d.db.settled), 1)
		d.expect("state", d.state(), Direct)
		d.complete("mine")
	})
}

func TestAnOwnershipThatCantBeGivenBackIsTriedAgain(t *testing.T) {
	virtually(t, func(t *testing.T) {
		d := newDesk(t, &disk{room: -1})
		d.db.set(func(db *database) { db.unreleased = 3 })
		d.ref.Tell(Release{Interview: "a", Fence: 1})
		after(10 * time.Second)
		synctest.Wait()
		d.expect("given back", len(d.db.released), 1)
	})
}
