package api

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// sockets knows the open voice connections: net/http forgets a connection once it
// is upgraded. Goroutine-safe.
type sockets struct {
	mu     sync.Mutex
	open   map[*gate]struct{}
	closed bool
	empty  chan struct{} // closed when the last one is gone after closeAll
}

func newSockets() *sockets { return &sockets{open: map[*gate]struct{}{}} }

// add registers a connection; false after closeAll.
func (k *sockets) add(g *gate) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return false
	}
	k.open[g] = struct{}{}
	return true
}

func (k *sockets) remove(g *gate) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.open, g)
	if k.empty != nil && len(k.open) == 0 {
		close(k.empty)
		k.empty = nil
	}
}

func (k *sockets) all() []*gate {
	k.mu.Lock()
	defer k.mu.Unlock()
	gates := make([]*gate, 0, len(k.open))
	for g := range k.open {
		gates = append(gates, g)
	}
	return gates
}

// closeAll takes no further connection and says goodbye to the open ones.
func (k *sockets) closeAll() {
	k.mu.Lock()
	k.closed = true
	k.mu.Unlock()
	for _, g := range k.all() {
		g.conn.Send(voiceproto.Gone{Reason: voiceproto.GoneShutdown})
		g.conn.Close(voiceproto.CloseGoingAway, voiceproto.CloseReason(voiceproto.CloseGoingAway))
	}
}

// wait blocks until every connection is gone or ctx ends.
func (k *sockets) wait(ctx context.Context) error {
	k.mu.Lock()
	if len(k.open) == 0 {
		k.mu.Unlock()
		return nil
	}
	if k.empty == nil {
		k.empty = make(chan struct{})
	}
	empty := k.empty
	k.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d voice connections are still open: %w", len(k.all()), context.Cause(ctx))
	}
}

// watchEvery is how often live calls are checked: contract section 6 ends a call
// whose link was revoked within a second, and the interview's own end takes a few
// hundred milliseconds of it. One query asks for all calls.
const watchEvery = 250 * time.Millisecond

// watchWait bounds one look. The next one waits for it, so they never pile up
// against a database that hangs.
const watchWait = time.Second

// Watch ends live calls whose link was revoked or ran out, or whose interview was
// ended elsewhere, until ctx ends. A database that does not answer ends nobody.
func (s *Server) Watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		s.endCutCalls(ctx)
	}
}

func (s *Server) endCutCalls(ctx context.Context) {
	byLink := map[hiring.LiveLink][]*gate{}
	for _, g := range s.sockets.all() {
		byLink[g.link()] = append(byLink[g.link()], g)
	}
	for _, link := range s.accepted.sweep(s.services.Calls.IsLive) {
		if _, open := byLink[link]; !open {
			byLink[link] = nil // of a candidate who may come back
		}
	}
	written := s.texts.sweep(s.services.Calls.IsLive)
	for link := range written {
		if _, open := byLink[link]; !open {
			byLink[link] = nil
		}
	}
	if len(byLink) == 0 {
		return
	}
	within, cancel := context.WithTimeout(ctx, watchWait)
	defer cancel()
	cuts, err := s.services.Hiring.Cuts(within, slices.Collect(maps.Keys(byLink)))
	if err != nil {
		if !s.blind && ctx.Err() == nil {
			s.log.Warn("live calls can't be checked", "calls", len(byLink), "error", err)
		}
		s.blind = true
		return
	}
	if s.blind {
		s.log.Info("live calls can be checked again", "calls", len(byLink))
	}
	s.blind = false
	for _, cut := range cuts {
		s.accepted.forgetLink(cut.Link)
		for _, g := range byLink[cut.Link] {
			s.log.Info("call is cut", "interview", cut.Link.Interview, "reason", cut.Reason)
			g.cut(cut.Reason)
		}
		if written[cut.Link] {
			// One that was let go meanwhile has nothing left to end.
			if err := s.services.Calls.End(cut.Link.Interview, cut.Reason); err == nil {
				s.log.Info("interview in writing is cut", "interview", cut.Link.Interview, "reason", cut.Reason)
			}
		}
	}
}
