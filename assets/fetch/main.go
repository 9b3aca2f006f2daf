package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(command(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// command is the program; it returns the exit code.
func command(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("fetch", flag.ContinueOnError)
	flags.SetOutput(stderr)
	optional := flags.Bool("optional", false, "a missing npm or network is no failure")
	dist := flags.String("dist", filepath.Join("assets", "dist"), "the folder that package assets embeds")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	raw, err := committed.ReadFile("manifest.json")
	if err != nil {
		return report(stderr, err)
	}
	m, err := parseManifest(raw)
	if err != nil {
		return report(stderr, err)
	}
	dir, err := cacheDir(getenv)
	if err != nil {
		return report(stderr, err)
	}
	f := fetcher{cache: cache{dir: dir, npm: "npm"}, dist: *dist, out: stdout}
	err = f.run(ctx, m)
	if err == nil {
		return 0
	}
	if *optional && ctx.Err() == nil && onlyUnreachable(err) {
		for _, p := range failedPackages(err) {
			_, _ = fmt.Fprintf(stderr, "assets: %v\nassets: going on without: %s\n", p, p.pkg.Without)
		}
		return 0
	}
	return report(stderr, err)
}

func report(stderr io.Writer, err error) int {
	_, _ = fmt.Fprintf(stderr, "assets: %v\n", err)
	return 1
}

// failedPackages lists the packages that run could not fetch.
func failedPackages(err error) []*packageError {
	var all []*packageError
	for _, e := range joined(err) {
		if p, ok := errors.AsType[*packageError](e); ok {
			all = append(all, p)
		}
	}
	return all
}

// onlyUnreachable reports whether nothing but a missing npm or network is wrong.
func onlyUnreachable(err error) bool {
	for _, e := range joined(err) {
		if !errors.Is(e, errNoNPM) && !errors.Is(e, errDownload) {
			return false
		}
	}
	return true
}

// joined takes an errors.Join apart.
func joined(err error) []error {
	if j, ok := err.(interface{ Unwrap() []error }); ok { // the join itself, not what it wraps
		return j.Unwrap()
	}
	return []error{err}
}
