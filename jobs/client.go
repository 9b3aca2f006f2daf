package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
)

const (
	// jobTimeout bounds one run of a job, and rescueAfter is when a job counts as
	// left behind by a process that died: it must be longer.
	jobTimeout  = 30 * time.Second
	rescueAfter = time.Minute
	// workersAtOnce bounds the jobs of this process, so that they never compete with
	// calls.
	workersAtOnce = 4
	// keepDone is how long what was done can be looked up.
	keepDone = 24 * time.Hour
)

// Options are a client's settings. The zero value is good.
type Options struct {
	// Log is told of what fails. Defaults to none.
	Log *slog.Logger
	// Timeout and RescueAfter replace jobTimeout and rescueAfter in tests.
	Timeout, RescueAfter time.Duration
}

// Client works on the jobs. It is goroutine-safe.
type Client struct {
	river  *river.Client[pgx.Tx]
	log    *slog.Logger
	failed atomic.Uint64
	done   atomic.Uint64
}

// Start begins to work on the jobs in the database; the schema must be up to date.
// The caller ends it with Stop. The pool needs room for a connection that listens
// beside those of the workers.
func Start(ctx context.Context, pool *pgxpool.Pool, duties Duties, o Options) (*Client, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Timeout == 0 {
		o.Timeout = jobTimeout
	}
	if o.RescueAfter == 0 {
		o.RescueAfter = rescueAfter
	}
	c := &Client{log: o.Log}
	b := boardOf(duties, o.Log, func() { c.done.Add(1) })
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workersAtOnce}}, Workers: b.workers, PeriodicJobs: b.periodic,
		JobTimeout: o.Timeout, RescueStuckJobsAfter: o.RescueAfter, CompletedJobRetentionPeriod: keepDone, ErrorHandler: failures{c},
		Logger: slog.New(onlyErrors{o.Log.Handler()}), // River tells of each start and stop
	})
	if err != nil {
		return nil, fmt.Errorf("set up the jobs: %w", err)
	}
	c.river = client
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return nil, fmt.Errorf("start the jobs: %w", err)
	}
	return c, nil
}

// Stop lets jobs under way finish, and cancels them when ctx ends: they run again
// later.
func (c *Client) Stop(ctx context.Context) error {
	within, cancel := context.WithTimeout(ctx, softStop)
	err := c.river.Stop(within)
	cancel()
	if err == nil {
		return nil
	}
	if err := c.river.StopAndCancel(ctx); err != nil {
		return fmt.Errorf("stop the jobs: %w", err)
	}
	return nil
}

// softStop is how long jobs under way may go on at the end.
const softStop = 2 * time.Second

// Done counts runs that succeeded.
func (c *Client) Done() uint64 { return c.done.Load() }

// Failed counts runs that failed.
func (c *Client) Failed() uint64 { return c.failed.Load() }

// failures logs and counts what went wrong; River runs it again with a growing pause.
type failures struct{ c *Client }

// HandleError notes a failed run.
func (f failures) HandleError(_ context.Context, job *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	if !errors.Is(err, context.Canceled) {
		f.c.failed.Add(1)
		f.c.log.Warn("job failed", "job", job.Kind, "id", job.ID, "attempt", job.Attempt, "error", err)
	}
	return nil
}

// HandlePanic notes a run that panicked.
func (f failures) HandlePanic(_ context.Context, job *rivertype.JobRow, value any, trace string) *river.ErrorHandlerResult {
	f.c.failed.Add(1)
	f.c.log.Error("job panicked", "job", job.Kind, "id", job.ID, "panic", value, "stack", trace)
	return nil
}

// onlyErrors passes errors on and nothing else.
type onlyErrors struct{ slog.Handler }

// Enabled reports whether a level is passed on.
func (h onlyErrors) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && h.Handler.Enabled(ctx, level)
}

// WithAttrs keeps the bound.
func (h onlyErrors) WithAttrs(attrs []slog.Attr) slog.Handler {
	return onlyErrors{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the bound.
func (h onlyErrors) WithGroup(name string) slog.Handler {
	return onlyErrors{h.Handler.WithGroup(name)}
}
