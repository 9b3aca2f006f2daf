package actors

import (
	"context"
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
	case a.phase >= phaseEnding && (durable == nil || a.ended == interview.EndLedgerRefused):
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
// there, or will come back to it. One that was deleted is nobody's; the difference
// matters to its candidate.
func (a *interviewActor) onOvertaken(c *engine.Ctx[interviewMsg]) {
	if a.phase >= phaseEnding {
		code, reason := voiceproto.CloseTryAgain, interview.EndLedgerRefused
		if a.ended == interview.EndElsewhere || a.ended == interview.EndRevoked {
			reason = a.ended // that is known already
			code, _ = closeFor(reason)
		}
		a.abandon(c, code, reason)
		return
	}
	a.log.Warn("the ledger takes nothing more: another process owns the interview, or it is gone")
	a.phase, a.ended = phaseEnding, interview.EndLedgerRefused
	a.mic.open.Store(false)
	for id := range a.timers {
		a.stopTimer(id)
	}
	if a.reply != nil {
		a.reply.cancel(errSuperseded)
	}
	lifecycle, id, at := a.deps.Lifecycle, a.info.ID, time.Now()
	c.Go("whose", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, whoseWithin)
		defer cancel()
		return lifecycle.Started(ctx, id, at)
	}, func(err error) interviewMsg { return whose{err} })
}

// whoseWithin bounds the question whose an interview is that is no longer ours.
const whoseWithin = time.Second

// onWhose leaves for good.
func (a *interviewActor) onWhose(c *engine.Ctx[interviewMsg], err error) {
	if errors.Is(err, ErrNotActive) {
		a.abandon(c, voiceproto.CloseNotActive, interview.EndElsewhere)
		return
	}
	a.abandon(c, voiceproto.CloseTryAgain, interview.EndLedgerRefused)
}
