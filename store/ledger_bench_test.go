package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/store"
	"github.com/vantahire/vantahire/store/embedded"
)

const (
	benchCalls = 50 // writers that each wait for their event
	benchBatch = 256
	// offered is what 100 calls write: fewer than 3 events a second each.
	offered = 300
	said    = "I worked for four years on the payment service and cut its error rate by half; what I liked most was that we were few and could decide quickly."
)

// BenchmarkLedger measures an event's way into the database, durably (fsync on),
// beside the control: one bare row per commit on one connection, which is what
// the disk and the server allow.
func BenchmarkLedger(b *testing.B) {
	url := durable(b)
	b.Run("control, one row a commit", func(b *testing.B) { benchControl(b, url) })
	b.Run("one segment a commit", func(b *testing.B) { benchSegment(b, url) })
	b.Run("batches of 256 from 100 calls", func(b *testing.B) { benchBatches(b, url) })
	b.Run("50 calls as fast as they can", func(b *testing.B) { benchGroup(b, url) })
	b.Run("300 events a second", func(b *testing.B) { benchOffered(b, url) })
}

// durable is a server that makes commits survive a power failure.
func durable(b *testing.B) string {
	b.Helper()
	dir, err := os.MkdirTemp("", "vantahire-bench-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // the database's user must pass
		b.Fatal(err)
	}
	p, err := embedded.Start(b.Context(), embedded.Options{DataDir: filepath.Join(dir, "pg"), Fsync: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			b.Error(err)
		}
	})
	if err := store.Migrate(b.Context(), p.URL()); err != nil {
		b.Fatal(err)
	}
	return p.URL()
}

func benchControl(b *testing.B, url string) {
	ctx := b.Context()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(ctx, "CREATE TABLE IF NOT EXISTS control (n bigserial PRIMARY KEY, text text)"); err != nil {
		b.Fatal(err)
	}
	var took durations
	b.ReportAllocs()
	for b.Loop() {
		began := time.Now()
		if _, err := conn.Exec(ctx, "INSERT INTO control (text) VALUES ($1)", said); err != nil {
			b.Fatal(err)
		}
		took.add(time.Since(began))
	}
	took.report(b)
}

// benchSegment is the control's twin: a segment final alone on its way.
func benchSegment(b *testing.B, url string) {
	bundle := setupOn(b, url)
	c := startCall(b, bundle, bundle.ledger(b))
	var took durations
	b.ReportAllocs()
	for b.Loop() {
		e := c.hears(1, said)
		began := time.Now()
		c.commit(e)
		took.add(time.Since(began))
	}
	took.report(b)
}

// benchBatches is what the ledger takes when it has to catch up. One iteration is
// one batch.
func benchBatches(b *testing.B, url string) {
	bundle := setupOn(b, url)
	l := bundle.ledger(b)
	calls := make([]*call, 100)
	for i := range calls {
		calls[i] = startCall(b, bundle, l)
	}
	batch := make([]interview.Event, benchBatch)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		for i := range batch {
			c := calls[n%len(calls)]
			if n++; n%2 == 0 {
				batch[i] = c.hears(1, said)
			} else {
				batch[i] = c.says(said)
			}
		}
		if err := l.Commit(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}

// groupCommit is the writer the ledger is made for: what comes while a batch is
// under way is the next batch.
type groupCommit struct {
	queue chan waiting
	done  chan struct{}
}

type waiting struct {
	event  interview.Event
	stored chan error
}

func newGroupCommit(l *store.Ledger) *groupCommit {
	g := &groupCommit{queue: make(chan waiting, benchBatch), done: make(chan struct{})}
	go func() {
		defer close(g.done)
		for first := range g.queue {
			batch := []waiting{first}
			for len(batch) < benchBatch && len(g.queue) > 0 {
				batch = append(batch, <-g.queue)
			}
			events := make([]interview.Event, len(batch))
			for i, w := range batch {
				events[i] = w.event
			}
			err := l.Commit(context.Background(), events)
			for _, w := range batch {
				w.stored <- err
			}
		}
	}()
	return g
}

func (g *groupCommit) store(e interview.Event) error {
	w := waiting{e, make(chan error, 1)}
	g.queue <- w
	return <-w.stored
}

func (g *groupCommit) close() {
	close(g.queue)
	<-g.done
}

func benchLedger(b *testing.B, url string) (*groupCommit, []*call) {
	b.Helper()
	bundle := setupOn(b, url)
	l := bundle.ledger(b)
	calls := make([]*call, benchCalls)
	for i := range calls {
		calls[i] = startCall(b, bundle, l)
	}
	return newGroupCommit(l), calls
}

func benchGroup(b *testing.B, url string) {
	g, calls := benchLedger(b, url)
	var took durations
	tickets := make(chan struct{})
	var wg sync.WaitGroup
	for _, c := range calls {
		wg.Go(func() {
			for range tickets {
				e := c.says(said)
				began := time.Now()
				if err := g.store(e); err != nil {
					b.Error(err)
				}
				took.add(time.Since(began))
			}
		})
	}
	b.ReportAllocs()
	for b.Loop() {
		tickets <- struct{}{}
	}
	close(tickets)
	wg.Wait()
	g.close()
	took.report(b)
}

func benchOffered(b *testing.B, url string) {
	g, calls := benchLedger(b, url)
	var took durations
	tick := time.NewTicker(time.Second / offered)
	defer tick.Stop()
	var wg sync.WaitGroup
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		<-tick.C
		e := calls[n%len(calls)].says(said)
		n++
		wg.Go(func() {
			began := time.Now()
			if err := g.store(e); err != nil && !errors.Is(err, context.Canceled) {
				b.Error(err)
			}
			took.add(time.Since(began))
		})
	}
	wg.Wait()
	g.close()
	took.report(b)
}

// durations collects how long each event took.
type durations struct {
	mu  sync.Mutex
	all []time.Duration
}

func (d *durations) add(took time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, took)
}

func (d *durations) report(b *testing.B) {
	slices.Sort(d.all)
	at := func(q float64) float64 {
		return d.all[int(q*float64(len(d.all)-1))].Seconds() * 1000
	}
	b.ReportMetric(float64(len(d.all))/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(at(0.50), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
}
