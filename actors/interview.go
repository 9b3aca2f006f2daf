package actors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/vantahire/vantahire/actors/ledger"
	"github.com/vantahire/vantahire/actors/plan"
	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
)

// Info is what a live interview needs to know about itself.
type Info struct {
	ID interview.ID
	// Mode is how the interview is held; "" means by voice.
	Mode      interview.Mode
	JobRole   string
	TimeLimit time.Duration
	Plan      plan.Plan
	// StartedAt is when an interview in writing began: its time runs while the
	// candidate thinks and nothing of it is live. The zero time: it begins now.
	StartedAt time.Time
}

func (i Info) written() bool { return i.Mode == interview.ModeText }

// phase is the interview actor's own life; the conversation's is in turn.State.
type phase int

const (
	phaseClaiming phase = iota // the ledger is asked for the ownership
	phaseWaiting               // nobody is connected yet
	phaseDialing               // recognition comes up
	phaseGoingLive
	phaseRunning
	phaseEnding // the last events are being stored
	phaseOver
)

const (
	// childGiveUp replaces a failed child at most this often a minute.
	childGiveUp = 5
	// tickEvery is how often used talk time is stored: what a restart can lose of it.
	tickEvery = 5 * time.Second
	// heardEvery is how often it is stored how far a reply was heard.
	heardEvery = time.Second
	// closeWithin bounds the way from the last word to the closed connection.
	closeWithin = 8 * time.Second
	// claimTimeout bounds the claim of an interview.
	claimTimeout = 10 * time.Second
)

// interviewActor is one live interview. Its mailbox is the one order of all that
// happens to it; everything slow is done by owned goroutines and children.
type interviewActor struct {
	cfg  Config
	deps Deps
	info Info
	log  *slog.Logger

	store engine.Ref[ledger.Msg]
	over  func(interview.EndReason) // tells the interviews actor; called once

	phase phase
	start time.Time     // the clock of this life is the time since; monotonic
	base  time.Duration // the interview's clock when this life began
	tell  func(interviewMsg)
	offer func(interviewMsg) bool

	turn   turn.State
	rules  turn.Config // what it started with
	from   turn.Resume
	trace  trace
	queue  []turn.Event
	busy   bool // the queue is being worked off
	timers map[turn.TimerID]*engine.Timer

	planState plan.State
	history   []providers.Message

	conn    *Connection
	missed  []voiceproto.ServerMessage // settled lines told while nobody was connected
	connNo  interview.ConnNo
	mic     *mic
	playout *media.Playout
	pacer   *media.Pacer

	stt      *engine.Child[sttMsg]
	sttGen   engine.Gen
	settled  interview.Sample // recognition has settled everything before it
	segment  interview.SegmentNo
	llm      *engine.Child[llmMsg]
	tts      *engine.Child[ttsMsg]
	voice    bool // replies are spoken; else they are text
	voiceErr int  // replies in a row whose voice failed
	muted    bool // the candidate was told that there is no voice
	deaf     bool // and that speech is not understood
	spent    spent
	noted    time.Duration // when talk time was last stored
	owed     string        // an answer of an earlier life that no question followed
	gaps     int           // times the candidate was asked for a moment

	reply *reply
	turns *turnClock

	desk       *desk // of an interview in writing; nil: it is spoken
	typing     typingPace
	resumed    bool
	endAs      interview.EndReason // asked for before the claim was answered
	claim      interview.Claim
	seq        interview.Seq
	stored     map[interview.Seq]func()
	ended      interview.EndReason
	endSeq     interview.Seq // the last event
	endDurable bool          // it is stored
}

func newInterviewActor(cfg Config, deps Deps, info Info, store engine.Ref[ledger.Msg], over func(interview.EndReason)) *interviewActor {
	a := &interviewActor{
		cfg: cfg, deps: deps, info: info, log: deps.Log.With("interview", info.ID),
		store: store, over: over, start: time.Now(),
		timers: map[turn.TimerID]*engine.Timer{}, stored: map[interview.Seq]func(){},
		voice: deps.TTS != nil, turns: newTurnClock(),
	}
	if info.written() { // no media: what would hear and speak is never asked
		a.desk, a.voice = &desk{}, false
		a.deps.STT, a.deps.TTS = nil, nil
		a.cfg.ReplayBuffer, a.cfg.Model = media.FrameDur, nil
	}
	return a
}

// since is the clock of the interview's present life, which began when this actor
// did. The turn machine and everything that is measured go by it.
func (a *interviewActor) since() time.Duration { return time.Since(a.start) }

// Started claims the interview and brings up what does not need a candidate.
func (a *interviewActor) Started(c *engine.Ctx[interviewMsg]) {
	self := c.Self()
	a.tell, a.offer = self.Tell, self.Offer
	a.mic = newMic(a.cfg, a.since, a.tell) // of a written interview: deaf, a frame long
	a.playout = media.NewPlayout(a.cfg.PlayoutBuffer)
	a.pacer = media.NewPacer(a.playout, media.PacerEvents{
		Started: func(reply interview.ReplyNo, at time.Time) { self.Tell(sounding{reply, at}) },
		Drained: func(reply interview.ReplyNo, sent int64) { self.Tell(drained{reply, sent}) },
	}, media.PacerConfig{})
	if a.desk == nil {
		c.Go("pacer", a.pacer.Run, nil)
	}
	var claim interview.Claim
	// An earlier life of the interview in this process may have left events behind:
	// the claim has to see them.
	settled := make(chan struct{})
	a.store.Tell(ledger.Settled{Then: func() { close(settled) }})
	c.Go("claim", func(ctx context.Context) (err error) {
		ctx, cancel := context.WithTimeout(ctx, claimTimeout)
		defer cancel()
		select {
		case <-settled:
		case <-ctx.Done():
			return fmt.Errorf("earlier events are not in the database yet: %w", context.Cause(ctx))
		}
		claim, err = a.deps.Ledger.Claim(ctx, a.info.ID, a.cfg.Owner)
		return err
	}, func(err error) interviewMsg { return claimed{claim, err} })
}

// Stopped lets go of what is not owned by the engine.
func (a *interviewActor) Stopped() {
	a.mic.open.Store(false)
	a.mic.inbound.Close()
	if a.reply != nil {
		a.reply.cancel(engine.ErrStopped)
	}
	if a.conn != nil { // an orderly end has closed it already
		a.conn.transport.Close(voiceproto.CloseInternal, "Interview interrupted")
	}
	if a.phase != phaseOver {
		if a.claim.Fence != 0 {
			a.store.Tell(ledger.Release{Interview: a.info.ID, Fence: a.claim.Fence})
		}
		a.over(interview.EndFailed)
	}
}

// Receive is the interview's one order of events.
func (a *interviewActor) Receive(c *engine.Ctx[interviewMsg], msg interviewMsg) {
	switch m := msg.(type) {
	case claimed:
		a.onClaimed(c, m)
	case attached:
		a.onAttached(c, m.conn)
	case detached:
		a.onDetached(c, m)
	case clientSaid:
		a.onClient(c, m)
	case wentLive:
		a.onLive(c, m.err)
	case eventStored:
		a.onStored(c, m)
	case sttUp, sttHeard, sttPartial, sttLag, sttDown, sttDue, sttRetry:
		a.onRecognition(c, m)
	case voiceStarted:
		a.turns.speechStarted(m.from)
		a.feed(c, turn.SpeechStarted{From: m.from})
	case voiceEnded:
		a.turns.speechEnded(m.to)
		a.feed(c, turn.SpeechEnded{To: m.to})
	case firstToken, sentenceReady, replyWritten, audioMade, speechMade, sounding, drained, playoutDue, flushDue, readDue, gapDue, childDown:
		a.onReply(c, m)
	case wordingCost:
		a.onCost(c, m)
	case voiceRetry:
		a.tryVoice()
	case timerFired:
		delete(a.timers, m.timer)
		a.feed(c, turn.Fired{Timer: m.timer, At: m.at})
	case tickDue:
		a.onTick(c)
	case operator:
		a.onOperator(c, m.event)
	case asked:
		a.onAsked(c, m.question)
	case parkDue:
		a.onParkDue(c, m)
	case wordsDue:
		a.onWordsDue(c, m)
	case drain:
		a.onDrain(c)
	case overtaken:
		a.onOvertaken(c)
	case whose:
		a.onWhose(c, m.err)
	case conclude:
		a.onConclude(c)
	case terminate:
		a.onTerminate(c, m.reason)
	case lifecycleDone:
		a.onLifecycle(c, m.err)
	case closeDue:
		a.finish(c)
	}
}

// onClaimed takes up what is stored already, or refuses the call.
func (a *interviewActor) onClaimed(c *engine.Ctx[interviewMsg], m claimed) {
	if a.phase != phaseClaiming {
		return
	}
	var elsewhere *interview.OwnedElsewhereError
	switch {
	case errors.As(m.err, &elsewhere):
		a.log.Info("interview is live in another process", "retry_after", elsewhere.RetryAfter)
		a.desk.fail(m.err)
		a.refuse(c, voiceproto.CloseTryAgain, "Please try again", interview.EndElsewhere)
		return
	case m.err != nil:
		a.log.Error("claim failed", "error", m.err)
		a.desk.fail(fmt.Errorf("%w: %w", ErrUnclaimed, m.err))
		a.refuse(c, voiceproto.CloseTryAgain, "Please try again", interview.EndFailed)
		return
	}
	a.claim, a.seq, a.base = m.claim, m.claim.LastSeq, clockOf(m.claim.Events)
	past := restore(m.claim.Events)
	if past.ended != "" {
		a.completeAgain(c, past.ended)
		a.refuse(c, voiceproto.CloseNotActive, "Interview not active", interview.EndElsewhere)
		return
	}
	a.spent = past.spent
	a.resumed, a.history, a.segment, a.connNo = past.begun, past.history, past.numbers.Segment, past.numbers.Conn
	a.planState = plan.Start(a.info.Plan)
	if past.plan != nil {
		var s plan.State
		if err := json.Unmarshal(past.plan, &s); err != nil {
			a.log.Error("stored plan state is unreadable, starting the plan again", "error", err)
		} else {
			a.planState = s
		}
	}
	a.closeOpenReply(&past)
	a.owed = past.owed
	a.rules, a.from = a.cfg.Turn, past.numbers
	a.rules.TimeLimit = a.info.TimeLimit
	if a.desk != nil {
		a.openDesk(past)
	}
	a.turn = turn.New(a.rules, a.from)
	a.spawnSpeakers(c)
	a.phase = phaseWaiting
	switch {
	case a.endAs != "":
		a.endUnbegun(c, a.endAs)
	case a.conn != nil:
		a.dial(c)
	case a.desk == nil:
	case len(a.desk.waiting) > 0:
		a.sitDown(c)
	default: // whoever wrote has left before the message came
		a.parkLater(c)
	}
}

// spawnSpeakers starts the children that make replies.
func (a *interviewActor) spawnSpeakers(c *engine.Ctx[interviewMsg]) {
	policy := engine.Policy{Max: childGiveUp, Window: time.Minute}
	down := func(final bool) func(engine.Failure) interviewMsg {
		return func(f engine.Failure) interviewMsg { return childDown{f, final} }
	}
	var err error
	a.llm, err = engine.SpawnChild(c, engine.ChildSpec[interviewMsg, llmMsg]{
		Role: "llm", Policy: policy, OnDown: down(false), OnGiveUp: down(true),
		New: func(engine.Gen) engine.Behavior[llmMsg] { return newLLMActor(a.deps.Chat, a.deps.Spare, a.tell) },
	})
	if err == nil && a.deps.TTS != nil {
		a.tts, err = engine.SpawnChild(c, engine.ChildSpec[interviewMsg, ttsMsg]{
			Role: "tts", Policy: policy, OnDown: down(false), OnGiveUp: down(true),
			New: func(engine.Gen) engine.Behavior[ttsMsg] { return newTTSActor(a.deps.TTS, a.playout, a.tell) },
		})
	}
	if err != nil {
		a.log.Error("children can't be started", "error", err)
		a.refuse(c, voiceproto.CloseInternal, "Interview interrupted", interview.EndFailed)
	}
}

// feed gives the turn machine an event and carries out its effects; events that
// arise meanwhile wait their turn.
func (a *interviewActor) feed(c *engine.Ctx[interviewMsg], ev turn.Event) {
	if a.phase != phaseRunning {
		return
	}
	a.queue = append(a.queue, ev)
	if a.busy {
		return
	}
	a.busy = true
	for len(a.queue) > 0 {
		next := a.queue[0]
		a.queue = a.queue[1:]
		now := a.since()
		a.traceInput(now, next)
		var effects []turn.Effect
		a.turn, effects = turn.Next(a.turn, now, next)
		for _, e := range effects {
			a.apply(c, e)
		}
	}
	a.busy = false
	if a.desk != nil {
		a.serve(c)
	}
}

// onOperator passes on what a recruiter does.
func (a *interviewActor) onOperator(c *engine.Ctx[interviewMsg], ev turn.Event) {
	if _, hint := ev.(turn.Whispered); a.desk != nil && !hint {
		a.log.Warn("a recruiter can't speak in an interview in writing")
		return
	}
	switch e := ev.(type) {
	case turn.Whispered:
		text := cleanText(e.Text)
		a.whisper(text)
		a.record(interview.KindWhispered, interview.Operator{User: e.User, Text: text}, nil)
	case turn.TakenOver:
		a.record(interview.KindTakenOver, interview.Operator{User: e.User}, nil)
	case turn.OperatorSaid:
		ev = turn.OperatorSaid{User: e.User, Text: cleanText(e.Text)}
	case turn.HandedBack:
		a.record(interview.KindHandedBack, interview.Operator{User: e.User}, nil)
	default:
		a.log.Error("not an operator's event", "event", ev)
		return
	}
	a.feed(c, ev)
}

// whisper tells the plan what a recruiter suggests. A reply that is on its way was
// planned without it; where the plan goes on after that reply, the hint has to be
// known as well.
func (a *interviewActor) whisper(text string) {
	now := a.planClock(a.since())
	a.planState, _ = plan.Next(a.info.Plan, a.planState, plan.Whispered{Text: text}, now)
	if r := a.reply; r != nil && !r.moved {
		r.next, _ = plan.Next(a.info.Plan, r.next, plan.Whispered{Text: text}, now)
	}
}

// talkTime is how long was talked so far, and what that has cost.
func (a *interviewActor) talkTime() interview.TalkTime {
	return interview.TalkTime{Used: a.turn.Used(a.since()), Tokens: a.spent.tokens, Characters: a.spent.characters}
}

// onTick stores how far the call has come.
func (a *interviewActor) onTick(c *engine.Ctx[interviewMsg]) {
	if a.phase != phaseRunning {
		return
	}
	a.noteTalk()
	c.After(tickEvery, tickDue{})
}

// noteTalk stores how far the call has come, the present reply with it: a reply that
// never ends because the process does is closed there.
func (a *interviewActor) noteTalk() {
	t := a.talkTime()
	if r := a.reply; r != nil && r.sounding && !r.stopped {
		heard, played := a.heardSoFar(r)
		t.Reply, t.Played, t.Words = r.no, played, len(strings.Fields(heard))
	}
	a.noted = a.since()
	a.record(interview.KindTalkTime, t, nil)
}

// onTerminate ends the interview for a reason from outside.
func (a *interviewActor) onTerminate(c *engine.Ctx[interviewMsg], reason interview.EndReason) {
	switch a.phase {
	case phaseRunning:
		if reason == interview.EndShutdown {
			a.finishWriting(c)
		}
		a.feed(c, turn.Terminated{Reason: reason})
	case phaseClaiming, phaseWaiting, phaseDialing, phaseGoingLive:
		code, text := closeFor(reason)
		a.refuse(c, code, text, reason)
	case phaseEnding, phaseOver:
	}
}
