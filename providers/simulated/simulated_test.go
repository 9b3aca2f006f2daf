package simulated

import (
	"slices"
	"sync"
	"testing"
	"time"
)

func TestADelayHasItsQuantiles(t *testing.T) {
	t.Parallel()
	d := Delay{P50: 100 * time.Millisecond, P95: 300 * time.Millisecond}
	r := NewRandom(1)
	samples := make([]time.Duration, 20_000)
	for i := range samples {
		samples[i] = d.Sample(r)
	}
	slices.Sort(samples)
	for q, want := range map[float64]time.Duration{.5: d.P50, .95: d.P95} {
		got := samples[int(q*float64(len(samples)))]
		if got < want*9/10 || got > want*11/10 {
			t.Errorf("the %v quantile is %s, want about %s", q, got, want)
		}
	}
	if most := samples[len(samples)-1]; most > longest*d.P95 {
		t.Errorf("one delay took %s", most)
	}
	again := NewRandom(1)
	first := NewRandom(1)
	for range 100 {
		if d.Sample(again) != d.Sample(first) {
			t.Fatal("the same seed gives other delays")
		}
	}
	for name, c := range map[string]struct {
		d    Delay
		want time.Duration
	}{"none": {Delay{}, 0}, "constant": {Delay{P50: time.Second}, time.Second}, "a P95 below": {Delay{P50: time.Second, P95: time.Millisecond}, time.Second}} {
		if got := c.d.Sample(r); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if f := r.Float(); f < 0 || f >= 1 {
		t.Errorf("a share of %v", f)
	}
	if n := r.Below(3); n < 0 || n > 2 {
		t.Errorf("%d is not below 3", n)
	}
}

func TestFaultsCome(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var f Faults[string]
	take := func(at time.Time) string { return f.Take(at) }
	if got := take(now); got != "" {
		t.Errorf("out of nothing: %q", got)
	}
	f.Always("slow")
	f.Nth(3, "429")
	f.During(now.Add(time.Minute), now.Add(2*time.Minute), "down")
	for i, want := range []string{"slow", "429", "slow"} {
		if got := take(now); got != want {
			t.Errorf("request %d: %q, want %q", i+2, got, want)
		}
	}
	if got := take(now.Add(time.Minute)); got != "down" {
		t.Errorf("within the window: %q", got)
	}
	if got := take(now.Add(2 * time.Minute)); got != "slow" {
		t.Errorf("after the window: %q", got)
	}
	f.Next("drop")
	f.Always("")
	if got := []string{take(now), take(now)}; !slices.Equal(got, []string{"drop", ""}) {
		t.Errorf("the next and the one after: %q", got)
	}
	if f.Taken() != 8 {
		t.Errorf("%d requests were counted", f.Taken())
	}
}

func TestTheJournalCountsAndBills(t *testing.T) {
	t.Parallel()
	var j Journal
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			for range 100 {
				j.Add(Entry{Conn: i, Kind: "speak", Billed: 3})
				j.Add(Entry{Conn: i, Kind: "close"})
			}
		})
	}
	wg.Wait()
	if j.Count("speak") != 400 || j.Billed("speak") != 1200 || j.Billed("close") != 0 || j.Count("none") != 0 {
		t.Errorf("%d speaks for %d", j.Count("speak"), j.Billed("speak"))
	}
	if all, some := j.Entries(), j.Entries("close"); len(all) != 800 || len(some) != 400 || all[0].At.IsZero() {
		t.Errorf("%d entries, %d of one kind", len(all), len(some))
	}
	for range maxEntries {
		j.Add(Entry{Kind: "many"})
	}
	if n := len(j.Entries()); n > maxEntries || j.Count("speak") != 400 || j.Count("many") != maxEntries {
		t.Errorf("%d entries are kept, %d speaks counted", n, j.Count("speak"))
	}
}
