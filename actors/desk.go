package actors

import (
	"fmt"
	"time"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
)

const (
	// wordsWait is how long a written reply may take to its first sentence before it
	// is given in the plan's own words: longer than a model may be silent, shorter
	// than the turn machine waits. wordsMore is the same to its end from there.
	wordsWait = 10 * time.Second
	wordsMore = 15 * time.Second
	// maxWaiting bounds the messages of one interview that wait for their turn.
	maxWaiting = 16
)

// desk is where the messages of an interview in writing wait for their replies, one
// turn at a time. It belongs to the interview actor; a nil desk has no messages.
type desk struct {
	opening  string // the interviewer's first line; "": not said yet
	waiting  []*question
	current  *question // its words are the turn on its way
	quiet    int       // counts the beginnings of quiet, so that an old timer is told
	parked   *engine.Timer
	draining bool
	closed   bool // the process stops: no further message becomes a turn
}

// fail answers all who wait. Who is the present turn's is told why; the words of the
// others are nowhere yet.
func (d *desk) fail(err error) {
	if d == nil {
		return
	}
	if d.current != nil {
		d.current.fail(err)
	}
	for _, q := range d.waiting {
		q.fail(err)
	}
	d.current, d.waiting = nil, nil
}

// notAnswered is what is told to those whom the end of an interview's life leaves
// without a reply. Of a revoked link it is not known whether it was theirs: they may
// try again, and are refused at the door if it was.
func notAnswered(reason interview.EndReason) error {
	switch {
	case reason.Final(), reason == interview.EndElsewhere:
		return fmt.Errorf("%w: %s", ErrNotActive, reason)
	case reason == interview.EndShutdown:
		return ErrClosed
	}
	return fmt.Errorf("%w: %s", ErrInterrupted, reason)
}

// answered notes the interviewer's line. The func tells it to whoever waits for it;
// it is called when the line is durable.
func (d *desk) answered(line string) func() {
	if d.opening == "" {
		d.opening = line
		openings := d.takeEmpty()
		return func() {
			for _, q := range openings {
				q.answer(Answer{Reply: line})
			}
		}
	}
	q := d.current
	d.current = nil
	return func() {
		if q != nil {
			q.answer(Answer{Said: q.said, Reply: line})
		}
	}
}

// takeEmpty removes those who ask for the opening.
func (d *desk) takeEmpty() (empty []*question) {
	var others []*question
	for _, q := range d.waiting {
		if cleanText(q.content) == "" {
			empty = append(empty, q)
		} else {
			others = append(others, q)
		}
	}
	d.waiting = others
	return empty
}

// openDesk finds how far the conversation has come, and gives the turn machine the
// rules of one in writing. Its time has run on while nothing of it was live.
func (a *interviewActor) openDesk(p past) {
	for _, m := range p.history {
		if m.Role == interview.RoleAssistant {
			a.desk.opening = m.Text
			break
		}
	}
	a.rules.Written = true
	if a.info.StartedAt.IsZero() {
		return
	}
	away := time.Since(a.info.StartedAt) - p.numbers.Used
	a.rules.TimeLimit = max(time.Second, a.rules.TimeLimit-max(0, away))
}

// sitDown begins, or takes up, a conversation in writing: there is no socket to wait
// for and nothing to dial.
func (a *interviewActor) sitDown(c *engine.Ctx[interviewMsg]) {
	a.connNo++
	a.conn = &Connection{transport: page{}, typing: true, no: a.connNo, mic: a.mic, tell: a.tell, offer: a.offer}
	a.dial(c)
}

// onAsked takes a written message.
func (a *interviewActor) onAsked(c *engine.Ctx[interviewMsg], q *question) {
	switch {
	case a.desk == nil: // the row's mode can't change: a defect
		q.fail(fmt.Errorf("%w: the interview is spoken", ErrNotActive))
		return
	case a.phase >= phaseEnding:
		return // whoever admits it next answers
	case len(a.desk.waiting) >= maxWaiting:
		q.taken.Store(true) // it is not to be brought again at once
		q.fail(ErrInterrupted)
		return
	}
	a.desk.waiting = append(a.desk.waiting, q)
	a.desk.quiet++
	switch a.phase {
	case phaseWaiting:
		a.sitDown(c)
	case phaseRunning:
		a.serve(c)
	case phaseClaiming, phaseDialing, phaseGoingLive, phaseEnding, phaseOver:
	}
}

// serve makes the next message a turn once the one before has its reply, and lets
// the interview go when there is none.
func (a *interviewActor) serve(c *engine.Ctx[interviewMsg]) {
	d := a.desk
	if a.phase != phaseRunning || a.busy {
		return
	}
	if d.opening != "" {
		for _, q := range d.takeEmpty() {
			q.answer(Answer{Reply: d.opening})
		}
	}
	if d.closed || !a.turn.Idle() {
		return
	}
	if d.current != nil || d.opening == "" { // the machine has given up
		for _, q := range d.waiting {
			q.taken.Store(true)
		}
		d.fail(ErrInterrupted)
	}
	if len(d.waiting) == 0 {
		a.rest(c)
		return
	}
	q := d.waiting[0]
	d.waiting = d.waiting[1:]
	d.current, q.said = q, cleanText(q.content)
	q.taken.Store(true)
	a.segment++
	at := a.mic.inbound.Head().Duration()
	a.record(interview.KindSegmentFinal, interview.SegmentFinal{Segment: a.segment, Text: q.said, Confidence: 1, From: at, To: at, Typed: true}, nil)
	a.feed(c, turn.Typed{Segment: a.segment, Text: q.said})
}

// rest lets an interview go that nobody writes to: nothing is lost, and the next
// message finds it in whatever process it arrives.
func (a *interviewActor) rest(c *engine.Ctx[interviewMsg]) {
	d := a.desk
	if d.draining {
		a.feed(c, turn.Terminated{Reason: interview.EndParked})
		return
	}
	a.parkLater(c)
}

func (a *interviewActor) parkLater(c *engine.Ctx[interviewMsg]) {
	d := a.desk
	d.quiet++
	if d.parked != nil {
		d.parked.Stop()
	}
	d.parked = c.After(a.cfg.ParkAfter, parkDue{d.quiet})
}

func (a *interviewActor) onParkDue(c *engine.Ctx[interviewMsg], m parkDue) {
	switch {
	case a.desk == nil || m.quiet != a.desk.quiet:
	case a.phase == phaseWaiting:
		a.refuse(c, voiceproto.CloseCompleted, "", interview.EndParked)
	case a.phase == phaseRunning && a.turn.Idle():
		a.feed(c, turn.Terminated{Reason: interview.EndParked})
	}
}

func (a *interviewActor) onDrain(c *engine.Ctx[interviewMsg]) {
	if a.desk == nil {
		return
	}
	a.desk.draining = true
	if a.phase == phaseRunning {
		a.serve(c)
	}
}

// withOwed is an answer together with an earlier one that was stored and not replied
// to, because the process had ended: the open question was answered by both.
func (a *interviewActor) withOwed(text string) string {
	if a.desk == nil || a.owed == "" || a.owed == text {
		return text
	}
	return a.owed + " " + text
}

// awaitWords bounds the wait for a model.
func (a *interviewActor) awaitWords(c *engine.Ctx[interviewMsg], r *reply) {
	c.After(wordsWait, wordsDue{r.no})
}

func (a *interviewActor) onWordsDue(c *engine.Ctx[interviewMsg], m wordsDue) {
	r := a.reply
	if a.phase != phaseRunning || r == nil || r.no != m.reply || r.stopped || r.written {
		return
	}
	if r.sentences > 0 && !r.late {
		r.late = true
		c.After(wordsMore, m)
		return
	}
	a.log.Warn("no model words the reply in time", "reply", r.no)
	a.sayPlainly(c, r)
}

// wordOtherwise words a reply of which a model made nothing: once by the spare one,
// then plainly. A written interview never stands still for want of a model.
func (a *interviewActor) wordOtherwise(c *engine.Ctx[interviewMsg], r *reply) {
	if r.spared || a.deps.Spare == nil || a.llm == nil {
		a.sayPlainly(c, r)
		return
	}
	r.spared = true
	a.llm.Tell(writeReply{ctx: r.ctx, spare: true, req: r.req})
}

// sayPlainly brings a reply to its end in the plan's own words.
func (a *interviewActor) sayPlainly(c *engine.Ctx[interviewMsg], r *reply) {
	if r.stopped || r.written {
		return
	}
	r.cancel(errSuperseded) // what a model still says of it comes too late
	if text := r.order.Plain(r.script.Text()); text != "" {
		if r.sentences > 0 {
			text = " " + text
		}
		a.onSentence(c, r, text)
	}
	a.onWritten(c, r, nil)
}

// finishWriting lets a reply that is on its way be given before the interview has to
// stop: a process that goes must not cost anybody an answer.
func (a *interviewActor) finishWriting(c *engine.Ctx[interviewMsg]) {
	if a.desk == nil {
		return
	}
	a.desk.closed = true
	if r := a.reply; r != nil {
		a.sayPlainly(c, r)
	}
}

// onWriterDown deals with a crash of the llm child.
func (a *interviewActor) onWriterDown(c *engine.Ctx[interviewMsg], final bool) {
	if final {
		a.llm = nil
	}
	if r := a.reply; r != nil && a.phase == phaseRunning {
		a.sayPlainly(c, r)
	}
}

// page is the transport of an interview in writing: its lines are the answers to
// requests, and nothing else reaches the candidate.
type page struct{}

func (page) WriteFrame(interview.ReplyNo, int64, []int16) bool { return true }
func (page) Lead() time.Duration                               { return 0 }
func (page) Send(voiceproto.ServerMessage) bool                { return true }
func (page) Flush(interview.ReplyNo)                           {}
func (page) EndReply(interview.ReplyNo)                        {}
func (page) Played(interview.ReplyNo) (int64, bool)            { return 0, false }
func (page) Close(int, string)                                 {}
