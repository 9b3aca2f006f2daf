package jobs

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/store/testdb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 60 * time.Second

func open(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(context.Background(), testdb.New(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return pool
}

func start(t *testing.T, pool *pgxpool.Pool, d Duties, o Options) *Client {
	t.Helper()
	c, err := Start(t.Context(), pool, d, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := c.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return c
}

func await(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("waited for %s in vain", what)
	}
}

func TestDutiesAreDoneByOneOfTwoProcesses(t *testing.T) {
	t.Parallel()
	pool := open(t)
	var runs atomic.Int64
	done := make(chan struct{}, 10)
	d := Duties{ExpireInterviews: func(context.Context) (int, error) {
		runs.Add(1)
		done <- struct{}{}
		return 1, nil
	}}
	start(t, pool, d, Options{})
	start(t, pool, d, Options{})
	await(t, "the duty", done)
	var jobs int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM river_job WHERE kind = 'expire_interviews'`).Scan(&jobs); err != nil || jobs != 1 || runs.Load() != 1 {
		t.Errorf("%d jobs were made and %d done (%v)", jobs, runs.Load(), err)
	}
}

// A process that was killed leaves its job running for ever: somebody else does it.
func TestAJobOfADeadProcessRunsAgain(t *testing.T) {
	t.Parallel()
	pool := open(t)
	_, err := pool.Exec(t.Context(), `
		INSERT INTO river_job (state, kind, args, attempt, attempted_at, attempted_by, max_attempts, queue, priority)
		VALUES ('running', 'prune_idempotent_answers', '{}', 1, now() - interval '2 minutes', '{a dead process}', 3, 'default', 1)`)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{}, 10)
	start(t, pool, Duties{PruneAnswers: func(context.Context) (int, error) {
		done <- struct{}{}
		return 0, nil
	}}, Options{})
	await(t, "the rescue", done)
}

func TestAJobThatFailsIsCountedAndTriedAgain(t *testing.T) {
	t.Parallel()
	pool := open(t)
	var runs atomic.Int64
	done := make(chan struct{}, 10)
	c := start(t, pool, Duties{ExpireKeys: func(context.Context) (int, error) {
		switch runs.Add(1) {
		case 1:
			return 0, errors.New("the database is in a bad mood")
		case 2:
			panic("so am I")
		}
		done <- struct{}{}
		return 0, nil
	}}, Options{})
	await(t, "the third try", done)
	stop, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := c.Stop(stop); err != nil { // lets the run finish
		t.Fatal(err)
	}
	if c.Failed() != 2 || c.Done() != 1 {
		t.Errorf("%d failures and %d successes were counted", c.Failed(), c.Done())
	}
}

func TestAJobThatHangsIsCutOffAndStopDoesNotWaitForIt(t *testing.T) {
	t.Parallel()
	pool := open(t)
	began, ended := make(chan struct{}, 10), make(chan struct{}, 10)
	start(t, pool, Duties{CleanUploads: func(ctx context.Context) (int, error) {
		began <- struct{}{}
		<-ctx.Done()
		ended <- struct{}{}
		return 0, context.Cause(ctx)
	}}, Options{Timeout: 100 * time.Millisecond, RescueAfter: time.Second})
	await(t, "the job", began)
	await(t, "its end", ended)
	hanging := start(t, open(t), Duties{CleanUploads: func(ctx context.Context) (int, error) {
		began <- struct{}{}
		<-ctx.Done()
		return 0, context.Cause(ctx)
	}}, Options{})
	await(t, "the job", began)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := hanging.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func TestMidnightIsInUTC(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("east", 9*3600)
	got := daily{}.Next(time.Date(2026, 3, 2, 3, 0, 0, 0, zone))
	if want := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("the next is %s, want %s", got, want)
	}
}
