package engine

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// ChildSpec describes a supervised child of an actor with messages P. New and the
// On funcs run in the parent's own sequence of messages, so they may use its state;
// what the On funcs return is received by the parent at once. A nil message is
// not received.
type ChildSpec[P, M any] struct {
	// Role names the kind of child in ids, metrics and logs.
	Role string
	// New makes the behavior of a generation, after OnDown's message of the one before.
	New func(Gen) Behavior[M]
	// Inbox and Offers are as in Spec.
	Inbox, Offers int
	// Policy says how often and how soon the child is replaced.
	Policy Policy
	// OnUp tells that a replacement is there. May be nil.
	OnUp func(Gen, Ref[M]) P
	// OnDown tells of each failure. May be nil.
	OnDown func(Failure) P
	// OnGiveUp tells that the policy is exhausted: the child stays down. When it is
	// nil, the parent fails instead.
	OnGiveUp func(Failure) P
}

// SpawnChild starts a child with the id parentID/role/gen and returns when its
// Started hook has. A generation that fails, be it in New or Started, is replaced
// under the policy, so the only errors are ErrStopped (the parent is stopping),
// ErrInvalidSpec and, when an abandoned namesake of the parent still has such a
// child, ErrDuplicate.
func SpawnChild[P, M any](c *Ctx[P], spec ChildSpec[P, M]) (*Child[M], error) {
	if spec.Role == "" || spec.New == nil {
		return nil, fmt.Errorf("spawn child %q of %s: %w: it needs Role and New", spec.Role, c.host.id, ErrInvalidSpec)
	}
	s := &supervision[P, M]{
		spec:     spec,
		parent:   c.host,
		child:    &Child[M]{},
		restarts: restarts{policy: spec.Policy.withDefaults()},
	}
	if _, err := s.start(); err != nil {
		return nil, err
	}
	return s.child, nil
}

// supervision replaces the generations of one child. Its methods run in the
// parent's sequence.
type supervision[P, M any] struct {
	spec     ChildSpec[P, M]
	parent   *host[P]
	child    *Child[M]
	restarts restarts
}

// start spawns the next generation.
func (s *supervision[P, M]) start() (*cell, error) {
	c, err := s.parent.admitChild(s.spec.Role, orDefault(s.spec.Offers, defaultOffers))
	if err != nil {
		return nil, fmt.Errorf("spawn child %q of %s: %w", s.spec.Role, s.parent.id, err)
	}
	c.onDown = func(f Failure) { s.parent.post(step(func() { s.down(f) })) }
	adopted := s.child.adopt(c)
	launch(c, s.spec.New, s.spec.Inbox)
	if !adopted {
		c.kill(nil)
	}
	return c, nil
}

// down follows a failure.
func (s *supervision[P, M]) down(f Failure) {
	if s.child.retired() {
		return
	}
	if s.spec.OnDown != nil {
		s.parent.notify(s.spec.OnDown(f))
	}
	wait, again := s.restarts.next(time.Now())
	switch {
	case s.child.retired(): // OnDown's message made the parent end it
	case !again:
		s.giveUp(f)
	case wait > 0:
		s.parent.after(wait, step(s.up))
	default:
		s.up()
	}
}

// up replaces the failed generation.
func (s *supervision[P, M]) up() {
	if s.parent.closed() || s.child.retired() {
		return
	}
	c, err := s.start()
	switch {
	case errors.Is(err, ErrStopped):
		return
	case err != nil:
		s.down(Failure{Role: s.spec.Role, ID: s.parent.id + "/" + s.spec.Role, Err: err})
		return
	}
	s.parent.sys.counts.restarts.Add(1)
	if s.spec.OnUp != nil && !c.closed() {
		s.parent.notify(s.spec.OnUp(c.gen, Ref[M]{c}))
	}
}

func (s *supervision[P, M]) giveUp(f Failure) {
	s.child.retire()
	s.parent.sys.counts.gaveUp.Add(1)
	if s.spec.OnGiveUp == nil {
		s.parent.fail(fmt.Errorf("child given up: %w", f))
		return
	}
	s.parent.notify(s.spec.OnGiveUp(f))
}

// admitChild enters a new generation of role into the tables.
func (c *cell) admitChild(role string, offers int) (*cell, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending.Load() {
		return nil, ErrStopped
	}
	if c.children == nil {
		c.children = make(map[*cell]struct{})
		c.gens = make(map[string]Gen)
	}
	gen := c.gens[role] + 1
	c.gens[role] = gen
	child, err := c.sys.admit(c.ctx, c, role, c.id+"/"+role+"/"+strconv.FormatUint(uint64(gen), 10), gen, offers)
	if err != nil {
		return nil, err
	}
	c.children[child] = struct{}{}
	return child, nil
}

func (c *cell) disown(child *cell) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.children, child)
}
