package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/store/testdb"
)

func TestTheProbeSeesTheDatabaseGoAndComeBack(t *testing.T) {
	t.Parallel()
	cfg, err := pgxpool.ParseConfig(testdb.New(t))
	if err != nil {
		t.Fatal(err)
	}
	var away atomic.Bool
	cfg.BeforeConnect = func(context.Context, *pgx.ConnConfig) error {
		if away.Load() {
			return errors.New("connection refused")
		}
		return nil
	}
	cfg.PrepareConn = func(context.Context, *pgx.Conn) (bool, error) { return !away.Load(), nil }
	pool, err := pgxpool.NewWithConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	a := &App{log: slog.New(slog.DiscardHandler), pool: pool}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.probeDatabase(ctx)
	}()
	for _, gone := range []bool{true, false, true} {
		away.Store(gone)
		waitFor(t, func() string {
			if a.databaseAway.Load() != gone {
				return "it does not see how the database is"
			}
			return ""
		})
	}
	cancel()
	<-done
}

func TestReadinessNamesADatabaseThatIsAway(t *testing.T) {
	h := open(t, dataDir(t), map[string]string{"VANTAHIRE_LOCAL_CALLS": "0"})
	defer h.close()
	if reasons := h.app.ready(); len(reasons) != 0 {
		t.Errorf("a healthy server is not ready: %v", reasons)
	}
	waitFor(t, func() string { // a probe may come between
		h.app.databaseAway.Store(true)
		if reasons := h.app.ready(); !slices.Equal(reasons, []string{"database"}) {
			return "the reasons lack the database"
		}
		return ""
	})
	waitFor(t, func() string {
		if len(h.app.ready()) != 0 {
			return "it does not become ready again"
		}
		return ""
	})
}
