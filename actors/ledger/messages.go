package ledger

import (
	"time"

	"github.com/vantahire/vantahire/interview"
)

// Msg is what a writer can receive.
type Msg interface{ ledgerMsg() }

type (
	// Append hands over one event; Written is told once it is durable, or refused
	// for good. It is called by the writer and must not block.
	Append struct {
		Event   interview.Event
		Written func(error)

		taken time.Time
	}
	// Release gives the ownership of an interview back, as soon as all its events
	// that were handed over before are in the database: who claims it then finds
	// them.
	Release struct {
		Interview interview.ID
		Fence     interview.Fence
	}
	// Settled asks to be told once all events that were handed over before are in
	// the database: what an interview's claim must see. Then must not block. It is
	// not called at all when that does not happen.
	Settled struct{ Then func() }
	// batchDone reports on the batch that is with the database.
	batchDone struct{ err error }
	// spillDone reports on the batch that is with the journal.
	spillDone struct {
		no  uint64
		err error
	}
	// spillLate says that a batch has been with the journal for too long.
	spillLate struct{ no uint64 }
	// lateDone reports on events that were refused and are kept as late ones.
	lateDone struct {
		events int
		err    error
	}
	// releaseDue tries again to give an ownership back.
	releaseDue struct {
		release Release
		tries   int
	}
	// drainDone reports on a part of the journal.
	drainDone struct {
		part drained
		err  error
	}
	// settleDone reports on what overtaken interviews left open.
	settleDone struct {
		ids []interview.ID
		err error
	}
	// drainDue tries the database again.
	drainDue struct{}
	// spillDue tries the journal again.
	spillDue struct{}
	// releaseDone reports on an ownership that was given back.
	releaseDone struct {
		release Release
		tries   int
		err     error
	}
)

func (Append) ledgerMsg()      {}
func (Release) ledgerMsg()     {}
func (Settled) ledgerMsg()     {}
func (batchDone) ledgerMsg()   {}
func (spillDone) ledgerMsg()   {}
func (drainDone) ledgerMsg()   {}
func (settleDone) ledgerMsg()  {}
func (spillLate) ledgerMsg()   {}
func (lateDone) ledgerMsg()    {}
func (releaseDue) ledgerMsg()  {}
func (drainDue) ledgerMsg()    {}
func (spillDue) ledgerMsg()    {}
func (releaseDone) ledgerMsg() {}
