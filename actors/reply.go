package actors

import (
	"context"
	"encoding/json"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/vantahire/vantahire/actors/plan"
	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
)

const (
	// flushWait is how long a cut waits for the client's last word on what it
	// played; a client that held already has told.
	flushWait = 150 * time.Millisecond
	// playoutSlack is how far an acknowledged position may stay behind the end of
	// a reply that counts as played: acks come in whole milliseconds and the last
	// frame is padded.
	playoutSlack = 40 * time.Millisecond
	// playoutWait is how long a client may take beyond the rest of a reply to
	// acknowledge its end, before the reply counts as played.
	playoutWait = 2 * time.Second
	// readPace is the reading time of a reply that is text only, per character,
	// and readLeast its least: some 240 words a minute.
	readPace  = 45 * time.Millisecond
	readLeast = time.Second
	// voiceFailures in a row make replies text only.
	voiceFailures = 2
	// voiceRetryPause is the time replies stay text then.
	voiceRetryPause = 15 * time.Second
	// replyTokens bounds what a model may write.
	replyTokens = 300
	// replyTemperature is the contract's for conversation (section 6).
	replyTemperature = 0.7
)

// errSuperseded is the cause a reply's context ends with when it is cut.
var errSuperseded = errors.New("reply was cut")

// reply is the present reply on its way from the plan to the candidate's ear.
type reply struct {
	no      interview.ReplyNo
	turn    interview.TurnNo
	cause   turn.AskCause
	ctx     context.Context //nolint:containedctx // the reply's own life, which this struct owns
	cancel  context.CancelCauseFunc
	next    plan.State // where the plan stands once the reply was heard
	moved   bool       // next has been adopted
	closing bool
	order   plan.Directive
	req     providers.ChatRequest // what the model was asked; zero when it was not
	spared  bool                  // and then the spare one
	late    bool                  // it takes longer than it should
	script  *turn.Script

	sentences  int
	characters int  // handed to the voice
	apologised bool // its first sentence asked for a moment
	written    bool // no sentence follows
	voice      bool // it is spoken
	sounding   bool
	measured   *measured     // waits for the client's word that it plays
	held       bool          // the client was told to stop where it is
	drained    bool          // every frame was sent
	stopped    bool          // cut: nothing more of it
	flushing   bool          // cut, and the client has yet to say what it played
	played     time.Duration // last known on connections that are gone
	sent       int64         // samples, once cut or drained
}

// ask starts a reply: the plan decides, the llm child words it, the tts child
// opens the voice meanwhile.
func (a *interviewActor) ask(c *engine.Ctx[interviewMsg], e turn.Ask) {
	if a.reply != nil {
		a.reply.cancel(errSuperseded)
	}
	now := a.since()
	next, directive := plan.Next(a.info.Plan, a.planState, a.planInput(e), a.planClock(now))
	r := &reply{no: e.Reply, turn: e.Turn, cause: e.Cause, next: next, closing: directive.Closing, order: directive, script: turn.NewScript(e.Reply), voice: a.voice}
	r.ctx, r.cancel = context.WithCancelCause(c.Context())
	a.reply = r
	a.turns.start(e.Reply, e.Turn, now)
	a.playout.Begin(r.no)
	if directive.Act == plan.ActNone { // an empty line, or one that must not be said
		a.log.Warn("the plan says nothing to this", "cause", e.Cause)
		r.stopped = true
		a.feed(c, turn.Spoken{Reply: r.no})
		return
	}
	if r.voice {
		a.tts.Tell(speakReply{ctx: r.ctx, reply: r.no})
	}
	a.feed(c, turn.Planned{Reply: r.no, Closing: directive.Closing, Patient: directive.Patient, Wait: directive.Waits()})
	if directive.Say != "" {
		var ch turn.Chunker
		for i, s := range append(ch.Add(directive.Say), ch.Flush()...) {
			a.tell(sentenceReady{reply: r.no, index: i, text: s})
		}
		a.tell(replyWritten{reply: r.no})
		return
	}
	history := append([]providers.Message(nil), a.history...)
	if e.Cause == turn.AskAnswer && e.Text != "" {
		history = append(history, providers.Message{Role: interview.RoleUser, Text: e.Text})
	}
	if r.voice {
		c.After(gapAfter(now, e.SpeechEnd), gapDue{r.no})
	}
	r.req = providers.ChatRequest{
		Interview: a.info.ID, Reply: r.no, System: plan.SystemPrompt(a.info.Plan), History: history,
		Instruction: directive.Prompt(), Directive: directive, MaxTokens: replyTokens, Temperature: replyTemperature,
	}
	r.spared = a.spent.over(a.cfg.Budget)
	if a.desk != nil {
		a.awaitWords(c, r)
		if a.llm == nil {
			a.sayPlainly(c, r)
			return
		}
	}
	a.llm.Tell(writeReply{ctx: r.ctx, spare: r.spared, req: r.req})
}

// planInput says to the plan what happened.
func (a *interviewActor) planInput(e turn.Ask) plan.Input {
	switch e.Cause {
	case turn.AskOpening:
		return plan.Opened{}
	case turn.AskAnswer:
		return plan.Answered{Text: a.withOwed(e.Text), Duration: a.turns.answered()}
	case turn.AskRepeat:
		return plan.RepeatAsked{}
	case turn.AskSkip:
		return plan.SkipAsked{}
	case turn.AskNudge:
		return plan.Silence{Nth: e.Nth}
	case turn.AskWrapUp:
		if a.spent.over(a.cfg.Budget) {
			return plan.Finish{}
		}
		return plan.TimeUp{}
	case turn.AskOperator:
		return plan.OperatorSaid{Text: e.Text}
	case turn.AskApology:
		return plan.ReplyFailed{}
	case turn.AskResume:
		if a.owed != "" { // the answer is known, and the question that follows it was not heard
			return plan.Answered{Text: a.owed}
		}
		return plan.Continue{}
	}
	return plan.Continue{}
}

func (a *interviewActor) planClock(now time.Duration) plan.Clock {
	used, limit := a.turn.Used(now), a.info.TimeLimit
	if a.desk != nil {
		limit = a.rules.TimeLimit
	}
	return plan.Clock{Used: used, Left: max(0, limit-used)}
}

// onReply takes what happens to a reply; whatever belongs to another one than
// the present is stale.
func (a *interviewActor) onReply(c *engine.Ctx[interviewMsg], msg interviewMsg) {
	r := a.reply
	if m, down := msg.(childDown); down {
		a.onChildDown(c, m)
		return
	}
	if r == nil || replyOf(msg) != r.no {
		return
	}
	if m, due := msg.(flushDue); due {
		a.settleCut(c, r)
		_ = m
		return
	}
	if r.stopped {
		return
	}
	switch m := msg.(type) {
	case firstToken:
		a.turns.firstToken(a.since())
	case sentenceReady:
		a.onSentence(c, r, m.text)
	case gapDue:
		a.onGap(c, r)
	case replyWritten:
		a.onWritten(c, r, m.err)
	case audioMade:
		a.onAudio(r, m)
	case speechMade:
		if m.err != nil {
			a.onVoiceFailed(c, r, m.err)
		}
	case sounding:
		a.onSounding(c, r, m.at)
	case drained:
		r.drained, r.sent = true, m.sent
		a.voiceErr = 0
		if a.conn != nil {
			a.conn.transport.EndReply(r.no)
		}
		a.checkPlayed(c, r)
	case playoutDue, readDue:
		a.spoken(c, r)
	}
}

func replyOf(msg interviewMsg) interview.ReplyNo {
	switch m := msg.(type) {
	case firstToken:
		return m.reply
	case sentenceReady:
		return m.reply
	case replyWritten:
		return m.reply
	case audioMade:
		return m.reply
	case speechMade:
		return m.reply
	case sounding:
		return m.reply
	case drained:
		return m.reply
	case playoutDue:
		return m.reply
	case flushDue:
		return m.reply
	case gapDue:
		return m.reply
	case readDue:
		return m.reply
	}
	return 0
}

func (a *interviewActor) onSentence(c *engine.Ctx[interviewMsg], r *reply, text string) {
	first := r.sentences == 0
	r.sentences++
	r.script.AddText(text)
	r.script.AddSentence(text)
	if first {
		a.turns.firstSentence(a.since())
		a.record(interview.KindReplyStarted, interview.ReplyStarted{Reply: r.no, Turn: r.turn, Text: cleanText(text)}, nil)
	}
	if r.voice {
		clean := cleanText(text)
		r.characters += utf8.RuneCountInString(clean)
		a.tts.Tell(saySentence{reply: r.no, text: clean})
		a.payVoice(c, clean)
		return
	}
	if first {
		a.onSounding(c, r, time.Now())
	}
}

// onWritten takes the end of the text. One that broke off after a sentence is used
// as far as it goes, and brought to its end in the plan's own words: a question that
// was not put would be lost.
func (a *interviewActor) onWritten(c *engine.Ctx[interviewMsg], r *reply, err error) {
	if err != nil {
		a.log.Warn("reply broke off", "reply", r.no, "sentences", r.sentences, "error", err)
		if a.desk != nil && r.sentences == 0 {
			a.wordOtherwise(c, r)
			return
		}
		if r.sentences == 0 || r.sentences == 1 && r.apologised { // nothing of an answer
			a.send(voiceproto.Error{Message: "Failed to process response", Code: voiceproto.CodeResponse, Retry: true})
			a.fail(c, r, providers.StageLLM)
			return
		}
		if rest := r.order.Rest(r.script.Text()); rest != "" {
			a.onSentence(c, r, " "+rest)
		}
	}
	r.written = true
	text := cleanText(r.script.Text())
	a.record(interview.KindReplyWritten, interview.ReplyWritten{Reply: r.no, Text: text}, func() {
		a.sendLine(voiceproto.Response{Text: text, Reply: r.no})
	})
	if r.voice {
		a.tts.Tell(endSentences{reply: r.no})
		return
	}
	if a.desk != nil { // it is an answer to a request, and read when it arrives
		a.spoken(c, r)
		return
	}
	a.awaitRead(c, r)
}

// awaitRead gives the candidate the time to read a reply that has no voice.
func (a *interviewActor) awaitRead(c *engine.Ctx[interviewMsg], r *reply) {
	c.After(max(readLeast, time.Duration(len(r.script.Text()))*readPace), readDue{r.no})
}

func (a *interviewActor) onAudio(r *reply, m audioMade) {
	a.turns.firstAudio(a.since())
	r.script.AddAudio(m.sentence, m.length)
	r.script.AddWords(m.words)
	if !m.ended {
		return
	}
	r.script.EndSentence(m.sentence)
	text, from, to := r.script.Caption(m.sentence)
	a.send(voiceproto.Caption{Reply: r.no, Text: text, From: from.Milliseconds(), To: to.Milliseconds()})
}

// onSounding takes the first frame of a reply: from now on it has been heard.
func (a *interviewActor) onSounding(c *engine.Ctx[interviewMsg], r *reply, at time.Time) {
	if r.sounding {
		return
	}
	r.sounding = true
	a.turns.heard()
	if r.voice && a.muted {
		a.muted = false
		a.send(voiceproto.Notice{Code: voiceproto.CodeRecovered, Text: "The interviewer's voice is back."})
	}
	a.measure(r, a.turns.sounded(at.Sub(a.start)), at.Sub(a.start))
	if r.cause == turn.AskOpening {
		a.movePlan(r) // a greeting that is cut short is not given again
	}
	a.feed(c, turn.Sounding{Reply: r.no})
	if !r.voice {
		a.noteTalk()
	}
}

// onPlayed takes the client's word on what it has played.
func (a *interviewActor) onPlayed(c *engine.Ctx[interviewMsg], m voiceproto.Played) {
	r := a.reply
	if r == nil || r.no != m.Reply {
		return
	}
	if m.MS > 0 {
		a.measurePlayed(r, a.since()-time.Duration(m.MS)*time.Millisecond)
	}
	if r.flushing {
		a.settleCut(c, r)
		return
	}
	if r.drained && !r.stopped {
		a.checkPlayed(c, r)
	}
	if a.phase == phaseRunning && r.sounding && !r.stopped && a.since()-a.noted >= heardEvery {
		a.noteTalk()
	}
}

// checkPlayed finds out whether a reply whose last frame was sent has been
// played, or when it will have been.
func (a *interviewActor) checkPlayed(c *engine.Ctx[interviewMsg], r *reply) {
	if a.conn == nil {
		return // what was in flight is sent again when the candidate is back
	}
	rest := playTime(r.sent) - a.playedOf(r)
	switch {
	case a.conn.acks && rest <= playoutSlack:
		a.spoken(c, r)
	case a.conn.acks:
		c.After(rest+playoutWait, playoutDue{r.no})
	default:
		c.After(a.conn.transport.Lead(), playoutDue{r.no})
	}
}

// spoken closes a reply that was played out.
func (a *interviewActor) spoken(c *engine.Ctx[interviewMsg], r *reply) {
	if r.stopped || a.conn == nil && r.voice {
		return
	}
	r.stopped = true
	if r.held { // within its last samples, which the client still has
		a.release(r.no)
	}
	a.measureDone(r)
	a.movePlan(r)
	a.feed(c, turn.Spoken{Reply: r.no, Text: cleanText(r.script.Text()), Played: playTime(r.sent)})
}

// movePlan adopts what the plan decided for r: its question has been put.
func (a *interviewActor) movePlan(r *reply) {
	if r.moved {
		return
	}
	r.moved, a.owed = true, ""
	a.planState = r.next
	state, err := json.Marshal(r.next)
	if err != nil { // a defect; a restart would begin the plan where it stood before
		a.log.Error("plan state can't be encoded", "error", err)
		return
	}
	a.record(interview.KindPlanMoved, interview.PlanMoved{State: state}, nil)
}
