package hiring_test

import (
	"slices"
	"testing"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

func TestAnEndThatNobodyCarriedOutIsCarriedOutLater(t *testing.T) {
	t.Parallel()
	s, memory, told := setup()
	created, _, err := s.Create(t.Context(), recruiter, wanted())
	if err != nil {
		t.Fatal(err)
	}
	id := created.ID
	if err := s.Started(t.Context(), id, time.Now()); err != nil {
		t.Fatal(err)
	}
	told.take()
	memory.Ends = []hiring.OverdueEnd{{Interview: id, Reason: interview.EndFinished, At: time.Now()}, {Interview: "gone", Reason: interview.EndFinished}}
	if err := s.CompleteOverdue(t.Context()); err != nil {
		t.Fatal(err)
	}
	row, err := s.Owned(t.Context(), recruiter, id)
	if err != nil || row.Status != interview.StatusCompleted || row.CompletedAt == nil {
		t.Errorf("the interview is %s, %v", row.Status, err)
	}
	if events := told.take(); !slices.Contains(events, string(hiring.UserTopic(recruiter.UserID))+" interview:completed") {
		t.Errorf("told: %v", events)
	}
	if err := s.CompleteOverdue(t.Context()); err != nil || len(told.take()) != 0 {
		t.Errorf("a second time it is done again: %v", err)
	}
	memory.Break(errDown)
	if err := s.CompleteOverdue(t.Context()); err == nil {
		t.Error("a database that is away is no error")
	}
}
