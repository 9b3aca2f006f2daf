package actors

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
)

// liveTimeout bounds the move of the interview's row to IN_PROGRESS.
const liveTimeout = 10 * time.Second

// onAttached takes a connection over: the first, one that comes back, or another
// device, which replaces the one before.
func (a *interviewActor) onAttached(c *engine.Ctx[interviewMsg], conn *Connection) {
	if a.phase >= phaseEnding {
		conn.transport.Close(voiceproto.CloseNotActive, "Interview not active")
		return
	}
	if old := a.conn; old != nil {
		old.transport.Send(voiceproto.Gone{Reason: voiceproto.GoneTakenOver})
		old.transport.Close(voiceproto.CloseTakenOver, "Taken over")
		a.letGo(old)
	}
	a.connNo++
	conn.no = a.connNo
	a.conn = conn
	a.mic.cut()
	a.mic.attach(conn)
	switch a.phase {
	case phaseWaiting:
		a.dial(c)
	case phaseRunning:
		a.log.Info("candidate is back", "conn", conn.no)
		a.record(interview.KindConnected, interview.Connection{Conn: conn.no}, nil)
		a.welcome(conn, true)
		a.catchUp()
		a.takeUpReply(conn)
		a.feed(c, turn.ConnectionUp{Conn: conn.no, Typing: conn.typing || a.stt == nil})
		if a.stt == nil && !conn.typing {
			a.listen(c)
		}
	case phaseClaiming, phaseDialing, phaseGoingLive, phaseEnding, phaseOver:
	}
}

// onDetached notes that the candidate's connection is gone.
func (a *interviewActor) onDetached(c *engine.Ctx[interviewMsg], m detached) {
	if m.conn != a.conn {
		return
	}
	a.letGo(a.conn)
	a.conn = nil
	switch a.phase {
	case phaseRunning:
		a.log.Info("candidate's connection is gone", "conn", m.conn.no, "code", m.code)
		a.record(interview.KindConnectionLost, interview.Connection{Conn: m.conn.no, Reason: closeReason(m)}, nil)
		a.mic.cut()
		a.feed(c, turn.ConnectionDown{Conn: m.conn.no, Reason: closeReason(m)})
	case phaseClaiming, phaseWaiting, phaseDialing, phaseGoingLive:
		a.refuse(c, voiceproto.CloseCompleted, "", interview.EndNeverStarted)
	case phaseEnding, phaseOver:
	}
}

// letGo stops speaking to a connection and remembers what it played last.
func (a *interviewActor) letGo(old *Connection) {
	a.pacer.Detach()
	if r := a.reply; r != nil {
		r.played = a.playedOn(old, r)
		r.flushing = false
	}
}

// takeUpReply lets the present reply go on, on a new connection, from what was
// last heard of it.
func (a *interviewActor) takeUpReply(conn *Connection) {
	if r := a.reply; r != nil && r.sounding && !r.stopped {
		a.pacer.Rewind(r.no, samplesOf(r.played))
		r.drained = false
	}
	a.pacer.Attach(conn.transport)
}

// dial brings recognition up before the interview counts as begun, so that a
// candidate nobody can hear keeps a fresh interview.
func (a *interviewActor) dial(c *engine.Ctx[interviewMsg]) {
	a.phase = phaseDialing
	if a.deps.STT == nil || a.conn.typing {
		a.goLive(c)
		return
	}
	a.listen(c)
	c.After(a.cfg.STTStart, sttDue{})
}

// listen starts the stt child.
func (a *interviewActor) listen(c *engine.Ctx[interviewMsg]) {
	child, err := engine.SpawnChild(c, engine.ChildSpec[interviewMsg, sttMsg]{
		Role: "stt", Policy: engine.Policy{Max: childGiveUp, Window: time.Minute},
		New: func(gen engine.Gen) engine.Behavior[sttMsg] {
			a.sttGen = gen
			return newSTTActor(a.deps.STT, a.mic.inbound, a.settled, listenFor(a.info), gen, a.tell)
		},
		OnDown:   func(f engine.Failure) interviewMsg { return sttDown{f, false} },
		OnGiveUp: func(f engine.Failure) interviewMsg { return sttDown{f, true} },
	})
	if err != nil {
		a.tell(sttDown{engine.Failure{Role: "stt", Err: err}, true})
		return
	}
	a.stt = child
}

// maxTerms bounds what recognition is told to listen for: providers take about a
// hundred terms.
const maxTerms = 40

// listenFor is what an interview is likely to be about: its role and the topics of
// its questions.
func listenFor(info Info) []string {
	var terms []string
	add := func(term string) {
		if term = cleanText(term); term != "" && len(term) <= 60 && len(terms) < maxTerms && !slices.Contains(terms, term) {
			terms = append(terms, term)
		}
	}
	add(info.JobRole)
	for _, q := range info.Plan.Questions {
		add(q.Topic)
	}
	return terms
}

// goLive moves the interview's row to IN_PROGRESS.
func (a *interviewActor) goLive(c *engine.Ctx[interviewMsg]) {
	a.phase = phaseGoingLive
	at := time.Now()
	c.Go("go live", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, liveTimeout)
		defer cancel()
		return a.deps.Lifecycle.Started(ctx, a.info.ID, at)
	}, func(err error) interviewMsg { return wentLive{err} })
}

// onLive begins the conversation.
func (a *interviewActor) onLive(c *engine.Ctx[interviewMsg], err error) {
	if a.phase != phaseGoingLive {
		return
	}
	switch {
	case errors.Is(err, ErrNotActive):
		a.refuse(c, voiceproto.CloseNotActive, "Interview not active", interview.EndElsewhere)
		return
	case err != nil:
		a.log.Error("interview can't go live", "error", err)
		a.refuse(c, voiceproto.CloseInternal, "Internal error", interview.EndFailed)
		return
	}
	a.phase = phaseRunning
	a.log.Info("interview is live", "resumed", a.resumed, "typing", a.conn.typing)
	if !a.resumed {
		a.record(interview.KindStarted, interview.Started{
			Mode: cmp.Or(a.info.Mode, interview.ModeVoice), JobRole: a.info.JobRole, TimeLimit: a.info.TimeLimit, Plan: a.info.Plan.Name,
		}, nil)
	}
	a.record(interview.KindConnected, interview.Connection{Conn: a.conn.no}, nil)
	a.traceBegan(a.rules, a.from, a.resumed)
	a.welcome(a.conn, a.resumed)
	a.pacer.Attach(a.conn.transport)
	if a.desk == nil {
		c.After(tickEvery, tickDue{})
	}
	a.feed(c, turn.ConnectionUp{Conn: a.conn.no, Typing: a.conn.typing || a.stt == nil})
	a.feed(c, turn.Begin{Resumed: a.resumed && (a.desk == nil || a.desk.opening != "")})
	a.checkBudget(c) // of an earlier life of the interview
}

// welcome tells a connection what the call is like.
func (a *interviewActor) welcome(conn *Connection, resumed bool) {
	conn.transport.Send(voiceproto.Ready{
		InterviewID: a.info.ID, Resumed: resumed, Conn: conn.no,
		Audio: pcmFormat(media.PlayRate), Input: pcmFormat(media.MicRate),
	})
	if a.stt == nil && !conn.typing {
		a.deaf = true
		conn.transport.Send(voiceproto.Notice{Code: voiceproto.CodeTyping, Text: "Speech recognition is not available. Please type your answers."})
	}
	if !a.voice {
		a.muted = true
		conn.transport.Send(voiceproto.Notice{Code: voiceproto.CodeNoVoice, Text: "The interviewer's voice is not available. Please read along."})
	}
	a.mic.open.Store(a.turn.Agent() != turn.AgentPaused)
}

// onClient carries out a control message.
func (a *interviewActor) onClient(c *engine.Ctx[interviewMsg], m clientSaid) {
	if m.conn != a.conn {
		return
	}
	switch msg := m.message.(type) {
	case voiceproto.Hello:
		a.conn.acks, a.conn.gain = msg.Acks, msg.Gain
		if msg.Typing {
			a.chooseTyping(c)
		}
	case voiceproto.Played:
		a.conn.acks = true
		a.onPlayed(c, msg)
	case voiceproto.FinishSpeaking:
		a.settleSpeech()
		a.feed(c, turn.FinishSpeaking{})
	case voiceproto.Text:
		a.onTyped(c, msg.Content)
	case voiceproto.Skip:
		a.feed(c, turn.SkipAsked{})
	case voiceproto.Repeat:
		a.feed(c, turn.RepeatAsked{})
	case voiceproto.Pause:
		a.mic.cut()
		a.feed(c, turn.PauseAsked{})
	case voiceproto.Resume:
		a.feed(c, turn.ResumeAsked{})
	case voiceproto.End:
		switch a.phase {
		case phaseRunning:
			a.feed(c, turn.EndAsked{})
		case phaseClaiming:
			a.endAs = interview.EndCandidate
		case phaseWaiting, phaseDialing, phaseGoingLive, phaseEnding, phaseOver:
			a.endUnbegun(c, interview.EndCandidate)
		}
	case voiceproto.Consent, voiceproto.Ping: // the edge and the connection have dealt with them
	}
}

// onTyped stores a written answer and makes it a turn.
func (a *interviewActor) onTyped(c *engine.Ctx[interviewMsg], content string) {
	text := cleanText(content)
	if a.phase == phaseDialing {
		a.chooseTyping(c)
	}
	if text == "" || a.phase != phaseRunning {
		return
	}
	if !a.typing.take(a.since()) {
		a.send(voiceproto.Error{Message: "Please wait a moment before you send more", Code: voiceproto.CodeOverloaded, Retry: true})
		return
	}
	a.segment++
	no, at := a.segment, a.mic.inbound.Head().Duration()
	a.record(interview.KindSegmentFinal, interview.SegmentFinal{Segment: no, Text: text, Confidence: 1, From: at, To: at, Typed: true}, func() {
		a.sendLine(voiceproto.Transcript{Text: text, IsFinal: true, Confidence: 1, Segment: no})
	})
	a.feed(c, turn.Typed{Segment: no, Text: text})
}

// send tells the candidate's client; without one nothing is lost that is not in
// the ledger.
func (a *interviewActor) send(m voiceproto.ServerMessage) {
	if a.conn != nil {
		a.conn.transport.Send(m)
	}
}

// maxMissed bounds the lines kept for a candidate who is away: more than the
// longest absence can make.
const maxMissed = 200

// sendLine tells a settled line. One that the candidate's absence kept from being
// told comes with the next connection, so that captions are complete.
func (a *interviewActor) sendLine(m voiceproto.ServerMessage) {
	if a.conn == nil && len(a.missed) < maxMissed {
		a.missed = append(a.missed, m)
		return
	}
	a.send(m)
}

// catchUp tells what was missed.
func (a *interviewActor) catchUp() {
	for _, m := range a.missed {
		a.send(m)
	}
	a.missed = nil
}

func (a *interviewActor) remember(role interview.Role, text string) {
	a.history = append(a.history, providers.Message{Role: role, Text: text})
}

func pcmFormat(rate int) voiceproto.Format {
	return voiceproto.Format{Encoding: voiceproto.PCM, SampleRate: rate, Channels: 1}
}

// chooseTyping lets a candidate without a microphone begin: recognition is not
// waited for.
func (a *interviewActor) chooseTyping(c *engine.Ctx[interviewMsg]) {
	a.conn.typing = true
	if a.phase == phaseDialing {
		a.goLive(c)
	}
}
