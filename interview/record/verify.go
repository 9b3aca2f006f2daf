package record

import (
	"errors"
	"fmt"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// mostFindings bounds each list of a report.
const mostFindings = 200

// SealState says what is known of a record's seal.
type SealState string

// The states of a seal.
const (
	SealMissing   SealState = "missing"
	SealUnchecked SealState = "unchecked" // there is one, and no key to check it with
	SealValid     SealState = "valid"
	SealWrongKey  SealState = "wrong key"
	SealBroken    SealState = "broken"
)

// Report says what Verify found. Problems are what must not be; Notes are what a
// reader should know. Neither has texts of the interview.
type Report struct {
	Interview   interview.ID
	Events      int
	Lives       int // owners that wrote events
	Lines       int // of the transcript, derived from the events
	OtherLines  int // that come from no event
	LateEvents  int
	LateLines   int
	Quarantined int
	Ended       interview.EndReason // ""; the interview is not over for good
	Seal        SealState
	Problems    []string
	Notes       []string

	dropped int // problems beyond mostFindings
}

// Good reports whether there is no problem.
func (r Report) Good() bool { return len(r.Problems) == 0 }

func (r *Report) problem(format string, args ...any) {
	if len(r.Problems) < mostFindings {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	} else {
		r.dropped++
	}
}

func (r *Report) note(format string, args ...any) {
	if len(r.Notes) < mostFindings {
		r.Notes = append(r.Notes, fmt.Sprintf(format, args...))
	}
}

// Verify checks a record: that the sequence of its events is complete, that no
// overtaken owner wrote, that clocks don't run backwards, that every line of the
// transcript is what an event says and every event that makes a line has it, that
// nothing refers to what is not there, and that nothing follows the end. With a key
// it checks the seal as well, and wants one if the interview is over for good.
func Verify(r Record, key []byte) Report {
	report := Report{
		Interview: r.Interview, Events: len(r.Events), LateEvents: len(r.Late), Quarantined: len(r.Quarantined), Seal: SealMissing,
	}
	report.order(r)
	report.references(r.Events)
	report.lines(r)
	report.late(r)
	report.quarantine(r)
	report.seal(r, key)
	if report.dropped > 0 {
		report.Problems = append(report.Problems, fmt.Sprintf("and %d more", report.dropped))
	}
	return report
}

// order checks seq, fence, clock and end.
func (r *Report) order(rec Record) {
	var (
		next  interview.Seq = 1
		fence interview.Fence
		clock time.Duration // within the life
		most  time.Duration // of the lives before
		began bool          // the clock of this record goes on over lives
		over  interview.Seq
	)
	for i, e := range rec.Events {
		if e.Interview != rec.Interview {
			r.problem("event %d is one of another interview", e.Seq)
		}
		switch {
		case e.Seq == next-1 && i > 0:
			r.problem("event %d is there twice", e.Seq)
		case e.Seq < next:
			r.problem("event %d comes behind event %d", e.Seq, next-1)
		case e.Seq == next+1:
			r.problem("event %d is missing", next)
		case e.Seq > next:
			r.problem("events %d to %d are missing", next, e.Seq-1)
		}
		next = max(next, e.Seq+1)
		switch {
		case i == 0 || e.Fence > fence:
			r.Lives++
			most, clock = max(most, clock), 0
		case e.Fence < fence:
			r.problem("event %d has fence %d behind fence %d: its owner had been overtaken", e.Seq, e.Fence, fence)
		}
		fence = max(fence, e.Fence)
		if e.Clock < clock {
			r.problem("the clock runs backwards at event %d: %s after %s", e.Seq, e.Clock, clock)
		}
		clock = max(clock, e.Clock)
		if e.Kind == interview.KindTurnBegan {
			if began && e.Clock < most {
				r.problem("the clock begins anew at event %d: %s after %s", e.Seq, e.Clock, most)
			}
			began = true
		}
		if over != 0 {
			r.problem("event %d follows the end, which is event %d", e.Seq, over)
		}
		if reason, final := finalEnd(e); final && over == 0 {
			over, r.Ended = e.Seq, reason
		}
		if _, err := document(e.Payload); err != nil {
			r.problem("event %d: %v", e.Seq, err)
		}
	}
}

func finalEnd(e interview.Event) (interview.EndReason, bool) {
	if e.Kind != interview.KindEnded {
		return "", false
	}
	end, err := payload[interview.Ended](e)
	return end.Reason, err == nil && end.Reason.Final()
}

// quarantine compares the places that are held with what is in quarantine.
func (r *Report) quarantine(rec Record) {
	type place struct {
		seq   interview.Seq
		fence interview.Fence
	}
	aside := map[place]bool{}
	for _, q := range rec.Quarantined {
		aside[place{q.Seq, q.Fence}] = true
	}
	for _, e := range rec.Events {
		if e.Kind != interview.KindQuarantined {
			continue
		}
		q, err := payload[interview.Quarantined](e)
		if err != nil {
			r.problem("%v", err)
		}
		p := place{e.Seq, e.Fence}
		if !aside[p] {
			r.problem("event %d, %s, is said to be in quarantine and is not there", e.Seq, q.Kind)
		}
		delete(aside, p)
		r.note("event %d, %s, could not be stored and is in quarantine: %s", e.Seq, q.Kind, q.Reason)
	}
	for _, q := range rec.Quarantined {
		if aside[place{q.Seq, q.Fence}] {
			r.note("an event of fence %d, %s, is in quarantine without a place in the record: %s", q.Fence, q.Kind, q.Reason)
		}
	}
}

func (r *Report) seal(rec Record, key []byte) {
	switch {
	case rec.Seal == nil && r.Ended == "":
		r.note("the interview is not over: there is no seal yet")
	case rec.Seal == nil && key == nil:
		r.note("the record is complete and not sealed")
	case rec.Seal == nil:
		r.problem("the record is complete and not sealed")
	case key == nil:
		r.Seal = SealUnchecked
		r.note("there is a seal, made with key %s, and no key to check it with", rec.Seal.KeyID)
	default:
		err := rec.Seal.Check(key, rec.Interview, rec.Events)
		switch {
		case err == nil:
			r.Seal = SealValid
		case errors.Is(err, ErrWrongKey):
			r.Seal = SealWrongKey
			r.problem("the seal was made with key %s, the one given is %s", rec.Seal.KeyID, KeyID(key))
		default:
			r.Seal = SealBroken
			r.problem("the events are not those that were sealed (%d up to %d): %v", rec.Seal.Events, rec.Seal.LastSeq, err)
		}
	}
}
