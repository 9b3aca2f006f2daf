package app

import (
	"context"
	"errors"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// drainable is what a drain needs of the live interviews.
type drainable interface {
	// Drain admits no new interview from now on. It does not wait.
	Drain()
	// Idle is closed once no interview is live.
	Idle() <-chan struct{}
	// Live are those that are.
	Live() []interview.ID
}

// errDrainOver indicates that interviews have had the time to end by themselves.
var errDrainOver = errors.New("the drain is over")

// Drain begins the stop: from now on the server is not ready and admits no new
// interview. Those that are live go on, and their candidates may come back into
// them, until all have ended, ctx ends, or the drain's time (Server.DrainTimeout)
// is over. It returns how many are left, for Close to hand over. Run goes on
// meanwhile.
func (a *App) Drain(ctx context.Context) (left int) {
	a.stopping.Store(true)
	return a.drain(ctx, a.calls)
}

func (a *App) drain(ctx context.Context, calls drainable) (left int) {
	calls.Drain()
	idle, limit := calls.Idle(), a.cfg.Server.DrainTimeout
	if live := len(calls.Live()); live > 0 {
		a.log.Info("draining", "live", live, "limit", limit)
	}
	began := time.Now()
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errDrainOver)
	defer cancel()
	select {
	case <-idle:
		return 0
	case <-ctx.Done():
	}
	left = len(calls.Live())
	if left > 0 {
		a.log.Warn("handing interviews over", "live", left, "waited", time.Since(began), "cause", context.Cause(ctx))
	}
	return left
}

// Live is how many interviews are live.
func (a *App) Live() int { return len(a.calls.Live()) }

// share leaves each part of a stop three quarters of the time that is left, so that
// one that hangs does not take the time of those after it: the ledger's flush above
// all.
func share(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)*3/4)
}
