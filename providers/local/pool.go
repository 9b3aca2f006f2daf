package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vantahire/vantahire/providers"
)

const (
	// firstPause is the wait before a dead worker is replaced; it doubles with each
	// death in a row up to longestPause.
	firstPause   = 100 * time.Millisecond
	longestPause = 30 * time.Second
	// steadyAfter is the life after which a worker's death counts as the first.
	steadyAfter = time.Minute
	// patience is how long opening a stream waits for a replacement before it tells
	// the caller to try later.
	patience = 2 * time.Second
)

// slot is the place of one worker. Speech.mu guards it.
type slot struct {
	conn     *conn
	gone     chan struct{} // closed when conn is buried
	load     int           // streams on conn
	starting chan struct{} // closed when the attempt under way is over; nil without one
	born     time.Time
	deaths   int // in a row
	retryAt  time.Time
	lastErr  error // why the last one died
}

// acquire finds a worker for a stream: an idle one, a new one, or the one with the
// least to do. The caller gives it back with release.
func (s *Speech) acquire(ctx context.Context) (*slot, *conn, error) {
	for {
		sl, wait, err := s.pick(time.Now())
		if err != nil {
			return nil, nil, err
		}
		if sl != nil {
			return sl, sl.conn, nil
		}
		select {
		case <-wait.change:
		case <-wait.after:
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
}

// waiting is what acquire waits for; a nil channel never comes.
type waiting struct {
	change <-chan struct{}  // a worker was started or buried
	after  <-chan time.Time // a pause is over
}

func (s *Speech) pick(now time.Time) (*slot, waiting, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.ctx.Err() != nil {
		return nil, waiting{}, errClosed
	}
	var best, startable, starting, dying, resting *slot
	for _, sl := range s.slots {
		switch {
		case sl.conn != nil && !sl.conn.alive():
			dying = sl
		case sl.conn != nil:
			if best == nil || sl.load < best.load {
				best = sl
			}
		case sl.starting != nil:
			starting = sl
		case now.Before(sl.retryAt):
			if resting == nil || sl.retryAt.Before(resting.retryAt) {
				resting = sl
			}
		case startable == nil:
			startable = sl
		}
	}
	switch {
	case best != nil && (best.load == 0 || startable == nil):
		best.load++
		return best, waiting{}, nil
	case startable != nil:
		startable.starting = make(chan struct{})
		s.wg.Add(1)
		go s.start(startable)
		return nil, waiting{change: startable.starting}, nil
	case starting != nil:
		return nil, waiting{change: starting.starting}, nil
	case dying != nil:
		return nil, waiting{change: dying.gone}, nil
	}
	pause := resting.retryAt.Sub(now)
	if pause > patience {
		return nil, waiting{}, fmt.Errorf("worker died %d times, next start in %s: %w", resting.deaths, pause.Round(time.Millisecond), resting.lastErr)
	}
	return nil, waiting{after: time.After(pause)}, nil
}

// start brings up the worker of a slot and stays with it until it is gone.
func (s *Speech) start(sl *slot) {
	defer s.wg.Done()
	c, err := dial(s.ctx, s.launch, s.log)
	s.mu.Lock()
	close(sl.starting)
	sl.starting, sl.born = nil, time.Now()
	if err != nil {
		// Within the same lock: a slot that is neither starting nor resting would be
		// started once more by whoever looks first.
		s.bury(sl, err)
		s.mu.Unlock()
		return
	}
	if s.closed {
		c.shut()
	}
	sl.conn, sl.load, sl.gone = c, 0, make(chan struct{})
	s.mu.Unlock()
	s.log.Info("speech worker started", "speak", c.hello.Speak.How, "hear", c.hello.Hear.How)
	err = c.wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bury(sl, err)
}

// bury empties a slot whose worker is gone and sets when the next may start. The
// caller holds the lock.
func (s *Speech) bury(sl *slot, err error) {
	now := time.Now()
	if sl.conn != nil {
		close(sl.gone)
	}
	sl.conn, sl.load, sl.lastErr = nil, 0, err
	if s.closed || s.ctx.Err() != nil {
		return
	}
	if now.Sub(sl.born) >= steadyAfter {
		sl.deaths = 0
	}
	sl.deaths++
	pause := longestPause
	if sl.deaths < 10 { // beyond it the doubling is past the longest anyway
		pause = min(firstPause<<(sl.deaths-1), longestPause)
	}
	sl.retryAt = now.Add(pause)
	s.log.Warn("speech worker died", "deaths", sl.deaths, "pause", pause, "err", err)
}

// release gives a worker back. c tells its life: the slot may have a new one.
func (s *Speech) release(sl *slot, c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sl.conn == c {
		sl.load--
	}
}

// admit takes a token of the stage's admission, which give returns once.
func admit(tokens chan struct{}, stage providers.Stage) (give func(), err error) {
	select {
	case tokens <- struct{}{}:
		return func() { <-tokens }, nil
	default:
		return nil, &providers.Error{Stage: stage, Provider: Name, Retry: true, Err: fmt.Errorf("%w: %d streams are open", providers.ErrBusy, cap(tokens))}
	}
}

// failure makes err the provider's, unless it is the caller's own context.
func failure(ctx context.Context, stage providers.Stage, err error) error {
	if ctx.Err() != nil && (errors.Is(err, context.Cause(ctx)) || errors.Is(err, ctx.Err())) {
		return err
	}
	retry := !errors.Is(err, providers.ErrUnavailable) && !errors.Is(err, errClosed)
	return &providers.Error{Stage: stage, Provider: Name, Retry: retry, Err: err}
}
