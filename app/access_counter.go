package app

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/vantahire/vantahire/store"
)

const (
	// countEvery is how often the uses of links are written down.
	countEvery = time.Second
	// countTimeout bounds one writing, so that a database that hangs does not keep a
	// stop waiting.
	countTimeout = 5 * time.Second
	// mostCounted bounds the links that wait to be written, should the database be
	// away: with as many, 10 MB.
	mostCounted = 100_000
)

// useStore writes the uses of links.
type useStore interface {
	CountUses(ctx context.Context, uses map[string]store.Use) error
}

// accessCounter adds up the uses of interview links in memory and writes them now
// and then, so that no request waits for it. What is counted of a process that is
// killed is lost: a second's worth. Goroutine-safe.
type accessCounter struct {
	store useStore
	log   *slog.Logger

	mu      sync.Mutex
	uses    map[string]store.Use // by session
	dropped int                  // uses of links that found no room
}

// openAccessCounter starts counting and returns what counts a use.
func (a *App) openAccessCounter(sessions useStore) func(sessionID string) {
	c := &accessCounter{store: sessions, log: a.log, uses: map[string]store.Use{}}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.run(ctx)
	}()
	a.onClose("access counter", func(ctx context.Context) error {
		cancel()
		<-done
		return c.flush(ctx)
	})
	return c.count
}

// count counts one use, now. It does not block.
func (c *accessCounter) count(sessionID string) {
	c.add(map[string]store.Use{sessionID: {Count: 1, Last: time.Now()}})
}

func (c *accessCounter) add(more map[string]store.Use) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, use := range more {
		known, ok := c.uses[id]
		if !ok && len(c.uses) >= mostCounted {
			c.dropped += use.Count
			continue
		}
		known.Count += use.Count
		if use.Last.After(known.Last) {
			known.Last = use.Last
		}
		c.uses[id] = known
	}
}

// run writes until ctx ends.
func (c *accessCounter) run(ctx context.Context) {
	tick := time.NewTicker(countEvery)
	defer tick.Stop()
	failed := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		within, cancel := context.WithTimeout(ctx, countTimeout)
		err := c.flush(within)
		cancel()
		if err != nil && !failed && ctx.Err() == nil {
			c.log.Warn("uses of links can't be written yet", "error", err)
		}
		failed = err != nil
	}
}

// flush writes what was counted; what can't be written now waits for the next time.
func (c *accessCounter) flush(ctx context.Context) error {
	c.mu.Lock()
	uses, dropped := maps.Clone(c.uses), c.dropped
	clear(c.uses)
	c.dropped = 0
	c.mu.Unlock()
	if dropped > 0 {
		c.log.Warn("uses of links were not counted: too many wait for the database", "uses", dropped)
	}
	if len(uses) == 0 {
		return nil
	}
	if err := c.store.CountUses(ctx, uses); err != nil {
		c.add(uses)
		return err
	}
	return nil
}
