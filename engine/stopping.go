package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A stop has phases: the mailbox comes to rest, the children and goroutines end,
// the Stopped hook runs. The first two may each use half of the time that is left,
// so one that hangs leaves time for those behind it, at every level of the tree.
const phaseShare = 2

// stop is Ref.Stop.
func (c *cell) stop(ctx context.Context) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.sys.stopTimeout)
		defer cancel()
	}
	budget := c.sys.stopTimeout
	deadline, _ := ctx.Deadline()
	if left := time.Until(deadline); left > 0 {
		budget = left
	}
	c.end(ErrStopped, nil, budget)
	select {
	case <-c.done:
		return c.stopErr
	case <-ctx.Done():
		return fmt.Errorf("stop actor %s: %w: %w", c.id, ErrStopTimeout, context.Cause(ctx))
	}
}

// kill is Ref.Kill.
func (c *cell) kill(cause error) {
	if cause == nil {
		cause = ErrStopped
	}
	c.end(cause, nil, c.sys.stopTimeout)
}

// fail ends the actor by its own fault. Its state is unknown, so no further message is handled.
func (c *cell) fail(err error) {
	if err == nil {
		err = errUnnamed
	}
	c.close()
	failure := Failure{Role: c.role, ID: c.id, Gen: c.gen, Err: err}
	var panicked *PanicError
	if errors.As(err, &panicked) {
		failure.Stack = panicked.Stack
	}
	if first := c.end(failure, &failure, c.sys.stopTimeout); !first {
		if panicked != nil {
			c.logFailure("actor failed while it stopped", err)
		}
		return
	}
	c.logFailure("actor failed", err)
	if c.onDown != nil {
		c.onDown(failure)
	}
}

// logFailure writes a panic at Error with its stack: someone must fix it. A
// declared failure is a degraded service.
func (c *cell) logFailure(what string, err error) {
	var panicked *PanicError
	if errors.As(err, &panicked) {
		c.sys.log.Error(what, "actor", c.id, "err", err, "stack", string(panicked.Stack))
		return
	}
	c.sys.log.Warn(what, "actor", c.id, "err", err)
}

// end settles why the actor ends, cancels its context, and sets its end going. It
// reports whether this call was the first.
func (c *cell) end(cause error, failure *Failure, budget time.Duration) bool {
	c.mu.Lock()
	if c.ending.Load() {
		c.mu.Unlock()
		return false
	}
	c.ending.Store(true)
	c.failure = failure
	c.mu.Unlock()
	c.cancel(cause)
	c.sendPill() // here, so that what the caller tells next is behind it
	go c.wind(budget)
	return true
}

// wind takes the actor down. It outlives its budget only as long as the actor's
// own code hangs.
func (c *cell) wind(budget time.Duration) {
	deadline := time.Now().Add(budget)
	overdue := time.AfterFunc(budget, c.abandon)
	defer overdue.Stop()

	rest, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), budget/phaseShare)
	if !await(rest, c.halted) {
		c.close() // a long queue must not use up the time of the rest
	}
	cancel()
	lost := c.release(time.Until(deadline) / phaseShare)
	<-c.halted // Stopped must not run beside a Receive, so a hanging one is outwaited
	if c.onStopped != nil {
		c.onStopped()
		c.onStopped = nil // a Ref may be kept for long; it must not keep the behavior
	}
	onTime := c.settle()
	if lost != nil {
		c.stopErr = fmt.Errorf("stop actor %s: %w", c.id, lost)
	}
	close(c.done)
	if onTime {
		c.reportRoot()
	}
}

// abandon gives up waiting for the actor's own code. It does nothing when that has
// ended or was abandoned before.
func (c *cell) abandon() {
	if !c.settle() {
		return
	}
	hangs := "stopped hook"
	select {
	case <-c.halted:
	default:
		hangs = "receive"
	}
	c.sys.counts.abandoned.Add(1)
	c.sys.log.Error("actor abandoned", "actor", c.id, "hangs_in", hangs, "cause", context.Cause(c.ctx))
	c.reportRoot()
}

// settle takes the actor out of the tables, once.
func (c *cell) settle() bool {
	c.mu.Lock()
	first := !c.settled
	c.settled = true
	c.mu.Unlock()
	if first {
		c.sys.dismiss(c)
		if c.parent != nil {
			c.parent.disown(c)
		}
	}
	return first
}

func (c *cell) reportRoot() {
	c.mu.Lock()
	report, failure := c.onFailure, c.failure
	c.mu.Unlock()
	if report == nil || failure == nil {
		return
	}
	if err := c.sys.protect(func() error { report(*failure); return nil }); err != nil {
		c.logFailure("failure report failed", err)
	}
}

// sendPill makes Hollywood let go of the actor, once: a second pill would never be
// acknowledged, and one sent before the mailbox is registered would be lost.
func (c *cell) sendPill() {
	c.mu.Lock()
	started := c.started
	c.pillDue = !started
	c.mu.Unlock()
	if started {
		c.sys.engine.Stop(c.pid)
	}
}

// opened says that the mailbox is registered.
func (c *cell) opened() {
	c.mu.Lock()
	c.started = true
	due := c.pillDue
	c.mu.Unlock()
	if due {
		c.sys.engine.Stop(c.pid)
	}
}

// release ends what the actor owns, all at once, and waits for it. It returns what
// had not ended within the budget.
func (c *cell) release(budget time.Duration) error {
	c.mu.Lock()
	c.sealed = true
	for t := range c.timers {
		t.clock.Stop()
	}
	c.timers = nil
	c.noTasks = make(chan struct{})
	if len(c.tasks) == 0 {
		close(c.noTasks)
	}
	children := make([]*cell, 0, len(c.children))
	for child := range c.children {
		children = append(children, child)
	}
	c.mu.Unlock()

	for _, child := range children {
		child.end(context.Cause(c.ctx), nil, budget)
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), budget)
	defer cancel()
	var lost []error
	for _, child := range children {
		if err := child.outcome(limit); err != nil {
			lost = append(lost, err)
		}
	}
	if !await(limit, c.noTasks) {
		lost = append(lost, c.abandonTasks()...)
	}
	return errors.Join(lost...)
}

func (c *cell) outcome(limit context.Context) error {
	if !await(limit, c.done) {
		c.abandon() // before the parent ends, which must not report itself ahead of it
		return fmt.Errorf("child %s: %w", c.id, ErrStopTimeout)
	}
	return c.stopErr
}

func (c *cell) abandonTasks() []error {
	c.mu.Lock()
	var names []string
	for t := range c.tasks {
		names = append(names, t.name)
	}
	c.mu.Unlock()
	slices.Sort(names)
	errs := make([]error, len(names))
	for i, name := range names {
		c.sys.counts.abandoned.Add(1)
		c.sys.log.Error("goroutine abandoned", "actor", c.id, "goroutine", name)
		errs[i] = fmt.Errorf("goroutine %s: %w", name, ErrStopTimeout)
	}
	return errs
}

// await waits for done until limit ends. When both are there, done counts.
func await(limit context.Context, done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-limit.Done():
	}
	select {
	case <-done:
		return true
	default:
		return false
	}
}
