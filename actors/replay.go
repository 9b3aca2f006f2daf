package actors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/actors/turn/codec"
	"github.com/vantahire/vantahire/interview"
)

// maxLives bounds the lives of one record: an interview that was claimed more often
// has a defect of another kind.
const maxLives = 1000

// ErrNotReplayable says that a record does not hold what a replay needs.
var ErrNotReplayable = errors.New("record can't be replayed")

// ReplayReport says what a replay found.
type ReplayReport struct {
	Lives      []ReplayedLife
	Difference *Difference // the first one, where the replay stopped; nil: none
}

// ReplayedLife is what one owner of the interview wrote: one life of its turn
// machine, or none if the call did not come to that.
type ReplayedLife struct {
	Fence   interview.Fence
	From    interview.Seq // of its first event
	To      interview.Seq
	Program string // the build that held the call
	// Inputs is how many the turn machine was fed again, Decisions how many stored
	// events its effects, and the order made of the life before, were compared with.
	Inputs, Decisions int
	// Unfinished decisions were made and not stored: the life ended before.
	Unfinished int
	// Skipped says why nothing, or nothing more, of this life could be compared;
	// empty when all could.
	Skipped string
}

// Replayed reports whether there was anything to compare, and nothing differed.
func (r ReplayReport) Replayed() bool {
	n := 0
	for _, l := range r.Lives {
		if l.Skipped != "" {
			return false
		}
		n += l.Decisions
	}
	return r.Difference == nil && n > 0
}

// Difference is where the stored events and those derived again part.
type Difference struct {
	Fence interview.Fence
	Seq   interview.Seq // of the stored event, or of the one before which it is missing
	What  string
	// Stored and Derived are the two sides; nil: there is no such event.
	Stored, Derived *Decision
}

// Replay feeds a turn machine what is stored of each life of an interview, in
// order, and compares its decisions with those that are stored: the candidate's and
// the interviewer's lines, breaks and the end. What a later life made of the earlier
// ones when it began is derived and compared as well. It stops at the first
// difference.
//
// Events are those of one interview, by seq. It fails with ErrNotReplayable when
// they are not, or when none of the lives has what a replay needs, because an older
// program has held the call.
func Replay(events []interview.Event) (ReplayReport, error) {
	var report ReplayReport
	before := newRestorer()
	usable := false
	for i := 0; i < len(events); {
		end := i
		for end < len(events) && events[end].Fence == events[i].Fence {
			if e := events[end]; e.Interview != events[0].Interview || end > 0 && e.Seq <= events[end-1].Seq {
				return report, fmt.Errorf("%w: event %d is not in its place", ErrNotReplayable, e.Seq)
			}
			end++
		}
		if len(report.Lives) == maxLives {
			return report, fmt.Errorf("%w: it has more than %d lives", ErrNotReplayable, maxLives)
		}
		l := replayer{past: before.past(), life: ReplayedLife{Fence: events[i].Fence, From: events[i].Seq, To: events[end-1].Seq}}
		d := l.run(events[i:end])
		report.Lives = append(report.Lives, l.life)
		if d != nil {
			d.Fence, report.Difference = l.life.Fence, d
			return report, nil
		}
		usable = usable || l.began
		for ; i < end; i++ {
			before.add(events[i])
		}
	}
	if !usable {
		return report, fmt.Errorf("%w: it does not tell what the turn machine was fed", ErrNotReplayable)
	}
	return report, nil
}

// replayer replays one life.
type replayer struct {
	past  past // of the lives before
	life  ReplayedLife
	began bool
	turn  turn.State
	queue []Decision // derived and not yet seen stored
}

func (r *replayer) run(events []interview.Event) *Difference {
	if connectedOnly(events) {
		r.life.Skipped = "held by a program that did not store what the turn machine was fed"
		return nil
	}
	for _, effect := range r.past.close() {
		r.expect(effect)
	}
	for _, e := range events {
		if d := r.step(e); d != nil {
			return d
		}
		if r.life.Skipped != "" {
			return nil
		}
	}
	r.life.Unfinished = len(r.queue)
	if last := len(events) - 1; len(r.queue) > 0 && last >= 0 && events[last].Kind == interview.KindEnded {
		return &Difference{Fence: r.life.Fence, Seq: events[last].Seq, What: "it was decided and not stored before the end", Derived: &r.queue[0]}
	}
	return nil
}

// connectedOnly reports a life with a conversation and without what it was fed.
func connectedOnly(events []interview.Event) bool {
	connected := false
	for _, e := range events {
		switch kindOf(e) {
		case interview.KindTurnBegan:
			return false
		case interview.KindConnected:
			connected = true
		default:
		}
	}
	return connected
}

// kindOf is an event's kind, also of one that is in quarantine.
func kindOf(e interview.Event) interview.EventKind {
	if e.Kind == interview.KindQuarantined {
		if q, ok := read[interview.Quarantined](e); ok {
			return q.Kind
		}
	}
	return e.Kind
}

// step takes one stored event.
func (r *replayer) step(e interview.Event) *Difference {
	lost := e.Kind == interview.KindQuarantined
	switch kind := kindOf(e); kind {
	case interview.KindTurnBegan:
		return r.begin(e, lost)
	case interview.KindTurnInputs:
		return r.feed(e, lost)
	case interview.KindTalkTime: // stored between two inputs, when all effects were carried out
		return r.settled(e)
	case interview.KindTurnCommitted, interview.KindReplyEnded, interview.KindPaused, interview.KindResumed, interview.KindEnded:
		return r.compare(e, kind, lost)
	case interview.KindStarted, interview.KindConnected, interview.KindConnectionLost, interview.KindSegmentFinal, interview.KindReplyStarted,
		interview.KindReplyWritten, interview.KindPlanMoved, interview.KindWhispered, interview.KindTakenOver, interview.KindHandedBack,
		interview.KindDegraded, interview.KindTurnMeasured, interview.KindBudgetSpent, interview.KindQuarantined:
	}
	return nil
}

// settled finds a decision that should have been stored before e.
func (r *replayer) settled(e interview.Event) *Difference {
	if len(r.queue) > 0 {
		return &Difference{Seq: e.Seq, What: "a decision is missing before this event", Derived: &r.queue[0]}
	}
	return nil
}

// begin starts the turn machine as it was started.
func (r *replayer) begin(e interview.Event, lost bool) *Difference {
	if d := r.settled(e); d != nil {
		return d
	}
	switch {
	case lost:
		r.life.Skipped = fmt.Sprintf("event %d, the turn machine's beginning, is in quarantine", e.Seq)
		return nil
	case r.began:
		return &Difference{Seq: e.Seq, What: "the turn machine begins a second time"}
	}
	var cfg turn.Config
	var numbers turn.Resume
	began, ok := read[interview.TurnBegan](e)
	if !ok || strict(began.Config, &cfg) != nil || strict(began.Numbers, &numbers) != nil {
		r.life.Skipped = fmt.Sprintf("event %d, the turn machine's beginning, can't be read by this program", e.Seq)
		return nil
	}
	r.began, r.life.Program = true, began.Program
	if numbers != r.past.numbers || began.Resumed != r.past.begun {
		return &Difference{Seq: e.Seq, What: fmt.Sprintf(
			"the turn machine begins with %+v, resumed %t; the events before say %+v, %t", numbers, began.Resumed, r.past.numbers, r.past.begun)}
	}
	r.turn = turn.New(cfg, numbers)
	return nil
}

// feed gives the turn machine what it was given.
func (r *replayer) feed(e interview.Event, lost bool) *Difference {
	if d := r.settled(e); d != nil {
		return d
	}
	switch {
	case lost:
		r.life.Skipped = fmt.Sprintf("event %d, inputs of the turn machine, is in quarantine", e.Seq)
		return nil
	case !r.began:
		return &Difference{Seq: e.Seq, What: "inputs of a turn machine that has not begun"}
	}
	stored, ok := read[interview.TurnInputs](e)
	if !ok {
		return &Difference{Seq: e.Seq, What: "inputs that can't be read"}
	}
	inputs, err := codec.Decode(stored.Inputs)
	if err != nil {
		return &Difference{Seq: e.Seq, What: err.Error()}
	}
	for _, in := range inputs {
		r.life.Inputs++
		var effects []turn.Effect
		r.turn, effects = turn.Next(r.turn, in.At, in.Event)
		for _, effect := range effects {
			r.expect(effect)
		}
	}
	return nil
}

// expect notes what an effect has to be stored as.
func (r *replayer) expect(effect turn.Effect) {
	if d, stored := decisionOf(effect, r.turn); stored {
		r.queue = append(r.queue, d)
	}
}

// compare takes a stored decision.
func (r *replayer) compare(e interview.Event, kind interview.EventKind, lost bool) *Difference {
	stored := Decision{Kind: kind}
	if !lost {
		var ok bool
		if stored, ok = storedDecision(e); !ok {
			return &Difference{Seq: e.Seq, What: "a decision that can't be read", Derived: r.next()}
		}
	}
	if !r.began && len(r.queue) == 0 && kind == interview.KindEnded { // by whoever found it abandoned
		r.queue = append(r.queue, Decision{Kind: kind, Reason: stored.Reason, Used: r.past.numbers.Used})
	}
	derived := r.next()
	switch {
	case derived == nil:
		return &Difference{Seq: e.Seq, What: "a decision that the turn machine does not make", Stored: &stored}
	case lost && derived.Kind == kind, !lost && derived.equal(stored):
		r.queue = r.queue[1:]
		r.life.Decisions++
		return nil
	}
	return &Difference{Seq: e.Seq, What: "the turn machine decides something else", Stored: &stored, Derived: derived}
}

func (r *replayer) next() *Decision {
	if len(r.queue) == 0 {
		return nil
	}
	d := r.queue[0]
	return &d
}

// strict decodes a document that has no field this program does not know.
func strict(doc json.RawMessage, v any) error {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}
