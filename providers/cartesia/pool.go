package cartesia

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/vantahire/vantahire/providers"
)

// pool is the sockets of one account.
type pool struct {
	cfg    Config
	ctx    context.Context //nolint:containedctx // the sockets' life, which the pool owns
	cancel context.CancelCauseFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	sockets []*socket
	closed  bool
	vacated chan struct{} // pokes Close when a place was left

	stats struct {
		sync.Mutex
		Stats
	}
}

func newPool(cfg Config) *pool {
	p := &pool{cfg: cfg, vacated: make(chan struct{}, 1)}
	p.ctx, p.cancel = context.WithCancelCause(context.Background())
	return p
}

func (p *pool) count(change func(*Stats)) {
	p.stats.Lock()
	defer p.stats.Unlock()
	change(&p.stats.Stats)
}

// acquire takes a place on a socket that is connected, and dials when there is
// none; with onFresh, only on one nobody has used yet. Who waits for the same dial
// shares its failure.
func (p *pool) acquire(ctx context.Context, onFresh bool) (*socket, error) {
	s, victim, err := p.reserve(onFresh)
	if victim != nil {
		victim.fail(errDropped)
	}
	if err != nil {
		return nil, err
	}
	select {
	case <-s.ready:
	case <-ctx.Done():
		p.release(s)
		return nil, context.Cause(ctx)
	}
	select {
	case <-s.gone:
		p.release(s)
		return nil, s.cause()
	default:
		return s, nil
	}
}

// reserve also returns the unused socket that has to make room.
func (p *pool) reserve(onFresh bool) (s, victim *socket, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, nil, failure(errShut)
	}
	at := slices.IndexFunc(p.sockets, func(s *socket) bool {
		if s.places >= p.cfg.PerSocket {
			return false
		}
		select {
		case <-s.gone:
			return false
		case <-s.ready:
			return !onFresh
		default:
			return true // being dialled
		}
	})
	if at >= 0 {
		s = p.sockets[at]
		s.places++
		s.idle.Stop()
		return s, nil, nil
	}
	if len(p.sockets) >= p.cfg.Sockets {
		unused := slices.IndexFunc(p.sockets, func(s *socket) bool { return s.places == 0 })
		if unused < 0 {
			return nil, nil, busy()
		}
		victim = p.sockets[unused]
		p.sockets = slices.Delete(p.sockets, unused, unused+1)
	}
	s = &socket{pool: p, ready: make(chan struct{}), gone: make(chan struct{}), out: make(chan []byte, outgoing), contexts: map[string]*inbox{}, places: 1}
	s.idle = time.AfterFunc(time.Hour, func() { p.retire(s) })
	s.idle.Stop()
	p.sockets = append(p.sockets, s)
	p.wg.Go(func() { s.run(p.ctx) })
	return s, victim, nil
}

func busy() error {
	return &providers.Error{Stage: providers.StageTTS, Provider: Name, Retry: true, Err: providers.ErrBusy}
}

// release gives a place back; the last one starts the socket's idle time.
func (p *pool) release(s *socket) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.places--
	if s.places == 0 && slices.Contains(p.sockets, s) {
		s.idle.Reset(p.cfg.IdleClose)
	}
	poke(p.vacated)
}

// retire closes a socket that nobody used for long.
func (p *pool) retire(s *socket) {
	p.mu.Lock()
	unused := s.places == 0
	if unused { // nobody may take it from here on
		p.sockets = slices.DeleteFunc(p.sockets, func(x *socket) bool { return x == s })
	}
	p.mu.Unlock()
	if unused {
		s.fail(errDropped)
	}
}

// remove takes a socket that is gone out of the pool.
func (p *pool) remove(s *socket) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.idle.Stop()
	p.sockets = slices.DeleteFunc(p.sockets, func(x *socket) bool { return x == s })
}

// close refuses further replies, lets sockets go as they become unused and cuts
// the rest when ctx ends.
func (p *pool) close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	var err error
	for p.closeUnused() > 0 && err == nil {
		select {
		case <-p.vacated:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	p.cancel(errShut)
	p.mu.Lock()
	rest := slices.Clone(p.sockets)
	p.mu.Unlock()
	for _, s := range rest {
		s.fail(errShut)
	}
	p.wg.Wait()
	return err
}

// closeUnused returns how many sockets are still in use.
func (p *pool) closeUnused() int {
	p.mu.Lock()
	var unused []*socket
	for _, s := range p.sockets {
		if s.places == 0 {
			unused = append(unused, s)
		}
	}
	used := len(p.sockets) - len(unused)
	p.mu.Unlock()
	for _, s := range unused {
		s.fail(errShut)
	}
	return used
}
