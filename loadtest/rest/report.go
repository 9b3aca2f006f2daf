package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"
)

// Target is a server to be measured, with its process on this machine.
type Target struct {
	Addr    string
	Process Process
}

// Table measures reads under loads and prints a line for each, with the processor
// time of the server and of the whole machine: 100% is one processor.
func Table(ctx context.Context, out io.Writer, target Target, reads []Read, loads []Load) (failed int, err error) {
	_, _ = fmt.Fprintf(out, "%-36s %-14s %9s %9s %9s %9s %7s %8s %7s %8s\n", "read", "load", "req/s", "p50", "p95", "p99", "errors", "memory", "CPU", "machine")
	for _, read := range reads {
		for _, load := range loads {
			before, err := target.Process.used()
			if err != nil {
				return failed, err
			}
			r := Drive(ctx, target.Addr, read, load)
			after, err := target.Process.used()
			if err != nil {
				return failed, err
			}
			memory, _, err := target.Process.Memory()
			if err != nil {
				return failed, err
			}
			failed += r.Errors
			_, _ = fmt.Fprintf(out, "%-36s %-14s %9.0f %9s %9s %9s %7d %4d MiB %6.0f%% %7.0f%%\n", read.Name, load, r.PerSecond(), short(r.P50), short(r.P95), short(r.P99), r.Errors, memory>>20, percent(after.process-before.process, r.Took), percent(after.machine-before.machine, r.Took))
			if r.FirstError != nil {
				_, _ = fmt.Fprintf(out, "  one of them: %v\n", r.FirstError)
			}
		}
	}
	return failed, ctx.Err()
}

func percent(used, of time.Duration) float64 { return 100 * used.Seconds() / of.Seconds() }

func short(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }

// ReportAbuse posts too much to every route with a body, as everybody, with a length
// and without, and prints what is not refused early and the most memory it took.
func ReportAbuse(ctx context.Context, out io.Writer, f *Fixture, process Process, size int64) (faults int, err error) {
	routes, err := f.Routes(ctx)
	if err != nil {
		return 0, err
	}
	if err := process.Forget(); err != nil {
		return 0, err
	}
	var (
		posts    int
		statuses = map[int]int{}
		worst    Refusal
	)
	for _, route := range routes {
		for as, credentials := range f.Principals() {
			for _, chunked := range []bool{false, true} {
				r := f.Abuse(ctx, route, as, credentials, chunked, size)
				posts++
				statuses[r.Status]++
				if r.Taken > worst.Taken {
					worst = r
				}
				if fault := r.Fault(); fault != "" {
					faults++
					_, _ = fmt.Fprintf(out, "%s %s as %s, chunked %v: %s\n", route.Method, route.Path, as, chunked, fault)
				}
			}
		}
	}
	_, peak, err := process.Memory()
	if err != nil {
		return faults, err
	}
	_, _ = fmt.Fprintf(out, "%d routes with a body, %d posts of %d MiB: %d not refused early; peak memory %d MiB\n", len(routes), posts, size>>20, faults, peak>>20)
	for _, status := range slices.Sorted(maps.Keys(statuses)) {
		_, _ = fmt.Fprintf(out, "  %d: %d times\n", status, statuses[status])
	}
	_, _ = fmt.Fprintf(out, "  most taken before an answer: %.1f MiB by %s %s as %s\n", float64(worst.Taken)/(1<<20), worst.Route.Method, worst.Route.Path, worst.As)
	return faults, ctx.Err()
}

// ReportDownloads reads the large file many times at once and prints the most memory
// it took.
func ReportDownloads(ctx context.Context, out io.Writer, f *Fixture, process Process, atOnce int) error {
	if err := process.Forget(); err != nil {
		return err
	}
	began := time.Now()
	received, err := Downloads(ctx, f.Addr(), f.Download(), atOnce)
	took := time.Since(began)
	if want := int64(atOnce) * resumeSize; err == nil && received != want {
		err = errors.New("downloads were cut short")
	}
	_, peak, memoryErr := process.Memory()
	if memoryErr != nil {
		return memoryErr
	}
	_, _ = fmt.Fprintf(out, "%d downloads of %d MiB at once: %d MiB in %.1f s; peak memory %d MiB\n", atOnce, resumeSize>>20, received>>20, took.Seconds(), peak>>20)
	return err
}
