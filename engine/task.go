package engine

import (
	"context"
	"errors"
)

// task is a goroutine that an actor owns.
type task struct{ name string }

// work starts run in a goroutine of the actor. report, if any, gets its result.
func (c *cell) work(name string, run func(context.Context) error, report func(error)) context.CancelCauseFunc {
	ctx, cancel := context.WithCancelCause(c.ctx)
	t := &task{name}
	if !c.enlist(t) {
		cancel(ErrStopped)
		return cancel
	}
	go func() {
		defer c.discharge(t)
		defer cancel(nil)
		err := c.sys.protect(func() error { return run(ctx) })
		if report != nil {
			if err := c.sys.protect(func() error { report(err); return nil }); err != nil {
				c.fail(err)
			}
			return
		}
		var panicked *PanicError
		switch {
		case err == nil:
		case errors.As(err, &panicked):
			c.fail(err)
		case ctx.Err() == nil:
			c.sys.log.Warn("goroutine failed and nobody asked for its result", "actor", c.id, "goroutine", name, "err", err)
		}
	}()
	return cancel
}

func (c *cell) enlist(t *task) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sealed {
		return false
	}
	if c.tasks == nil {
		c.tasks = make(map[*task]struct{})
	}
	c.tasks[t] = struct{}{}
	return true
}

func (c *cell) discharge(t *task) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.tasks, t)
	if c.sealed && len(c.tasks) == 0 {
		close(c.noTasks)
	}
}
