package engine

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const (
	interviews    = 1000
	childrenOfOne = 3
	panicsOfOne   = 5
	stormPanics   = interviews * panicsOfOne
	stormActors   = interviews * (1 + childrenOfOne)
)

// meeting is an interview with three children, of which one panics again and again.
type meeting struct {
	children []*Child[msg]
	ups      atomic.Int64
	notes    atomic.Int64
}

func (m *meeting) Receive(_ *Ctx[msg], got msg) {
	switch got.(type) {
	case up:
		m.ups.Add(1)
	case note:
		m.notes.Add(1)
	}
}

func (m *meeting) Started(ctx *Ctx[msg]) {
	for i := range childrenOfOne {
		child, err := SpawnChild(ctx, ChildSpec[msg, msg]{
			Role:   fmt.Sprint("child ", i),
			New:    func(Gen) Behavior[msg] { return fragile{} },
			Policy: Policy{Max: panicsOfOne, Backoff: []time.Duration{0}},
			OnUp:   func(gen Gen, ref Ref[msg]) msg { return up{gen, ref} },
		})
		if err != nil {
			panic(err)
		}
		m.children = append(m.children, child)
	}
}

// fragile owns a goroutine and a timer, so that each of its ends has work to do.
type fragile struct{}

func (fragile) Started(ctx *Ctx[msg]) {
	ctx.After(time.Hour, note(0))
}

func (fragile) Receive(ctx *Ctx[msg], m msg) {
	switch m.(type) {
	case crash:
		panic(errBroken)
	case note:
		ctx.Go("stream", func(ctx context.Context) error { <-ctx.Done(); return nil }, nil)
	}
}

func TestStormOfPanicsOverAThousandInterviews(t *testing.T) {
	inBubble(t, func(t *testing.T, s *System) {
		var all [interviews]*meeting
		var refs [interviews]Ref[msg]
		for i := range all {
			all[i] = &meeting{}
			ref, err := Spawn(s, Spec[msg]{
				Role: "interview", ID: fmt.Sprint("interview ", i),
				New:       func(Gen) Behavior[msg] { return all[i] },
				OnFailure: func(f Failure) { t.Errorf("an interview failed: %v", f) },
			})
			if err != nil {
				t.Fatal(err)
			}
			refs[i] = ref
		}
		for round := range panicsOfOne {
			for i, m := range all {
				victim := m.children[(i+round)%childrenOfOne]
				victim.Tell(note(1))
				victim.Tell(crash{})
				refs[i].Tell(note(round))
			}
			synctest.Wait()
		}

		stats := s.Stats()
		if stats.Panics != stormPanics || stats.Restarts != stormPanics || stats.Live != stormActors ||
			stats.DeadLetters != 0 || stats.Abandoned != 0 || stats.GaveUp != 0 {
			t.Errorf("stats = %+v", stats)
		}
		for i, m := range all {
			if m.ups.Load() != panicsOfOne || m.notes.Load() != panicsOfOne {
				t.Errorf("interview %d: %d replacements, %d notes, want %d each", i, m.ups.Load(), m.notes.Load(), panicsOfOne)
			}
		}
		begin := time.Now()
		if err := s.Shutdown(t.Context()); err != nil || time.Since(begin) != 0 {
			t.Errorf("shutdown = %v after %s", err, time.Since(begin))
		}
	})
}
