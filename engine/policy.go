package engine

import "time"

const (
	// Five replacements in a minute tell a provider that is down from one that hiccups.
	defaultMaxRestarts = 5
	defaultWindow      = time.Minute
)

// defaultBackoff replaces at once first: most failures are one bad stream.
var defaultBackoff = []time.Duration{0, 250 * time.Millisecond, time.Second, 2 * time.Second}

// Policy says how often and how soon a failed child is replaced.
type Policy struct {
	// Max is how many replacements may fall into one Window. Defaults to 5; with a
	// negative one the first failure is the last.
	Max int
	// Window is how long a replacement counts. Defaults to 60 s.
	Window time.Duration
	// Backoff is the wait before the first, second, ... replacement of a window; the
	// last one repeats. Defaults to 0, 250 ms, 1 s, 2 s.
	Backoff []time.Duration
}

func (p Policy) withDefaults() Policy {
	if p.Max == 0 {
		p.Max = defaultMaxRestarts
	}
	if p.Window <= 0 {
		p.Window = defaultWindow
	}
	if len(p.Backoff) == 0 {
		p.Backoff = defaultBackoff
	}
	return p
}

// restarts remembers the replacements that still count.
type restarts struct {
	policy Policy // with its defaults
	recent []time.Time
}

// next decides on a failure at now: replace after wait, or give up.
func (r *restarts) next(now time.Time) (wait time.Duration, ok bool) {
	expired := 0
	for expired < len(r.recent) && now.Sub(r.recent[expired]) >= r.policy.Window {
		expired++
	}
	r.recent = r.recent[expired:]
	n := len(r.recent)
	if n >= r.policy.Max {
		return 0, false
	}
	r.recent = append(r.recent, now)
	return r.policy.Backoff[min(n, len(r.policy.Backoff)-1)], true
}
