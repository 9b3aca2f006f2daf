package media

import (
	"testing"
	"time"
)

func TestLateness(t *testing.T) {
	t.Parallel()
	var l Lateness
	if l.Quantile(0.5) != 0 || l.Max() != 0 || l.Count() != 0 {
		t.Error("an empty histogram is not zero")
	}
	for range 98 {
		l.Add(300 * time.Microsecond)
	}
	l.Add(-time.Second)
	l.Add(40 * time.Second)
	for q, want := range map[float64]time.Duration{
		-1:   50 * time.Microsecond, // what is negative was on time
		0.5:  500 * time.Microsecond,
		0.99: 500 * time.Microsecond,
		1:    40 * time.Second,
		7:    40 * time.Second,
	} {
		if got := l.Quantile(q); got != want {
			t.Errorf("quantile %v = %v, want %v", q, got, want)
		}
	}
	var sum Lateness
	sum.Merge(l)
	sum.Merge(l)
	if sum.Count() != 200 || sum.Max() != 40*time.Second {
		t.Errorf("merged: %d frames, max %v", sum.Count(), sum.Max())
	}
	var exact Lateness
	exact.Add(1100 * time.Microsecond)
	if got := exact.Quantile(1); got != 1100*time.Microsecond {
		t.Errorf("quantile 1 = %v, want no more than the maximum", got)
	}
}
