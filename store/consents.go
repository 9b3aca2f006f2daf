package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

const (
	insertConsent = `
		INSERT INTO interview_consent (interview, version, at, channel, text_hash) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (interview) DO NOTHING`

	selectConsent = `SELECT interview, version, at, channel, text_hash FROM interview_consent WHERE interview = $1`
)

// Consents implements hiring.Consents.
type Consents struct{ pool *pgxpool.Pool }

var _ hiring.Consents = (*Consents)(nil)

// NewConsents stores consents through the pool.
func NewConsents(pool *pgxpool.Pool) *Consents { return &Consents{pool} }

// Record implements hiring.Consents.
func (s *Consents) Record(ctx context.Context, given hiring.Consent) error {
	if err := checkTexts(
		field{"interview", string(given.Interview)}, field{"version", given.Version},
		field{"channel", given.Channel}, field{"textHash", given.TextHash},
	); err != nil {
		return fmt.Errorf("record consent of interview %q: %w", given.Interview, err)
	}
	_, err := s.pool.Exec(ctx, insertConsent, given.Interview, given.Version, millis(given.At), given.Channel, given.TextHash)
	return wrap("record consent of interview", string(given.Interview), err)
}

// Get implements hiring.Consents.
func (s *Consents) Get(ctx context.Context, id interview.ID) (hiring.Consent, bool, error) {
	if !known(string(id)) {
		return hiring.Consent{}, false, nil
	}
	c, err := one(ctx, s.pool, func(row pgx.CollectableRow) (hiring.Consent, error) {
		var c hiring.Consent
		return c, row.Scan(&c.Interview, &c.Version, &c.At, &c.Channel, &c.TextHash)
	}, selectConsent, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return hiring.Consent{}, false, nil
	}
	return c, err == nil, wrap("get consent of interview", string(id), err)
}
