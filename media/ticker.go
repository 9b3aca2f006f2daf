package media

import (
	"context"
	"time"
)

// WatchTicker runs a ticker of the given period until ctx ends and tells observe
// how late each tick came: the figure that says whether speech can be paced here.
// It blocks. Deadlines are absolute, so one late tick does not hide the next; a
// tick that was missed altogether is told as well. observe must not block.
func WatchTicker(ctx context.Context, period time.Duration, observe func(late time.Duration)) {
	due := time.Now().Add(period)
	timer := time.NewTimer(period)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		now := time.Now()
		observe(now.Sub(due))
		for due = due.Add(period); due.Before(now); due = due.Add(period) {
			observe(now.Sub(due))
		}
		timer.Reset(time.Until(due))
	}
}
