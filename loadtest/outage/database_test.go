package outage

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// state is the ledger's state as /metrics tells it.
func state(ctx context.Context, s *Server) string {
	for _, name := range []string{"direct", "spilling", "draining", "holding"} {
		if v, err := s.Metric(ctx, `vantahire_ledger_state{state="`+name+`"}`); err == nil && v == 1 {
			return name
		}
	}
	return ""
}

// away takes the database away in one way and brings it back.
type away struct {
	take, back func(ctx context.Context, d *Database) error
}

var ways = map[string]away{
	"killed and away": {
		func(_ context.Context, d *Database) error { return d.Kill() },
		func(ctx context.Context, d *Database) error { return d.Start(ctx) },
	},
	"stopped in mid-air": {
		func(_ context.Context, d *Database) error { return d.Signal(syscall.SIGSTOP) },
		func(_ context.Context, d *Database) error { return d.Signal(syscall.SIGCONT) },
	},
	"restarted": {
		func(_ context.Context, d *Database) error { return d.Stop() },
		func(ctx context.Context, d *Database) error { return d.Start(ctx) },
	},
}

// Calls go on while the database is away: candidates are answered and told that
// their words are settled, because they are in the journal.
func TestCallsGoOnWithoutTheDatabase(t *testing.T) {
	for name, way := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, nil)
			s := h.serve(nil)
			p := h.invite(s, *calls, nil)
			p.talking(make([]int, *calls), 2)
			before := p.told()
			began := time.Now()
			if err := way.take(t.Context(), h.database); err != nil {
				t.Fatal(err)
			}
			h.until(time.Minute, "the ledger spills", func() bool { return state(t.Context(), s) == "spilling" })
			spilled := time.Since(began)
			if status, body, _ := s.Get(t.Context(), "/ready"); status != http.StatusServiceUnavailable || !strings.Contains(body, "spilling") {
				t.Errorf("during the outage /ready answers %d %s", status, body)
			}
			during(*outage)
			p.talking(p.each(), 1) // all of them, without a database
			answered := p.told() - before
			lasted := time.Since(began)
			if err := way.back(t.Context(), h.database); err != nil {
				t.Fatal(err)
			}
			back := time.Now()
			h.until(time.Minute, "the journal is drained", func() bool { return state(t.Context(), s) == "direct" })
			drained := time.Since(back)
			h.until(time.Minute, "the server is ready again", func() bool { status, _, _ := s.Get(t.Context(), "/ready"); return status == http.StatusOK })
			p.talking(p.each(), 2)
			if n := len(p.absences()); n > 0 {
				t.Errorf("%d connections were lost by the outage of the database", n)
			}
			if log := s.Log(); strings.Count(log, "ALARM") == 0 {
				t.Error("no alarm was given")
			}
			if left, err := filepath.Glob(filepath.Join(s.DataDir, "journal", "*", "*", "*.journal")); err != nil || len(left) > 0 {
				t.Errorf("left in the journal: %v (%v)", left, err)
			}
			found := p.verify()
			h.figure("database %s for %s under %d calls: %d lines acknowledged meanwhile; spilling after %s, drained %s after it was back; %s",
				name, lasted.Round(time.Millisecond), *calls, answered, spilled.Round(time.Millisecond), drained.Round(time.Millisecond), found)
		})
	}
}

// The server is killed while the database is away; its successor replays the
// journal before it serves. A record that was torn by the kill was never
// acknowledged.
func TestAJournalIsReplayedBeforeAnybodyIsServed(t *testing.T) {
	for name, tear := range map[string]bool{"whole": false, "torn in its last record": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, nil)
			s := h.serve(nil)
			p := h.invite(s, *calls, nil)
			p.talking(make([]int, *calls), 2)
			if err := h.database.Stop(); err != nil {
				t.Fatal(err)
			}
			h.until(time.Minute, "the ledger spills", func() bool { return state(t.Context(), s) == "spilling" })
			p.talking(p.each(), 1)
			s.Kill()
			files, err := filepath.Glob(filepath.Join(s.DataDir, "journal", "*", "*", "*.journal"))
			if err != nil || len(files) == 0 {
				t.Fatalf("no journal was left: %v", err)
			}
			if tear {
				f, err := os.OpenFile(files[len(files)-1], os.O_WRONLY|os.O_APPEND, 0)
				if err != nil {
					t.Fatal(err)
				}
				if _, err = f.WriteString("\n1234abcd {\"interview\":\"half a rec"); err != nil {
					t.Fatal(err)
				}
				if err := f.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if err := h.database.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if err := s.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			took := time.Since(began)
			if !strings.Contains(s.Log(), "journal replayed") {
				t.Error("nothing was replayed before it listens")
			}
			if left, err := s.Metric(t.Context(), "vantahire_journal_events"); err != nil || left != 0 {
				t.Errorf("it listens with %v events in the journal (%v)", left, err)
			}
			p.talking(p.each(), 2)
			found := p.verify()
			h.figure("journal %s, server killed during the outage: listens %s after its start; %s", name, took.Round(time.Millisecond), found)
		})
	}
}

// With the database away and no room in the journal nothing is called settled, and
// nothing is lost.
func TestAFullJournalStopsAcknowledgementsAndNothingElse(t *testing.T) {
	t.Parallel()
	h := open(t, nil)
	s := h.serve(nil)
	p := h.invite(s, *calls, nil)
	p.talking(make([]int, *calls), 2)
	if err := s.FullDisk(true); err != nil {
		t.Fatal(err)
	}
	if err := h.database.Stop(); err != nil {
		t.Fatal(err)
	}
	h.until(time.Minute, "the ledger holds", func() bool { return state(t.Context(), s) == "holding" })
	before := p.told()
	during(*outage)
	if after := p.told(); after != before {
		t.Errorf("%d lines were acknowledged with neither database nor journal", after-before)
	}
	if status, body, _ := s.Get(t.Context(), "/ready"); status != http.StatusServiceUnavailable || !strings.Contains(body, "holding") {
		t.Errorf("/ready answers %d %s", status, body)
	}
	waiting, err := s.Metric(t.Context(), "vantahire_ledger_waiting")
	if err != nil || waiting == 0 {
		t.Errorf("%v events wait in memory (%v)", waiting, err)
	}
	if err := h.database.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.until(time.Minute, "the ledger is well again", func() bool { return state(t.Context(), s) == "direct" })
	if err := s.FullDisk(false); err != nil {
		t.Fatal(err)
	}
	p.talking(p.each(), 2)
	if n := len(p.absences()); n > 0 {
		t.Errorf("%d connections were lost", n)
	}
	found := p.verify()
	h.figure("neither database nor journal for %s under %d calls: %.0f events waited in memory; %s", *outage, *calls, waiting, found)
}
