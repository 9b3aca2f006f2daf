package engine

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/anthdm/hollywood/actor"
)

// allocBudget is what a message may allocate above what Hollywood itself does for
// it: nothing.
const allocBudget = 0.01

// window is how many messages a benchmark lets wait: enough to keep the actor
// running, as in a busy call, and few enough to stay in its mailbox's first capacity.
const window = 256

// counter receives and does next to nothing. It signals each time it took a window.
type counter struct {
	n    int
	took chan struct{}
}

func newCounter() *counter { return &counter{took: make(chan struct{}, 1)} }

func (c *counter) count() {
	if c.n++; c.n%window == 0 {
		c.took <- struct{}{}
	}
}

func (c *counter) Receive(_ *Ctx[msg], _ msg) { c.count() }

// rawCounter is the same on Hollywood alone.
type rawCounter struct{ *counter }

func (c rawCounter) Receive(ctx *actor.Context) {
	if _, ok := ctx.Message().(msg); ok {
		c.count()
	}
}

func spawnCounter(tb testing.TB, s *System) (Ref[msg], *counter) {
	tb.Helper()
	c := newCounter()
	ref, err := Spawn(s, Spec[msg]{
		Role: "counter", New: func(Gen) Behavior[msg] { return c }, Inbox: 2 * window, Offers: 2 * window,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return ref, c
}

func spawnRawCounter(s *System) (*actor.PID, *counter) {
	c := newCounter()
	return s.engine.Spawn(func() actor.Receiver { return rawCounter{c} }, "raw", actor.WithInboxSize(2*window)), c
}

// sendWindow sends one window and waits until it was received.
func sendWindow(c *counter, send func(msg)) {
	for range window {
		send(note(1))
	}
	<-c.took
}

func TestTellAllocatesNothingAboveHollywood(t *testing.T) {
	s := newSystem(t)
	defer shutdown(t, s)
	pid, rawCount := spawnRawCounter(s)
	ref, count := spawnCounter(t, s)
	perMessage := func(c *counter, send func(msg)) float64 {
		return testing.AllocsPerRun(200, func() { sendWindow(c, send) }) / window
	}
	raw := perMessage(rawCount, func(m msg) { s.engine.Send(pid, m) })
	for name, send := range map[string]func(msg){
		"Tell":  ref.Tell,
		"Offer": func(m msg) { ref.Offer(m) },
	} {
		if got := perMessage(count, send); got > raw+allocBudget {
			t.Errorf("%s: %.3f allocations per message, raw %.3f", name, got, raw)
		}
	}
}

func shutdown(tb testing.TB, s *System) {
	tb.Helper()
	if err := s.Shutdown(tb.Context()); err != nil {
		tb.Error(err)
	}
}

// BenchmarkMessage compares a message's whole way, from the send to the end of
// Receive: Tell and Offer against a raw Hollywood send.
func BenchmarkMessage(b *testing.B) {
	s := newSystem(b)
	defer shutdown(b, s)
	pid, rawCount := spawnRawCounter(s)
	ref, count := spawnCounter(b, s)
	for _, bench := range []struct {
		name  string
		count *counter
		send  func(msg)
	}{
		{"raw", rawCount, func(m msg) { s.engine.Send(pid, m) }},
		{"tell", count, ref.Tell},
		{"offer", count, func(m msg) { ref.Offer(m) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			sent := 0
			for b.Loop() {
				bench.send(note(1))
				if sent++; sent%window == 0 {
					<-bench.count.took
				}
			}
			for ; sent%window != 0; sent++ { // leave no part of a window behind
				bench.send(note(1))
				if (sent+1)%window == 0 {
					<-bench.count.took
				}
			}
		})
	}
}

// BenchmarkOverhead sends the same windows raw and by Tell in turns, so that other
// load on the machine hits both, and reports the difference.
func BenchmarkOverhead(b *testing.B) {
	s := newSystem(b)
	defer shutdown(b, s)
	pid, rawCount := spawnRawCounter(s)
	ref, count := spawnCounter(b, s)
	var raw, tell []time.Duration
	for b.Loop() {
		begin := time.Now()
		sendWindow(rawCount, func(m msg) { s.engine.Send(pid, m) })
		middle := time.Now()
		sendWindow(count, ref.Tell)
		raw, tell = append(raw, middle.Sub(begin)), append(tell, time.Since(middle))
	}
	rawNs, tellNs := float64(quantile(raw, 0.5))/window, float64(quantile(tell, 0.5))/window
	b.ReportMetric(rawNs, "raw-ns/msg")
	b.ReportMetric(tellNs, "tell-ns/msg")
	b.ReportMetric(tellNs-rawNs, "overhead-ns/msg")
}

// BenchmarkOfferRefused is the cost of a producer that runs into the bound.
func BenchmarkOfferRefused(b *testing.B) {
	s := newSystem(b)
	release := make(chan struct{})
	ref, err := Spawn(s, Spec[msg]{Role: "full", Offers: 1, New: func(Gen) Behavior[msg] {
		return &probe{receive: func(*Ctx[msg], msg) { <-release }}
	}})
	if err != nil {
		b.Fatal(err)
	}
	ref.Tell(note(0))
	for ref.Depth() > 0 { // until Receive has it, and holds on to it
		runtime.Gosched()
	}
	ref.Offer(note(1))
	b.ReportAllocs()
	for b.Loop() {
		ref.Offer(note(1))
	}
	close(release)
	shutdown(b, s)
}

// BenchmarkSpawnStop is the life of an actor that receives nothing.
func BenchmarkSpawnStop(b *testing.B) {
	s := newSystem(b)
	defer shutdown(b, s)
	b.ReportAllocs()
	for b.Loop() {
		ref, err := Spawn(s, Spec[msg]{Role: "a", New: func(Gen) Behavior[msg] { return newCounter() }})
		if err != nil {
			b.Fatal(err)
		}
		if err := ref.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkIdle reports the memory of an actor that rests.
func BenchmarkIdle(b *testing.B) {
	const actors = 4 * interviews
	for b.Loop() {
		s := newSystem(b)
		before := heap()
		for i := range actors {
			if _, err := Spawn(s, Spec[msg]{
				Role: "a", ID: fmt.Sprint(i), New: func(Gen) Behavior[msg] { return fragile{} },
			}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(heap()-before)/actors, "B/actor")
		shutdown(b, s)
	}
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// BenchmarkRespawn is the time from a child's panic to the moment its parent knows
// the replacement, among 1000 interviews of four actors: one crash at a time, and a
// crash in every interview at once.
func BenchmarkRespawn(b *testing.B) {
	for _, bench := range []struct {
		name   string
		atOnce int
	}{{"one", 1}, {"all", interviews}} {
		b.Run(bench.name, func(b *testing.B) {
			s := newSystem(b)
			defer shutdown(b, s)
			took := make(chan time.Duration, interviews)
			var children [interviews]*Child[msg]
			for i := range children {
				children[i] = spawnTimed(b, s, i, took)
			}
			var all []time.Duration
			next := 0
			b.ReportAllocs()
			for b.Loop() {
				for range bench.atOnce {
					children[next%interviews].Tell(crash{})
					next++
				}
				for range bench.atOnce {
					all = append(all, <-took)
				}
			}
			b.ReportMetric(float64(quantile(all, 0.5))/1e3, "p50-us")
			b.ReportMetric(float64(quantile(all, 0.99))/1e3, "p99-us")
		})
	}
}

// timed is a parent that reports how long each replacement of its child took.
type timed struct {
	child   *Child[msg]
	crashed time.Time // written by the child right before its panic, read after OnUp
	took    chan<- time.Duration
}

func (p *timed) Receive(_ *Ctx[msg], m msg) {
	if _, ok := m.(up); ok {
		p.took <- time.Since(p.crashed)
	}
}

func (p *timed) Started(ctx *Ctx[msg]) {
	for i := range childrenOfOne {
		child, err := SpawnChild(ctx, ChildSpec[msg, msg]{
			Role: fmt.Sprint("child ", i),
			New: func(Gen) Behavior[msg] {
				return &probe{receive: func(*Ctx[msg], msg) {
					p.crashed = time.Now()
					panic(errBroken)
				}}
			},
			Policy: Policy{Max: 1 << 30, Window: time.Nanosecond, Backoff: []time.Duration{0}},
			OnUp:   func(gen Gen, ref Ref[msg]) msg { return up{gen, ref} },
		})
		if err != nil {
			panic(err)
		}
		p.child = child
	}
}

func spawnTimed(b *testing.B, s *System, i int, took chan<- time.Duration) *Child[msg] {
	b.Helper()
	p := &timed{took: took}
	_, err := Spawn(s, Spec[msg]{Role: "interview", ID: fmt.Sprint(i), New: func(Gen) Behavior[msg] { return p }})
	if err != nil {
		b.Fatal(err)
	}
	return p.child
}

func quantile(all []time.Duration, q float64) time.Duration {
	slices.Sort(all)
	return all[int(q*float64(len(all)-1))]
}
