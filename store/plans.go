package store

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vantahire/vantahire/hiring"
)

const (
	selectJobPlan = `SELECT "planVersion", plan, "planUpdatedAt" FROM "Job" WHERE id = $1`

	// A plan that somebody has not seen is not overwritten: no row comes back then.
	updateJobPlan = `
		UPDATE "Job" SET plan = $2::jsonb, "planVersion" = "planVersion" + 1, ` + nextVersion + `,
			"planUpdatedAt" = greatest(date_trunc('milliseconds', now()), "planUpdatedAt" + interval '1 millisecond')
		WHERE id = $1 AND ($3::timestamptz IS NULL OR coalesce("planUpdatedAt", 'epoch') = $3)
		RETURNING "planVersion", plan, "planUpdatedAt"`
)

func scanPlan(row pgx.CollectableRow) (hiring.Plan, error) {
	var p hiring.Plan
	return p, row.Scan(&p.Version, &p.Document, &p.UpdatedAt)
}

// Plan implements hiring.JobStore.
func (s *Jobs) Plan(ctx context.Context, id string) (hiring.Plan, error) {
	if !known(id) {
		return hiring.Plan{}, wrap("get plan of job", "", pgx.ErrNoRows)
	}
	plan, err := one(ctx, s.pool, scanPlan, selectJobPlan, id)
	return plan, wrap("get plan of job", id, err)
}

// SetPlan implements hiring.JobStore.
func (s *Jobs) SetPlan(ctx context.Context, id string, document json.RawMessage, seen *time.Time) (hiring.Plan, error) {
	if !known(id) {
		return hiring.Plan{}, wrap("set plan of job", "", pgx.ErrNoRows)
	}
	if reason := unfitDocument(document); reason != "" {
		return hiring.Plan{}, wrap("set plan of job", id, &hiring.TextError{Field: "plan", Reason: reason})
	}
	plan, err := one(ctx, s.pool, scanPlan, updateJobPlan, id, string(document), seen)
	if isMissing(err) {
		if _, err := s.Get(ctx, id); err != nil {
			return hiring.Plan{}, err
		}
		err = hiring.ErrConflict
		return hiring.Plan{}, wrap("set plan of job", id, err)
	}
	return plan, wrap("set plan of job", id, err)
}
