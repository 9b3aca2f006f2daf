package engine

import (
	"fmt"
	"log/slog"

	"github.com/anthdm/hollywood/actor"
)

// host runs a behavior on a Hollywood mailbox. It is the only code Hollywood
// calls, and no panic leaves it.
type host[M any] struct {
	*cell
	behavior Behavior[M]
	api      Ctx[M]
}

// step is work of the runtime itself that belongs into the actor's own sequence.
type step func()

// Receive implements Hollywood's receiver.
func (h *host[M]) Receive(c *actor.Context) {
	defer h.guard()
	switch msg := c.Message().(type) {
	case actor.Initialized:
	case actor.Started:
		if b, ok := h.behavior.(starter[M]); ok {
			b.Started(&h.api)
		}
	case actor.Stopped:
		h.close()
		close(h.halted)
	case *Timer:
		if msg.claim() {
			h.own(msg.msg)
		}
	case step:
		h.own(msg)
	default:
		if h.took(c.Sender()) {
			h.receive(msg)
		}
	}
}

// guard ends the actor when its code panicked.
func (h *host[M]) guard() {
	if v := recover(); v != nil {
		h.fail(h.sys.panicked(v))
	}
}

// own handles what the runtime posted: a step, or the message of a timer.
func (h *host[M]) own(msg any) {
	if h.closed() {
		return
	}
	if do, ok := msg.(step); ok {
		do()
		return
	}
	h.receive(msg)
}

// receive hands one message to the behavior. A nil message arrives as M's zero value.
func (h *host[M]) receive(v any) {
	msg, _ := v.(M)
	begin := h.sys.uptime()
	h.behavior.Receive(&h.api, msg)
	if took := h.sys.uptime() - begin; took >= h.sys.slow {
		h.sys.counts.slowReceives.Add(1)
		if h.sys.log.Enabled(h.ctx, slog.LevelDebug) {
			h.sys.log.Debug("slow receive", "actor", h.id, "message", fmt.Sprintf("%T", v), "took", took)
		}
	}
}

// notify hands over a message the parent made of an event of its child, within the
// current step. A nil one says nothing.
func (h *host[M]) notify(msg M) {
	if any(msg) != nil && !h.closed() {
		h.receive(msg)
	}
}

func (h *host[M]) runStopped() {
	if b, ok := h.behavior.(stopper); ok {
		if err := h.sys.protect(func() error { b.Stopped(); return nil }); err != nil {
			h.logFailure("stopped hook failed", err)
		}
	}
}
