package deepgram

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
)

const (
	// speakSpareText and speakSpareFlushes are what a socket should have left within
	// its minute to begin another reply: most replies need less.
	speakSpareText, speakSpareFlushes = 700, 5
)

// speakPool owns the sockets. Locks are taken in the order pool, socket, stream.
type speakPool struct {
	cfg     SpeakConfig
	count   speakCounters
	running sync.WaitGroup // of sockets and streams; grows only under mu while open

	mu       sync.Mutex
	sockets  map[*speakSocket]struct{}
	idle     []*speakSocket // the last one was used last
	dialling int
	changed  chan struct{} // closed when a socket became free or went
	shut     bool
}

// speakCounters are SpeakStats as they grow.
type speakCounters struct {
	dialled, refused, busy, replies, characters, cut, clearLate, stale, malformed, warnings, refusals, unmarked, rotated, redialled, lost atomic.Int64
}

func newSpeakPool(cfg SpeakConfig) *speakPool {
	return &speakPool{cfg: cfg, sockets: map[*speakSocket]struct{}{}, changed: make(chan struct{})}
}

func (p *speakPool) stats() SpeakStats {
	p.mu.Lock()
	sockets, idle := len(p.sockets), len(p.idle)
	p.mu.Unlock()
	n := func(c *atomic.Int64) int { return int(c.Load()) }
	c := &p.count
	return SpeakStats{
		Sockets: sockets, Idle: idle, Dialled: n(&c.dialled), Refused: n(&c.refused), Busy: n(&c.busy), Replies: n(&c.replies),
		Characters: n(&c.characters), Cut: n(&c.cut), ClearLate: n(&c.clearLate), Stale: n(&c.stale), Malformed: n(&c.malformed),
		Warnings: n(&c.warnings), Refusals: n(&c.refusals), Unmarked: n(&c.unmarked), Rotated: n(&c.rotated), Redialled: n(&c.redialled), Lost: n(&c.lost),
	}
}

// announce wakes whoever waits for a place; mu is held.
func (p *speakPool) announce() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// begin counts a stream; false once the pool is closed.
func (p *speakPool) begin(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		return false
	}
	p.running.Go(f)
	return true
}

func (p *speakPool) hasIdle(k speakKey) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.idle, func(c *speakSocket) bool { return c.key == k })
}

// acquire takes a warm socket (unless fresh) or dials. At the limit it waits for
// sockets that are about to become free, for as long as that takes at most.
func (p *speakPool) acquire(ctx context.Context, k speakKey, fresh bool) (*speakSocket, error) {
	patience := time.NewTimer(p.cfg.ClearWithin + p.cfg.CloseWithin)
	defer patience.Stop()
	for {
		c, old, wait, err := p.place(k, fresh)
		switch {
		case err != nil:
			return nil, err
		case c != nil:
			return c, nil
		case wait == nil:
			return p.connect(ctx, k)
		}
		if old != nil {
			p.retire(old)
		}
		select {
		case <-wait:
		case <-patience.C:
			p.count.busy.Add(1)
			return nil, speakFailure(true, providers.ErrBusy)
		case <-ctx.Done():
			return nil, speakFailure(false, context.Cause(ctx))
		}
	}
}

// place finds a warm socket, or a place to dial (wait is nil), or what to wait for
// and an unused socket that should go for it.
func (p *speakPool) place(k speakKey, fresh bool) (c, old *speakSocket, wait <-chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		return nil, nil, nil, speakFailure(false, errSpeakShut)
	}
	room := len(p.sockets)+p.dialling < p.cfg.MaxSockets
	if !fresh {
		if c := p.pick(k, !room); c != nil {
			return c, nil, nil, nil
		}
	}
	if room {
		p.dialling++
		return nil, nil, nil, nil
	}
	if len(p.idle) > 0 {
		old, p.idle = p.idle[0], p.idle[1:]
		return nil, old, p.changed, nil
	}
	for c := range p.sockets {
		if c.passing() {
			return nil, nil, p.changed, nil
		}
	}
	p.count.busy.Add(1)
	return nil, nil, nil, speakFailure(true, providers.ErrBusy)
}

// pick takes the warm socket that was used last among those with enough left of
// their minute, or whichever is there.
func (p *speakPool) pick(k speakKey, whichever bool) *speakSocket {
	for i, c := range slices.Backward(p.idle) {
		if c.key == k && (whichever || c.spare()) && c.take() {
			p.idle = slices.Delete(p.idle, i, i+1)
			return c
		}
	}
	return nil
}

// dial opens one more socket, if there is room.
func (p *speakPool) dial(ctx context.Context, k speakKey) (*speakSocket, error) {
	return p.acquire(ctx, k, true)
}

// connect dials; the place was taken before.
func (p *speakPool) connect(ctx context.Context, k speakKey) (*speakSocket, error) {
	c, err := p.handshake(ctx, k)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dialling--
	if err == nil && p.shut {
		_ = c.ws.Close()
		err = speakFailure(false, errSpeakShut)
	}
	if err != nil {
		p.announce()
		return nil, err
	}
	p.sockets[c] = struct{}{}
	p.running.Go(c.read)
	p.running.Go(c.keep)
	return c, nil
}

func (p *speakPool) handshake(ctx context.Context, k speakKey) (*speakSocket, error) {
	if p.cfg.Key == "" {
		return nil, speakFailure(false, errSpeakNoKey)
	}
	ws, _, err := dial.WebSocket(ctx, dial.Request{Stage: providers.StageTTS, Provider: speakName, URL: p.cfg.URL + "/v1/speak?" + k.query(), Header: p.cfg.header()})
	if err != nil {
		p.count.refused.Add(1)
		var refusal *dial.Refusal
		errors.As(err, &refusal)
		if end, ends := ctx.Deadline(); refusal == nil && ends && !time.Now().Before(end) {
			<-ctx.Done() // the connection may notice the deadline first
			err = speakFailure(true, fmt.Errorf("connect: %w", context.Cause(ctx)))
		}
		if refusal != nil && refusal.Status == http.StatusTooManyRequests {
			err = speakFailure(true, fmt.Errorf("%w: %w", providers.ErrBusy, refusal))
		}
		return nil, err
	}
	p.count.dialled.Add(1)
	return newSpeakSocket(p, k, ws), nil
}

// release keeps a quiet socket for the next reply, or lets it go.
func (p *speakPool) release(c *speakSocket) {
	if !c.free() {
		return
	}
	p.mu.Lock()
	if _, here := p.sockets[c]; !here {
		p.mu.Unlock()
		return
	}
	keep := !p.shut && time.Since(c.born) < p.cfg.MaxAge
	var old *speakSocket
	if keep {
		p.idle = append(p.idle, c)
		if len(p.idle) > p.cfg.MaxIdle {
			old, p.idle = p.idle[0], p.idle[1:]
		}
	} else {
		old = c
	}
	p.announce()
	p.mu.Unlock()
	if old != nil {
		p.retire(old)
	}
}

// expire retires a socket that was unused for too long or is too old; one in use
// is left to its reply.
func (p *speakPool) expire(c *speakSocket) {
	p.mu.Lock()
	i := slices.Index(p.idle, c)
	stale := i >= 0 && (time.Since(c.freeSince()) >= p.cfg.IdleFor || time.Since(c.born) >= p.cfg.MaxAge)
	if stale {
		p.idle = slices.Delete(p.idle, i, i+1)
	}
	p.mu.Unlock()
	if stale {
		p.retire(c)
	}
}

// retire says goodbye on a socket nobody uses. It does not wait for the answer: an
// end without Close lingers at the service and counts against the limit.
func (p *speakPool) retire(c *speakSocket) {
	if !c.closing() {
		return
	}
	if err := c.write(speakCommandClose); err != nil {
		_ = c.ws.Close()
		return
	}
	c.hangUpIn(p.cfg.CloseWithin)
}

// drop ends a socket that is of no use any more.
func (p *speakPool) drop(c *speakSocket, err error) { c.fail(err) }

// remove forgets a socket that has ended.
func (p *speakPool) remove(c *speakSocket) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sockets, c)
	if i := slices.Index(p.idle, c); i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
	}
	p.announce()
}

func (p *speakPool) close(ctx context.Context) error {
	p.mu.Lock()
	p.shut = true
	p.idle = nil
	all := make([]*speakSocket, 0, len(p.sockets))
	for c := range p.sockets {
		all = append(all, c)
	}
	p.announce()
	p.mu.Unlock()
	var goodbyes sync.WaitGroup
	for _, c := range all {
		goodbyes.Go(func() {
			c.dismiss(speakFailure(false, errSpeakShut))
			p.retire(c)
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		goodbyes.Wait()
		p.running.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	for _, c := range all {
		_ = c.ws.Close()
	}
	<-done // bounded: all that is left waits for these sockets
	return context.Cause(ctx)
}
