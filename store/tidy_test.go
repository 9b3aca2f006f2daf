package store_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vantahire/vantahire/store"
)

// Each step takes what has had its time and leaves the rest, also of the moment
// itself.
func TestTidyTakesWhatHasHadItsTime(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	day := at.Truncate(24 * time.Hour)
	key := func(name string, status string, expires *time.Time, requests int, reset *time.Time) func(testing.TB, *bundle) {
		return func(t testing.TB, b *bundle) {
			b.exec(t, `INSERT INTO "ApiKey" (id, "userId", name, "keyHash", "keyPrefix", status, "expiresAt", "requestsToday", "lastResetAt") VALUES ($1, $2, $1, $1, 'vh_1234567', $3, $4, $5, $6)`,
				name, store.DevelopmentRecruiter, status, expires, requests, reset)
		}
	}
	session := func(token string, expires time.Time) func(testing.TB, *bundle) {
		return func(t testing.TB, b *bundle) {
			b.exec(t, `INSERT INTO "InterviewSession" ("interviewId", token, "expiresAt") VALUES ($1, $2, $3)`, b.interview(t), token, expires)
		}
	}
	used := func(endpoint string, when time.Time) func(testing.TB, *bundle) {
		return func(t testing.TB, b *bundle) {
			b.exec(t, `INSERT INTO "ApiUsageLog" ("apiKeyId", endpoint, method, "createdAt") VALUES ('k', $1, 'GET', $2)`, endpoint, when)
		}
	}
	answered := func(route string, when time.Time) func(testing.TB, *bundle) {
		return func(t testing.TB, b *bundle) {
			b.exec(t, `INSERT INTO idempotency (principal, route, key_hash, body_hash, created_at) VALUES ('p', $1, 'k', 'b', $2)`, route, when)
		}
	}
	before, after := at.Add(-time.Millisecond), at.Add(time.Millisecond)
	for name, c := range map[string]struct {
		rows []func(testing.TB, *bundle)
		step func(*store.Tidy, context.Context, time.Time) (int, error)
		n    int
		sql  string
		want []string
	}{
		"links": {
			[]func(testing.TB, *bundle){session("gone", before), session("of the moment", at), session("good", after)},
			(*store.Tidy).Sessions, 1, `SELECT token FROM "InterviewSession" WHERE length(token) < 20 ORDER BY 1`,
			[]string{"good", "of the moment"},
		},
		"keys": {
			[]func(testing.TB, *bundle){key("past", "ACTIVE", &before, 0, nil), key("of the moment", "ACTIVE", &at, 0, nil), key("good", "ACTIVE", &after, 0, nil), key("for ever", "ACTIVE", nil, 0, nil), key("revoked", "REVOKED", &before, 0, nil)},
			(*store.Tidy).Keys, 2, `SELECT id || ' ' || status FROM "ApiKey" ORDER BY 1`,
			[]string{"for ever ACTIVE", "good ACTIVE", "of the moment EXPIRED", "past EXPIRED", "revoked REVOKED"},
		},
		"counters": {
			[]func(testing.TB, *bundle){key("yesterday's", "ACTIVE", nil, 5, ptr(day.Add(-time.Millisecond))), key("today's", "ACTIVE", nil, 6, &day), key("never reset", "ACTIVE", nil, 7, nil), key("unused", "ACTIVE", nil, 0, nil), key("revoked", "REVOKED", nil, 8, nil)},
			(*store.Tidy).Counters, 2, `SELECT id || ' ' || "requestsToday" || coalesce(' ' || ("lastResetAt" > '2026-03-05Z'), '') FROM "ApiKey" ORDER BY 1`,
			[]string{"never reset 0 true", "revoked 8", "today's 6 false", "unused 0", "yesterday's 0 true"},
		},
		"log": {
			[]func(testing.TB, *bundle){key("k", "ACTIVE", nil, 0, nil), used("/old", before), used("/new", at)},
			(*store.Tidy).KeyLogs, 1, `SELECT endpoint FROM "ApiUsageLog"`,
			[]string{"/new"},
		},
		"answers": {
			[]func(testing.TB, *bundle){answered("old", before), answered("new", at)},
			(*store.Tidy).Answers, 1, `SELECT route FROM idempotency`,
			[]string{"new"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			for _, row := range c.rows {
				row(t, b)
			}
			u := store.NewTidy(b.pool)
			for i, want := range []int{c.n, 0} {
				if n, err := c.step(u, t.Context(), at); n != want || err != nil {
					t.Errorf("round %d: %d rows, %v; want %d", i+1, n, err, want)
				}
			}
			if diff := cmp.Diff(c.want, column[string](t, b, c.sql)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Processes that tidy up at once share the work: each row is counted once, and none
// stays.
func TestTidyingIsSharedByProcesses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.exec(t, `INSERT INTO idempotency (principal, route, key_hash, body_hash, created_at) SELECT 'p', n::text, 'k', 'b', '2026-01-01Z' FROM generate_series(1, 4500) n`)
	var (
		wg    sync.WaitGroup
		total atomic.Int64
	)
	for range 4 {
		wg.Go(func() {
			u := store.NewTidy(b.pool)
			n, err := u.Answers(t.Context(), now())
			if err != nil {
				t.Error(err)
			}
			total.Add(int64(n))
		})
	}
	wg.Wait()
	if left := scan[int](t, b, `SELECT count(*) FROM idempotency`); total.Load() != 4500 || left != 0 {
		t.Errorf("%d rows were taken, %d are left", total.Load(), left)
	}
}
