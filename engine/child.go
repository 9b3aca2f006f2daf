package engine

import (
	"context"
	"sync"
)

// Child is the stable handle of a supervised child across its generations. It is
// safe for concurrent use.
type Child[M any] struct {
	mu   sync.Mutex
	cur  *cell
	over bool // not replaced any more
}

// Ref addresses the current generation. Between a failure and the replacement
// that is the failed one.
func (ch *Child[M]) Ref() Ref[M] {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return Ref[M]{ch.cur}
}

// Gen is the current generation.
func (ch *Child[M]) Gen() Gen {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return ch.cur.gen
}

// Tell is Ref.Tell to the current generation. What is told between a failure and
// the replacement is a dead letter: the parent keeps the state, and tells the new
// generation what it must know when OnUp has said that it is there.
func (ch *Child[M]) Tell(msg M) { ch.Ref().Tell(msg) }

// Offer is Ref.Offer to the current generation.
func (ch *Child[M]) Offer(msg M) bool { return ch.Ref().Offer(msg) }

// Fail declares the current generation broken, as Ctx.Fail does from inside: it
// ends and is replaced under the policy. It does nothing between a failure and
// the replacement, and may be called anywhere.
func (ch *Child[M]) Fail(err error) { ch.Ref().cell.fail(err) }

// Stop ends the child for good, as Ref.Stop does. It must not be called inside the
// child's own Receive, and should not be inside its parent's, which it would block.
func (ch *Child[M]) Stop(ctx context.Context) error { return ch.retire().stop(ctx) }

// Kill asks the child to end for good and does not wait, as Ref.Kill does.
func (ch *Child[M]) Kill(cause error) { ch.retire().kill(cause) }

// retire ends the supervision and gives the generation that is the last.
func (ch *Child[M]) retire() *cell {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	ch.over = true
	return ch.cur
}

func (ch *Child[M]) retired() bool {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return ch.over
}

// adopt makes c the current generation unless the child has been retired meanwhile.
func (ch *Child[M]) adopt(c *cell) bool {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.over {
		return false
	}
	ch.cur = c
	return true
}
