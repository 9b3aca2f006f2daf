package media

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheTickerTellsOfEachTickAlsoOfMissedOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var lates []time.Duration
		done := make(chan struct{})
		go func() {
			defer close(done)
			WatchTicker(ctx, 20*time.Millisecond, func(late time.Duration) {
				lates = append(lates, late)
				if len(lates) == 2 {
					time.Sleep(50 * time.Millisecond) // the process was away
				}
			})
		}()
		time.Sleep(125 * time.Millisecond)
		cancel()
		<-done
		// Ticks are due at 20, 40, 60, 80, 100 and 120 ms; nobody looked from 40 to 90.
		want := []time.Duration{0, 0, 0, 0, 0}
		if len(lates) < len(want) {
			t.Fatalf("%d ticks were told, want at least %d: %v", len(lates), len(want), lates)
		}
		if lates[0] != 0 || lates[1] != 0 {
			t.Errorf("undisturbed ticks are late by %v", lates[:2])
		}
		var worst time.Duration
		for _, late := range lates[2:] {
			worst = max(worst, late)
		}
		if worst == 0 {
			t.Errorf("an absence of 50 ms made no tick late: %v", lates)
		}
	})
}
