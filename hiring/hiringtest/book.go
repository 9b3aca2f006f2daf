package hiringtest

import (
	"context"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

// book changes the interviews of a Memory, in which every job and file is everybody's.
type book struct{ *Memory }

func (m book) Basis(context.Context, hiring.BasisQuery) (hiring.Basis, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return hiring.Basis{Job: true, Resume: true}, m.Fault
}

func (m book) CreateWithin(_ context.Context, row hiring.Interview, first hiring.Session, most int) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Fault != nil {
		return m.Fault
	}
	if _, taken := m.interviews[row.ID]; taken {
		return hiring.ErrConflict
	}
	open := 0
	for _, i := range m.interviews {
		if i.RecruiterID == row.RecruiterID && (i.Status == interview.StatusPending || i.Status == interview.StatusInProgress) {
			open++
		}
	}
	if most > 0 && open >= most {
		return hiring.ErrFull
	}
	m.interviews[row.ID] = row
	m.sessions[first.Token] = first
	return nil
}

func (m book) Edit(_ context.Context, id interview.ID, change func(row *hiring.Interview) error) (hiring.Interview, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	row, ok := m.interviews[id]
	switch {
	case m.Fault != nil:
		return hiring.Interview{}, m.Fault
	case !ok:
		return hiring.Interview{}, hiring.ErrNotFound
	}
	if err := change(&row); err != nil {
		return hiring.Interview{}, err
	}
	row.UpdatedAt = row.UpdatedAt.Add(time.Millisecond)
	m.interviews[id] = row
	return row, nil
}

func (m book) Delete(_ context.Context, id interview.ID, check func(row *hiring.Interview) error) error {
	m.mu.Lock()
	row, ok := m.interviews[id]
	fault := m.Fault
	m.mu.Unlock()
	switch {
	case fault != nil:
		return fault
	case !ok:
		return hiring.ErrNotFound
	}
	if err := check(&row); err != nil {
		return err
	}
	m.Memory.Delete(id)
	return nil
}

func (m book) Expire(_ context.Context, now time.Time, slack time.Duration) ([]hiring.Interview, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var expired []hiring.Interview
	for id, row := range m.interviews {
		unopened := row.Status == interview.StatusPending && row.ExpiresAt != nil && row.ExpiresAt.Before(now)
		late := row.Status == interview.StatusInProgress && row.StartedAt.Add(time.Duration(row.TimeLimitMinutes)*time.Minute+slack).Before(now)
		if late {
			row.CompletedAt = &now
		}
		if late || unopened {
			row.Status = interview.StatusExpired
			m.interviews[id] = row
			expired = append(expired, row)
		}
	}
	return expired, m.Fault
}

func (m book) AddMessage(_ context.Context, line hiring.Message, since time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	row, ok := m.interviews[line.InterviewID]
	late := row.Status == interview.StatusCompleted && row.CompletedAt != nil && row.CompletedAt.After(since)
	switch {
	case m.Fault != nil:
		return m.Fault
	case !ok:
		return hiring.ErrNotFound
	case row.Status != interview.StatusInProgress && !late:
		return hiring.ErrConflict
	}
	m.messages[line.InterviewID] = append(m.messages[line.InterviewID], line)
	return nil
}
