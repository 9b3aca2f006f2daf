package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

var (
	// ErrSeqTaken says that another event has the interview's seq already.
	ErrSeqTaken = errors.New("another event has this seq")
	// ErrBadEvent says that an event is not complete or its payload is not that of
	// its kind.
	ErrBadEvent = errors.New("not a valid event")
)

// RefusedEvent is an event that can never be stored.
type RefusedEvent struct {
	Interview interview.ID
	Seq       interview.Seq
	Err       error // wraps *hiring.TextError, ErrBadEvent or ErrSeqTaken
}

// RefusedError reports the events of a batch that can never be stored. All
// others of the batch are stored.
type RefusedError struct {
	Events []RefusedEvent
}

// Error names the first event.
func (e *RefusedError) Error() string {
	first := e.Events[0]
	return fmt.Sprintf("%d events refused, first %d of interview %s: %v", len(e.Events), first.Seq, first.Interview, first.Err)
}

// Unwrap returns the reasons.
func (e *RefusedError) Unwrap() []error {
	errs := make([]error, len(e.Events))
	for i, r := range e.Events {
		errs[i] = r.Err
	}
	return errs
}

// Refusal is why an event was refused, and nil for an event that was not.
func (e *RefusedError) Refusal(id interview.ID, seq interview.Seq) error {
	for _, r := range e.Events {
		if r.Interview == id && r.Seq == seq {
			return r.Err
		}
	}
	return nil
}

// eventKey names an event.
type eventKey struct {
	interview interview.ID
	seq       interview.Seq
}

// line is a message of the transcript, derived from an event.
type line struct {
	event       interview.Event
	role        interview.Role
	content     string
	turn, reply *int64
	interrupted *bool
}

// batch is what a commit sends.
type batch struct {
	events []interview.Event
	index  map[eventKey]int
	lines  []line
	ends   map[interview.ID]ending // the last of each interview
}

type ending struct {
	event interview.Event
	interview.Ended
}

// prepareBatch checks the events, drops repeated ones and derives lines and ends.
func prepareBatch(events []interview.Event) (*batch, []RefusedEvent) {
	b := &batch{index: make(map[eventKey]int, len(events)), ends: map[interview.ID]ending{}}
	var refused []RefusedEvent
	for _, e := range events {
		if err := b.add(e); err != nil {
			refused = append(refused, RefusedEvent{Interview: e.Interview, Seq: e.Seq, Err: err})
		}
	}
	return b, refused
}

func (b *batch) add(e interview.Event) error {
	if err := checkEvent(e); err != nil {
		return err
	}
	e.At = millis(e.At)
	key := eventKey{e.Interview, e.Seq}
	if i, twice := b.index[key]; twice {
		if !sameEvent(b.events[i], e) {
			return ErrSeqTaken
		}
		return nil
	}
	if err := b.derive(e); err != nil {
		return err
	}
	b.index[key] = len(b.events)
	b.events = append(b.events, e)
	return nil
}

func sameEvent(a, b interview.Event) bool {
	return a.Kind == b.Kind && a.At.Equal(b.At) && a.Clock == b.Clock && bytes.Equal(a.Payload, b.Payload)
}

// checkEvent refuses what the database would refuse: there it would take the
// whole batch along.
func checkEvent(e interview.Event) error {
	if err := checkTexts(field{"interview", string(e.Interview)}, field{"kind", string(e.Kind)}); err != nil {
		return err
	}
	switch {
	case e.Interview == "" || e.Kind == "":
		return fmt.Errorf("%w: without interview or kind", ErrBadEvent)
	case e.Seq < 1:
		return fmt.Errorf("%w: seq %d", ErrBadEvent, e.Seq)
	case e.At.Year() < 1970 || e.At.Year() > 9999:
		return fmt.Errorf("%w: at %s", ErrBadEvent, e.At)
	}
	if reason := unfitDocument(e.Payload); reason != "" {
		return &hiring.TextError{Field: "payload of " + string(e.Kind), Reason: reason}
	}
	return nil
}

// derive adds what an event means for the other tables. Nothing said or heard is
// no line.
func (b *batch) derive(e interview.Event) error {
	switch e.Kind {
	case interview.KindTurnCommitted:
		turn, err := decode[interview.TurnCommitted](e)
		if err == nil && turn.Text != "" {
			b.lines = append(b.lines, line{event: e, role: interview.RoleUser, content: turn.Text, turn: number(turn.Turn)})
		}
		return err
	case interview.KindReplyEnded:
		reply, err := decode[interview.ReplyEnded](e)
		if err == nil && reply.Heard != "" {
			b.lines = append(b.lines, line{
				event: e, role: interview.RoleAssistant, content: reply.Heard,
				turn: number(reply.Turn), reply: number(reply.Reply), interrupted: &reply.Interrupted,
			})
		}
		return err
	case interview.KindEnded:
		end, err := decode[interview.Ended](e)
		if err == nil && b.ends[e.Interview].event.Seq < e.Seq {
			b.ends[e.Interview] = ending{e, end}
		}
		return err
	default:
		return nil // in the record only
	}
}

// decode reads an event's payload.
func decode[T any](e interview.Event) (T, error) {
	var v T
	if err := json.Unmarshal(e.Payload, &v); err != nil {
		return v, fmt.Errorf("%w: payload of %s: %w", ErrBadEvent, e.Kind, err)
	}
	return v, nil
}

// number is null for 0, which means "none" for turns and replies.
func number[T ~uint32](n T) *int64 {
	if n == 0 {
		return nil
	}
	v := int64(n)
	return &v
}

// args are the parameters of commitBatch: one array per column.
func (b *batch) args() []any {
	var (
		ids, kinds, payloads = texts(len(b.events)), texts(len(b.events)), texts(len(b.events))
		seqs, fences, clocks = numbers(len(b.events)), numbers(len(b.events)), numbers(len(b.events))
		ats                  = times(len(b.events))
		lineIDs, roles, said = texts(len(b.lines)), texts(len(b.lines)), texts(len(b.lines))
		lineSeqs             = numbers(len(b.lines))
		lineAts              = times(len(b.lines))
		turns, replies       = make([]*int64, len(b.lines)), make([]*int64, len(b.lines))
		interrupted          = make([]*bool, len(b.lines))
		endIDs, reasons      []string
		endSeqs, used        []int64
		endAts               []time.Time
	)
	for i, e := range b.events {
		ids[i], seqs[i], fences[i], kinds[i] = string(e.Interview), int64(e.Seq), int64(e.Fence), string(e.Kind)
		ats[i], clocks[i], payloads[i] = e.At, int64(e.Clock), string(e.Payload)
	}
	for i, l := range b.lines {
		lineIDs[i], lineSeqs[i], roles[i], said[i] = string(l.event.Interview), int64(l.event.Seq), string(l.role), l.content
		lineAts[i], turns[i], replies[i], interrupted[i] = l.event.At, l.turn, l.reply, l.interrupted
	}
	for id, end := range b.ends {
		endIDs, endSeqs, reasons = append(endIDs, string(id)), append(endSeqs, int64(end.event.Seq)), append(reasons, string(end.Reason))
		used, endAts = append(used, int64(end.Used)), append(endAts, end.event.At)
	}
	return []any{
		ids, seqs, fences, kinds, ats, clocks, payloads,
		lineIDs, lineSeqs, roles, said, lineAts, turns, replies, interrupted,
		endIDs, endSeqs, reasons, used, endAts,
	}
}

// contentArgs are the parameters of differingEvents for some of the events.
func (b *batch) contentArgs(keys []eventKey) []any {
	ids, kinds, payloads := texts(len(keys)), texts(len(keys)), texts(len(keys))
	seqs, clocks, ats := numbers(len(keys)), numbers(len(keys)), times(len(keys))
	for i, k := range keys {
		e := b.events[b.index[k]]
		ids[i], seqs[i], kinds[i] = string(e.Interview), int64(e.Seq), string(e.Kind)
		ats[i], clocks[i], payloads[i] = e.At, int64(e.Clock), string(e.Payload)
	}
	return []any{ids, seqs, kinds, ats, clocks, payloads}
}

func texts(n int) []string    { return make([]string, n) }
func numbers(n int) []int64   { return make([]int64, n) }
func times(n int) []time.Time { return make([]time.Time, n) }
