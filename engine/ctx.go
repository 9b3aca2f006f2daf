package engine

import (
	"context"
	"log/slog"
	"time"
)

// Ctx is what a behavior can do in its Started hook and in Receive. It must not be
// used anywhere else, nor by another goroutine.
type Ctx[M any] struct {
	host *host[M]
	log  *slog.Logger
}

// Self is the actor's own address, for others to keep.
func (c *Ctx[M]) Self() Ref[M] { return Ref[M]{c.host.cell} }

// Gen is the actor's generation.
func (c *Ctx[M]) Gen() Gen { return c.host.gen }

// Log is the system's logger with the actor's id as attribute "actor".
func (c *Ctx[M]) Log() *slog.Logger {
	if c.log == nil {
		c.log = c.host.sys.log.With("actor", c.host.id)
	}
	return c.log
}

// Context ends with the actor: its cause is ErrStopped (or what Kill or Stop was
// given), the actor's Failure, or the cause of its parent's end. It ends when a stop
// is asked for, so queued messages may still be received afterwards.
func (c *Ctx[M]) Context() context.Context { return c.host.ctx }

// Stop ends the actor after the current message. What is queued behind it becomes
// dead letters. It is no failure: nobody is told, nobody replaces the actor. cause
// becomes the cause of its context; nil stands for ErrStopped.
func (c *Ctx[M]) Stop(cause error) {
	c.host.close()
	c.host.kill(cause)
}

// Fail declares the actor broken: it ends after the current message as if it had
// panicked. Its parent replaces it under the policy, a root reports to OnFailure.
func (c *Ctx[M]) Fail(err error) { c.host.fail(err) }

// Go runs a goroutine that the actor owns: the end of the actor cancels its
// context and waits for it. The returned func cancels it alone, at once, whatever
// is queued; it may be called from anywhere, more than once.
//
// When run has returned, the message that done makes of its error is told to the
// actor, unless the actor is stopping by then or the message is nil. done runs in
// the same goroutine and may be nil. A panic of run reaches done as a *PanicError;
// without done, and for a panic of done itself, it fails the actor.
//
// Once the actor's goroutines have been ended, which a Receive can only see when it
// ignored its stop's deadline, run is not called at all.
func (c *Ctx[M]) Go(name string, run func(ctx context.Context) error, done func(error) M) context.CancelCauseFunc {
	if done == nil {
		return c.host.work(name, run, nil)
	}
	h := c.host
	return h.work(name, run, func(err error) {
		if msg := done(err); any(msg) != nil {
			h.tellLiving(msg)
		}
	})
}

// After tells msg to the actor when d has passed. The timer dies with the actor.
func (c *Ctx[M]) After(d time.Duration, msg M) *Timer { return c.host.after(d, msg) }
