package main

import (
	"context"
	"syscall"
	"time"

	"github.com/vantahire/vantahire/loadtest/candidate"
)

// usageEvery is how often the server's usage is read while calls are held.
const usageEvery = time.Second

// callUsage is what the server's process and this one used, counted while at
// least nine in ten of the calls were live.
type callUsage struct {
	wall, server, own time.Duration
	before, most      int64 // resident bytes
	goroutines, live  int
}

// watchUsage reads the server's usage while calls runs. A server that does not
// tell leaves it empty.
func watchUsage(ctx context.Context, api candidate.API, want int, calls func()) callUsage {
	var u callUsage
	before, err := api.Usage(ctx)
	if err != nil {
		calls()
		return u
	}
	u.before = before.Memory
	ctx, stop := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		u.watch(ctx, api, want)
	}()
	calls()
	stop()
	<-watched
	return u
}

func (u *callUsage) watch(ctx context.Context, api candidate.API, want int) {
	tick := time.NewTicker(usageEvery)
	defer tick.Stop()
	var (
		last    candidate.Usage
		ownLast time.Duration
	)
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		now, err := api.Usage(ctx)
		if err != nil {
			continue
		}
		own := ownCPU()
		full := now.Live*10 >= want*9
		if full && !last.At.IsZero() {
			u.wall += now.At.Sub(last.At)
			u.server += now.CPU - last.CPU
			u.own += own - ownLast
		}
		u.most, u.live, u.goroutines = max(u.most, now.Memory), max(u.live, now.Live), max(u.goroutines, now.Goroutines)
		if full {
			last, ownLast = now, own
		} else {
			last = candidate.Usage{}
		}
	}
}

// ownCPU is what this process has used, user and system.
func ownCPU() time.Duration {
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
