package engine

import (
	"testing"
	"time"
)

func TestPolicyDecides(t *testing.T) {
	t.Parallel()
	const gaveUp = -1
	s, ms := time.Second, time.Millisecond
	for name, tc := range map[string]struct {
		policy   Policy
		failures []time.Duration // since the start
		waits    []time.Duration
	}{
		"the default replaces five times in a minute": {
			Policy{},
			[]time.Duration{0, 1 * s, 2 * s, 3 * s, 4 * s, 5 * s},
			[]time.Duration{0, 250 * ms, 1 * s, 2 * s, 2 * s, gaveUp},
		},
		"the window forgets, and the backoff starts over": {
			Policy{},
			[]time.Duration{0, 1 * s, 2 * s, 3 * s, 4 * s, 61 * s, 70 * s, 200 * s},
			[]time.Duration{0, 250 * ms, 1 * s, 2 * s, 2 * s, 2 * s, 250 * ms, 0},
		},
		"a failure now and then is replaced for ever": {
			Policy{Max: 1, Window: s, Backoff: []time.Duration{5 * ms}},
			[]time.Duration{0, 1 * s, 2 * s, 3 * s, 3*s + 1},
			[]time.Duration{5 * ms, 5 * ms, 5 * ms, 5 * ms, gaveUp},
		},
		"a negative maximum never replaces": {
			Policy{Max: -1},
			[]time.Duration{0},
			[]time.Duration{gaveUp},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := restarts{policy: tc.policy.withDefaults()}
			start := time.Unix(0, 0)
			for i, at := range tc.failures {
				wait, ok := r.next(start.Add(at))
				if !ok {
					wait = gaveUp
				}
				if wait != tc.waits[i] {
					t.Errorf("failure %d at %s: %s, want %s", i, at, wait, tc.waits[i])
				}
			}
		})
	}
}
