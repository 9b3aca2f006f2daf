package actors

import "sync/atomic"

// storeCounters are written by the store actor and read by whoever asks.
type storeCounters struct {
	written, batches, failures, refused atomic.Uint64
	waiting                             atomic.Int64
}

func (c *storeCounters) snapshot() StoreStats {
	return StoreStats{
		Written: c.written.Load(), Batches: c.batches.Load(), Failures: c.failures.Load(),
		Refused: c.refused.Load(), Waiting: int(c.waiting.Load()),
	}
}
