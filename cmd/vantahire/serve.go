package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"time"

	"github.com/vantahire/vantahire/app"
	"github.com/vantahire/vantahire/configs"
)

// gcPercent keeps garbage below half of what is alive: collecting costs little here,
// and memory is what bounds the calls of a machine. GOGC overrules it.
const gcPercent = 50

// serve runs the server until it is told to stop, and then lets the interviews that
// are live end first (Server.DrainTimeout). The second signal hands them over at
// once; what is not closed within Server.StopTimeout from then is left.
func serve(ctx context.Context, args []string, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("vantahire serve", flag.ContinueOnError)
	flags.SetOutput(errOut)
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	cfg, err := configs.Load(os.LookupEnv)
	if err != nil {
		_, _ = fmt.Fprintf(errOut, "vantahire: the configuration is wrong:\n%v\nconfigs/example.env explains every key.\n", err)
		return exitUsage
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	log := newLog(cfg.Log, errOut)
	began := time.Now()
	a, err := app.New(ctx, cfg, log)
	if err != nil {
		_, _ = fmt.Fprintf(errOut, "vantahire: %v\n", err)
		return exitFailed
	}
	_, _ = fmt.Fprintf(out, "VantaHire listens on %s (started in %.1f s)\n", a.URL(), time.Since(began).Seconds())
	if !cfg.Server.Production() {
		_, _ = fmt.Fprintf(out, "Hold an interview now, from another terminal:\n  ./bin/vantahire call --server %s\n", a.URL())
		_, _ = fmt.Fprintln(out, "What this machine has and lacks: ./bin/vantahire doctor")
	}
	status := exitOK
	if err := runAndDrain(ctx, a, cfg.Server, out); err != nil {
		log.Error("server failed", "error", err)
		status = exitFailed
	}
	_, _ = fmt.Fprintln(out, "Stopping ...")
	if err := closeWithin(cfg.Server.StopTimeout, a.Close, errOut, os.Exit); err != nil {
		log.Error("stop was not orderly", "error", err)
		status = exitFailed
	}
	return status
}

// closeWithin closes the server. What does not heed the limit must not keep the
// process: it ends by exit.
func closeWithin(limit time.Duration, closeAll func(context.Context) error, errOut io.Writer, exit func(status int)) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	hard := time.AfterFunc(limit, func() { exitHard(errOut, exit, fmt.Sprintf("the stop took longer than %s", limit)) })
	defer hard.Stop()
	return closeAll(ctx)
}

// runAndDrain serves until ctx ends, and goes on doing so for interviews that are
// live: until they end, their time is over, or a second signal. The error is the
// server's own.
func runAndDrain(ctx context.Context, a *app.App, cfg configs.Server, out io.Writer) error {
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	draining, failed := context.WithCancel(context.WithoutCancel(ctx))
	defer failed()
	ran := make(chan error, 1)
	go func() {
		defer failed() // a server that is gone has nobody to wait for
		ran <- a.Run(serving)
	}()
	select {
	case err := <-ran:
		return err
	case <-ctx.Done():
	}
	live := a.Live()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		a.Drain(draining)
	}()
	if live > 0 {
		_, _ = fmt.Fprintf(out, "Stopping: interviews that are live (%d) may go on for %s. A second signal hands them over at once.\n", live, cfg.DrainTimeout)
	}
	select {
	case <-drained:
	case <-further(ctx):
		failed()
		<-drained
	}
	stop()
	return <-ran
}

func newLog(cfg configs.Log, w io.Writer) *slog.Logger {
	var level slog.Level
	_ = level.UnmarshalText([]byte(cfg.Level)) // checked by configs
	options := &slog.HandlerOptions{Level: level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
