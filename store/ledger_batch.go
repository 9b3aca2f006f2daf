package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/interview/record"
)

// eventKey names an event. Two fences are two writers: they are never one event.
type eventKey struct {
	interview interview.ID
	fence     interview.Fence
	seq       interview.Seq
}

func keyOf(e interview.Event) eventKey { return eventKey{e.Interview, e.Fence, e.Seq} }

// item is an event on its way into the record.
type item struct {
	event    interview.Event // what takes the seq
	original interview.Event // what was to take it
	refusal  error           // why it can't: then original goes to quarantine and event is a placeholder
}

// placeholder holds the event's seq in the record. It is the same whenever the
// same event is refused for the same reason.
func placeholder(original interview.Event, why error) item {
	e := original
	e.Kind = interview.KindQuarantined
	if e.At = millis(e.At); !keepable(e.At) {
		e.At = time.Unix(0, 0).UTC()
	}
	// Two strings always have a JSON form.
	e.Payload, _ = json.Marshal(interview.Quarantined{Kind: interview.EventKind(cleaned(string(original.Kind))), Reason: why.Error()})
	return item{event: e, original: original, refusal: why}
}

// keepable is false for times no event can have and PostgreSQL perhaps not keep.
func keepable(at time.Time) bool { return 1970 <= at.Year() && at.Year() <= 9999 }

// prepareBatch checks the events and drops repeated ones. What can't be stored gets a
// placeholder, what has the seq of another one is taken, and what has no usable
// name is refused.
func prepareBatch(events []interview.Event) ([]item, outcome) {
	var out outcome
	items := make([]item, 0, len(events))
	index := make(map[eventKey]int, len(events))
	for _, e := range events {
		if err := checkName(e); err != nil {
			out.refuse(e, err)
			continue
		}
		i, twice := index[keyOf(e)]
		if twice && sameEvent(items[i].original, e) {
			continue
		}
		why := checkEvent(e)
		switch {
		case twice:
			out.taken = append(out.taken, e)
			if why == nil {
				why = ErrSeqTaken
			}
			out.refuse(e, why)
			continue
		case why != nil:
			items = append(items, placeholder(e, why))
		default:
			stored := e
			stored.At = millis(e.At)
			items = append(items, item{event: stored, original: e})
		}
		index[keyOf(e)] = len(items) - 1
	}
	return items, out
}

func sameEvent(a, b interview.Event) bool {
	return a.Kind == b.Kind && millis(a.At).Equal(millis(b.At)) && a.Clock == b.Clock && bytes.Equal(a.Payload, b.Payload)
}

// checkName refuses an event that nothing can be stored for, not even that it was
// refused.
func checkName(e interview.Event) error {
	switch {
	case unfit(string(e.Interview)) != "":
		return &hiring.TextError{Field: "interview", Reason: unfit(string(e.Interview))}
	case e.Interview == "":
		return fmt.Errorf("%w: without interview", ErrBadEvent)
	case e.Seq < 1:
		return fmt.Errorf("%w: seq %d", ErrBadEvent, e.Seq)
	}
	return nil
}

// checkEvent refuses what the database would refuse: there it would take the whole
// batch along. It also refuses what no line can be derived from.
func checkEvent(e interview.Event) error {
	if err := checkTexts(field{"kind", string(e.Kind)}); err != nil {
		return err
	}
	switch {
	case e.Kind == "":
		return fmt.Errorf("%w: without kind", ErrBadEvent)
	case !keepable(e.At):
		return fmt.Errorf("%w: its time can't be kept", ErrBadEvent)
	}
	if reason := unfitDocument(e.Payload); reason != "" {
		return &hiring.TextError{Field: "payload of " + cleaned(string(e.Kind)), Reason: reason}
	}
	if _, _, err := record.LineOf(e); err != nil {
		return fmt.Errorf("%w: %w", ErrBadEvent, err)
	}
	if e.Kind == interview.KindEnded {
		_, err := decode[interview.Ended](e)
		return err
	}
	return nil
}

// decode reads an event's payload. Its error does not quote it.
func decode[T any](e interview.Event) (T, error) {
	var v T
	if err := json.Unmarshal(e.Payload, &v); err != nil {
		return v, fmt.Errorf("%w: payload of event %d is not that of %s", ErrBadEvent, e.Seq, e.Kind)
	}
	return v, nil
}

// eventColumns are events as one array per column.
type eventColumns struct {
	ids, kinds, payloads []string
	seqs, fences, clocks []int64
	ats                  []time.Time
}

func (c *eventColumns) add(e interview.Event) {
	c.ids, c.kinds, c.payloads = append(c.ids, string(e.Interview)), append(c.kinds, string(e.Kind)), append(c.payloads, string(e.Payload))
	c.seqs, c.fences, c.clocks = append(c.seqs, int64(e.Seq)), append(c.fences, int64(e.Fence)), append(c.clocks, int64(e.Clock))
	c.ats = append(c.ats, e.At)
}

func (c *eventColumns) args() []any {
	return []any{c.ids, c.fences, c.seqs, c.kinds, c.ats, c.clocks, c.payloads}
}

// lineColumns are lines of the transcript with the events they come from.
type lineColumns struct {
	ids, roles, contents []string
	seqs, fences         []int64
	ats                  []time.Time
	turns, replies       []*int64
	interrupted          []*bool
}

func (c *lineColumns) add(e interview.Event, l record.Line) {
	c.ids, c.roles, c.contents = append(c.ids, string(e.Interview)), append(c.roles, string(l.Role)), append(c.contents, l.Content)
	c.seqs, c.fences, c.ats = append(c.seqs, int64(e.Seq)), append(c.fences, int64(e.Fence)), append(c.ats, e.At)
	c.turns, c.replies = append(c.turns, number(l.Turn)), append(c.replies, number(l.Reply))
	var cut *bool
	if l.Role == interview.RoleAssistant {
		cut = &l.Interrupted
	}
	c.interrupted = append(c.interrupted, cut)
}

func (c *lineColumns) args() []any {
	return []any{c.ids, c.fences, c.seqs, c.roles, c.contents, c.ats, c.turns, c.replies, c.interrupted}
}

// number is null for 0, which means "none" for turns and replies.
func number[T ~uint32](n T) *int64 {
	if n == 0 {
		return nil
	}
	v := int64(n)
	return &v
}

// asideColumns are events on their way to quarantine.
type asideColumns struct {
	ids, kinds, reasons  []string
	seqs, fences, clocks []int64
	ats                  []*time.Time
	payloads             [][]byte
}

func (c *asideColumns) add(e interview.Event, why error) {
	c.ids, c.kinds, c.reasons = append(c.ids, string(e.Interview)), append(c.kinds, cleaned(string(e.Kind))), append(c.reasons, why.Error())
	c.seqs, c.fences, c.clocks = append(c.seqs, int64(e.Seq)), append(c.fences, int64(e.Fence)), append(c.clocks, int64(e.Clock))
	var at *time.Time
	if cut := millis(e.At); keepable(cut) {
		at = &cut
	}
	payload := []byte(e.Payload)
	if payload == nil {
		payload = []byte{} // null is no content
	}
	c.ats, c.payloads = append(c.ats, at), append(c.payloads, payload)
}

func (c *asideColumns) args() []any {
	return []any{c.ids, c.fences, c.seqs, c.kinds, c.ats, c.clocks, c.payloads, c.reasons}
}

// commitArgs are the parameters of commitBatch.
func commitArgs(items []item) []any {
	var (
		events                eventColumns
		lines                 lineColumns
		aside                 asideColumns
		endIDs, reasons       []string
		endFences, seqs, used []int64
		endAts                []time.Time
	)
	for _, i := range items {
		events.add(i.event)
		if i.refusal != nil {
			aside.add(i.original, i.refusal)
			continue
		}
		if line, is, err := record.LineOf(i.event); err == nil && is {
			lines.add(i.event, line)
		}
		if i.event.Kind != interview.KindEnded {
			continue
		}
		if end, err := decode[interview.Ended](i.event); err == nil {
			endIDs, reasons = append(endIDs, string(i.event.Interview)), append(reasons, string(end.Reason))
			endFences, seqs = append(endFences, int64(i.event.Fence)), append(seqs, int64(i.event.Seq))
			used, endAts = append(used, int64(end.Used)), append(endAts, i.event.At)
		}
	}
	args := append(events.args(), lines.args()...)
	args = append(args, endIDs, endFences, seqs, reasons, used, endAts)
	return append(args, aside.args()...)
}
