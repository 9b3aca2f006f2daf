package engine

import (
	"sync/atomic"
	"time"
)

// Timer is a message that waits for its time. It dies with its actor.
type Timer struct {
	cell  *cell
	msg   any
	spent atomic.Bool // stopped or delivered
	clock *time.Timer
}

// Stop takes the message back and reports whether it did: after true it will
// never be received, even if it was queued already. It may be called more than
// once and on a nil Timer.
func (t *Timer) Stop() bool {
	if t == nil || !t.claim() {
		return false
	}
	t.clock.Stop()
	t.cell.forget(t)
	return true
}

// claim decides between Stop and the delivery.
func (t *Timer) claim() bool { return t.spent.CompareAndSwap(false, true) }

func (t *Timer) fire() {
	t.cell.forget(t)
	t.cell.post(t)
}

func (c *cell) after(d time.Duration, msg any) *Timer {
	t := &Timer{cell: c, msg: msg}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sealed {
		t.spent.Store(true)
		return t
	}
	if c.timers == nil {
		c.timers = make(map[*Timer]struct{})
	}
	c.timers[t] = struct{}{}
	t.clock = time.AfterFunc(d, t.fire)
	return t
}

func (c *cell) forget(t *Timer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.timers, t)
}
