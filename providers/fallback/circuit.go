package fallback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
)

// ErrOpen indicates a provider that is not asked at the moment, because it failed
// lately.
var ErrOpen = errors.New("provider is resting after failures")

const (
	// failuresToOpen in a row open a circuit: one may be bad luck of one socket.
	failuresToOpen = 3
	// firstRest and longestRest bound how long an open circuit rests; it doubles
	// with each failed trial.
	firstRest, longestRest = time.Second, 30 * time.Second
	// barredRest is the rest after a refusal that time does not heal, such as a
	// wrong key: somebody may put it right while we run.
	barredRest = 5 * time.Minute
	// probeWithin bounds a probe in the background.
	probeWithin = 5 * time.Second
)

// State is how a circuit stands.
type State string

// The states of a circuit.
const (
	Closed State = "closed" // in use
	Open   State = "open"   // rests
	Trial  State = "trial"  // one request finds out whether it is well again
)

// Circuit keeps all calls from a provider that is down, and lets one try it again
// after a rest. It is shared by all calls of the process. Goroutine-safe.
type Circuit struct {
	name  string
	stage providers.Stage
	log   *slog.Logger

	mu       sync.Mutex
	state    State
	barred   bool      // rests for what time does not heal
	limited  time.Time // until when it wants to be left alone, by its own words
	failures int       // in a row
	rest     time.Duration
	until    time.Time
	trialEnd time.Time // a trial that never reports is forgotten then
	opened   int       // how often, for the metrics
	failed   int
}

// NewCircuit makes the circuit of one provider, closed.
func NewCircuit(stage providers.Stage, name string, log *slog.Logger) *Circuit {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Circuit{name: name, stage: stage, log: log, state: Closed, rest: firstRest}
}

// trialWithin is how long a trial may take before another one is let through.
const trialWithin = 15 * time.Second

// Allow reports whether the provider may be asked now. After a rest it says yes to
// one caller, whose Succeeded or Failed decides for all.
func (c *Circuit) Allow() bool {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.state {
	case Closed:
		return true
	case Open:
		if now.Before(c.until) {
			return false
		}
	case Trial:
		if now.Before(c.trialEnd) {
			return false
		}
	}
	c.state, c.trialEnd = Trial, now.Add(trialWithin)
	return true
}

// AllowLast is Allow for a caller who has nobody else to ask: a provider that
// merely rests may be well again, and trying it beats silence. One that said how
// long it wants to be left alone is left alone.
func (c *Circuit) AllowLast() bool {
	if c.Allow() {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.barred && !time.Now().Before(c.limited)
}

// Succeeded notes useful progress: the provider is well.
func (c *Circuit) Succeeded() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != Closed {
		c.log.Info("provider is back", "stage", c.stage, "provider", c.name)
	}
	c.state, c.barred, c.failures, c.rest, c.limited = Closed, false, 0, firstRest, time.Time{}
}

// Failed notes a failure. What time does not heal opens the circuit at once, and
// so does a provider that says how long it wants to be left alone. Many calls that
// fail at once are one failure: an open circuit rests no longer for them. That we
// ask for no more than an account allows is no failure of the provider's.
func (c *Circuit) Failed(err error) {
	now := time.Now()
	var (
		known   *providers.Error
		refusal *dial.Refusal
	)
	errors.As(err, &known)
	errors.As(err, &refusal)
	if errors.Is(err, providers.ErrBusy) && refusal == nil {
		c.Abandoned()
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed++
	c.failures++
	if refusal != nil && refusal.RetryAfter > 0 {
		c.limited = latest(c.limited, now.Add(refusal.RetryAfter))
	}
	if c.state == Open && now.Before(c.until) {
		if !concernsAccount(refusal) {
			c.until = latest(c.until, c.limited)
			return
		}
	}
	switch {
	case concernsAccount(refusal), errors.Is(err, providers.ErrUnavailable):
		c.barred = true
		c.open(now, barredRest, err)
	case refusal != nil && refusal.RetryAfter > 0:
		c.open(now, refusal.RetryAfter, err)
	case refusal != nil && refusal.Status == http.StatusTooManyRequests, c.state == Trial, c.failures >= failuresToOpen:
		c.open(now, c.rest, err)
		c.rest = min(2*c.rest, longestRest)
	case known != nil && !known.Retry:
		// The request was wrong, not the provider.
		c.failures--
	}
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// open is called with mu held.
func (c *Circuit) open(now time.Time, rest time.Duration, err error) {
	if c.state != Open {
		c.opened++
		c.log.Warn("provider is left alone for a while", "stage", c.stage, "provider", c.name, "rest", rest, "error", err)
	}
	c.state, c.until = Open, now.Add(rest)
}

// Abandoned notes that a request was given up for a reason of its caller's: it
// tells nothing about the provider, but frees a trial.
func (c *Circuit) Abandoned() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == Trial {
		c.state = Open // until lies in the past: the next caller tries
	}
}

// concernsAccount reports a refusal that concerns the account: a wrong key, no money, no
// permission.
func concernsAccount(r *dial.Refusal) bool {
	if r == nil {
		return false
	}
	switch r.Status {
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden:
		return true
	}
	return false
}

// CircuitStats is how a provider stands, for metrics and the doctor.
type CircuitStats struct {
	Stage    providers.Stage
	Provider string
	State    State
	Failed   int // requests
	Opened   int
}

// Stats returns how the circuit stands.
func (c *Circuit) Stats() CircuitStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return CircuitStats{c.stage, c.name, c.state, c.failed, c.opened}
}

// resting reports whether the circuit waits for a trial that nobody makes.
func (c *Circuit) resting() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state == Open && !time.Now().Before(c.until)
}

// Prober is a provider that can be asked whether it is well without a candidate
// waiting for the answer.
type Prober interface {
	// Probe asks; it blocks until ctx ends.
	Probe(ctx context.Context) error
}

// Recover tries a resting provider again in the background, once its rest is
// over, until ctx ends: no candidate has to wait for a provider that is still
// down. It blocks.
func (c *Circuit) Recover(ctx context.Context, p Prober) {
	ticker := time.NewTicker(firstRest)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if !c.resting() || !c.Allow() {
			continue
		}
		if err := c.probe(ctx, p); err != nil {
			c.Failed(err)
		} else {
			c.Succeeded()
		}
	}
}

func (c *Circuit) probe(ctx context.Context, p Prober) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("probe of %s: panic: %v", c.name, r)
		}
	}()
	ctx, cancel := context.WithTimeoutCause(ctx, probeWithin, providers.ErrNoProgress)
	defer cancel()
	return p.Probe(ctx)
}
