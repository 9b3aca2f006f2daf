package actors

import (
	"context"
	"time"

	"github.com/vantahire/vantahire/actors/ledger"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// end stores the end, moves the interview's row, says goodbye and stops, in this
// order and within closeWithin.
func (a *interviewActor) end(c *engine.Ctx[interviewMsg], reason interview.EndReason) {
	if a.phase >= phaseEnding {
		return
	}
	a.phase = phaseEnding
	a.ended = reason
	a.mic.open.Store(false)
	for id := range a.timers {
		a.stopTimer(id)
	}
	if a.reply != nil {
		a.reply.cancel(errSuperseded)
	}
	used := a.turn.Used(a.since())
	a.log.Info("interview ends", "reason", reason, "used", used)
	c.After(closeWithin, closeDue{})
	kind, payload := interview.KindEnded, any(interview.Ended{Reason: reason, Used: used})
	if !reason.Final() { // it may be resumed: the ledger stays open
		kind, payload = interview.KindTalkTime, a.talkTime()
	}
	a.record(kind, payload, nil)
	a.endSeq = a.seq
}

// endStored moves the interview's row once its last event is durable.
func (a *interviewActor) endStored(c *engine.Ctx[interviewMsg]) {
	a.endDurable = true
	at, reason := time.Now(), a.ended
	c.Go("end", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, closeWithin)
		defer cancel()
		return complete(ctx, a.deps.Lifecycle, a.info.ID, at, reason)
	}, func(err error) interviewMsg { return lifecycleDone{err} })
}

// onLifecycle finishes an orderly end.
func (a *interviewActor) onLifecycle(c *engine.Ctx[interviewMsg], err error) {
	if a.phase != phaseEnding {
		return
	}
	if err != nil {
		a.log.Error("interview's row was not moved", "reason", a.ended, "error", err)
	}
	a.finish(c)
}

// finish says goodbye and stops the actor.
func (a *interviewActor) finish(c *engine.Ctx[interviewMsg]) {
	if a.phase == phaseOver {
		return
	}
	code, text := closeFor(a.ended)
	if a.ended.Final() && a.endDurable {
		a.send(voiceproto.Ended{InterviewID: a.info.ID, Reason: a.ended})
	}
	a.leave(c, code, text)
}

// onConclude ends an interview whose candidate did not come back after a restart.
func (a *interviewActor) onConclude(c *engine.Ctx[interviewMsg]) {
	switch {
	case a.conn != nil: // it has just come back
	case a.phase == phaseClaiming:
		a.endAs = interview.EndGone
	case a.phase == phaseWaiting:
		a.endUnbegun(c, interview.EndGone)
	}
}

// endUnbegun carries out an end before the conversation runs: an interview that was
// going on earlier is over, one that has not begun stays fresh.
func (a *interviewActor) endUnbegun(c *engine.Ctx[interviewMsg], reason interview.EndReason) {
	if a.resumed {
		a.end(c, reason)
		return
	}
	a.refuse(c, voiceproto.CloseCompleted, "", interview.EndNeverStarted)
}

// completeAgain moves the row of an interview whose end is in the ledger: whoever
// stored it did not come to that. It is done once at least; a second time changes
// nothing.
func (a *interviewActor) completeAgain(c *engine.Ctx[interviewMsg], reason interview.EndReason) {
	ctx := context.WithoutCancel(c.Context())
	log, lifecycle, id, at := a.log, a.deps.Lifecycle, a.info.ID, time.Now()
	c.Go("complete", func(context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, closeWithin)
		defer cancel()
		if err := complete(ctx, lifecycle, id, at, reason); err != nil {
			log.Error("interview's row was not moved", "reason", reason, "error", err)
		}
		return nil
	}, nil)
}

// completeRetry is the wait before the row is tried to be moved again; it doubles.
const completeRetry = 250 * time.Millisecond

// complete moves the row, again until ctx ends if need be.
func complete(ctx context.Context, l Lifecycle, id interview.ID, at time.Time, reason interview.EndReason) error {
	for wait := completeRetry; ; wait *= 2 {
		err := l.Ended(ctx, id, at, reason)
		if err == nil {
			return nil
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}

// refuse ends a call that has not begun; nothing of it is stored.
func (a *interviewActor) refuse(c *engine.Ctx[interviewMsg], code int, text string, reason interview.EndReason) {
	if a.phase >= phaseEnding {
		return
	}
	a.ended = reason
	a.log.Info("call refused", "reason", reason, "code", code)
	if code == voiceproto.CloseNoSpeech {
		a.send(voiceproto.Error{Message: "Speech recognition error", Code: voiceproto.CodeSpeechRecognition, Retry: true})
	}
	a.leave(c, code, text)
}

// abandon stops at once, without another event: the ledger takes none from us.
func (a *interviewActor) abandon(c *engine.Ctx[interviewMsg], code int, reason interview.EndReason) {
	if a.phase == phaseOver {
		return
	}
	a.ended = reason
	a.send(voiceproto.Gone{Reason: voiceproto.GoneFailed})
	a.leave(c, code, voiceproto.CloseReason(code))
}

func (a *interviewActor) leave(c *engine.Ctx[interviewMsg], code int, text string) {
	a.phase = phaseOver
	a.mic.open.Store(false)
	a.pacer.Detach()
	if a.reply != nil {
		a.reply.cancel(errSuperseded)
	}
	if a.conn != nil {
		a.conn.transport.Close(code, text)
		a.conn = nil
	}
	a.desk.fail(notAnswered(a.ended))
	if a.claim.Fence != 0 {
		a.store.Tell(ledger.Release{Interview: a.info.ID, Fence: a.claim.Fence})
	}
	a.over(a.ended)
	c.Stop(engine.ErrStopped)
}

// closeFor is the close code that goes with an end (contract section 6).
func closeFor(reason interview.EndReason) (code int, text string) {
	switch reason {
	case interview.EndElsewhere:
		code = voiceproto.CloseNotActive
	case interview.EndRevoked:
		code = voiceproto.CloseRevoked
	case interview.EndShutdown:
		code = voiceproto.CloseGoingAway
	case interview.EndFailed:
		code = voiceproto.CloseInternal
	case interview.EndLedgerRefused:
		code = voiceproto.CloseTryAgain
	case interview.EndFinished, interview.EndCandidate, interview.EndTimeLimit, interview.EndIdle, interview.EndGone,
		interview.EndHardCap, interview.EndProviders, interview.EndBudget, interview.EndOperator, interview.EndParked, interview.EndNeverStarted:
		code = voiceproto.CloseCompleted
	}
	return code, voiceproto.CloseReason(code)
}

func closeReason(m detached) string {
	if text := voiceproto.CloseReason(m.code); text != "" {
		return text
	}
	if m.err != nil {
		return "connection lost"
	}
	return "closed"
}
