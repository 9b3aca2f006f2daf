package ledger

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errFake = errors.New("the database is away")

type key struct {
	id  interview.ID
	seq interview.Seq
}

// database is a ledger in memory with switches for its faults.
type database struct {
	mu       sync.Mutex
	order    []key
	stored   map[key]int // how often it was tried
	late     []key
	settled  []interview.ID
	released []interview.ID
	stale    []interview.ID
	poison   interview.ID
	broken   error
	hangs    bool // commits answer only with the end of their context
	swallows bool // and store what they don't confirm
	commits  int
	noSettle bool

	unreleased int // so many releases fail
}

func newDatabase() *database { return &database{stored: map[key]int{}} }

func (d *database) set(change func(*database)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(d)
}

func (d *database) Claim(context.Context, interview.ID, string) (interview.Claim, error) {
	return interview.Claim{}, nil
}

func (d *database) Elsewhere(context.Context, interview.ID, string) error { return nil }

type refusal struct{ poison interview.ID }

func (e *refusal) Error() string { return "some events can't be stored" }

func (e *refusal) Refusal(id interview.ID, _ interview.Seq) error {
	if id == e.poison {
		return errFake
	}
	return nil
}

func (d *database) Commit(ctx context.Context, batch []interview.Event) error {
	d.mu.Lock()
	d.commits++
	hangs, swallows, broken := d.hangs, d.swallows, d.broken
	if !hangs && broken == nil || swallows {
		defer d.mu.Unlock()
		err := d.store(batch)
		if hangs {
			return context.DeadlineExceeded
		}
		return err
	}
	d.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return broken
}

func (d *database) store(batch []interview.Event) error {
	var stale, refused error
	for _, e := range batch {
		k := key{e.Interview, e.Seq}
		switch {
		case e.Interview == d.poison:
			refused = &refusal{d.poison}
		case slices.Contains(d.stale, e.Interview):
			stale = &interview.StaleFenceError{Interviews: d.stale}
		default:
			if d.stored[k]++; d.stored[k] == 1 {
				d.order = append(d.order, k)
			}
		}
	}
	return errors.Join(stale, refused)
}

func (d *database) Release(_ context.Context, id interview.ID, _ interview.Fence) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.unreleased > 0 {
		d.unreleased--
		return errFake
	}
	d.released = append(d.released, id)
	return d.broken
}

func (d *database) AppendLate(_ context.Context, events []interview.Event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range events {
		d.late = append(d.late, key{e.Interview, e.Seq})
	}
	return nil
}

func (d *database) SettleLate(_ context.Context, ids []interview.ID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.noSettle {
		return errFake
	}
	d.settled = append(d.settled, ids...)
	return nil
}

func (d *database) has() []key {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.order)
}

// disk is a journal in memory.
type disk struct {
	mu     sync.Mutex
	events []interview.Event
	room   int // how many more it takes; -1: any number
	all    int
	delay  time.Duration // of each Append
	unable int           // so many calls of Release fail
}

func (k *disk) Append(events []interview.Event) error {
	k.mu.Lock()
	delay := k.delay
	k.mu.Unlock()
	after(delay)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.room >= 0 && k.room < len(events) {
		return errors.New("disk is full")
	}
	if k.room >= 0 {
		k.room -= len(events)
	}
	k.events = append(k.events, events...)
	k.all += len(events)
	return nil
}

func (k *disk) Read(limit int) ([]interview.Event, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.events[:min(limit, len(k.events))]), nil
}

func (k *disk) Release(n int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.unable > 0 {
		k.unable--
		return errors.New("file can't be removed")
	}
	k.events = k.events[n:]
	return nil
}

func (k *disk) Len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.events)
}

func (k *disk) set(room int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.room = room
}

// desk is a writer with what it writes to and what it answered.
type desk struct {
	t         *testing.T
	db        *database
	disk      *disk
	counters  Counters
	ref       engine.Ref[Msg]
	mu        sync.Mutex
	answers   map[key]error
	order     []key
	overtaken []interview.ID
	next      map[interview.ID]interview.Seq
}

// newDesk starts a writer inside a synctest bubble.
func newDesk(t *testing.T, disk *disk) *desk {
	t.Helper()
	sys, err := engine.New(engine.Config{Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = sys.Shutdown(context.Background()) })
	d := &desk{t: t, db: newDatabase(), disk: disk, answers: map[key]error{}, next: map[interview.ID]interview.Seq{}}
	cfg := Config{
		Ledger: d.db, Log: quiet(), Counters: &d.counters,
		Overtaken: func(id interview.ID) { d.mu.Lock(); d.overtaken = append(d.overtaken, id); d.mu.Unlock() },
	}
	if disk != nil {
		cfg.Journal = disk
	}
	d.ref, err = engine.Spawn(sys, engine.Spec[Msg]{Role: "ledger", New: func(engine.Gen) engine.Behavior[Msg] { return New(cfg) }})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// say hands over the next event of each interview.
func (d *desk) say(ids ...interview.ID) {
	for _, id := range ids {
		d.next[id]++
		k := key{id, d.next[id]}
		d.ref.Tell(Append{Event: interview.Event{Interview: id, Seq: k.seq}, Written: func(err error) {
			d.mu.Lock()
			defer d.mu.Unlock()
			if _, twice := d.answers[k]; twice {
				d.t.Errorf("event %v was answered twice", k)
			}
			d.answers[k] = err
			d.order = append(d.order, k)
		}})
	}
}

func (d *desk) state() State { return d.counters.Snapshot().State }

// settled counts the events that were called stored.
func (d *desk) settled() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := 0
	for _, err := range d.answers {
		if err == nil {
			n++
		}
	}
	return n
}

// complete requires that the database has every event of an interview once and in
// order.
func (d *desk) complete(id interview.ID) {
	d.t.Helper()
	var got, want []interview.Seq
	for _, k := range d.db.has() {
		if k.id == id {
			got = append(got, k.seq)
		}
	}
	for seq := range d.next[id] {
		want = append(want, seq+1)
	}
	if !slices.Equal(got, want) {
		d.t.Errorf("of %s the database has %v in this order, want %v", id, got, want)
	}
}

func (d *desk) expect(what string, got, want any) {
	d.t.Helper()
	if got != want {
		d.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func after(d time.Duration) { time.Sleep(d) } //nolint:forbidigo // virtual time
