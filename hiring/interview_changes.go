package hiring

import (
	"context"
	"fmt"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// edit changes an interview that the actor may see; what change refuses is refused.
func (s *Service) edit(ctx context.Context, actor Actor, id interview.ID, change func(*Interview) error) (Interview, error) {
	row, err := s.book.Edit(ctx, id, func(row *Interview) error {
		if !actor.MayManage(row.RecruiterID) {
			return ErrNotFound
		}
		return change(row)
	})
	if err != nil {
		return row, fmt.Errorf("change interview %s: %w", id, err)
	}
	return row, nil
}

// Change changes an interview before its start. seen, when it is not nil, is the
// updatedAt the actor last saw.
func (s *Service) Change(ctx context.Context, actor Actor, id interview.ID, c InterviewChange, seen *time.Time) (Interview, error) {
	return s.edit(ctx, actor, id, func(row *Interview) error {
		if err := fresh(row.UpdatedAt, seen); err != nil {
			return err
		}
		return c.apply(row)
	})
}

// Delete removes an interview with all that hangs on it. seen, when it is not nil, is
// the updatedAt the actor last saw. A call that runs is ended by those who watch over
// it.
func (s *Service) Delete(ctx context.Context, actor Actor, id interview.ID, seen *time.Time) error {
	err := s.book.Delete(ctx, id, func(row *Interview) error {
		if !actor.MayManage(row.RecruiterID) {
			return ErrNotFound
		}
		return fresh(row.UpdatedAt, seen)
	})
	if err != nil {
		return fmt.Errorf("delete interview %s: %w", id, err)
	}
	return nil
}

// WriteNotes stores what the candidate has written about himself.
func (s *Service) WriteNotes(ctx context.Context, link Access, notes string) error {
	id := link.Interview.ID
	_, err := s.book.Edit(ctx, id, func(row *Interview) error {
		if !row.takesWritings(s.now()) {
			return ErrInterviewOver
		}
		text := withNotes(row.CandidateNotes, notes)
		row.CandidateNotes = &text
		return nil
	})
	if err != nil {
		return fmt.Errorf("write notes of interview %s: %w", id, err)
	}
	return nil
}

// AddLine stores a line that the candidate's page has heard (contract section 2.5):
// it is marked as the client's, for whoever judges the transcript.
func (s *Service) AddLine(ctx context.Context, link Access, role interview.Role, content string) (Message, error) {
	source, now := SourceClient, s.now()
	line := Message{ID: s.newID(), InterviewID: link.Interview.ID, Role: role, Content: content, CreatedAt: now, Source: &source}
	if err := s.book.AddMessage(ctx, line, now.Add(-lateGrace)); err != nil {
		return Message{}, fmt.Errorf("add a line to interview %s: %w", line.InterviewID, orRefuse(err, ErrConflict, errNotInProgress))
	}
	s.publisher.Publish(InterviewTopic(line.InterviewID), "interview:message", messageEvent{line.InterviewID, messageText{role, content}})
	return line, nil
}

// messageEvent is the payload of interview:message (contract section 5.4).
type messageEvent struct {
	InterviewID interview.ID `json:"interviewId"`
	Message     messageText  `json:"message"`
}

type messageText struct {
	Role    interview.Role `json:"role"`
	Content string         `json:"content"`
}
