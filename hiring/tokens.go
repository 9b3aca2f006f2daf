package hiring

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// tokenAlphabet has 64 characters, so each carries six random bits and 32 of
// them 192 (contract section 1.5: 32 characters from A-Za-z0-9_-).
const tokenAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

const tokenLength = 32

// NewToken makes an interview token.
func NewToken() string {
	raw := make([]byte, tokenLength)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the process instead
	for i, b := range raw {
		raw[i] = tokenAlphabet[b&63]
	}
	return string(raw)
}

// Refusal is a reason a token opens nothing for, as the candidate is told.
type Refusal string

// Error is the text.
func (r Refusal) Error() string { return string(r) }

// What a token can be refused for, in the order they are checked (contract
// section 3.1.2). The texts are the contract's.
const (
	ErrTokenRequired    Refusal = "Interview token required"
	ErrTokenInvalid     Refusal = "Invalid interview token"
	ErrTokenRevoked     Refusal = "Interview access has been revoked"
	ErrTokenExpired     Refusal = "Interview link has expired"
	ErrInterviewExpired Refusal = "Interview has expired"
)

// Access is a token that was accepted, with the interview it opens.
type Access struct {
	Session   Session
	Interview Interview
}

// Authorise checks an interview token: unknown, revoked, expired, and last
// whether the interview itself has expired. On ErrInterviewExpired the Access is
// returned as well, because the voice socket tells it in its own way.
func (s *Service) Authorise(ctx context.Context, token string) (Access, error) {
	if token == "" {
		return Access{}, ErrTokenRequired
	}
	session, row, err := s.sessions.ByToken(ctx, token)
	switch {
	case errors.Is(err, ErrNotFound):
		return Access{}, ErrTokenInvalid
	case err != nil:
		return Access{}, fmt.Errorf("look up interview token: %w", err)
	case session.RevokedAt != nil:
		return Access{}, ErrTokenRevoked
	case !session.ExpiresAt.After(s.now()):
		return Access{}, ErrTokenExpired
	}
	access := Access{Session: session, Interview: row}
	if row.Status == interview.StatusExpired {
		return access, ErrInterviewExpired
	}
	return access, nil
}

// Count counts a use of the link beside the request.
func (s *Service) Count(a Access) {
	if s.options.CountUse != nil {
		s.options.CountUse(a.Session.ID)
	}
}

// Touch counts a use of the link. It blocks on the database; callers that answer
// a request run it beside.
func (s *Service) Touch(ctx context.Context, a Access) error {
	if err := s.sessions.Touch(ctx, a.Session.ID); err != nil {
		return fmt.Errorf("count the use of session %s: %w", a.Session.ID, err)
	}
	return nil
}

func newSession(id interview.ID, uuid func() string, expires, now time.Time) Session {
	return Session{ID: uuid(), InterviewID: id, Token: NewToken(), ExpiresAt: expires, CreatedAt: now}
}
