package hiring

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
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

// linkEnd is when a link ends (contract section 3.1.2): as it was chosen, else after
// the set life of links, else with its interview, unless that has run out.
func (s *Service) linkEnd(row Interview, chosen *time.Time, now time.Time) time.Time {
	switch {
	case chosen != nil:
		return chosen.UTC().Truncate(time.Millisecond)
	case s.options.TokenTTL > 0:
		return now.Add(s.options.TokenTTL)
	case row.ExpiresAt != nil && row.ExpiresAt.After(now):
		return *row.ExpiresAt
	}
	return now.Add(defaultLinkTTL)
}

// defaultLinkTTL is the life of a link to an interview without an end of its own.
const defaultLinkTTL = 7 * 24 * time.Hour

// IssueLink makes a further link to an interview the actor may see, which is then the
// one its interviewUrl has; links from before stay good.
func (s *Service) IssueLink(ctx context.Context, actor Actor, id interview.ID, ends *time.Time) (link Session, url string, err error) {
	row, err := s.Owned(ctx, actor, id)
	if err != nil {
		return Session{}, "", err
	}
	now := s.now()
	link = newSession(row.ID, s.newID, s.linkEnd(row, ends, now), now)
	url = s.InterviewURL(row, link.Token)
	if err := s.sessions.Issue(ctx, link, url); err != nil {
		return Session{}, "", fmt.Errorf("issue a link to interview %s: %w", id, err)
	}
	return link, url, nil
}

// Links lists the links to an interview the actor may see, newest first: those that
// open it, or all there ever were.
func (s *Service) Links(ctx context.Context, actor Actor, id interview.ID, all bool) ([]Session, error) {
	if _, err := s.Owned(ctx, actor, id); err != nil {
		return nil, err
	}
	links, err := s.sessions.Of(ctx, id, all)
	if err != nil {
		return nil, fmt.Errorf("links of interview %s: %w", id, err)
	}
	if all {
		return links, nil
	}
	now := s.now()
	return slices.DeleteFunc(links, func(l Session) bool { return !l.ExpiresAt.After(now) }), nil
}

// RevokeLink withdraws one link of an interview the actor may see.
func (s *Service) RevokeLink(ctx context.Context, actor Actor, id interview.ID, sessionID string) error {
	if _, err := s.Owned(ctx, actor, id); err != nil {
		return err
	}
	if err := s.sessions.Revoke(ctx, id, sessionID, s.now()); err != nil {
		return fmt.Errorf("revoke a link of interview %s: %w", id, orRefuse(err, ErrNotFound, Refuse(KindNotFound, "Session not found")))
	}
	return nil
}

// RevokeLinks withdraws all links of an interview the actor may see, and tells how
// many were still good or had run out unrevoked.
func (s *Service) RevokeLinks(ctx context.Context, actor Actor, id interview.ID) (int, error) {
	if _, err := s.Owned(ctx, actor, id); err != nil {
		return 0, err
	}
	n, err := s.sessions.RevokeAll(ctx, id, s.now())
	if err != nil {
		return 0, fmt.Errorf("revoke the links of interview %s: %w", id, err)
	}
	return n, nil
}
