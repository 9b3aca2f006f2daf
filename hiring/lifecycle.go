package hiring

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// Started moves an interview to IN_PROGRESS (contract section 3.1). One that is
// in progress already stays so: its candidate is back. ErrConflict: it is over.
func (s *Service) Started(ctx context.Context, id interview.ID, at time.Time) error {
	row, err := s.interviews.SetStatus(ctx, id, []interview.Status{interview.StatusPending}, interview.StatusInProgress, at.UTC())
	if errors.Is(err, ErrConflict) {
		row, getErr := s.interviews.Get(ctx, id)
		if getErr != nil {
			return fmt.Errorf("start interview %s: %w", id, getErr)
		}
		if row.Status == interview.StatusInProgress {
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("start interview %s: %w", id, err)
	}
	s.publishMove(row)
	return nil
}

// Ended moves an interview that ended for good to COMPLETED; for any other reason
// it stays as it is. One that was ended elsewhere meanwhile stays ended there.
func (s *Service) Ended(ctx context.Context, id interview.ID, at time.Time, reason interview.EndReason) error {
	if !reason.Final() {
		return nil
	}
	row, err := s.interviews.SetStatus(ctx, id, []interview.Status{interview.StatusInProgress}, interview.StatusCompleted, at.UTC())
	if errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("complete interview %s: %w", id, err)
	}
	s.publishMove(row)
	return nil
}

// SetStatus moves an interview that the actor may see, as far as the state machine
// of contract section 3.1 allows. seen, when it is not nil, is the updatedAt the
// actor last saw. A call that runs is ended by those who watch over it.
func (s *Service) SetStatus(ctx context.Context, actor Actor, id interview.ID, to interview.Status, seen *time.Time) (Interview, error) {
	row, err := s.edit(ctx, actor, id, func(row *Interview) error {
		if err := fresh(row.UpdatedAt, seen); err != nil {
			return err
		}
		return row.move(to, s.now())
	})
	if err != nil {
		return row, err
	}
	s.publishMove(row)
	return row, nil
}

// Start begins an interview for its candidate.
func (s *Service) Start(ctx context.Context, link Access) (Interview, error) {
	return s.moveByCandidate(ctx, link, interview.StatusPending, interview.StatusInProgress, errAlreadyStarted)
}

// Complete ends an interview for its candidate.
func (s *Service) Complete(ctx context.Context, link Access) (Interview, error) {
	return s.moveByCandidate(ctx, link, interview.StatusInProgress, interview.StatusCompleted, errNotInProgress)
}

func (s *Service) moveByCandidate(ctx context.Context, link Access, from, to interview.Status, refusal *RefusedError) (Interview, error) {
	id := link.Interview.ID
	row, err := s.interviews.SetStatus(ctx, id, []interview.Status{from}, to, s.now())
	if err != nil {
		return row, fmt.Errorf("move interview %s to %s: %w", id, to, orRefuse(err, ErrConflict, refusal))
	}
	s.publishMove(row)
	return row, nil
}

// ExpireOverdue ends what nobody opened until its end, and what has been in progress
// for longer than its time limit and some slack (contract section 8). It returns how
// many those were.
func (s *Service) ExpireOverdue(ctx context.Context) (int, error) {
	for n := 0; ; {
		expired, err := s.book.Expire(ctx, s.now(), expirySlack)
		if err != nil {
			return n, fmt.Errorf("expire interviews: %w", err)
		}
		for _, row := range expired {
			s.publishMove(row)
		}
		if n += len(expired); len(expired) == 0 {
			return n, nil
		}
	}
}

// OverdueEnd is an interview that ended and was not completed: the process that
// held it died in between, or the database was away.
type OverdueEnd struct {
	Interview interview.ID
	Reason    interview.EndReason
	At        time.Time
}

// CompleteOverdue completes what others left. A live call that ends at the same
// moment and does it itself is no conflict.
func (s *Service) CompleteOverdue(ctx context.Context) error {
	overdue, err := s.interviews.Overdue(ctx)
	if err != nil {
		return fmt.Errorf("look for interviews to complete: %w", err)
	}
	var errs []error
	for _, o := range overdue {
		s.options.Log.Info("completing an interview that ended earlier", "interview", o.Interview, "reason", o.Reason)
		errs = append(errs, s.Ended(ctx, o.Interview, o.At, o.Reason))
	}
	return errors.Join(errs...)
}

// statusEvent is the payload of contract section 5.4: one object for all names.
type statusEvent struct {
	InterviewID interview.ID     `json:"interviewId"`
	Status      interview.Status `json:"status"`
	StartedAt   *time.Time       `json:"startedAt,omitempty"`
	CompletedAt *time.Time       `json:"completedAt,omitempty"`
}

// publishStatus emits interview:status and, where it has one, the seed's name beside
// it, to the recruiter and to the interview's followers.
func (s *Service) publishStatus(row Interview, also string) {
	e := statusEvent{InterviewID: row.ID, Status: row.Status, StartedAt: row.StartedAt, CompletedAt: row.CompletedAt}
	for _, name := range []string{"interview:status", also} {
		if name == "" {
			continue
		}
		s.publisher.Publish(UserTopic(row.RecruiterID), name, e)
		s.publisher.Publish(InterviewTopic(row.ID), name, e)
	}
}

// publishMove emits what belongs to the state an interview has come to.
func (s *Service) publishMove(row Interview) {
	s.publishStatus(row, map[interview.Status]string{
		interview.StatusInProgress: "interview:started", interview.StatusCompleted: "interview:completed",
	}[row.Status])
}

// LiveLink is a live call with the link it was opened by.
type LiveLink struct {
	Interview interview.ID
	SessionID string
}

// Standing is how a link and its interview stand.
type Standing struct {
	SessionID string
	Status    interview.Status
	Revoked   bool
	ExpiresAt time.Time
}

// Cut is a live call that must end, and why.
type Cut struct {
	Link   LiveLink
	Reason interview.EndReason
}

// Cuts finds the live calls whose link was revoked or ran out, or whose interview
// was ended or deleted elsewhere. One query serves all of them, so it may be
// asked every second.
func (s *Service) Cuts(ctx context.Context, live []LiveLink) ([]Cut, error) {
	if len(live) == 0 {
		return nil, nil
	}
	ids := make([]string, len(live))
	for i, l := range live {
		ids[i] = l.SessionID
	}
	standings, err := s.sessions.Standings(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("look after %d live calls: %w", len(live), err)
	}
	found := make(map[string]Standing, len(standings))
	for _, st := range standings {
		found[st.SessionID] = st
	}
	now := s.now()
	var cuts []Cut
	for _, l := range live {
		st, exists := found[l.SessionID]
		switch {
		case !exists, st.Status == interview.StatusCompleted, st.Status == interview.StatusExpired:
			cuts = append(cuts, Cut{l, interview.EndElsewhere})
		case st.Revoked, !st.ExpiresAt.After(now):
			cuts = append(cuts, Cut{l, interview.EndRevoked})
		}
	}
	return cuts, nil
}
