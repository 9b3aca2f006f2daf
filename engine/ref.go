package engine

import "context"

// Ref addresses one actor instance. It is a small comparable value, safe to copy
// and to use from any goroutine, also after the actor has ended. The zero Ref
// addresses nobody.
type Ref[M any] struct{ cell *cell }

// Tell queues msg and returns at once. The queue has no bound, so Tell is for
// control messages, of which there are a few per turn. A message to an ended
// actor is counted as a dead letter, one to the zero Ref as Stats.NoActor. With
// an interface as M, Tell allocates nothing.
func (r Ref[M]) Tell(msg M) {
	if r.cell == nil {
		noActor.Add(1)
		return
	}
	if !r.cell.tell(msg, nil) {
		r.cell.sys.counts.deadLetters.Add(1)
	}
}

// TryTell is Tell that reports whether the actor still receives messages. True
// means that msg is queued, not that it will be received: the actor may end first.
func (r Ref[M]) TryTell(msg M) bool {
	if r.cell == nil {
		noActor.Add(1)
		return false
	}
	return r.cell.tell(msg, nil)
}

// Offer queues msg if fewer than Spec.Offers offered messages wait, and reports
// whether it did. It never blocks. A refusal is counted; what becomes of the
// refused message is the caller's policy.
func (r Ref[M]) Offer(msg M) bool {
	if r.cell == nil {
		noActor.Add(1)
		return false
	}
	if !r.cell.offer(msg) {
		r.cell.sys.counts.refused.Add(1)
		return false
	}
	return true
}

// Depth is how many messages wait, told and offered; 0 once the actor has ended.
func (r Ref[M]) Depth() int {
	if r.cell == nil {
		return 0
	}
	return r.cell.depth()
}

// ID is the actor's id: Spec.ID of a root, parentID/role/gen of a child.
func (r Ref[M]) ID() string {
	if r.cell == nil {
		return ""
	}
	return r.cell.id
}

// Stop ends the actor and waits for it. Its context is cancelled at once, the
// messages queued before the call are still received (for half of the time; the
// rest become dead letters), then its children, goroutines and timers are ended,
// then its Stopped hook runs. Any number of callers may wait; only the first
// one's deadline rules the actor's own waits.
//
// Stop returns nil when the actor and everything it owned has ended, and an error
// wrapping ErrStopTimeout when ctx ended first (after Config.StopTimeout if it has no
// deadline) or something was abandoned. It must not be called inside the actor's
// own Receive, where it could only wait for its deadline; see Kill and Ctx.Stop.
func (r Ref[M]) Stop(ctx context.Context) error {
	if r.cell == nil {
		return nil
	}
	return r.cell.stop(ctx)
}

// Kill asks the actor to stop, like Stop, and does not wait. cause becomes the
// cause of its context; nil stands for ErrStopped. It may be called anywhere.
func (r Ref[M]) Kill(cause error) {
	if r.cell != nil {
		r.cell.kill(cause)
	}
}

// Done is closed when the actor has ended: no Receive runs, and its Stopped hook
// has returned. The zero Ref's is closed.
func (r Ref[M]) Done() <-chan struct{} {
	if r.cell == nil {
		return closedChan
	}
	return r.cell.done
}

var closedChan = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()
