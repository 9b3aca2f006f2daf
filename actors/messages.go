package actors

import (
	"time"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
)

// interviewMsg is what an interview actor can receive. The reports of its
// children stand beside the children.
type interviewMsg interface{ interviewMsg() }

type (
	// claimed answers the claim of the interview in the ledger.
	claimed struct {
		claim interview.Claim
		err   error
	}
	// attached brings a connection of the candidate.
	attached struct{ conn *Connection }
	// detached says that a connection is gone.
	detached struct {
		conn *Connection
		code int
		err  error
	}
	// clientSaid is a control message of the client.
	clientSaid struct {
		conn    *Connection
		message voiceproto.ClientMessage
	}
	// wentLive answers the move to IN_PROGRESS.
	wentLive struct{ err error }
	// eventStored answers an event handed to the store actor.
	eventStored struct {
		seq interview.Seq
		err error
	}
	// sttUp, sttHeard, sttLag and sttDown are what the stt child and its
	// supervision report; Gen tells a late message of an earlier life apart.
	sttUp    struct{ gen engine.Gen }
	sttHeard struct {
		gen        engine.Gen
		transcript providers.Transcript
	}
	// sttPartial brings the newest partial of an utterance, when it is received.
	sttPartial struct {
		gen    engine.Gen
		latest *latestPartial
	}
	sttLag struct {
		gen    engine.Gen
		behind bool
	}
	sttDown struct {
		failure engine.Failure
		final   bool // supervision gave up for now
	}
	// childDown says that the llm or tts child failed.
	childDown struct {
		failure engine.Failure
		final   bool
	}
	// sounding and drained come from the pacer.
	sounding struct {
		reply interview.ReplyNo
		at    time.Time
	}
	drained struct {
		reply interview.ReplyNo
		sent  int64 // samples
	}
	// timerFired is a timer of the turn machine.
	timerFired struct {
		timer turn.TimerID
		at    time.Duration
	}
	// playoutDue, flushDue, readDue, tickDue and closeDue are the actor's own
	// timers.
	playoutDue struct{ reply interview.ReplyNo }
	flushDue   struct{ reply interview.ReplyNo }
	readDue    struct{ reply interview.ReplyNo }
	tickDue    struct{}
	closeDue   struct{}
	sttDue     struct{}
	sttRetry   struct{}
	voiceRetry struct{}
	// lifecycleDone answers the end of the interview's row.
	lifecycleDone struct{ err error }
	// terminate ends the interview from outside.
	terminate struct{ reason interview.EndReason }
	// conclude ends an interview that nobody came back to.
	conclude struct{}
	// overtaken says that another process owns the interview now.
	overtaken struct{}
	// whose answers whether the interview that is no longer ours is anybody's.
	whose struct{ err error }
	// asked brings a candidate's written message.
	asked struct{ question *question }
	// parkDue lets an interview in writing go that nobody has written to since quiet
	// began; wordsDue ends the wait for a model.
	parkDue  struct{ quiet int }
	wordsDue struct{ reply interview.ReplyNo }
	// drain lets an interview in writing go as soon as nobody waits for a reply.
	drain struct{}
	// operator is what a recruiter does in the call.
	operator struct{ event turn.Event }
)

func (claimed) interviewMsg()       {}
func (attached) interviewMsg()      {}
func (detached) interviewMsg()      {}
func (clientSaid) interviewMsg()    {}
func (wentLive) interviewMsg()      {}
func (eventStored) interviewMsg()   {}
func (sttUp) interviewMsg()         {}
func (sttHeard) interviewMsg()      {}
func (sttPartial) interviewMsg()    {}
func (sttLag) interviewMsg()        {}
func (sttDown) interviewMsg()       {}
func (childDown) interviewMsg()     {}
func (sounding) interviewMsg()      {}
func (drained) interviewMsg()       {}
func (timerFired) interviewMsg()    {}
func (playoutDue) interviewMsg()    {}
func (flushDue) interviewMsg()      {}
func (readDue) interviewMsg()       {}
func (tickDue) interviewMsg()       {}
func (closeDue) interviewMsg()      {}
func (sttDue) interviewMsg()        {}
func (sttRetry) interviewMsg()      {}
func (voiceRetry) interviewMsg()    {}
func (lifecycleDone) interviewMsg() {}
func (terminate) interviewMsg()     {}
func (conclude) interviewMsg()      {}
func (overtaken) interviewMsg()     {}
func (whose) interviewMsg()         {}
func (asked) interviewMsg()         {}
func (parkDue) interviewMsg()       {}
func (wordsDue) interviewMsg()      {}
func (drain) interviewMsg()         {}
func (operator) interviewMsg()      {}
