package candidate

import (
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

const exposition = `# TYPE vantahire_ticker_lateness_seconds histogram
vantahire_ticker_lateness_seconds_bucket{le="0.001"} 90
vantahire_ticker_lateness_seconds_bucket{le="0.005"} 99
vantahire_ticker_lateness_seconds_bucket{le="+Inf"} 100
vantahire_ticker_lateness_seconds_sum 1
vantahire_ticker_lateness_seconds_count 100
`

func metrics(t *testing.T, status int, body string) API {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return API{Server: s.URL}
}

func TestTheServersTickerIsRead(t *testing.T) {
	t.Parallel()
	ticks, err := metrics(t, 200, exposition).Ticker(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for q, want := range map[float64]time.Duration{.5: time.Millisecond, .99: 5 * time.Millisecond, 1: math.MaxInt64} {
		if got := ticks.Quantile(q); got != want {
			t.Errorf("the %v quantile is %s, want %s", q, got, want)
		}
	}
	before := Ticks{Count: 50, bounds: ticks.bounds, upTo: []uint64{45, 50, 50}}
	if since := ticks.Since(before); since.Count != 50 || since.Quantile(1) != math.MaxInt64 || since.Quantile(.98) != 5*time.Millisecond {
		t.Errorf("since then %+v", since)
	}
	if since := (Ticks{Count: 10, bounds: ticks.bounds, upTo: []uint64{10, 10, 10}}).Since(before); since.Count != 10 {
		t.Errorf("a server that began again counted %d", since.Count)
	}
	if got := (Ticks{}).Quantile(.99); got != 0 {
		t.Errorf("nothing counted is %s late", got)
	}
}

func TestAServerWithoutATickerIsToldSo(t *testing.T) {
	t.Parallel()
	if _, err := metrics(t, 200, "# TYPE other gauge\nother 1\n").Ticker(t.Context()); !errors.Is(err, errNoTicker) {
		t.Errorf("no ticker: %v", err)
	}
	for name, api := range map[string]API{
		"hidden": metrics(t, 404, ""), "no metrics": metrics(t, 200, "<html>"), "nobody there": {Server: "http://127.0.0.1:1"}, "no address": {Server: ":"},
	} {
		if _, err := api.Ticker(t.Context()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
