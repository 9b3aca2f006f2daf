package engine

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// msg is the message set of the tests' actors.
type msg interface{ testMsg() }

type (
	note   int      // something told
	order  func()   // run it in Receive
	sleep  struct{} // hang for napTime
	crash  struct{} // panic
	result struct{ err error }
	up     struct {
		gen Gen
		ref Ref[msg]
	}
	down   struct{ failure Failure }
	gaveUp struct{ failure Failure }
)

func (note) testMsg()   {}
func (order) testMsg()  {}
func (sleep) testMsg()  {}
func (crash) testMsg()  {}
func (result) testMsg() {}
func (up) testMsg()     {}
func (down) testMsg()   {}
func (gaveUp) testMsg() {}

// napTime is how long a sleep message blocks its actor.
const napTime = time.Minute

var errBroken = errors.New("broken")

// probe is a behavior made of funcs. It keeps what it received.
type probe struct {
	receive func(*Ctx[msg], msg)
	started func(*Ctx[msg])
	stopped func()
	ends    atomic.Int32

	mu  sync.Mutex
	got []msg
}

func (p *probe) Receive(ctx *Ctx[msg], m msg) {
	p.mu.Lock()
	p.got = append(p.got, m)
	p.mu.Unlock()
	if p.receive != nil {
		p.receive(ctx, m)
		return
	}
	switch m := m.(type) {
	case order:
		m()
	case sleep:
		time.Sleep(napTime)
	case crash:
		panic(errBroken)
	}
}

func (p *probe) Started(ctx *Ctx[msg]) {
	if p.started != nil {
		p.started(ctx)
	}
}

func (p *probe) Stopped() {
	p.ends.Add(1)
	if p.stopped != nil {
		p.stopped()
	}
}

// stops is how often Stopped began.
func (p *probe) stops() int { return int(p.ends.Load()) }

func (p *probe) messages() []msg {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got)
}

func (p *probe) notes() []note {
	var notes []note
	for _, m := range p.messages() {
		if n, ok := m.(note); ok {
			notes = append(notes, n)
		}
	}
	return notes
}

func newSystem(tb testing.TB) *System {
	tb.Helper()
	s, err := New(Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// inBubble runs a test on virtual time with a system that must be empty, without
// leaked mailboxes and without an engine fault, once it has been shut down.
func inBubble(t *testing.T, run func(t *testing.T, s *System)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSystem(t)
		before := mailboxes(s)
		run(t, s)
		_ = s.Shutdown(t.Context()) // tests of stuck actors expect its error, and check it themselves
		time.Sleep(10 * napTime)    // hanging code returns, abandoned actors end
		synctest.Wait()
		if got := mailboxes(s); got != before {
			t.Errorf("%d mailboxes are left, want %d", got, before)
		}
		if stats := s.Stats(); stats.Live != 0 || stats.EngineFaults != 0 {
			t.Errorf("after the shutdown: %+v", stats)
		}
	})
}

// mailboxes counts what Hollywood's registry holds.
func mailboxes(s *System) int {
	return reflect.ValueOf(s.engine.Registry).Elem().FieldByName("lookup").Len()
}

// root spawns p under id.
func root(t *testing.T, s *System, id string, p *probe) Ref[msg] {
	t.Helper()
	ref, err := Spawn(s, Spec[msg]{Role: "probe", ID: id, New: func(Gen) Behavior[msg] { return p }})
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// do runs fn inside the actor's Receive and waits until every actor rests.
func do(ref Ref[msg], fn func()) {
	ref.Tell(order(fn))
	synctest.Wait()
}

// family is a parent with one supervised child. The parent keeps the child's events.
type family struct {
	parent *probe
	ref    Ref[msg]
	child  *Child[msg]
	ctx    *Ctx[msg]

	mu    sync.Mutex
	lives []*probe // the child's, by generation
}

// raise spawns a family. live makes the probe of each generation; nil gives plain ones.
func raise(t *testing.T, s *System, policy Policy, live func(Gen) *probe) *family {
	t.Helper()
	f := &family{}
	f.parent = &probe{started: func(ctx *Ctx[msg]) {
		f.ctx = ctx
		var err error
		f.child, err = SpawnChild(ctx, f.spec(policy, live))
		if err != nil {
			t.Error(err)
		}
	}}
	f.ref = root(t, s, "parent", f.parent)
	synctest.Wait()
	return f
}

func (f *family) spec(policy Policy, live func(Gen) *probe) ChildSpec[msg, msg] {
	return ChildSpec[msg, msg]{
		Role: "child",
		New: func(gen Gen) Behavior[msg] {
			p := &probe{}
			if live != nil {
				p = live(gen)
			}
			f.mu.Lock()
			f.lives = append(f.lives, p)
			f.mu.Unlock()
			return p
		},
		Policy:   policy,
		OnUp:     func(gen Gen, ref Ref[msg]) msg { return up{gen, ref} },
		OnDown:   func(failure Failure) msg { return down{failure} },
		OnGiveUp: func(failure Failure) msg { return gaveUp{failure} },
	}
}

func (f *family) life(i int) *probe {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.lives[i]
}

func (f *family) born() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.lives)
}

// events names what the parent was told of its child.
func (f *family) events() []string {
	var events []string
	for _, m := range f.parent.messages() {
		switch m.(type) {
		case up:
			events = append(events, "up")
		case down:
			events = append(events, "down")
		case gaveUp:
			events = append(events, "gave up")
		}
	}
	return events
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}
