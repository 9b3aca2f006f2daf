package app

import (
	"context"
	"time"

	"github.com/vantahire/vantahire/jobs"
	"github.com/vantahire/vantahire/store"
)

// How long what has had its time is kept (contract section 8).
const (
	keepSessions    = 30 * 24 * time.Hour
	keepUnattached  = 24 * time.Hour
	keepKeyLogs     = 90 * 24 * time.Hour
	keepIdempotency = 24 * time.Hour
)

// openJobs begins to work on what nobody waits for.
func (a *App) openJobs(ctx context.Context) error {
	if !a.cfg.Storage.Jobs {
		return nil
	}
	tidy := store.NewTidy(a.pool)
	before := func(age time.Duration, do func(context.Context, time.Time) (int, error)) func(context.Context) (int, error) {
		return func(ctx context.Context) (int, error) { return do(ctx, time.Now().Add(-age)) }
	}
	client, err := jobs.Start(ctx, a.pool, jobs.Duties{
		ExpireInterviews: a.hiring.ExpireOverdue, CleanSessions: before(keepSessions, tidy.Sessions), ResetCounters: before(0, tidy.Counters),
		ExpireKeys: before(0, tidy.Keys), CleanUploads: before(keepUnattached, a.services.Files.CleanUnattached), PruneKeyLog: before(keepKeyLogs, tidy.KeyLogs),
		PruneAnswers: before(keepIdempotency, tidy.Answers),
	}, jobs.Options{Log: a.log})
	if err != nil {
		return err
	}
	a.jobs = client
	a.onClose("jobs", client.Stop)
	return nil
}
