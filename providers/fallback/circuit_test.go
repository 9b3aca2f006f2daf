package fallback

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBroken = errors.New("broken pipe")

func failure(retry bool, err error) error {
	return &providers.Error{Stage: providers.StageLLM, Provider: "one", Retry: retry, Err: err}
}

func TestACircuitOpensAndRestsLonger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := NewCircuit(providers.StageLLM, "one", nil)
		for range failuresToOpen {
			if !c.Allow() {
				t.Fatal("it opens too early")
			}
			c.Failed(failure(true, errBroken))
		}
		rest := firstRest
		for range 7 {
			if c.Allow() {
				t.Fatalf("it is asked during a rest of %s", rest)
			}
			time.Sleep(rest - time.Millisecond)
			if c.Allow() {
				t.Fatalf("it is asked %s early", time.Millisecond)
			}
			time.Sleep(time.Millisecond)
			if !c.Allow() {
				t.Fatalf("it is not tried after %s", rest)
			}
			if c.Allow() {
				t.Fatal("two try it at once")
			}
			c.Failed(failure(true, errBroken))
			rest = min(2*rest, longestRest)
		}
		time.Sleep(rest)
		if !c.Allow() {
			t.Fatal("it is not tried")
		}
		c.Succeeded()
		for range 2 {
			if !c.Allow() || c.Stats().State != Closed {
				t.Error("one success does not close it")
			}
		}
		c.Failed(failure(true, errBroken))
		if !c.Allow() {
			t.Error("one failure after it opens it again")
		}
	})
}

func TestWhatAFailureSaysAboutAProvider(t *testing.T) {
	t.Parallel()
	refusal := func(status int, after time.Duration) error {
		r := &dial.Refusal{Status: status, RetryAfter: after}
		return failure(r.Retry(), r)
	}
	for name, c := range map[string]struct {
		err  error
		rest time.Duration // 0 = it stays closed
	}{
		"one broken socket":       {failure(true, errBroken), 0},
		"a wrong request":         {failure(false, refusal(400, 0)), 0},
		"a wrong key":             {refusal(401, 0), barredRest},
		"no money":                {refusal(402, 0), barredRest},
		"no permission":           {refusal(403, 0), barredRest},
		"nothing on this machine": {failure(false, providers.ErrUnavailable), barredRest},
		"too many, says nothing":  {refusal(429, 0), firstRest},
		"too many, says when":     {refusal(429, 7*time.Second), 7 * time.Second},
		"overloaded, says when":   {refusal(503, 3*time.Second), 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				circuit := NewCircuit(providers.StageLLM, "one", nil)
				circuit.Failed(c.err)
				if c.rest == 0 {
					if !circuit.Allow() {
						t.Error("it opened")
					}
					return
				}
				time.Sleep(c.rest - time.Millisecond)
				if circuit.Allow() {
					t.Errorf("it is asked before %s", c.rest)
				}
				time.Sleep(time.Millisecond)
				if !circuit.Allow() {
					t.Errorf("it is not tried after %s", c.rest)
				}
			})
		})
	}
	circuit := NewCircuit(providers.StageLLM, "one", nil)
	for range 3 * failuresToOpen {
		circuit.Failed(failure(false, refusal(400, 0)))
	}
	if !circuit.Allow() {
		t.Error("wrong requests of one call keep all calls away")
	}
}

func TestAGivenUpTrialIsMadeByTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := NewCircuit(providers.StageLLM, "one", nil)
		c.Failed(failure(true, &dial.Refusal{Status: 429}))
		time.Sleep(firstRest)
		if !c.Allow() {
			t.Fatal("no trial")
		}
		c.Abandoned() // the candidate cut in
		if !c.Allow() {
			t.Fatal("nobody may try after a trial that was given up")
		}
		time.Sleep(trialWithin) // and this one never reports
		if !c.Allow() {
			t.Error("a trial that never ended keeps everybody away")
		}
	})
}

// patient is well after some probes.
type patient struct{ ill atomic.Int32 }

func (p *patient) Probe(context.Context) error {
	switch n := p.ill.Add(-1); {
	case n == 0:
		panic("a defect of the probe")
	case n > 0:
		return failure(true, errBroken)
	}
	return nil
}

func TestAProviderRecoversInTheBackground(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := NewCircuit(providers.StageTTS, "one", nil)
		ctx, cancel := context.WithCancel(t.Context())
		p := &patient{}
		p.ill.Store(3)
		done := make(chan struct{})
		go func() { defer close(done); c.Recover(ctx, p) }()
		for range failuresToOpen {
			c.Failed(failure(true, errBroken))
		}
		time.Sleep(20 * time.Second)
		if s := c.Stats(); s.State != Closed || s.Opened == 0 || p.ill.Load() >= 0 {
			t.Errorf("%+v after %d probes too few", s, p.ill.Load())
		}
		cancel()
		<-done
	})
}

func TestManyFailuresAtOnceAreOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := NewCircuit(providers.StageSTT, "one", nil)
		for range 100 { // every call's stream broke
			c.Failed(failure(true, errBroken))
		}
		time.Sleep(firstRest)
		if !c.Allow() {
			t.Error("a moment later it is not tried again")
		}
	})
}

func TestAProviderThatAskedForAPauseGetsItFromEverybody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := NewCircuit(providers.StageSTT, "one", nil)
		c.Failed(failure(true, &dial.Refusal{Status: 429, RetryAfter: 20 * time.Second}))
		c.Failed(failure(true, errBroken)) // a stream that was open
		time.Sleep(19 * time.Second)
		if c.AllowLast() {
			t.Error("it is asked before its pause is over")
		}
		time.Sleep(time.Second)
		if !c.AllowLast() {
			t.Error("it is not asked when its pause is over")
		}
	})
}

func TestOurOwnLimitIsNoFailureOfTheProvider(t *testing.T) {
	t.Parallel()
	c := NewCircuit(providers.StageTTS, "one", nil)
	for range 10 {
		c.Failed(failure(true, providers.ErrBusy))
	}
	if s := c.Stats(); s.State != Closed || s.Failed != 0 {
		t.Errorf("%+v", s)
	}
	c.Failed(failure(true, fmt.Errorf("%w: %w", providers.ErrBusy, &dial.Refusal{Status: 429})))
	if s := c.Stats(); s.State != Open {
		t.Errorf("a refusal for too many is no failure: %+v", s)
	}
}
