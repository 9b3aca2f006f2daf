// Command vantahire is the voice interviewer: the server, the candidate on the
// command line and what is around them, one subcommand each.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
)

// command is one subcommand. run returns the exit status.
type command struct {
	name, about string
	run         func(ctx context.Context, args []string, out, errOut io.Writer) int
}

// Exit statuses, as shells expect them.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func commands() []command {
	return []command{
		{"serve", "run the server", serve},
		{"call", "hold an interview from the command line", call},
		{"seed", "load accounts, jobs and interviews for tests and demos", seed},
		{"providers", "serve simulated providers, for trying and testing", simulatedProviders},
		{"verify", "check the stored record of an interview: complete, in order, unchanged", verify},
		{"replay", "derive an interview's record again from what the turn machine was fed", replay},
		{"doctor", "say what this machine has and lacks", doctor},
		{"speech", "local speech worker (started by the server)", speech},
	}
}

func main() {
	ctx, stop := untilSignal(context.Background(), os.Stderr, os.Exit)
	status := dispatch(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func dispatch(ctx context.Context, args []string, out, errOut io.Writer) int {
	if len(args) == 0 {
		usage(errOut)
		return exitUsage
	}
	switch args[0] {
	case "help", "-h", "--help":
		usage(out)
		return exitOK
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:], out, errOut)
		}
	}
	_, _ = fmt.Fprintf(errOut, "vantahire: there is no command %q\n\n", args[0])
	usage(errOut)
	return exitUsage
}

func usage(w io.Writer) {
	_, _ = fmt.Fprintln(w, "usage: vantahire COMMAND [flags]   (vantahire COMMAND -h lists a command's flags)")
	_, _ = fmt.Fprintln(w)
	for _, c := range commands() {
		_, _ = fmt.Fprintf(w, "  %-9s %s\n", c.name, c.about)
	}
}
