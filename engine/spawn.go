package engine

import (
	"context"
	"fmt"
	"strconv"

	"github.com/anthdm/hollywood/actor"
)

const (
	// defaultInbox is the first capacity of a mailbox: 1.2 KB instead of the 28 KB
	// of Hollywood's default (measured), and the depth of an actor that keeps up.
	defaultInbox = 16
	// defaultOffers is about a second of events of the busiest producer, an LLM.
	defaultOffers = 64
	// unlimited keeps Hollywood from ever giving an actor up, which would end the
	// process. It does not restart either: no panic gets past the guard.
	unlimited = -1
)

// Behavior is the code of an actor. One call of Receive at a time, always after
// the one before; it must not block and should return within a millisecond.
//
// A behavior may also have
//
//	Started(*Ctx[M]) // before the first message, in the spawning goroutine
//	Stopped()        // after the last one, once, when all it owned has ended
//
// Stopped runs for a failed instance too, even one that failed in Started.
type Behavior[M any] interface {
	Receive(ctx *Ctx[M], msg M)
}

type starter[M any] interface{ Started(*Ctx[M]) }

type stopper interface{ Stopped() }

// Spec describes a root actor.
type Spec[M any] struct {
	// Role names the kind of actor in metrics and logs: a few words in all, not one per actor.
	Role string
	// ID is unique among the living. Defaults to Role.
	ID string
	// New makes the behavior. It runs in the spawning goroutine; a root's Gen is 1.
	New func(Gen) Behavior[M]
	// Inbox is the first capacity of the mailbox, in messages. Defaults to 16.
	Inbox int
	// Offers is how many offered messages may wait. Defaults to 64.
	Offers int
	// Ctx is what the actor's context derives from; its end cancels that one but
	// does not stop the actor. Defaults to the system's.
	Ctx context.Context
	// OnFailure is called at most once, in its own goroutine, when the spawned actor
	// failed: after it has ended, or when it was abandoned. May be nil.
	OnFailure func(Failure)
}

// Spawn starts a root actor and returns when its Started hook has. The error
// wraps ErrStopped after Shutdown, ErrDuplicate if the id is taken, ErrInvalidSpec,
// or the Failure of New or Started; OnFailure is not called for the latter.
func Spawn[M any](s *System, spec Spec[M]) (Ref[M], error) {
	id := spec.ID
	if id == "" {
		id = spec.Role
	}
	if spec.Role == "" || spec.New == nil {
		return Ref[M]{}, fmt.Errorf("spawn actor %q: %w: it needs Role and New", id, ErrInvalidSpec)
	}
	parent := spec.Ctx
	if parent == nil {
		parent = s.ctx
	}
	c, err := s.admit(parent, nil, spec.Role, id, 1, orDefault(spec.Offers, defaultOffers))
	if err != nil {
		return Ref[M]{}, fmt.Errorf("spawn actor %q: %w", id, err)
	}
	launch(c, spec.New, spec.Inbox)
	if failure := c.watch(spec.OnFailure); failure != nil {
		return Ref[M]{}, fmt.Errorf("spawn actor %q: %w", id, *failure)
	}
	return Ref[M]{c}, nil
}

// launch runs New and starts the mailbox. What goes wrong becomes the cell's failure.
func launch[M any](c *cell, newBehavior func(Gen) Behavior[M], inbox int) {
	h := &host[M]{cell: c}
	err := c.sys.protect(func() error {
		if h.behavior = newBehavior(c.gen); h.behavior == nil {
			return errNoBehavior
		}
		return nil
	})
	if err != nil {
		close(c.halted)
		c.fail(err)
		return
	}
	h.api.host = h
	c.onStopped = h.runStopped
	c.sys.engine.Spawn(func() actor.Receiver { return h }, c.id,
		actor.WithID(strconv.FormatUint(c.spawn, 10)),
		actor.WithInboxSize(orDefault(inbox, defaultInbox)),
		actor.WithMaxRestarts(unlimited), actor.WithRestartDelay(0))
	c.opened()
}

// watch makes a root's later failures go to report, or returns the failure it has had already.
func (c *cell) watch(report func(Failure)) *Failure {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure == nil {
		c.onFailure = report
	}
	return c.failure
}

func orDefault(n, def int) int {
	if n <= 0 {
		return def
	}
	return n
}
