package embedded

import (
	"context"
	"fmt"
	"time"

	"github.com/vantahire/vantahire/store/internal/child"
)

// calm is how long a server must have run for its death to be a first one.
const calm = time.Minute

// tuning is what tests shorten.
type tuning struct {
	socketParents []string
	// firstBackoff doubles up to longestBackoff: the pause before a died server is
	// started again.
	firstBackoff, longestBackoff time.Duration
	// maxDeaths in a row are borne; then the database is given up.
	maxDeaths int
	stale     patience
}

// defaultTuning bears with a machine that is short of memory for half a minute,
// and is no endless loop on a full disk.
func defaultTuning() tuning {
	return tuning{
		socketParents: socketParents(),
		firstBackoff:  100 * time.Millisecond, longestBackoff: 5 * time.Second,
		maxDeaths: 10,
		stale:     stalePatience,
	}
}

// supervise owns the server process until Stop or the last death.
func (p *Postgres) supervise(proc *child.Process) {
	defer close(p.done)
	defer func() {
		if r := recover(); r != nil {
			p.err = fmt.Errorf("supervise the private database: panic: %v", r)
		}
	}()
	defer func() {
		if err := p.cleanUp(); err != nil && p.err == nil {
			p.err = fmt.Errorf("clean up after the private database: %w", err)
		}
	}()
	deaths := 0
	for {
		up := time.Now()
		select {
		case ctx := <-p.stop:
			if err := end(proc, stopInterrupt, stopQuit, ctx.Done()); err != nil {
				p.err = fmt.Errorf("stop the private database: %w", err)
			}
			p.log.Info("private database has stopped", "clean", p.err == nil)
			return
		case <-proc.Done():
		}
		if time.Since(up) > calm {
			deaths = 0
		}
		p.log.Error("private database died; starting it again", "err", proc.Err(), "output", lastLine(proc.Output()))
		if proc = p.revive(&deaths); proc == nil {
			return
		}
		p.restarts.Add(1)
	}
}

// revive starts a died server again. It returns nil when it was told to stop or
// gave up.
func (p *Postgres) revive(deaths *int) *child.Process {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	last := ErrExited
	for ; *deaths < p.tuning.maxDeaths; *deaths++ {
		pause := time.NewTimer(min(p.tuning.firstBackoff<<*deaths, p.tuning.longestBackoff))
		select {
		case <-p.stop:
			pause.Stop()
			return nil
		case <-pause.C:
		}
		proc, err := p.relaunch(ctx)
		if proc != nil {
			*deaths++
			return proc
		}
		if err == nil {
			return nil // told to stop
		}
		last = err
		p.log.Error("private database does not start", "attempt", *deaths+1, "err", err)
	}
	p.err = fmt.Errorf("the private database died %d times in a row and was given up: %w", *deaths, last)
	p.log.Error("private database is given up", "err", p.err)
	return nil
}

// relaunch is launch, left early when Stop is called; then it returns nothing.
func (p *Postgres) relaunch(parent context.Context) (*child.Process, error) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	type result struct {
		proc *child.Process
		err  error
	}
	got := make(chan result, 1)
	go func() {
		proc, err := p.launch(ctx)
		got <- result{proc, err}
	}()
	select {
	case r := <-got:
		return r.proc, r.err
	case <-p.stop:
	}
	cancel()
	if r := <-got; r.proc != nil {
		if err := end(r.proc, stopHurried, stopHurried, nil); err != nil {
			p.err = fmt.Errorf("stop the private database: %w", err)
		}
	}
	return nil, nil
}
