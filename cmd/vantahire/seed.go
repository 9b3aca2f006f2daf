package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/vantahire/vantahire/configs"
	"github.com/vantahire/vantahire/store"
)

// maxLoad bounds what one seed adds: all of it is one transaction.
const maxLoad = 100_000

// seed loads accounts, jobs, interviews and what belongs to them for tests and demos.
// Its links and accounts are known to everybody: production refuses it.
func seed(ctx context.Context, args []string, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("vantahire seed", flag.ContinueOnError)
	flags.SetOutput(errOut)
	load := flags.Int("load", 0, "add `N` more recruiters with a job and an interview each, for load tests")
	force := flags.Bool("force", false, "do it in production, too: anybody can then open the seeded interviews")
	source := &recordSource{}
	flags.StringVar(&source.database, "database", "", databaseUsage)
	if err := flags.Parse(args); err != nil {
		return usageError("seed", cmp.Or(err, errUsage), errOut)
	}
	fail := func(status int, err error) int {
		_, _ = fmt.Fprintln(errOut, "vantahire seed:", err)
		return status
	}
	if flags.NArg() > 0 || *load < 0 || *load > maxLoad {
		return fail(exitUsage, fmt.Errorf("it takes no arguments, and --load is at most %d", maxLoad))
	}
	cfg, err := configs.Load(os.LookupEnv)
	if err != nil {
		return fail(exitUsage, err)
	}
	if cfg.Server.Production() && !*force {
		return fail(exitFailed, fmt.Errorf("this is production: anybody could open the seeded interviews; -force does it all the same"))
	}
	url, err := source.databaseURL()
	if err != nil {
		return fail(exitFailed, err)
	}
	if err := store.Migrate(ctx, url); err != nil {
		return fail(exitFailed, err)
	}
	pool, err := store.OpenPool(ctx, url)
	if err != nil {
		return fail(exitFailed, err)
	}
	defer pool.Close()
	made, err := store.SeedFixture(ctx, pool, cfg.Server.FrontendURL, *load)
	if err != nil {
		return fail(exitFailed, err)
	}
	_, _ = fmt.Fprintf(out, "made %d accounts, %d jobs, %d interviews, %d links, %d applications, %d files\n",
		made.Accounts, made.Jobs, made.Interviews, made.Links, made.Applications, made.Files)
	_, _ = fmt.Fprintln(out, "accounts recruiter@test.com, candidate@test.com, admin@test.com; interview tokens test-interview-token, test-voice-token")
	if *load > 0 {
		_, _ = fmt.Fprintf(out, "for load: load1@test.com to load%d@test.com, tokens load-interview-token-1 to -%d\n", *load, *load)
	}
	return exitOK
}
