package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// Duties is the work that comes again and again (contract section 8). Each is a call
// of a service that does what there is to do and returns how many things it changed.
// nil leaves a duty undone.
type Duties struct {
	// ExpireInterviews ends interviews that nobody opened in time or that ran over.
	ExpireInterviews func(ctx context.Context) (int, error)
	// CleanSessions removes links that ran out more than a month ago.
	CleanSessions func(ctx context.Context) (int, error)
	// ResetCounters sets keys' counters of earlier days to 0. Uses count rightly
	// without it; lists of keys are right at once with it.
	ResetCounters func(ctx context.Context) (int, error)
	// ExpireKeys marks keys whose end has come.
	ExpireKeys func(ctx context.Context) (int, error)
	// CleanUploads removes files that were never attached to anything.
	CleanUploads func(ctx context.Context) (int, error)
	// PruneKeyLog removes old lines of what keys were used for.
	PruneKeyLog func(ctx context.Context) (int, error)
	// PruneAnswers removes answers that were kept for repeated requests.
	PruneAnswers func(ctx context.Context) (int, error)
}

// The duties' names in River's tables. They must stay what they are: jobs with them
// may be waiting.
type (
	expireInterviews struct{}
	cleanSessions    struct{}
	resetCounters    struct{}
	expireKeys       struct{}
	cleanUploads     struct{}
	pruneKeyLog      struct{}
	pruneAnswers     struct{}
)

func (expireInterviews) Kind() string { return "expire_interviews" }
func (cleanSessions) Kind() string    { return "clean_interview_sessions" }
func (resetCounters) Kind() string    { return "reset_api_counters" }
func (expireKeys) Kind() string       { return "expire_api_keys" }
func (cleanUploads) Kind() string     { return "clean_unattached_uploads" }
func (pruneKeyLog) Kind() string      { return "prune_api_usage_log" }
func (pruneAnswers) Kind() string     { return "prune_idempotent_answers" }

// When the duties are done.
const (
	expireEvery = time.Minute // contract section 8 allows 15
	tidyEvery   = time.Hour
)

// daily is every midnight in UTC.
type daily struct{}

// Next is the midnight after a moment.
func (daily) Next(after time.Time) time.Time {
	return after.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
}

// duty is a worker that does one of them.
type duty[T river.JobArgs] struct {
	river.WorkerDefaults[T]

	do   func(ctx context.Context) (int, error)
	done func()
	log  *slog.Logger
}

// Work does the duty once.
func (d *duty[T]) Work(ctx context.Context, job *river.Job[T]) error {
	n, err := d.do(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", job.Kind, err)
	}
	d.done()
	if n > 0 {
		d.log.Info("duty done", "job", job.Kind, "changed", n)
	}
	return nil
}

// pending are the states in which a second job of the same duty would be in vain.
var pending = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
}

// add registers a duty and when it is done.
func add[T river.JobArgs](b *board, do func(ctx context.Context) (int, error), when river.PeriodicSchedule, atStart bool) {
	if do == nil {
		return
	}
	river.AddWorker(b.workers, &duty[T]{do: do, done: b.done, log: b.log})
	b.periodic = append(b.periodic, river.NewPeriodicJob(when, func() (river.JobArgs, *river.InsertOpts) {
		var args T
		return args, &river.InsertOpts{MaxAttempts: 3, UniqueOpts: river.UniqueOpts{ByState: pending}}
	}, &river.PeriodicJobOpts{RunOnStart: atStart}))
}

// board collects what a client works on.
type board struct {
	workers  *river.Workers
	periodic []*river.PeriodicJob
	done     func() // counts a run
	log      *slog.Logger
}

func boardOf(d Duties, log *slog.Logger, done func()) *board {
	b := &board{workers: river.NewWorkers(), done: done, log: log}
	add[expireInterviews](b, d.ExpireInterviews, river.PeriodicInterval(expireEvery), true)
	add[cleanSessions](b, d.CleanSessions, river.PeriodicInterval(tidyEvery), true)
	add[resetCounters](b, d.ResetCounters, daily{}, true)
	add[expireKeys](b, d.ExpireKeys, river.PeriodicInterval(expireEvery), true)
	add[cleanUploads](b, d.CleanUploads, river.PeriodicInterval(tidyEvery), true)
	add[pruneKeyLog](b, d.PruneKeyLog, river.PeriodicInterval(tidyEvery), false)
	add[pruneAnswers](b, d.PruneAnswers, river.PeriodicInterval(tidyEvery), false)
	return b
}
