package hiring

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

var everyStatus = []interview.Status{interview.StatusPending, interview.StatusInProgress, interview.StatusCompleted, interview.StatusExpired}

// The table of contract section 3.1, over all pairs.
func TestAnInterviewGoesOnlyWhereTheContractLetsIt(t *testing.T) {
	t.Parallel()
	allowed := map[interview.Status][]interview.Status{
		interview.StatusPending:    {interview.StatusInProgress, interview.StatusExpired},
		interview.StatusInProgress: {interview.StatusCompleted, interview.StatusExpired},
	}
	at := time.Unix(1_800_000_000, 0).UTC()
	for _, from := range everyStatus {
		for _, to := range append(slices.Clone(everyStatus), "GONE") {
			row := Interview{Status: from}
			err := row.move(to, at)
			if slices.Contains(allowed[from], to) {
				started, ended := to == interview.StatusInProgress, from == interview.StatusInProgress
				if err != nil || row.Status != to || (row.StartedAt != nil) != started || (row.CompletedAt != nil) != ended {
					t.Errorf("%s to %s: %v, %+v", from, to, err, row)
				}
				continue
			}
			var refused *RefusedError
			want := fmt.Sprintf("Invalid status transition from '%s' to '%s'", from, to)
			if !errors.As(err, &refused) || refused.Text != want || refused.ValidTransitions == nil || len(refused.ValidTransitions) != len(allowed[from]) || row.Status != from {
				t.Errorf("%s to %s: %v", from, to, err)
			}
		}
	}
}

// The table of contract section 3.1.1 as far as it is about an interview's own fields.
func TestWhatMayBeChangedInWhichState(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_800_000_000, 0).UTC()
	just, long := at.Add(-time.Minute), at.Add(-lateGrace)
	name, minutes := "Ada", 45
	for _, status := range everyStatus {
		before := status == interview.StatusPending
		row := Interview{Status: status, CompletedAt: &long}
		if err := (InterviewChange{CandidateName: &name, TimeLimitMinutes: &minutes}).apply(&row); (err == nil) != before || before != (row.TimeLimitMinutes == minutes) {
			t.Errorf("fields of a %s one: %v, %+v", status, err, row)
		}
		if err := row.replan([]byte(`{}`), at); (err == nil) != before || before != (row.PlanVersion == 1) {
			t.Errorf("the plan of a %s one: %v, %+v", status, err, row)
		}
		if got, want := row.takesWritings(at), before || status == interview.StatusInProgress; got != want {
			t.Errorf("a %s one takes notes: %t", status, got)
		}
		row.CompletedAt = &just
		if got, want := row.takesWritings(at), status != interview.StatusExpired; got != want {
			t.Errorf("a %s one of a minute ago takes notes: %t", status, got)
		}
	}
}

func TestOfTwoPlansInOneMomentTheSecondIsLater(t *testing.T) {
	t.Parallel()
	at := time.Unix(1_800_000_000, 0).UTC()
	row := Interview{Status: interview.StatusPending}
	for n := range 3 {
		seen := planSeen(row)
		if err := row.replan([]byte(`{}`), at); err != nil || !planSeen(row).After(seen) || row.PlanVersion != n+1 {
			t.Errorf("change %d: %v, version %d of %s", n, err, row.PlanVersion, planSeen(row))
		}
	}
}

func TestAChangeMayDemandWhatItHasSeen(t *testing.T) {
	t.Parallel()
	version := time.UnixMilli(1_800_000_000_123)
	same, other := version.Add(400*time.Microsecond), version.Add(time.Millisecond)
	for name, c := range map[string]struct {
		seen *time.Time
		ok   bool
	}{"nothing": {nil, true}, "the version": {&same, true}, "another": {&other, false}} {
		if err := fresh(version, c.seen); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNotesAreMergedIntoTheProductsDocument(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ present, want string }{
		"nothing yet":             {"", "new"},
		"text":                    {"old", "new"},
		"somebody's own document": {`{"notes":"old"}`, "new"},
		"a list":                  {`["final_recommendation"]`, "new"},
		"a transcription":         {`{"video_transcription":"x","notes":"old"}`, `{"notes":"new","video_transcription":"x"}`},
		"a recommendation":        {`{"final_recommendation":{"confidenceScore":50.0}}`, `{"final_recommendation":{"confidenceScore":50.0},"notes":"new"}`},
	} {
		present := &c.present
		if c.present == "" {
			present = nil
		}
		if got := withNotes(present, "new"); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
