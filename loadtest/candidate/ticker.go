package candidate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// tickerMetric is the server's histogram of how late its own 20 ms ticker runs.
const tickerMetric = "vantahire_ticker_lateness_seconds"

// errNoTicker indicates a server whose metrics lack the ticker.
var errNoTicker = errors.New("the server's metrics have no " + tickerMetric)

// Ticks is a histogram of lateness as the server counts it: cumulative counts at
// ascending upper bounds, as in the Prometheus exposition format.
type Ticks struct {
	Count  uint64
	bounds []float64 // seconds
	upTo   []uint64
}

// Ticker reads the server's ticker. Servers tell it to their own machine only,
// unless they are set to tell everybody.
func (a API) Ticker(ctx context.Context) (Ticks, error) {
	families, err := a.metrics(ctx)
	if err != nil {
		return Ticks{}, fmt.Errorf("read the server's ticker: %w", err)
	}
	family := families[tickerMetric]
	if family.GetType() != dto.MetricType_HISTOGRAM || len(family.GetMetric()) != 1 {
		return Ticks{}, errNoTicker
	}
	h := family.GetMetric()[0].GetHistogram()
	t := Ticks{Count: h.GetSampleCount()}
	for _, b := range h.GetBucket() {
		t.bounds, t.upTo = append(t.bounds, b.GetUpperBound()), append(t.upTo, b.GetCumulativeCount())
	}
	return t, nil
}

// Since is what was counted after before.
func (t Ticks) Since(before Ticks) Ticks {
	if len(before.upTo) != len(t.upTo) || before.Count > t.Count {
		return t // another process answers now
	}
	since := Ticks{Count: t.Count - before.Count, bounds: t.bounds, upTo: make([]uint64, len(t.upTo))}
	for i := range t.upTo {
		since.upTo[i] = t.upTo[i] - before.upTo[i]
	}
	return since
}

// Quantile is the lateness that the share q (0..1) of the ticks did not exceed,
// rounded up to its bucket's end; the longest duration there is beyond the last
// bucket, 0 when nothing was counted.
func (t Ticks) Quantile(q float64) time.Duration {
	if t.Count == 0 {
		return 0
	}
	rank := uint64(math.Ceil(q * float64(t.Count)))
	for i, n := range t.upTo {
		if n >= rank && !math.IsInf(t.bounds[i], 0) {
			return time.Duration(t.bounds[i] * float64(time.Second))
		}
	}
	return math.MaxInt64
}
