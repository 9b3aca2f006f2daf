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

	// The log of a key that was deleted meanwhile goes nowhere.
	insertKeyLogs = `
		INSERT INTO "ApiUsageLog" (id, "apiKeyId", endpoint, method, "statusCode", "responseTimeMs", "ipAddress", "createdAt")
		SELECT n.* FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int[], $6::int[], $7::text[], $8::timestamptz[])
			AS n (id, key, endpoint, method, status, took, remote, at)
		JOIN "ApiKey" k ON k.id = n.key`
)

// KeyLogs writes what keys are used for beside the requests. Goroutine-safe.
type KeyLogs struct {
	pool    *pgxpool.Pool
	log     *slog.Logger
	queue   chan hiring.KeyLog
	stop    chan struct{}
	done    chan struct{}
	dropped atomic.Uint64
}

// NewKeyLogs starts the writer; Close ends it.
func NewKeyLogs(pool *pgxpool.Pool, log *slog.Logger) *KeyLogs {
	l := &KeyLogs{pool: pool, log: log, queue: make(chan hiring.KeyLog, keyLogQueue), stop: make(chan struct{}), done: make(chan struct{})}
	go l.run()
	return l
}

// Add notes a request. It never blocks.
func (l *KeyLogs) Add(e hiring.KeyLog) {
	select {
	case l.queue <- e:
	default:
		l.dropped.Add(1)
	}
}

// Dropped counts lines that found no room or could not be written.
func (l *KeyLogs) Dropped() uint64 { return l.dropped.Load() }

// Close writes what is waiting and ends the writer, or gives up with ctx.
func (l *KeyLogs) Close(ctx context.Context) error {
	close(l.stop)
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
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
			return
		}
	}
}

// drain writes everything that waits, a batch at a time.
func (l *KeyLogs) drain() {
	for {
		var batch []hiring.KeyLog
		for len(batch) < keyLogBatch {
			select {
			case e := <-l.queue:
				batch = append(batch, e)
				continue
			default:
			}
			break
		}
		if len(batch) == 0 {
			return
		}
		if err := l.write(batch); err != nil {
			l.dropped.Add(uint64(len(batch)))
			l.log.Warn("uses of API keys were not logged", "lines", len(batch), "error", err)
			return
		}
	}
}

func (l *KeyLogs) write(batch []hiring.KeyLog) error {
	ctx, cancel := context.WithTimeout(context.Background(), keyLogLimit)
	defer cancel()
	n := len(batch)
	ids, keys, endpoints, methods := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	statuses, took, remotes, at := make([]*int, n), make([]*int, n), make([]*string, n), make([]time.Time, n)
	for i, e := range batch {
		ids[i], keys[i], endpoints[i], methods[i] = uuid.NewString(), e.KeyID, e.Endpoint, e.Method
		statuses[i], took[i], remotes[i], at[i] = e.Status, e.Took, e.RemoteAddr, millis(e.CreatedAt)
	}
	_, err := l.pool.Exec(ctx, insertKeyLogs, ids, keys, endpoints, methods, statuses, took, remotes, at)
	return wrap("write", "key log", err)
}
