package outage

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/actors"
	"github.com/vantahire/vantahire/interview/record"
	"github.com/vantahire/vantahire/loadtest/candidate"
	"github.com/vantahire/vantahire/providers/simulated/suite"
	"github.com/vantahire/vantahire/store"
)

// The scale of the scenarios; the defaults are for every test run.
var (
	kills  = flag.Int("kills", 2, "how often the server is killed")
	calls  = flag.Int("calls", 3, "how many calls are held")
	outage = flag.Duration("outage", 4*time.Second, "how long the database or Redis is away")
	churn  = flag.Int("churn", 24, "how many calls come and go")
)

// program is the built binary.
var program string

func TestMain(m *testing.M) {
	// The scenarios wait more than they work.
	_ = flag.Set("test.parallel", "6") // unless the command line says otherwise
	flag.Parse()
	dir, err := os.MkdirTemp("", "vantahire-outage-")
	if err == nil {
		program, err = Build(context.Background(), dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	_ = os.RemoveAll(dir)
	if status == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

// house is a database, simulated providers and servers on them.
type house struct {
	t        *testing.T
	dir      string
	database *Database
	env      map[string]string
	servers  []*Server
	reader   *store.Ledger // opened once the database stays
}

// open starts database and providers. env is for all servers.
func open(t *testing.T, env map[string]string) *house {
	t.Helper()
	dir, err := os.MkdirTemp("", "vantahire-outage-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the database runs as another user when we are root
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	h := &house{t: t, dir: dir}
	if h.database, err = StartDatabase(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.database.Stop() })
	providers := suite.New(suite.Config{Seed: 7})
	at := httptest.NewServer(providers)
	t.Cleanup(func() { at.CloseClientConnections(); providers.Close(); at.Close() })
	h.env = map[string]string{
		"DATABASE_URL": h.database.URL(), "DEEPGRAM_URL": at.URL, "CARTESIA_URL": at.URL, "GROQ_URL": at.URL + "/openai/v1",
		"DEEPGRAM_API_KEY": "simulated", "CARTESIA_API_KEY": "simulated", "GROQ_API_KEY": "simulated", "DEEPGRAM_TTS_SOCKETS": "2000", "CARTESIA_CONCURRENCY": "2000",
		"VANTAHIRE_DEV_KEY": "a-development-key-for-outages", "VANTAHIRE_RECORD_KEY": "a-key-for-the-records-of-outages",
	}
	for key, value := range env {
		h.env[key] = value
	}
	return h
}

// serve starts a further server with its own data folder.
func (h *house) serve(env map[string]string) *Server {
	h.t.Helper()
	all := map[string]string{}
	for _, settings := range []map[string]string{h.env, env} {
		for key, value := range settings {
			all[key] = value
		}
	}
	dir, err := os.MkdirTemp(h.dir, "data")
	if err != nil {
		h.t.Fatal(err)
	}
	s, err := NewServer(program, dir, all)
	if err != nil {
		h.t.Fatal(err)
	}
	if err := s.Start(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		s.Kill()
		if h.t.Failed() {
			h.t.Logf("log of %s:\n%s", s.URL, lastLines(s.Log(), 60))
		}
	})
	h.servers = append(h.servers, s)
	return s
}

func lastLines(text string, n int) string {
	lines := strings.Split(text, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// party is some candidates who talk.
type party struct {
	h          *house
	candidates []*Candidate
	stop       context.CancelFunc
	wg         sync.WaitGroup
	api        candidate.API
	mu         sync.Mutex
}

// invite lets n candidates talk to a server.
func (h *house) invite(s *Server, n int, change func(*Candidate)) *party {
	h.t.Helper()
	ctx, cancel := context.WithCancel(h.t.Context())
	p := &party{h: h, stop: cancel}
	p.moveTo(s)
	for i := range n {
		c := &Candidate{API: p.where, Plan: Plan(), Name: i + 1, Finish: true}
		if change != nil {
			change(c)
		}
		p.candidates = append(p.candidates, c)
		p.wg.Go(func() {
			if err := c.Run(ctx); err != nil {
				h.t.Error(err)
			}
		})
	}
	h.t.Cleanup(p.leave)
	return p
}

func (p *party) where() candidate.API {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.api
}

// moveTo sends the candidates to another server.
func (p *party) moveTo(s *Server) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.api = candidate.API{Server: s.URL, Key: p.h.env["VANTAHIRE_DEV_KEY"]}
}

// leave ends all calls.
func (p *party) leave() {
	p.stop()
	p.wg.Wait()
}

// told counts the acknowledged lines so far.
func (p *party) told() int {
	n := 0
	for _, c := range p.candidates {
		for _, call := range c.Calls() {
			n += len(call.Told)
		}
	}
	return n
}

// each counts the acknowledged lines of every candidate.
func (p *party) each() []int {
	counts := make([]int, len(p.candidates))
	for i, c := range p.candidates {
		for _, call := range c.Calls() {
			counts[i] += len(call.Told)
		}
	}
	return counts
}

// talking waits until every candidate was told so many more lines than before.
func (p *party) talking(before []int, more int) {
	p.h.t.Helper()
	p.h.until(2*time.Minute, "every candidate is told something", func() bool {
		for i, n := range p.each() {
			if n < before[i]+more {
				return false
			}
		}
		return true
	})
}

// until polls; a real system offers nothing to wait on.
func (h *house) until(patience time.Duration, what string, is func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(patience); !is(); time.Sleep(20 * time.Millisecond) { //nolint:forbidigo // real processes
		if time.Now().After(deadline) {
			h.t.Fatalf("waited %s in vain until %s", patience, what)
		}
	}
}

// during lets real time pass.
func during(d time.Duration) { time.Sleep(d) } //nolint:forbidigo // what is measured is what happens meanwhile

// verify ends the calls and compares all that was told with what is stored.
func (p *party) verify() Finding {
	p.h.t.Helper()
	p.leave()
	var sum Finding
	for _, c := range p.candidates {
		for _, call := range c.Calls() {
			sum.Add(p.h.check(call))
		}
	}
	for _, problem := range sum.Problems {
		p.h.t.Error(problem)
	}
	if sum.Acknowledged == 0 {
		p.h.t.Error("nobody was told anything")
	}
	return sum
}

// check compares what a candidate was told with the record, and verifies and
// replays that.
func (h *house) check(call Call) Finding {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	rec, err := h.ledger(ctx).Record(ctx, call.Interview)
	for deadline := time.Now().Add(sealPatience); err == nil && call.Ended && rec.Seal == nil && time.Now().Before(deadline); {
		during(pollEvery)
		rec, err = h.ledger(ctx).Record(ctx, call.Interview)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	f := Check(call, rec)
	key := []byte(h.env["VANTAHIRE_RECORD_KEY"])
	if !call.Ended {
		key = nil // it goes on: nothing to seal
	}
	f.Problems = append(f.Problems, record.Verify(rec, key).Problems...)
	replayed, err := actors.Replay(rec.Events)
	switch {
	case errors.Is(err, actors.ErrNotReplayable) && len(rec.Events) == 0:
	case err != nil:
		f.Problems = append(f.Problems, err.Error())
	case replayed.Difference != nil:
		f.Problems = append(f.Problems, fmt.Sprintf("%s: replay differs: %+v", call.Interview, *replayed.Difference))
	}
	for _, life := range replayed.Lives {
		if life.Skipped != "" && len(rec.Quarantined) == 0 {
			f.Problems = append(f.Problems, fmt.Sprintf("%s: not replayed from event %d on: %s", call.Interview, life.From, life.Skipped))
		}
	}
	if len(f.Problems) > 0 {
		h.t.Logf("told: %+v\nabsences: %+v\nlines: %+v", call.Told, call.Absences, rec.Lines)
	}
	return f
}

// sealPatience is how long a record may take to be sealed after its end, and
// pollEvery how often that is looked at.
const (
	sealPatience = 10 * time.Second
	pollEvery    = 50 * time.Millisecond
)

func (h *house) ledger(ctx context.Context) *store.Ledger {
	h.t.Helper()
	if h.reader == nil {
		l, err := store.OpenLedger(ctx, h.database.URL(), store.LedgerOptions{})
		if err != nil {
			h.t.Fatal(err)
		}
		h.reader = l
		h.t.Cleanup(l.Close)
	}
	return h.reader
}

func (h *house) connect(ctx context.Context) *pgx.Conn {
	h.t.Helper()
	conn, err := pgx.Connect(ctx, h.database.URL())
	if err != nil {
		h.t.Fatal(err)
	}
	return conn
}

// absences are the times without a connection of all calls.
func (p *party) absences() []Absence {
	var all []Absence
	for _, c := range p.candidates {
		for _, call := range c.Calls() {
			all = append(all, call.Absences...)
		}
	}
	return all
}

// quantiles tells p50, p99 and the most of durations.
func quantiles(all []time.Duration) string {
	if len(all) == 0 {
		return "none"
	}
	slices.Sort(all)
	at := func(q float64) time.Duration {
		return all[min(len(all)-1, int(q*float64(len(all))))].Round(time.Millisecond)
	}
	return fmt.Sprintf("p50 %s, p99 %s, most %s of %d", at(.5), at(.99), at(1), len(all))
}

// figure prints a measured line.
func (h *house) figure(format string, args ...any) {
	h.t.Helper()
	h.t.Logf("figure: "+format, args...)
}
