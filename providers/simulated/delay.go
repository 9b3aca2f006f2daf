package simulated

import (
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

// Delay is a distribution of delays, told by two of its quantiles: a log-normal
// one, which is how the delays of network services are spread. The zero value
// never waits; a P95 not above P50 makes it constant.
type Delay struct {
	P50, P95 time.Duration
}

// z95 is the 95 % quantile of the standard normal distribution.
const z95 = 1.6448536269514722

// longest bounds a sample as a multiple of P95: a distribution without an end
// would once in a while stop a call for minutes.
const longest = 4

// Sample draws a delay.
func (d Delay) Sample(r *Random) time.Duration {
	if d.P50 <= 0 {
		return 0
	}
	if d.P95 <= d.P50 {
		return d.P50
	}
	sigma := math.Log(float64(d.P95)/float64(d.P50)) / z95
	return min(time.Duration(float64(d.P50)*math.Exp(sigma*r.Normal())), longest*d.P95)
}

// Random is a seeded source of chance that many connections share: the same seed
// gives the same delays in the same order. Goroutine-safe.
type Random struct {
	mu sync.Mutex
	r  *rand.Rand
}

// NewRandom makes a source of chance.
func NewRandom(seed uint64) *Random {
	return &Random{r: rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))} //nolint:gosec // delays need no secret
}

// Normal draws from the standard normal distribution.
func (r *Random) Normal() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.r.NormFloat64()
}

// Float draws from 0 (included) to 1.
func (r *Random) Float() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.r.Float64()
}

// Below draws a whole number from 0 to n-1; n must be positive.
func (r *Random) Below(n int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.r.IntN(n)
}
