package simulated

import (
	"sync"
	"time"
)

// Faults decides what goes wrong with each request or connection of a server. F
// is the server's own description of a fault; its zero value means none. Several
// rules may be set; the first that applies wins: a window, then the script, then
// what always happens. Goroutine-safe; the zero value makes no faults.
type Faults[F any] struct {
	mu      sync.Mutex
	always  F
	script  map[int]F // by the request's number, from 1
	windows []window[F]
	taken   int
}

type window[F any] struct {
	from, to time.Time
	fault    F
}

// Always makes f happen to each request from now on; the zero F mends it.
func (s *Faults[F]) Always(f F) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always = f
}

// Nth makes f happen to the n-th request from the server's start, from 1.
func (s *Faults[F]) Nth(n int, f F) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.script == nil {
		s.script = map[int]F{}
	}
	s.script[n] = f
}

// Next makes f happen to the next request only.
func (s *Faults[F]) Next(f F) {
	s.mu.Lock()
	n := s.taken + 1
	s.mu.Unlock()
	s.Nth(n, f)
}

// During makes f happen to requests that begin between the two moments.
func (s *Faults[F]) During(from, to time.Time, f F) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.windows = append(s.windows, window[F]{from, to, f})
}

// Take counts a request and returns what goes wrong with it.
func (s *Faults[F]) Take(now time.Time) F {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken++
	for _, w := range s.windows {
		if !now.Before(w.from) && now.Before(w.to) {
			return w.fault
		}
	}
	if f, planned := s.script[s.taken]; planned {
		return f
	}
	return s.always
}

// Taken is how many requests there were.
func (s *Faults[F]) Taken() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}
