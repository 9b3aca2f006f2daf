// Command rest measures the REST API of a running server; scripts/rest.sh starts
// one for it. With -serve it is the control instead: a handler that does nothing
// but answer, on the same machine and under the same loads.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/vantahire/vantahire/loadtest/rest"
)

const headerTimeout = 10 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "rest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	serve := flag.Bool("serve", false, "be the control")
	server := flag.String("server", "http://127.0.0.1:3000", "the server's `URL`")
	pid := flag.Int("pid", 0, "its process `id`")
	control := flag.String("control", "", "the control's `URL`")
	controlPID := flag.Int("control-pid", 0, "its process `id`")
	duration := flag.Duration("duration", 10*time.Second, "how long each load lasts")
	rate := flag.Int("rate", 1000, "requests a second that are offered")
	abuse := flag.Bool("abuse", false, "post too much, and download much at once, instead of the reads")
	flag.Parse()
	if *serve {
		return beControl(ctx)
	}
	f, err := rest.Prepare(ctx, *server, os.Getenv("E2E_AUTH_TOKEN"))
	if err != nil {
		return err
	}
	process := rest.Process(*pid)
	if *abuse {
		faults, err := rest.ReportAbuse(ctx, os.Stdout, f, process, rest.AbuseSize)
		if err == nil && faults > 0 {
			err = fmt.Errorf("%d bodies were not refused early", faults)
		}
		return errors.Join(err, rest.ReportDownloads(ctx, os.Stdout, f, process, 100))
	}
	loads := []rest.Load{{Users: 20, Duration: *duration}, {Users: 100, Duration: *duration}, {Users: 100, Rate: *rate, Duration: *duration}}
	if *control != "" {
		read := rest.Get("control: bare handler", "/")
		target := rest.Target{Addr: strings.TrimPrefix(*control, "http://"), Process: rest.Process(*controlPID)}
		if _, err := rest.Table(ctx, os.Stdout, target, []rest.Read{read}, loads); err != nil {
			return err
		}
	}
	failed, err := rest.Table(ctx, os.Stdout, rest.Target{Addr: f.Addr(), Process: process}, f.Reads(), loads)
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d requests failed", failed)
	}
	return err
}

// beControl answers every request with the same JSON until it is ended.
func beControl(ctx context.Context) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("the control listens on http://%s\n", l.Addr())
	s := http.Server{ReadHeaderTimeout: headerTimeout, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"status":"ok"}`))
	})}
	context.AfterFunc(ctx, func() { _ = s.Close() })
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
