package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/store"
)

// uses is a store of uses that may be away.
type uses struct {
	mu    sync.Mutex
	away  error
	calls int
	sums  map[string]int
}

func (u *uses) CountUses(_ context.Context, more map[string]store.Use) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.calls++
	if u.away != nil {
		return u.away
	}
	for id, use := range more {
		u.sums[id] += use.Count
	}
	return nil
}

func (u *uses) set(away error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.away = away
}

// pass lets virtual time pass, until all that is due is done.
func pass(d time.Duration) {
	time.Sleep(d) //nolint:forbidigo // virtual
	synctest.Wait()
}

func TestUsesAreWrittenOnceASecondAndAtTheStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		kept := &uses{sums: map[string]int{}}
		var log bytes.Buffer
		a := &App{log: slog.New(slog.NewTextHandler(&log, nil))}
		count := a.openAccessCounter(kept)
		for range 1000 {
			count("a")
			count("b")
		}
		pass(countEvery + time.Millisecond)
		if kept.calls != 1 || kept.sums["a"] != 1000 || kept.sums["b"] != 1000 {
			t.Errorf("after a second: %d writings, %v", kept.calls, kept.sums)
		}
		pass(3 * countEvery)
		if kept.calls != 1 {
			t.Errorf("nothing was written %d times", kept.calls-1)
		}
		kept.set(errors.New("away"))
		count("a")
		pass(3 * countEvery)
		kept.set(nil)
		count("a")
		if err := a.Close(t.Context()); err != nil || kept.sums["a"] != 1002 {
			t.Errorf("after the stop: %v (%v)", kept.sums, err)
		}
		if n := strings.Count(log.String(), "can't be written yet"); n != 1 {
			t.Errorf("an outage was told %d times", n)
		}
	})
}

func TestUsesThatWaitAreBounded(t *testing.T) {
	t.Parallel()
	kept := &uses{away: errors.New("away"), sums: map[string]int{}}
	var log bytes.Buffer
	c := &accessCounter{store: kept, log: slog.New(slog.NewTextHandler(&log, nil)), uses: map[string]store.Use{}}
	for i := range mostCounted + 5 {
		c.count(fmt.Sprint(i))
	}
	c.count("0") // one that is known has room
	if len(c.uses) != mostCounted || c.uses["0"].Count != 2 {
		t.Errorf("%d links wait, the first with %d uses", len(c.uses), c.uses["0"].Count)
	}
	if err := c.flush(t.Context()); err == nil || len(c.uses) != mostCounted || !strings.Contains(log.String(), "uses=5") {
		t.Errorf("%d links wait after a failure (%v): %s", len(c.uses), err, log.String())
	}
	kept.set(nil)
	if err := c.flush(t.Context()); err != nil || len(c.uses) != 0 || len(kept.sums) != mostCounted {
		t.Errorf("%d were written, %d wait (%v)", len(kept.sums), len(c.uses), err)
	}
}
