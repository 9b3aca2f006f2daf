package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
)

const (
	sessionColumns = `s.id, s."interviewId", s.token, s."expiresAt", s."revokedAt", s."lastAccessedAt", s."accessCount", s."createdAt"`

	insertSession = `
		INSERT INTO "InterviewSession" (id, "interviewId", token, "expiresAt", "revokedAt", "lastAccessedAt", "accessCount", "createdAt")
		VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8, now()))`

	selectByToken = `
		SELECT ` + sessionColumns + `, ` + interviewColumns + `
		FROM "InterviewSession" s JOIN "Interview" i ON i.id = s."interviewId" WHERE s.token = $1`

	touchSession = `
		UPDATE "InterviewSession" SET "lastAccessedAt" = now(), "accessCount" = "accessCount" + 1 WHERE id = $1`

	revokeSession = `
		UPDATE "InterviewSession" SET "revokedAt" = coalesce("revokedAt", $2) WHERE id = $1`

	selectStandings = `
		SELECT s.id, i.status, s."revokedAt" IS NOT NULL, s."expiresAt"
		FROM "InterviewSession" s JOIN "Interview" i ON i.id = s."interviewId" WHERE s.id = ANY ($1)`
)

// Sessions implements hiring.Sessions.
type Sessions struct{ pool *pgxpool.Pool }

var _ hiring.Sessions = (*Sessions)(nil)

// NewSessions stores links through the pool.
func NewSessions(pool *pgxpool.Pool) *Sessions { return &Sessions{pool} }

// ByToken implements hiring.Sessions. Its error never repeats the token.
func (s *Sessions) ByToken(ctx context.Context, token string) (hiring.Session, hiring.Interview, error) {
	if !known(token) {
		return hiring.Session{}, hiring.Interview{}, fmt.Errorf("find session by token: %w", hiring.ErrNotFound)
	}
	type both struct {
		session   hiring.Session
		interview hiring.Interview
	}
	found, err := one(ctx, s.pool, func(row pgx.CollectableRow) (both, error) {
		var b both
		return b, row.Scan(append(sessionTargets(&b.session), interviewTargets(&b.interview)...)...)
	}, selectByToken, token)
	return found.session, found.interview, wrap("find session", "by token", err)
}

// Add implements hiring.Sessions.
func (s *Sessions) Add(ctx context.Context, link hiring.Session) error {
	if err := checkSession(link); err != nil {
		return fmt.Errorf("add session %q: %w", link.ID, err)
	}
	_, err := s.pool.Exec(ctx, insertSession, sessionArgs(link)...)
	return wrap("add session", link.ID, err)
}

// Touch implements hiring.Sessions.
func (s *Sessions) Touch(ctx context.Context, id string) error {
	return s.change(ctx, "touch session", id, touchSession, id)
}

// Revoke implements hiring.Sessions.
func (s *Sessions) Revoke(ctx context.Context, id string, at time.Time) error {
	return s.change(ctx, "revoke session", id, revokeSession, id, millis(at))
}

// Standings implements hiring.Sessions.
func (s *Sessions) Standings(ctx context.Context, ids []string) ([]hiring.Standing, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !known(id) })
	rows, err := s.pool.Query(ctx, selectStandings, ids)
	if err != nil {
		return nil, fmt.Errorf("read the standings of %d sessions: %w", len(ids), err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (hiring.Standing, error) {
		var st hiring.Standing
		return st, row.Scan(&st.SessionID, &st.Status, &st.Revoked, &st.ExpiresAt)
	})
	if err != nil {
		return nil, fmt.Errorf("read the standings of %d sessions: %w", len(ids), err)
	}
	return found, nil
}

// change runs an update of one row that must be there.
func (s *Sessions) change(ctx context.Context, op, id, sql string, args ...any) error {
	if !known(id) {
		return fmt.Errorf("%s %q: %w", op, id, hiring.ErrNotFound)
	}
	tag, err := s.pool.Exec(ctx, sql, args...)
	if err == nil && tag.RowsAffected() == 0 {
		err = pgx.ErrNoRows
	}
	return wrap(op, id, err)
}

// sessionTargets are in the order of sessionColumns.
func sessionTargets(s *hiring.Session) []any {
	return []any{&s.ID, &s.InterviewID, &s.Token, &s.ExpiresAt, &s.RevokedAt, &s.LastAccessedAt, &s.AccessCount, &s.CreatedAt}
}

// sessionArgs are in the order of insertSession.
func sessionArgs(s hiring.Session) []any {
	return []any{s.ID, s.InterviewID, s.Token, millis(s.ExpiresAt), millisOrNull(s.RevokedAt), millisOrNull(s.LastAccessedAt), s.AccessCount, setOrNull(s.CreatedAt)}
}

func checkSession(s hiring.Session) error {
	return checkTexts(field{"session.id", s.ID}, field{"interviewId", string(s.InterviewID)}, field{"token", s.Token})
}
