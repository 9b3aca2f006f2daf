package chat

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/vantahire/vantahire/providers"
)

// watch cancels a request that makes no progress. Goroutine-safe.
type watch struct {
	mu     sync.Mutex
	timer  *time.Timer
	cancel context.CancelCauseFunc
	round  int // an old timer that fires late does nothing
}

func newWatch(cancel context.CancelCauseFunc) *watch { return &watch{cancel: cancel} }

// expect gives the request d for what is awaited next.
func (w *watch) expect(what string, d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.halt()
	round := w.round
	w.timer = time.AfterFunc(d, func() {
		w.mu.Lock()
		late := round != w.round
		w.mu.Unlock()
		if !late {
			w.cancel(fmt.Errorf("no %s within %s: %w", what, d, providers.ErrNoProgress))
		}
	})
}

// stop ends the watch.
func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.halt()
}

func (w *watch) halt() {
	w.round++
	if w.timer != nil {
		w.timer.Stop()
	}
}
