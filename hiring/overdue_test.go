package hiring_test

import (
	"errors"
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

func TestWhatIsOverdueExpiresAndIsAnnounced(t *testing.T) {
	t.Parallel()
	s, memory, told := setup()
	ids := map[string]interview.ID{}
	long := time.Now().Add(-36 * time.Minute)
	for name, change := range map[string]func(*hiring.Interview){
		"never opened":  func(i *hiring.Interview) { i.ExpiresAt = &long },
		"runs too long": func(i *hiring.Interview) { i.Status, i.StartedAt = interview.StatusInProgress, &long },
		"waits":         func(*hiring.Interview) {},
		"runs": func(i *hiring.Interview) {
			i.Status, i.StartedAt, i.TimeLimitMinutes = interview.StatusInProgress, &long, 45
		},
		"was completed": func(i *hiring.Interview) { i.Status, i.ExpiresAt = interview.StatusCompleted, &long },
		"runs on its end": func(i *hiring.Interview) {
			i.Status, i.StartedAt, i.ExpiresAt = interview.StatusInProgress, i.ExpiresAt, &long
		},
	} {
		row, _, err := s.Create(t.Context(), recruiter, wanted())
		if err != nil {
			t.Fatal(err)
		}
		ids[name] = row.ID
		memory.Edit(row.ID, change)
	}
	n, err := s.ExpireOverdue(t.Context())
	if err != nil || n != 2 {
		t.Errorf("%d expired: %v", n, err)
	}
	for name, id := range ids {
		row := memory.Row(id)
		if (row.Status == interview.StatusExpired) != (name == "never opened" || name == "runs too long") || (row.CompletedAt != nil) != (name == "runs too long") {
			t.Errorf("one that %s is %s, completed at %v", name, row.Status, row.CompletedAt)
		}
	}
	events := told.take()
	slices.Sort(events)
	want := []string{string(hiring.InterviewTopic(ids["never opened"])) + " interview:status", string(hiring.InterviewTopic(ids["runs too long"])) + " interview:status"}
	user := string(hiring.UserTopic(recruiter.UserID)) + " interview:status"
	want = append(want, user, user)
	slices.Sort(want)
	if !slices.Equal(events, want) {
		t.Errorf("announced %v, want %v", events, want)
	}
	memory.Break(errDown)
	if _, err := s.ExpireOverdue(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("without a database: %v", err)
	}
}
