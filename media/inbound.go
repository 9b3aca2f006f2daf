package media

import (
	"context"
	"io"
	"sort"
	"sync"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// Inbound keeps the last seconds of what the candidate said, by media position.
// It is both the queue in front of the recogniser and the buffer a redialled
// recogniser is fed from again. Its writer never waits: the oldest audio is
// overwritten.
//
// All methods may be called concurrently; Push and Gap belong to one writer, so
// that positions mean what it thinks they do.
type Inbound struct {
	mu      sync.Mutex
	chunks  []chunk // a ring of used chunks from first on, positions ascending
	pcm     []int16 // MicFrame samples for each chunk
	first   int
	used    int
	head    interview.Sample // position of the next sample pushed
	heard   interview.Sample // end of what any reader has got so far
	closed  bool
	readers gate
	stats   InboundStats
}

// chunk is a run of at most MicFrame samples without a gap in it.
type chunk struct {
	at interview.Sample
	n  int
}

// InboundStats counts samples, except where it says otherwise.
type InboundStats struct {
	Pushed      int64
	Gaps        int64 // times that audio did not arrive
	GapSamples  int64 // how much of it
	Overwritten int64 // made room for newer audio
	Dropped     int64 // overwritten before any reader got it
}

// NewInbound makes a ring for the given length of audio, rounded up to frames.
// Positions start at 0; a call that goes on elsewhere begins with a Gap.
func NewInbound(capacity time.Duration) *Inbound {
	chunks := max(1, int((capacity+FrameDur-1)/FrameDur))
	return &Inbound{
		chunks: make([]chunk, chunks),
		pcm:    make([]int16, chunks*MicFrame),
	}
}

// Resize changes how much audio is kept, rounded up to frames; of more than that
// the newest stays. It copies what is kept, so it is for rare moments, such as a
// recogniser that is away for longer than the usual redial.
func (r *Inbound) Resize(capacity time.Duration) {
	chunks := max(1, int((capacity+FrameDur-1)/FrameDur))
	r.mu.Lock()
	defer r.mu.Unlock()
	if chunks == len(r.chunks) {
		return
	}
	moved := make([]chunk, chunks)
	pcm := make([]int16, chunks*MicFrame)
	for drop := r.used - chunks; drop > 0; drop-- {
		r.dropOldest()
	}
	for k := range r.used {
		i := r.index(k)
		moved[k] = r.chunks[i]
		copy(pcm[k*MicFrame:(k+1)*MicFrame], r.pcm[i*MicFrame:(i+1)*MicFrame])
	}
	r.chunks, r.pcm, r.first = moved, pcm, 0
}

// Capacity is how much audio is kept.
func (r *Inbound) Capacity() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Duration(len(r.chunks)) * FrameDur
}

func (r *Inbound) dropOldest() {
	old := r.chunks[r.first]
	end := old.at + interview.Sample(old.n)
	r.stats.Overwritten += int64(old.n)
	r.stats.Dropped += int64(max(0, end-max(old.at, r.heard)))
	r.first = r.index(1)
	r.used--
}

// Push appends a copy of frame, of any length, and returns the position of its
// first sample. It never blocks. After Close it does nothing.
func (r *Inbound) Push(frame []int16) interview.Sample {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.head
	if r.closed || len(frame) == 0 {
		return at
	}
	r.stats.Pushed += int64(len(frame))
	for len(frame) > 0 {
		i := r.writable()
		c := &r.chunks[i]
		n := copy(r.pcm[i*MicFrame+c.n:(i+1)*MicFrame], frame)
		c.n += n
		r.head += interview.Sample(n)
		frame = frame[n:]
	}
	r.readers.wake()
	return at
}

// Gap says that n samples never arrived: positions advance, and readers see the
// jump. A loss is never papered over with silence here.
func (r *Inbound) Gap(n interview.Sample) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || n <= 0 {
		return
	}
	r.head += n
	r.stats.Gaps++
	r.stats.GapSamples += int64(n)
}

// writable returns the chunk that the sample at head goes to: the newest one, if
// it has room and no gap lies between, or a fresh one.
func (r *Inbound) writable() int {
	if r.used > 0 {
		i := r.index(r.used - 1)
		if c := r.chunks[i]; c.n < MicFrame && c.at+interview.Sample(c.n) == r.head {
			return i
		}
	}
	if r.used == len(r.chunks) {
		r.dropOldest()
	}
	i := r.index(r.used)
	r.used++
	r.chunks[i] = chunk{at: r.head}
	return i
}

// index is where the k-th oldest chunk lies.
func (r *Inbound) index(k int) int { return (r.first + k) % len(r.chunks) }

// Head is the position that the next pushed sample gets.
func (r *Inbound) Head() interview.Sample {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.head
}

// Tail is the position of the oldest sample kept; Head when there is none.
func (r *Inbound) Tail() interview.Sample {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.used == 0 {
		return r.head
	}
	return r.chunks[r.first].at
}

// Read copies into dst what was said from position from on: n samples without a
// gap between them, the first at position at. at > from means that the audio in
// between is gone or never arrived. It blocks until there is at least one such
// sample, ctx ends (its cause is returned) or the ring is closed and read to the
// end (io.EOF). An empty dst reads nothing. Any number of readers may read, each
// with positions of its own.
func (r *Inbound) Read(ctx context.Context, from interview.Sample, dst []int16) (at interview.Sample, n int, err error) {
	if len(dst) == 0 {
		return from, 0, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for {
		if ctx.Err() != nil {
			return from, 0, context.Cause(ctx)
		}
		if at, n = r.copyFrom(from, dst); n > 0 {
			r.heard = max(r.heard, at+interview.Sample(n))
			return at, n, nil
		}
		if r.closed {
			return r.head, 0, io.EOF
		}
		r.wait(ctx)
	}
}

// wait gives up the lock until something was pushed, the ring was closed or ctx
// ended.
func (r *Inbound) wait(ctx context.Context) {
	ch := r.readers.park()
	r.mu.Unlock()
	select {
	case <-ch:
	case <-ctx.Done():
	}
	r.mu.Lock()
	r.readers.leave(ch)
}

// copyFrom copies the first run of samples at or after from that has no gap.
func (r *Inbound) copyFrom(from interview.Sample, dst []int16) (at interview.Sample, n int) {
	k := sort.Search(r.used, func(k int) bool {
		c := r.chunks[r.index(k)]
		return c.at+interview.Sample(c.n) > from
	})
	for ; k < r.used && n < len(dst); k++ {
		i := r.index(k)
		c := r.chunks[i]
		skip := 0
		if n == 0 {
			at = max(from, c.at)
			skip = int(at - c.at)
		} else if c.at != at+interview.Sample(n) {
			break
		}
		n += copy(dst[n:], r.pcm[i*MicFrame+skip:i*MicFrame+c.n])
	}
	return at, n
}

// Stats returns the counters so far.
func (r *Inbound) Stats() InboundStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stats
}

// Close says that nothing follows: readers get the rest, then io.EOF. Idempotent.
func (r *Inbound) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	r.readers.wake()
}
