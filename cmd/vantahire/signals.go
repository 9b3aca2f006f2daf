package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// hurryKey is where a command's context carries the channel that further returns.
type hurryKey struct{}

// untilSignal gives commands a context that the first SIGINT or SIGTERM ends. A
// second one says that waiting is over (further). A third one ends the process by
// exit, whatever hangs.
func untilSignal(ctx context.Context, errOut io.Writer, exit func(status int)) (context.Context, context.CancelFunc) {
	signals := make(chan os.Signal, 3)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	hurry := make(chan struct{})
	ctx, cancel := context.WithCancelCause(context.WithValue(ctx, hurryKey{}, hurry))
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 1; ; n++ {
			var sig os.Signal
			select {
			case sig = <-signals:
			case <-done:
				return
			}
			switch n {
			case 1:
				cancel(fmt.Errorf("signal %s", sig))
			case 2:
				close(hurry)
			default:
				exitHard(errOut, exit, "the third signal")
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		<-stopped
		cancel(nil)
	}
}

// further is closed by the second signal; without untilSignal it never is.
func further(ctx context.Context) <-chan struct{} {
	hurry, _ := ctx.Value(hurryKey{}).(chan struct{})
	return hurry
}

// exitHard ends the process without an orderly stop. What was acknowledged is
// durable all the same: in the database, or in the journal for the next start.
func exitHard(errOut io.Writer, exit func(status int), why string) {
	_, _ = fmt.Fprintf(errOut, "vantahire: %s: the process ends now, without an orderly stop\n", why)
	exit(exitFailed)
}
