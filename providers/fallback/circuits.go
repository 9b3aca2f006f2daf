package fallback

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/vantahire/vantahire/providers"
)

// Circuits holds one Circuit per provider and stage for the whole process, and
// tries those that rest in the background. Goroutine-safe.
type Circuits struct {
	log *slog.Logger

	mu       sync.Mutex
	circuits []*Circuit
	ctx      context.Context //nolint:containedctx // the watchers' life, which it owns
	cancel   context.CancelFunc
	watchers sync.WaitGroup
}

// NewCircuits makes an empty set. Close it.
func NewCircuits(log *slog.Logger) *Circuits {
	ctx, cancel := context.WithCancel(context.Background())
	return &Circuits{log: log, ctx: ctx, cancel: cancel}
}

// For is the circuit of a provider at a stage: always the same one.
func (c *Circuits) For(stage providers.Stage, name string) *Circuit {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, one := range c.circuits {
		if one.stage == stage && one.name == name {
			return one
		}
	}
	one := NewCircuit(stage, name, c.log)
	c.circuits = append(c.circuits, one)
	return one
}

// Watch tries a resting provider again in the background until Close.
func (c *Circuits) Watch(one *Circuit, p Prober) {
	c.watchers.Go(func() { one.Recover(c.ctx, p) })
}

// Stats tells how every provider stands, sorted by stage and name.
func (c *Circuits) Stats() []CircuitStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	stats := make([]CircuitStats, len(c.circuits))
	for i, one := range c.circuits {
		stats[i] = one.Stats()
	}
	slices.SortFunc(stats, func(a, b CircuitStats) int {
		if a.Stage != b.Stage {
			return strings.Compare(string(a.Stage), string(b.Stage))
		}
		return strings.Compare(a.Provider, b.Provider)
	})
	return stats
}

// Close ends the watching and waits for probes under way, which are bounded.
func (c *Circuits) Close() {
	c.cancel()
	c.watchers.Wait()
}
