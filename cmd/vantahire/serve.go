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

// serve runs the server until it is told to stop.
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
	if err := a.Run(ctx); err != nil {
		log.Error("server failed", "error", err)
		status = exitFailed
	}
	_, _ = fmt.Fprintln(out, "Stopping ...")
	stop, cancel := context.WithTimeout(context.Background(), cfg.Server.StopTimeout)
	defer cancel()
	if err := a.Close(stop); err != nil {
		log.Error("stop was not orderly", "error", err)
		status = exitFailed
	}
	return status
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
