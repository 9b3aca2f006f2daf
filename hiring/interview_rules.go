package hiring

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// The refusals of contract section 3.1.1.
var (
	errAlreadyStarted = Refuse(KindInvalid, "Interview already started or completed")
	errNotInProgress  = Refuse(KindInvalid, "Interview not in progress")
	errFrozen         = Refuse(KindInvalid, "Cannot update interview after it has started")
	errStale          = Refuse(KindStale, "The resource has changed")
)

// lateGrace is how long after its completion a page may still send what it has: the
// last lines of a transcript, notes, files.
const lateGrace = 10 * time.Minute

// expirySlack is how long an interview may be in progress beyond its time limit
// (contract section 3.1).
const expirySlack = 5 * time.Minute

// successors is the state machine of contract section 3.1: where an interview may go
// from each state.
func successors(from interview.Status) []interview.Status {
	switch from {
	case interview.StatusPending:
		return []interview.Status{interview.StatusInProgress, interview.StatusExpired}
	case interview.StatusInProgress:
		return []interview.Status{interview.StatusCompleted, interview.StatusExpired}
	case interview.StatusCompleted, interview.StatusExpired:
	}
	return nil
}

// move takes the interview to another state, with the moments that belong to it. A
// state that does not follow is refused with those that do.
func (i *Interview) move(to interview.Status, at time.Time) error {
	next := successors(i.Status)
	if !slices.Contains(next, to) {
		return transitionRefused(i.Status, to, next)
	}
	if to == interview.StatusInProgress {
		i.StartedAt = &at
	} else if i.Status == interview.StatusInProgress {
		i.CompletedAt = &at
	}
	i.Status = to
	return nil
}

// InterviewChange is what a recruiter may change before the start. A nil pointer is
// a field that was not given.
type InterviewChange struct {
	CandidateName    *string
	CandidateNotes   *string
	TimeLimitMinutes *int // 5..120
}

// apply changes an interview that has not begun (contract section 3.1.1).
func (c InterviewChange) apply(i *Interview) error {
	if i.Status != interview.StatusPending {
		return errFrozen
	}
	if c.CandidateName != nil {
		i.CandidateName = c.CandidateName
	}
	if c.CandidateNotes != nil {
		i.CandidateNotes = c.CandidateNotes
	}
	if c.TimeLimitMinutes != nil {
		i.TimeLimitMinutes = *c.TimeLimitMinutes
	}
	return nil
}

// fresh refuses a change of a row that is not the one the caller last saw. Versions
// are compared as they are stored, in milliseconds; nil demands nothing.
func fresh(version time.Time, seen *time.Time) error {
	if seen != nil && seen.UnixMilli() != version.UnixMilli() {
		return errStale
	}
	return nil
}

// takesWritings reports whether the candidate may still send notes and files: before
// the end, and a while after its completion.
func (i *Interview) takesWritings(now time.Time) bool {
	return i.Status == interview.StatusPending || i.Status == interview.StatusInProgress || i.completedAfter(now.Add(-lateGrace))
}

func (i *Interview) completedAfter(since time.Time) bool {
	return i.Status == interview.StatusCompleted && i.CompletedAt != nil && i.CompletedAt.After(since)
}

// keptInNotes are what the product itself keeps in candidateNotes as a document
// (contract section 2.4.2).
var keptInNotes = []string{"video_transcription", "video_transcription_detailed", "final_recommendation", "transcribed_at", "recommendation_generated_at"}

// withNotes is candidateNotes once the candidate has written notes: the text, or, when
// the product keeps a document there, that document with the text under notes.
func withNotes(present *string, notes string) string {
	var document map[string]json.RawMessage
	if present == nil || json.Unmarshal([]byte(*present), &document) != nil {
		return notes
	}
	if !slices.ContainsFunc(keptInNotes, func(key string) bool { return document[key] != nil }) {
		return notes
	}
	text, _ := json.Marshal(notes) // a string always has a JSON form
	document["notes"] = text
	merged, err := json.Marshal(document)
	if err != nil { // what was just read can be written
		return notes
	}
	return string(merged)
}
