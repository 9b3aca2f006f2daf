package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// A tidying statement changes this many rows at most, so that none holds locks
	// for long, and leaves those alone that somebody else holds; it is repeated while
	// there are more.
	tidyRows = 1000

	deleteOldSessions = `DELETE FROM "InterviewSession" WHERE id IN (SELECT id FROM "InterviewSession" WHERE "expiresAt" < $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`

	resetCounters = `
		UPDATE "ApiKey" SET "requestsToday" = 0, "lastResetAt" = now() WHERE id IN (
			SELECT id FROM "ApiKey" WHERE status = 'ACTIVE' AND "requestsToday" > 0 AND coalesce("lastResetAt", 'epoch') < $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`

	expireKeys = `
		UPDATE "ApiKey" SET status = 'EXPIRED' WHERE id IN (
			SELECT id FROM "ApiKey" WHERE status = 'ACTIVE' AND "expiresAt" <= $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`

	deleteOldKeyLogs = `DELETE FROM "ApiUsageLog" WHERE id IN (SELECT id FROM "ApiUsageLog" WHERE "createdAt" < $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`

	deleteOldAnswers = `DELETE FROM idempotency WHERE ctid IN (SELECT ctid FROM idempotency WHERE created_at < $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)`
)

// Tidy removes what has had its time. Every method blocks on the database until ctx
// ends and returns how many rows it changed; doing one twice, or in two processes, is
// harmless.
type Tidy struct{ pool *pgxpool.Pool }

// NewTidy works through the pool.
func NewTidy(pool *pgxpool.Pool) *Tidy { return &Tidy{pool} }

// Sessions removes interview links that ran out before a moment.
func (s *Tidy) Sessions(ctx context.Context, before time.Time) (int, error) {
	return s.repeat(ctx, "interview sessions", deleteOldSessions, before)
}

// Counters sets the counters of active keys to 0 that count an earlier day than that of the
// moment (UTC).
func (s *Tidy) Counters(ctx context.Context, now time.Time) (int, error) {
	return s.repeat(ctx, "counters of keys", resetCounters, now.UTC().Truncate(24*time.Hour))
}

// Keys marks keys whose end has come.
func (s *Tidy) Keys(ctx context.Context, now time.Time) (int, error) {
	return s.repeat(ctx, "expired keys", expireKeys, now)
}

// KeyLogs removes lines of the keys' log from before a moment.
func (s *Tidy) KeyLogs(ctx context.Context, before time.Time) (int, error) {
	return s.repeat(ctx, "key log", deleteOldKeyLogs, before)
}

// Answers removes answers to repeated requests from before a moment.
func (s *Tidy) Answers(ctx context.Context, before time.Time) (int, error) {
	return s.repeat(ctx, "kept answers", deleteOldAnswers, before)
}

func (s *Tidy) repeat(ctx context.Context, what, sql string, moment time.Time) (total int, err error) {
	for {
		tag, err := s.pool.Exec(ctx, sql, millis(moment))
		total += int(tag.RowsAffected())
		if err != nil || tag.RowsAffected() < tidyRows {
			return total, wrap("tidy", what, err)
		}
	}
}
