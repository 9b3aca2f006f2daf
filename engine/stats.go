package engine

import (
	"sync/atomic"
)

// Stats is a snapshot of a system's counters. Counters only rise; each is read
// on its own, so they need not agree to the last message while actors work.
type Stats struct {
	Live         int                  // living actors, abandoned ones excluded
	DeadLetters  uint64               // told messages that no Receive will ever see
	Refused      uint64               // offers refused: no credit left, or the actor is gone
	Panics       uint64               // recovered panics of actors, goroutines and hooks
	SlowReceives uint64               // Receive calls that took Config.SlowReceive or longer
	Restarts     uint64               // replacements of failed children
	GaveUp       uint64               // children whose policy was exhausted
	Abandoned    uint64               // actors and goroutines that outlived their stop's deadline
	EngineFaults uint64               // restarts or id clashes inside Hollywood; other than 0 is a bug of this package
	NoActor      uint64               // messages told or offered to a zero Ref, in the whole process
	Roles        map[string]RoleStats // by Spec.Role
}

// RoleStats sums up the actors of one role.
type RoleStats struct {
	Live      int // living actors
	DepthHigh int // most messages that ever waited for one of them
}

type counts struct {
	deadLetters, refused, panics, slowReceives atomic.Uint64
	restarts, gaveUp, abandoned, engineFaults  atomic.Uint64
}

// noActor counts the messages to zero Refs: those know no system to count them.
var noActor atomic.Uint64

type roleStats struct {
	live      atomic.Int64
	depthHigh atomic.Int64
}

// noteDepth raises the high-water mark. The usual case is one load.
func (r *roleStats) noteDepth(depth int64) {
	for high := r.depthHigh.Load(); depth > high; high = r.depthHigh.Load() {
		if r.depthHigh.CompareAndSwap(high, depth) {
			return
		}
	}
}

// Stats reads the counters. It takes the system's lock shortly: for scrapes, not
// for each message.
func (s *System) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	roles := make(map[string]RoleStats, len(s.roles))
	for name, r := range s.roles {
		roles[name] = RoleStats{Live: int(r.live.Load()), DepthHigh: int(r.depthHigh.Load())}
	}
	return Stats{
		Live:         len(s.live),
		DeadLetters:  s.counts.deadLetters.Load(),
		Refused:      s.counts.refused.Load(),
		Panics:       s.counts.panics.Load(),
		SlowReceives: s.counts.slowReceives.Load(),
		Restarts:     s.counts.restarts.Load(),
		GaveUp:       s.counts.gaveUp.Load(),
		Abandoned:    s.counts.abandoned.Load(),
		EngineFaults: s.counts.engineFaults.Load(),
		NoActor:      noActor.Load(),
		Roles:        roles,
	}
}
