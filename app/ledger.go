package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vantahire/vantahire/actors/ledger"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/store"
	"github.com/vantahire/vantahire/store/journal"
)

// beatTimeout bounds one heartbeat: shorter than others wait for one before they take
// over (store.ConfirmAfter), so that a process whose network hung is heard in time.
const beatTimeout = time.Second

// openLedger brings up the record of live interviews: the local journal, the
// database's side, and what an earlier process left in the journal. When it
// returns, all that was ever called settled is in the database, and nobody could
// claim an interview before.
func (a *App) openLedger(ctx context.Context) error {
	dir, err := a.journalDir(ctx)
	if err != nil {
		return err
	}
	j, err := journal.Open(dir, a.journalOptions())
	if err != nil {
		return fmt.Errorf("VANTAHIRE_JOURNAL_DIR: %w", err)
	}
	a.journal = j
	a.onClose("journal", func(context.Context) error { return j.Close() })
	key, err := a.recordKey()
	if err != nil {
		return err
	}
	a.ledger, err = store.OpenLedger(ctx, a.databaseURL, store.LedgerOptions{Log: a.log, Instance: j.Instance(), RecordKey: key})
	if err != nil {
		return err
	}
	a.onClose("ledger", func(context.Context) error { a.ledger.Close(); return nil })
	if err := a.replay(ctx, j); err != nil {
		return err
	}
	a.orphans = &orphans{app: a, dir: dir}
	return a.orphans.adopt(ctx)
}

// journalDir is where journals of this database are: a folder of its own, so that
// what was said for one database never goes to another.
func (a *App) journalDir(ctx context.Context) (string, error) {
	dir := a.cfg.Storage.JournalDir
	if dir == "" {
		data, err := a.dataDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(data, "journal")
	}
	id, err := store.DatabaseID(ctx, a.pool)
	if err != nil {
		return "", err
	}
	own := filepath.Join(dir, id)
	if others, _ := filepath.Glob(filepath.Join(dir, "*", "*", "*.journal")); slices.ContainsFunc(others, func(path string) bool { return !strings.HasPrefix(path, own+string(filepath.Separator)) }) {
		a.log.Error("ALARM there are journals of another database: they wait until a server runs on that one", "folder", dir, "this", id)
	}
	return own, nil
}

func (a *App) journalOptions() journal.Options {
	return journal.Options{MaxBytes: int64(a.cfg.Storage.JournalMB) << 20, Logger: a.log}
}

// orphans are journals that dead processes of this machine have left. Goroutine-safe.
type orphans struct {
	app *App
	dir string
	mu  sync.Mutex
}

// adopt replays them. It costs little when there are none, and comes before anything
// that needs all that was said: a claim, the end of an interview that nobody holds.
func (o *orphans) adopt(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	found, err := journal.Orphans(o.dir, o.app.journal, o.app.journalOptions())
	if err != nil {
		return fmt.Errorf("look for what other processes left: %w", err)
	}
	for _, j := range found {
		err = errors.Join(err, o.app.replay(ctx, j), j.Close())
	}
	return err
}

// ledgerPort is the ledger as the live interviews see it.
type ledgerPort struct {
	*store.Ledger

	orphans *orphans
}

// Claim makes owner the one writer of an interview, once all is in the database that
// dead processes of this machine have left.
func (p ledgerPort) Claim(ctx context.Context, id interview.ID, owner string) (interview.Claim, error) {
	if err := p.orphans.adopt(ctx); err != nil {
		return interview.Claim{}, err
	}
	return p.Ledger.Claim(ctx, id, owner)
}

// replay brings to the database what a process left in a journal.
func (a *App) replay(ctx context.Context, j *journal.Journal) error {
	if j.Len() == 0 {
		return nil
	}
	began := time.Now()
	a.log.Warn("replaying the journal of an earlier process", "instance", j.Instance(), "events", j.Len())
	done, err := ledger.Replay(ctx, a.ledger, j, a.log)
	if err != nil {
		return err
	}
	a.log.Warn("journal replayed", "events", done.Events, "late", done.Late, "took", time.Since(began))
	return nil
}

// openHeartbeat tells other processes that this one is alive, from now until its
// interviews have been given back.
func (a *App) openHeartbeat(ctx context.Context, owner string) error {
	if err := a.ledger.Beat(ctx, owner); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.beat(ctx, owner)
	}()
	a.onClose("heartbeat", func(ctx context.Context) error {
		cancel()
		<-done
		if left := a.journal.Len(); left > 0 { // others must not think that all is in the database
			a.log.Error("ALARM the journal is not empty at the end: start a server here again", "events", left)
			return nil
		}
		if err := a.ledger.Leave(ctx, owner); err != nil { // others wait until the heartbeat has lapsed
			a.log.Warn("the database was not told that this process ends", "error", err)
		}
		return nil
	})
	return nil
}

// beat goes on until ctx ends. Failures are said once in a row: the writer of the
// ledger says what they mean.
func (a *App) beat(ctx context.Context, owner string) {
	tick := time.NewTicker(store.BeatEvery)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		within, cancel := context.WithTimeout(ctx, beatTimeout)
		err := a.ledger.Beat(within, owner)
		cancel()
		if err != nil && !failing && ctx.Err() == nil {
			a.log.Warn("no heartbeat reaches the database", "error", err)
		}
		failing = err != nil
	}
}
