package media

import (
	"math"
	"time"
)

// latenessBounds are the upper ends of a Lateness's buckets. They are dense
// around what a timer does on a healthy machine (well below 1 ms) and around one
// frame, where lateness becomes audible.
var latenessBounds = [...]time.Duration{
	50 * time.Microsecond, 100 * time.Microsecond, 200 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond,
	15 * time.Millisecond, 20 * time.Millisecond, 30 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second,
}

// Lateness is a histogram of how long after its time each frame left. It is a
// plain value: copy it to take a snapshot, merge those of many calls.
type Lateness struct {
	counts [len(latenessBounds) + 1]uint64
	most   time.Duration
}

// Add counts one frame that left d late; a negative d counts as on time.
func (l *Lateness) Add(d time.Duration) {
	i := 0
	for i < len(latenessBounds) && d > latenessBounds[i] {
		i++
	}
	l.counts[i]++
	l.most = max(l.most, d)
}

// Merge adds the frames of other.
func (l *Lateness) Merge(other Lateness) {
	for i, n := range other.counts {
		l.counts[i] += n
	}
	l.most = max(l.most, other.most)
}

// Count is the number of frames.
func (l Lateness) Count() uint64 {
	var sum uint64
	for _, n := range l.counts {
		sum += n
	}
	return sum
}

// Max is the greatest lateness.
func (l Lateness) Max() time.Duration { return l.most }

// Quantile is the lateness that the share q (0..1) of all frames did not exceed,
// rounded up to its bucket's end, at most Max; 0 when there are no frames.
func (l Lateness) Quantile(q float64) time.Duration {
	total := l.Count()
	if total == 0 {
		return 0
	}
	rank := uint64(math.Ceil(min(max(q, 0), 1) * float64(total)))
	var seen uint64
	for i, bound := range latenessBounds {
		if seen += l.counts[i]; seen >= rank {
			return min(bound, l.most)
		}
	}
	return l.most
}
