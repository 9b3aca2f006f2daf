package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/vantahire/vantahire/providers/simulated"
	"github.com/vantahire/vantahire/providers/simulated/suite"
)

// simulatedKey is the API key that the simulated providers are told to accept. It
// opens nothing else.
const simulatedKey = "simulated"

// delayFlag is a distribution of delays on the command line: 120ms, or 98ms/217ms
// for the median and the 95 % quantile.
type delayFlag struct{ d *simulated.Delay }

func (f delayFlag) String() string { return "" }

func (f delayFlag) Set(s string) error {
	median, rest, both := strings.Cut(s, "/")
	var err error
	if f.d.P50, err = time.ParseDuration(median); err != nil {
		return err
	}
	f.d.P95 = f.d.P50
	if both {
		f.d.P95, err = time.ParseDuration(rest)
	}
	return err
}

// troubleFlag collects troubles that begin by themselves.
type troubleFlag struct{ planned *[]plannedTrouble }

type plannedTrouble struct {
	after time.Duration
	suite.Trouble
}

func (f troubleFlag) String() string { return "" }

// Set reads PROVIDER:KIND[:AFTER[:FOR]], such as all:down:30s:30s.
func (f troubleFlag) Set(s string) error {
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 4 {
		return errors.New("use PROVIDER:KIND, PROVIDER:KIND:AFTER or PROVIDER:KIND:AFTER:FOR")
	}
	p := plannedTrouble{Trouble: suite.Trouble{Provider: parts[0], Kind: parts[1]}}
	for i, into := range []func(time.Duration){func(d time.Duration) { p.after = d }, func(d time.Duration) { p.Seconds = d.Seconds() }} {
		if len(parts) <= i+2 {
			break
		}
		d, err := time.ParseDuration(parts[i+2])
		if err != nil {
			return err
		}
		into(d)
	}
	*f.planned = append(*f.planned, p)
	return nil
}

// simulatedProviders serves simulated providers until ctx ends.
func simulatedProviders(ctx context.Context, args []string, out, errOut io.Writer) int {
	var (
		cfg     suite.Config
		planned []plannedTrouble
	)
	flags := flag.NewFlagSet("vantahire providers", flag.ContinueOnError)
	flags.SetOutput(errOut)
	address := flags.String("addr", "127.0.0.1:4010", "loopback address to listen on")
	flags.Uint64Var(&cfg.Seed, "seed", 1, "makes delays repeatable")
	flags.Var(delayFlag{&cfg.Final}, "final", "end of speech to the final transcript: median, or median/p95 (247ms/298ms)")
	flags.Var(delayFlag{&cfg.InterimEvery}, "interims", "audio between interim transcripts (1s)")
	flags.Var(delayFlag{&cfg.FirstToken}, "first-token", "a model's first token (98ms/217ms)")
	flags.Var(delayFlag{&cfg.PerToken}, "per-token", "each further token (4ms/6ms); -1ns for none")
	flags.Var(delayFlag{&cfg.FirstByte}, "first-byte", "a voice's first sound (200ms/300ms)")
	flags.Var(troubleFlag{&planned}, "trouble", "PROVIDER:KIND:AFTER:FOR, such as all:down:30s:30s; may be repeated. Providers: deepgram-stt, deepgram-tts, cartesia, groq, all; kinds: down, cut, silent, stall, limited, barred")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return exitOK
	} else if err != nil {
		return exitUsage
	}
	cfg.Keys = []string{simulatedKey}
	if err := serveSuite(ctx, *address, cfg, planned, out); err != nil {
		_, _ = fmt.Fprintf(errOut, "vantahire providers: %v\n", err)
		return exitFailed
	}
	return exitOK
}

func serveSuite(ctx context.Context, address string, cfg suite.Config, planned []plannedTrouble, out io.Writer) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	if a, ok := l.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		_ = l.Close()
		return fmt.Errorf("%s is not a loopback address; simulated providers have no lock", address)
	}
	s := suite.New(cfg)
	defer s.Close()
	for _, p := range planned {
		if err := s.Check(p.Trouble); err != nil {
			_ = l.Close()
			return err
		}
		timer := time.AfterFunc(p.after, func() { _ = s.Make(p.Trouble) }) // it was checked
		defer timer.Stop()
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	serving := make(chan error, 1)
	go func() { serving <- server.Serve(l) }()
	url := "http://" + l.Addr().String()
	_, _ = fmt.Fprintf(out, `Simulated providers at %s. Start the server with these, in another terminal:
  DEEPGRAM_URL=%[1]s CARTESIA_URL=%[1]s GROQ_URL=%[1]s/openai/v1 DEEPGRAM_API_KEY=%[2]s CARTESIA_API_KEY=%[2]s GROQ_API_KEY=%[2]s ./bin/vantahire serve
and call with sound that carries its words:
  ./bin/vantahire call --voice code
Make trouble:  curl -d '{"provider":"all","kind":"down","seconds":30}' %[1]s/control/trouble
What was asked: curl %[1]s/control/journal
`, url, simulatedKey)
	select {
	case <-ctx.Done():
	case err = <-serving:
	}
	_ = server.Close() // connections in flight are the simulated servers' own
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
