package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
)

const (
	// Of two that send the same at once one gets a row back. So does one whose
	// predecessor seems dead, if it sends the same.
	beginRequest = `
		INSERT INTO idempotency (principal, route, key_hash, body_hash) VALUES ($1, $2, $3, $4)
		ON CONFLICT (principal, route, key_hash) DO UPDATE SET created_at = now()
		WHERE idempotency.status IS NULL AND idempotency.created_at < $5 AND idempotency.body_hash = excluded.body_hash
		RETURNING true`

	selectRequest = `SELECT body_hash = $4, coalesce(status, 0), answer FROM idempotency WHERE principal = $1 AND route = $2 AND key_hash = $3`

	finishRequest = `UPDATE idempotency SET status = $4, answer = $5 WHERE principal = $1 AND route = $2 AND key_hash = $3`

	forgetRequest = `DELETE FROM idempotency WHERE principal = $1 AND route = $2 AND key_hash = $3 AND status IS NULL`
)

// Repeats implements hiring.RepeatStore.
type Repeats struct{ pool *pgxpool.Pool }

var _ hiring.RepeatStore = (*Repeats)(nil)

// NewRepeats keeps answers through the pool.
func NewRepeats(pool *pgxpool.Pool) *Repeats { return &Repeats{pool} }

// Begin implements hiring.RepeatStore.
func (s *Repeats) Begin(ctx context.Context, r hiring.Request, stale time.Time) (*hiring.Repeated, error) {
	for {
		_, err := one(ctx, s.pool, pgx.RowTo[bool], beginRequest, r.Principal, r.Route, r.Key[:], r.Body[:], millis(stale))
		if err == nil {
			return nil, nil //nolint:nilnil // nothing was before
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return nil, wrap("begin", "request", err)
		}
		var before hiring.Repeated
		err = s.pool.QueryRow(ctx, selectRequest, r.Principal, r.Route, r.Key[:], r.Body[:]).Scan(&before.SameBody, &before.Status, &before.Answer)
		if err == nil {
			return &before, nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return nil, wrap("look up", "request", err)
		} // it was forgotten in between: begin again
	}
}

// Finish implements hiring.RepeatStore.
func (s *Repeats) Finish(ctx context.Context, r hiring.Request, status int, answer []byte) error {
	_, err := s.pool.Exec(ctx, finishRequest, r.Principal, r.Route, r.Key[:], status, answer)
	return wrap("finish", "request", err)
}

// Forget implements hiring.RepeatStore.
func (s *Repeats) Forget(ctx context.Context, r hiring.Request) error {
	_, err := s.pool.Exec(ctx, forgetRequest, r.Principal, r.Route, r.Key[:])
	return wrap("forget", "request", err)
}
