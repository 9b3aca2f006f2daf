package store

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
)

const (
	// keyLogQueue is how many lines may wait for the database: seconds of a busy
	// server. A line that finds it full is dropped and counted, as no request waits
	// for its log.
	keyLogQueue = 4096
	keyLogBatch = 256
	keyLogEvery = 200 * time.Millisecond
	keyLogLimit = 5 * time.Second // for one write
	// keyLogTries is how often a batch is tried, a tick apart: half a minute at least,
	// which is how long a database takes to come back.
	keyLogTries = 150

	// The log of a key that was deleted meanwhile goes nowhere. The lock, which counting
	// a use does not wait for, keeps the others until their lines are there: a missing
	// key would refuse the whole batch.
	insertKeyLogs = `
		WITH kept AS (SELECT id FROM "ApiKey" WHERE id = ANY($2::text[]) ORDER BY id FOR KEY SHARE)
		INSERT INTO "ApiUsageLog" (id, "apiKeyId", endpoint, method, "statusCode", "responseTimeMs", "ipAddress", "createdAt")
		SELECT n.* FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::text[], $8::timestamptz[])
			AS n (id, key, endpoint, method, status, took, remote, at)
		JOIN kept ON kept.id = n.key
		ON CONFLICT (id) DO NOTHING` // an earlier try may have come through
)

// KeyLogs writes what keys are used for beside the requests. Goroutine-safe.
type KeyLogs struct {
	pool    *pgxpool.Pool
	log     *slog.Logger
	queue   chan hiring.KeyLog
	stop    chan struct{}
	done    chan struct{}
	ctx     context.Context //nolint:containedctx // of the writes, which the writer owns
	cancel  context.CancelCauseFunc
	waiting atomic.Int64
	dropped atomic.Uint64

	// What is being written, and how often that was tried: the writer's own.
	batch []hiring.KeyLog
	tries int
}

// NewKeyLogs starts the writer, which works until Close, whatever becomes of ctx.
func NewKeyLogs(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) *KeyLogs {
	l := &KeyLogs{pool: pool, log: log, queue: make(chan hiring.KeyLog, keyLogQueue), stop: make(chan struct{}), done: make(chan struct{})}
	l.ctx, l.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	go l.run()
	return l
}

// Add notes a request. It never blocks: a line that finds no room is dropped.
func (l *KeyLogs) Add(e hiring.KeyLog) {
	l.waiting.Add(1)
	select {
	case l.queue <- e:
	default:
		l.drop(1)
	}
}

func (l *KeyLogs) drop(lines int) {
	l.waiting.Add(-int64(lines))
	l.dropped.Add(uint64(lines)) //nolint:gosec // a count
}

// Dropped counts lines that found no room or could not be written.
func (l *KeyLogs) Dropped() uint64 { return l.dropped.Load() }

// Waiting is how many lines are not written yet.
func (l *KeyLogs) Waiting() int { return int(l.waiting.Load()) }

// Close writes what is waiting and ends the writer. When ctx ends first, the writer
// gives up what it has not written. It may be called once, after the last Add.
func (l *KeyLogs) Close(ctx context.Context) error {
	close(l.stop)
	defer l.cancel(nil)
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		l.cancel(context.Cause(ctx))
		<-l.done
		return context.Cause(ctx)
	}
}

func (l *KeyLogs) run() {
	defer close(l.done)
	tick := time.NewTicker(keyLogEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			l.drain()
		case <-l.stop:
			l.drain()
			if left := len(l.batch) + len(l.queue); left > 0 {
				l.drop(left)
				l.log.Warn("uses of API keys were not logged before the stop", "lines", left)
			}
			return
		}
	}
}

// drain writes everything that waits, a batch at a time, until a write fails. That
// batch is tried again with the next tick; meanwhile the queue fills.
func (l *KeyLogs) drain() {
	for l.fill() {
		if err := l.write(l.batch); err != nil {
			l.failed(err)
			return
		}
		l.waiting.Add(-int64(len(l.batch)))
		l.batch, l.tries = l.batch[:0], 0
	}
}

// fill takes lines from the queue unless a batch is under way, and reports whether
// there is anything to write.
func (l *KeyLogs) fill() bool {
	for l.tries == 0 && len(l.batch) < keyLogBatch {
		select {
		case e := <-l.queue:
			e.ID = uuid.NewString()
			l.batch = append(l.batch, e)
			continue
		default:
		}
		break
	}
	return len(l.batch) > 0
}

func (l *KeyLogs) failed(err error) {
	switch l.tries++; l.tries {
	case 1:
		l.log.Warn("uses of API keys can't be logged now", "lines", len(l.batch), "error", err)
	case keyLogTries:
		l.log.Warn("uses of API keys were not logged", "lines", len(l.batch), "error", err)
		l.drop(len(l.batch))
		l.batch, l.tries = l.batch[:0], 0
	}
}

func (l *KeyLogs) write(batch []hiring.KeyLog) error {
	ctx, cancel := context.WithTimeout(l.ctx, keyLogLimit)
	defer cancel()
	n := len(batch)
	ids, keys, endpoints, methods := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	statuses, took, remotes, at := make([]*int, n), make([]*int, n), make([]*string, n), make([]time.Time, n)
	for i, e := range batch {
		ids[i], keys[i], endpoints[i], methods[i] = e.ID, e.KeyID, e.Endpoint, e.Method
		statuses[i], took[i], remotes[i], at[i] = e.Status, e.Took, e.RemoteAddr, millis(e.CreatedAt)
	}
	_, err := l.pool.Exec(ctx, insertKeyLogs, ids, keys, endpoints, methods, statuses, took, remotes, at)
	return wrap("write", "key log", err)
}
