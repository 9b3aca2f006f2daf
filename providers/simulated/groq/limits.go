package groq

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// bucket is a token bucket that is full at first and refills evenly.
type bucket struct {
	size  float64
	per   time.Duration // to refill from empty
	spent float64
	at    time.Time
}

func (b *bucket) refill(now time.Time) {
	if !b.at.IsZero() && now.After(b.at) {
		b.spent = max(0, b.spent-b.size*float64(now.Sub(b.at))/float64(b.per))
	}
	b.at = now
}

// reset is the time until it is full.
func (b *bucket) reset() time.Duration { return time.Duration(b.spent / b.size * float64(b.per)) }

// wait is the time until n fit.
func (b *bucket) wait(n float64) time.Duration {
	return time.Duration(max(0, b.spent+n-b.size) / b.size * float64(b.per))
}

// limiter holds the limits of the account. Goroutine-safe.
type limiter struct {
	mu               sync.Mutex
	requests, tokens bucket
}

// admission is what the limits say about a request.
type admission struct {
	tooLarge bool
	kind     string // which limit refused: "requests" or "tokens"; "" = admitted
	wait     time.Duration
	used     int
}

// admit takes a request with its prompt's tokens.
func (l *limiter) admit(now time.Time, tokens int) admission {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests.refill(now)
	l.tokens.refill(now)
	n := float64(tokens)
	switch {
	case n > l.tokens.size:
		return admission{tooLarge: true}
	case l.requests.wait(1) > 0:
		return admission{kind: "requests", wait: l.requests.wait(1), used: int(l.requests.spent)}
	case l.tokens.wait(n) > 0:
		return admission{kind: "tokens", wait: l.tokens.wait(n), used: int(l.tokens.spent)}
	}
	l.requests.spent++
	l.tokens.spent += n
	return admission{}
}

// spend adds what an answer took.
func (l *limiter) spend(now time.Time, tokens int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens.refill(now)
	l.tokens.spent = min(l.tokens.size, l.tokens.spent+float64(tokens))
}

// tell writes the limits into a header.
func (l *limiter) tell(h http.Header, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for name, b := range map[string]*bucket{"requests": &l.requests, "tokens": &l.tokens} {
		b.refill(now)
		h.Set("x-ratelimit-limit-"+name, strconv.Itoa(int(b.size)))
		h.Set("x-ratelimit-remaining-"+name, strconv.Itoa(int(max(0, math.Floor(b.size-b.spent)))))
		h.Set("x-ratelimit-reset-"+name, b.reset().Round(10*time.Microsecond).String())
	}
}
