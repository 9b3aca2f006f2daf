package main

import (
	"context"
	"fmt"
	"time"

	"github.com/vantahire/vantahire/loadtest/candidate"
	"github.com/vantahire/vantahire/media"
)

const (
	// controlTime is how long the server's ticker is watched before the calls.
	controlTime = 10 * time.Second
	// tolerated is how much later than the control's the p99 of the ticker may be
	// while calls are held: a quarter of a frame.
	tolerated = 5 * time.Millisecond
)

// tickReport compares 20 ms tickers: the server's before the calls, which is the
// control, the server's during them, and the caller's own during them.
type tickReport struct {
	control, calls candidate.Ticks
	own            media.Lateness
}

// watchTickers holds the calls between two readings of the server's ticker.
func watchTickers(ctx context.Context, api candidate.API, calls func()) (tickReport, error) {
	var r tickReport
	first, err := api.Ticker(ctx)
	if err != nil {
		return r, err
	}
	select {
	case <-time.After(controlTime):
	case <-ctx.Done():
		return r, context.Cause(ctx)
	}
	before, err := api.Ticker(ctx)
	if err != nil {
		return r, err
	}
	watch, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		media.WatchTicker(watch, media.FrameDur, r.own.Add)
	}()
	calls()
	stop()
	<-watched
	after, err := api.Ticker(ctx)
	if err != nil {
		return r, err
	}
	r.control, r.calls = before.Since(first), after.Since(before)
	return r, nil
}

// problem says what is wrong with the server's ticker; "" when nothing is.
func (r tickReport) problem() string {
	if r.control.Count == 0 || r.calls.Count == 0 {
		return "the server's ticker did not tick"
	}
	if during, control := r.calls.Quantile(.99), r.control.Quantile(.99); during > control+tolerated {
		return fmt.Sprintf("the server's 20 ms ticker is %s late at p99, its control %s", during, control)
	}
	return ""
}

func (r tickReport) String() string {
	return "lateness of a 20 ms ticker, at most\n" +
		tickLine("server, before", r.control, r.control.Count) +
		tickLine("server, during calls", r.calls, r.calls.Count) +
		tickLine("caller, during calls", r.own, r.own.Count())
}

func tickLine(name string, t interface{ Quantile(q float64) time.Duration }, count uint64) string {
	return fmt.Sprintf("  %-22s p50 %s, p99 %s, p99.9 %s of %d ticks\n", name, t.Quantile(.5), t.Quantile(.99), t.Quantile(.999), count)
}
