package actors

import (
	"errors"
	"time"

	"github.com/vantahire/vantahire/actors/ledger"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// record hands an event to the store actor. durable, which may be nil, runs in
// this actor once the event is stored: what a client is told as settled goes out
// there and nowhere else. Nothing waits for it.
func (a *interviewActor) record(kind interview.EventKind, payload any, durable func()) {
	if a.endSeq != 0 {
		return // nothing follows the end: what a reply still does when it is cut by it is nobody's
	}
	if decided(kind) {
		a.storeTrace()
	}
	a.seq++
	seq := a.seq
	at, clock := time.Now(), a.base+a.since()
	ev, err := interview.NewEvent(a.info.ID, seq, a.claim.Fence, kind, at, clock, payload)
	if err != nil { // a payload without a JSON form is a defect; the event still holds its place
		a.log.Error("event can't be encoded", "kind", kind, "error", err)
		ev, _ = interview.NewEvent(a.info.ID, seq, a.claim.Fence, kind, at, clock, struct{}{})
	}
	if durable != nil {
		a.stored[seq] = durable
	}
	tell := a.tell
	a.store.Tell(ledger.Append{Event: ev, Written: func(err error) { tell(eventStored{seq, err}) }})
}

// onStored takes the ledger's answer.
func (a *interviewActor) onStored(c *engine.Ctx[interviewMsg], m eventStored) {
	durable := a.stored[m.seq]
	delete(a.stored, m.seq)
	var stale *interview.StaleFenceError
	switch {
	case m.err == nil:
		if durable != nil {
			durable()
		}
		if a.phase == phaseEnding && m.seq == a.endSeq {
			a.endStored(c)
		}
	case a.phase >= phaseEnding && durable == nil:
	case errors.As(m.err, &stale):
		a.onOvertaken(c)
	case errors.Is(m.err, ledger.ErrQuarantined) && m.seq != a.endSeq:
		// Nobody is told that it is settled. The call goes on: one event is less than
		// all that follow.
	default:
		a.log.Error("event was refused", "seq", m.seq, "error", m.err)
		a.abandon(c, voiceproto.CloseInternal, interview.EndFailed)
	}
}

// onOvertaken leaves the interview to the process that owns it now: its candidate is
// there, or will come back to it.
func (a *interviewActor) onOvertaken(c *engine.Ctx[interviewMsg]) {
	a.log.Warn("another process owns the interview now")
	a.abandon(c, voiceproto.CloseTryAgain, interview.EndLedgerRefused)
}
