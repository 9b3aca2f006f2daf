// Package hiringtest has in-memory twins of the hiring ports for tests. They are
// goroutine-safe and follow the ports' documented errors.
package hiringtest

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

// RecruiterID is the account the development key acts as.
const RecruiterID = "00000000-0000-4000-8000-000000000001"

// Memory keeps everything hiring stores. Fault, when it is set, is returned by
// every call.
type Memory struct {
	mu         sync.Mutex
	Fault      error
	Ends       []hiring.OverdueEnd // that nobody completed
	interviews map[interview.ID]hiring.Interview
	sessions   map[string]hiring.Session // by token
	messages   map[interview.ID][]hiring.Message
	consents   map[interview.ID]hiring.Consent
}

// NewMemory makes an empty store.
func NewMemory() *Memory {
	return &Memory{
		interviews: map[interview.ID]hiring.Interview{}, sessions: map[string]hiring.Session{},
		messages: map[interview.ID][]hiring.Message{}, consents: map[interview.ID]hiring.Consent{},
	}
}

// Repositories are the ports on this memory.
func (m *Memory) Repositories() hiring.Repositories {
	return hiring.Repositories{Interviews: interviews{m}, Book: book{m}, Sessions: sessions{m}, Consents: consents{m}, Users: users{m}}
}

// Break makes every call fail with err; nil mends it.
func (m *Memory) Break(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Fault = err
}

// Delete removes an interview with all that hangs on it.
func (m *Memory) Delete(id interview.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.interviews, id)
	for token, s := range m.sessions {
		if s.InterviewID == id {
			delete(m.sessions, token)
		}
	}
}

// Edit changes an interview's row.
func (m *Memory) Edit(id interview.ID, change func(*hiring.Interview)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	row := m.interviews[id]
	change(&row)
	m.interviews[id] = row
}

// EditSession changes a link.
func (m *Memory) EditSession(token string, change func(*hiring.Session)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	row := m.sessions[token]
	change(&row)
	m.sessions[token] = row
}

// Row returns an interview's row.
func (m *Memory) Row(id interview.ID) hiring.Interview {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.interviews[id]
}

// AddMessages appends lines to a transcript.
func (m *Memory) AddMessages(id interview.ID, lines ...hiring.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.messages[id] = append(m.messages[id], lines...)
}

// Consent returns the stored consent.
func (m *Memory) Consent(id interview.ID) (hiring.Consent, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.consents[id]
	return c, ok
}

type interviews struct{ *Memory }

func (m interviews) Get(_ context.Context, id interview.ID) (hiring.Interview, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	row, ok := m.interviews[id]
	switch {
	case m.Fault != nil:
		return hiring.Interview{}, m.Fault
	case !ok:
		return hiring.Interview{}, hiring.ErrNotFound
	}
	return row, nil
}

func (m interviews) Overdue(context.Context) ([]hiring.OverdueEnd, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Fault != nil {
		return nil, m.Fault
	}
	return slices.Clone(m.Ends), nil
}

func (m interviews) SetStatus(_ context.Context, id interview.ID, from []interview.Status, to interview.Status, at time.Time) (hiring.Interview, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	row, ok := m.interviews[id]
	switch {
	case m.Fault != nil:
		return hiring.Interview{}, m.Fault
	case !ok:
		return hiring.Interview{}, hiring.ErrNotFound
	case !slices.Contains(from, row.Status):
		return hiring.Interview{}, hiring.ErrConflict
	}
	row.Status = to
	if to == interview.StatusInProgress {
		row.StartedAt = &at
	} else if row.StartedAt != nil {
		row.CompletedAt = &at
	}
	m.interviews[id] = row
	return row, nil
}

func (m interviews) Messages(_ context.Context, id interview.ID) ([]hiring.Message, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.messages[id]), m.Fault
}

type sessions struct{ *Memory }

func (m sessions) ByToken(_ context.Context, token string) (hiring.Session, hiring.Interview, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	link, ok := m.sessions[token]
	switch {
	case m.Fault != nil:
		return hiring.Session{}, hiring.Interview{}, m.Fault
	case !ok:
		return hiring.Session{}, hiring.Interview{}, hiring.ErrNotFound
	}
	return link, m.interviews[link.InterviewID], nil
}

func (m sessions) Issue(_ context.Context, link hiring.Session, interviewURL string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	row, ok := m.interviews[link.InterviewID]
	_, taken := m.sessions[link.Token]
	switch {
	case m.Fault != nil:
		return m.Fault
	case !ok:
		return hiring.ErrNotFound
	case taken:
		return hiring.ErrConflict
	}
	row.InterviewURL = &interviewURL
	m.interviews[row.ID], m.sessions[link.Token] = row, link
	return nil
}

func (m sessions) Of(_ context.Context, id interview.ID, all bool) ([]hiring.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	links := []hiring.Session{}
	for _, s := range m.sessions {
		if s.InterviewID == id && (all || s.RevokedAt == nil) {
			links = append(links, s)
		}
	}
	slices.SortFunc(links, func(a, b hiring.Session) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return links, m.Fault
}

func (m sessions) Touch(_ context.Context, id string) error {
	return m.change(id, func(s *hiring.Session) { s.AccessCount++ })
}

func (m sessions) Revoke(_ context.Context, of interview.ID, id string, at time.Time) error {
	found := hiring.ErrNotFound
	return errors.Join(m.change(id, func(s *hiring.Session) {
		if s.InterviewID != of {
			return
		}
		if found = nil; s.RevokedAt == nil {
			s.RevokedAt = &at
		}
	}), found)
}

func (m sessions) RevokeAll(_ context.Context, of interview.ID, at time.Time) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for token, s := range m.sessions {
		if s.InterviewID == of && s.RevokedAt == nil {
			s.RevokedAt = &at
			m.sessions[token] = s
			n++
		}
	}
	return n, m.Fault
}

func (m *Memory) change(id string, f func(*hiring.Session)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Fault != nil {
		return m.Fault
	}
	for token, s := range m.sessions {
		if s.ID == id {
			f(&s)
			m.sessions[token] = s
			return nil
		}
	}
	return hiring.ErrNotFound
}

func (m sessions) Standings(_ context.Context, ids []string) ([]hiring.Standing, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Fault != nil {
		return nil, m.Fault
	}
	var found []hiring.Standing
	for _, s := range m.sessions {
		if slices.Contains(ids, s.ID) {
			found = append(found, hiring.Standing{SessionID: s.ID, Status: m.interviews[s.InterviewID].Status, Revoked: s.RevokedAt != nil, ExpiresAt: s.ExpiresAt})
		}
	}
	return found, nil
}

type consents struct{ *Memory }

func (m consents) Record(_ context.Context, given hiring.Consent) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Fault != nil {
		return m.Fault
	}
	if _, already := m.consents[given.Interview]; !already {
		m.consents[given.Interview] = given
	}
	return nil
}

func (m consents) Get(_ context.Context, id interview.ID) (hiring.Consent, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.consents[id]
	return c, ok, m.Fault
}

type users struct{ *Memory }

func (m users) ByID(_ context.Context, id string) (hiring.User, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Fault != nil {
		return hiring.User{}, m.Fault
	}
	if id != RecruiterID {
		return hiring.User{}, hiring.ErrNotFound
	}
	return hiring.User{ID: RecruiterID, Email: "recruiter@test.com", Role: hiring.RoleRecruiter, Provider: "test"}, nil
}

func (m users) EnsureDevelopmentRecruiter(ctx context.Context) (hiring.User, error) {
	return m.ByID(ctx, RecruiterID)
}

func (m users) EnsureTestUser(context.Context, string, hiring.UserRole, *string) (hiring.User, error) {
	return hiring.User{}, errors.ErrUnsupported
}

func (m users) Rename(ctx context.Context, id string, _ *string) (hiring.User, error) {
	return m.ByID(ctx, id)
}
