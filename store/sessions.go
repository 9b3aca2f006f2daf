package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
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
		UPDATE "InterviewSession" SET "revokedAt" = coalesce("revokedAt", $3) WHERE id = $1 AND "interviewId" = $2`

	// The locks are taken in the order of the ids, as by a deletion: so two processes
	// that count at once can't wait for each other.
	countUses = `
		WITH used AS (
			SELECT * FROM unnest($1::text[], $2::bigint[], $3::timestamptz[]) AS u (id, n, at)
		), held AS (
			SELECT id FROM "InterviewSession" WHERE id = ANY ($1::text[]) ORDER BY id FOR NO KEY UPDATE
		)
		UPDATE "InterviewSession" s SET
			"accessCount" = least(s."accessCount" + used.n, 2147483647),
			"lastAccessedAt" = greatest(coalesce(s."lastAccessedAt", used.at), used.at)
		FROM used JOIN held USING (id) WHERE s.id = used.id`

	revokeAllSessions = `
		UPDATE "InterviewSession" SET "revokedAt" = $2
		WHERE id IN (SELECT id FROM "InterviewSession" WHERE "interviewId" = $1 AND "revokedAt" IS NULL ORDER BY id FOR UPDATE) AND "revokedAt" IS NULL`

	setInterviewURL = `UPDATE "Interview" SET "interviewUrl" = $2 WHERE id = $1`

	selectSessions = `
		SELECT ` + sessionColumns + ` FROM "InterviewSession" s
		WHERE s."interviewId" = $1 AND ($2 OR s."revokedAt" IS NULL) ORDER BY s."createdAt" DESC, s.id`

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

// Issue implements hiring.Sessions.
func (s *Sessions) Issue(ctx context.Context, link hiring.Session, interviewURL string) error {
	if err := checkSession(link); err != nil {
		return fmt.Errorf("issue session %q: %w", link.ID, err)
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, insertSession, sessionArgs(link)...); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, setInterviewURL, link.InterviewID, interviewURL)
		return err
	})
	return wrap("issue session", link.ID, err)
}

// Of implements hiring.Sessions.
func (s *Sessions) Of(ctx context.Context, id interview.ID, all bool) ([]hiring.Session, error) {
	if !known(string(id)) {
		return []hiring.Session{}, nil
	}
	rows, err := s.pool.Query(ctx, selectSessions, id, all)
	if err != nil {
		return nil, wrap("read the sessions of interview", string(id), err)
	}
	links, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (hiring.Session, error) {
		var l hiring.Session
		return l, row.Scan(sessionTargets(&l)...)
	})
	return links, wrap("read the sessions of interview", string(id), err)
}

// Touch implements hiring.Sessions.
func (s *Sessions) Touch(ctx context.Context, id string) error {
	return s.change(ctx, "touch session", id, touchSession, id)
}

// Use is how often a link was used, and when last.
type Use struct {
	Count int
	Last  time.Time
}

// CountUses adds up uses of links, by their sessions' ids, in one statement. Links
// that are gone are left out.
func (s *Sessions) CountUses(ctx context.Context, uses map[string]Use) error {
	ids, counts, lasts := make([]string, 0, len(uses)), make([]int64, 0, len(uses)), make([]time.Time, 0, len(uses))
	for id, use := range uses {
		ids, counts, lasts = append(ids, id), append(counts, int64(use.Count)), append(lasts, millis(use.Last))
	}
	_, err := s.pool.Exec(ctx, countUses, ids, counts, lasts)
	return wrap("count the uses of", fmt.Sprintf("%d sessions", len(uses)), err)
}

// Revoke implements hiring.Sessions.
func (s *Sessions) Revoke(ctx context.Context, of interview.ID, id string, at time.Time) error {
	if !known(string(of)) {
		return fmt.Errorf("revoke session %q: %w", id, hiring.ErrNotFound)
	}
	return s.change(ctx, "revoke session", id, revokeSession, id, of, millis(at))
}

// RevokeAll implements hiring.Sessions.
func (s *Sessions) RevokeAll(ctx context.Context, of interview.ID, at time.Time) (int, error) {
	if !known(string(of)) {
		return 0, nil
	}
	tag, err := s.pool.Exec(ctx, revokeAllSessions, of, millis(at))
	return int(tag.RowsAffected()), wrap("revoke the sessions of interview", string(of), err)
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
