package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/anthdm/hollywood/actor"
)

const (
	// defaultStopTimeout leaves room for a provider that closes slowly and is
	// well below the 10 s that container hosts grant after SIGTERM.
	defaultStopTimeout = 5 * time.Second
	// defaultSlowReceive is the budget of a Receive: a twentieth of an audio frame.
	defaultSlowReceive = time.Millisecond
	// observerInbox is the first capacity of the observer's mailbox: a few events per spawn.
	observerInbox = 64
)

// Config sets up a System. The zero value is usable.
type Config struct {
	// Logger receives failures, abandoned actors and (at Debug) slow receives.
	// Defaults to slog.Default().
	Logger *slog.Logger
	// StopTimeout bounds a stop whose context has no deadline. Defaults to 5 s.
	StopTimeout time.Duration
	// SlowReceive is how long a Receive may take before it is counted as slow.
	// Defaults to 1 ms.
	SlowReceive time.Duration
}

// System is one set of actors: their address book, counters and the root of their
// contexts. It is safe for concurrent use.
type System struct {
	engine      *actor.Engine
	log         *slog.Logger
	stopTimeout time.Duration
	slow        time.Duration
	epoch       time.Time
	ctx         context.Context // root of the actors' context tree, owned
	cancel      context.CancelCauseFunc
	counts      counts

	mu     sync.Mutex
	live   map[string]*cell
	roles  map[string]*roleStats
	spawns uint64
	closed bool

	down    chan struct{} // closed when the first Shutdown is through
	downErr error         // its result, readable once down is closed
}

// New starts an empty system. It owns no goroutine while its actors are idle.
func New(cfg Config) (*System, error) {
	engine, err := actor.NewEngine(actor.NewEngineConfig())
	if err != nil {
		return nil, fmt.Errorf("start actor engine: %w", err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	s := &System{
		engine:      engine,
		log:         cfg.Logger,
		stopTimeout: cfg.StopTimeout,
		slow:        cfg.SlowReceive,
		epoch:       time.Now(),
		ctx:         ctx,
		cancel:      cancel,
		live:        make(map[string]*cell),
		roles:       make(map[string]*roleStats),
		down:        make(chan struct{}),
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.stopTimeout <= 0 {
		s.stopTimeout = defaultStopTimeout
	}
	if s.slow <= 0 {
		s.slow = defaultSlowReceive
	}
	// The observer lives as long as the engine: a dead subscriber would make the
	// event stream report its own failed delivery for ever.
	engine.Subscribe(engine.Spawn(func() actor.Receiver { return observer{s} }, "observer",
		actor.WithID("0"), actor.WithInboxSize(observerInbox), actor.WithMaxRestarts(unlimited)))
	return s, nil
}

// Shutdown stops the root actors one by one, the last spawned first, each with
// everything below it. A root that does not stop gets at most half of the time
// that ctx has left (Config.StopTimeout if ctx has no deadline) and is then
// abandoned, so that the others have their turn. From the call on Spawn fails
// with ErrStopped; what is told to a stopped actor is counted as dead. It
// returns nil when everything ended, else an error that wraps ErrStopTimeout and
// names what did not. Further calls wait for the first one and return its result.
func (s *System) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if first {
		s.downErr = s.stopRoots(ctx)
		s.cancel(ErrStopped)
		close(s.down)
		return s.downErr
	}
	select {
	case <-s.down:
		return s.downErr
	case <-ctx.Done():
		return fmt.Errorf("shut down actors: %w: %w", ErrStopTimeout, context.Cause(ctx))
	}
}

// uptime reads the monotonic clock only. It is read twice per message, and the wall
// clock, which time.Now reads as well, would double the cost.
func (s *System) uptime() time.Duration { return time.Since(s.epoch) }

func (s *System) stopRoots(ctx context.Context) error {
	s.mu.Lock()
	var roots []*cell
	for _, c := range s.live {
		if c.parent == nil {
			roots = append(roots, c)
		}
	}
	s.mu.Unlock()
	slices.SortFunc(roots, func(a, b *cell) int { return cmp.Compare(b.spawn, a.spawn) })

	var errs []error
	for i, root := range roots {
		turn, cancel := ctx, context.CancelFunc(func() {})
		if deadline, ok := ctx.Deadline(); ok && i < len(roots)-1 {
			turn, cancel = context.WithTimeout(ctx, time.Until(deadline)/2)
		}
		errs = append(errs, root.stop(turn))
		cancel()
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("shut down actors: %w", err)
	}
	return nil
}

// admit enters a new actor into the table of the living. ctx is what its own
// context derives from.
func (s *System) admit(ctx context.Context, parent *cell, role, id string, gen Gen, offers int) (*cell, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// A child may still be replaced while the system drains: the last words of a
	// call need a voice. Its parent refuses when its own turn to stop has come.
	if s.closed && parent == nil {
		return nil, ErrStopped
	}
	if _, taken := s.live[id]; taken {
		return nil, ErrDuplicate
	}
	stats := s.roles[role]
	if stats == nil {
		stats = &roleStats{}
		s.roles[role] = stats
	}
	s.spawns++
	c := &cell{
		sys: s, parent: parent, id: id, role: role, gen: gen, spawn: s.spawns,
		stats: stats, offers: int64(offers),
		halted: make(chan struct{}), done: make(chan struct{}),
	}
	// The spawn number keeps a Ref of an earlier actor of this id from reaching this one.
	c.pid = actor.NewPID(s.engine.Address(), id+"/"+strconv.FormatUint(c.spawn, 10))
	c.ctx, c.cancel = context.WithCancelCause(ctx)
	s.live[id] = c
	stats.live.Add(1)
	return c, nil
}

// dismiss frees an actor's id.
func (s *System) dismiss(c *cell) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live[c.id] == c {
		delete(s.live, c.id)
		c.stats.live.Add(-1)
	}
}

// observer is the one subscriber of Hollywood's event stream. Guarded actors
// give it nothing to see; what it reports is a bug of this package.
type observer struct{ sys *System }

// Receive counts the events that must never happen.
func (o observer) Receive(c *actor.Context) {
	switch event := c.Message().(type) {
	case actor.ActorRestartedEvent:
		o.fault("hollywood restarted an actor", event.PID)
	case actor.ActorMaxRestartsExceededEvent:
		o.fault("hollywood gave an actor up", event.PID)
	case actor.ActorDuplicateIdEvent:
		o.fault("hollywood met an id twice", event.PID)
	}
}

func (o observer) fault(what string, pid *actor.PID) {
	o.sys.counts.engineFaults.Add(1)
	o.sys.log.Error(what, "pid", pid.GetID())
}
