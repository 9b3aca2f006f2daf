package rest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// fake answers as a server would, and tells how often each path was asked.
func fake(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func TestALoadCountsWhatIsAnswered(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	addr := fake(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch r.URL.Path {
		case "/long": // in pieces
			_, _ = w.Write(make([]byte, 100_000))
		case "/refused":
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	for path, load := range map[string]Load{
		"/short":   {Users: 3, Duration: 50 * time.Millisecond},
		"/long":    {Users: 2, Duration: 50 * time.Millisecond},
		"/refused": {Users: 2, Rate: 100, Duration: 50 * time.Millisecond},
	} {
		asked.Store(0)
		r := Drive(t.Context(), addr, Get(path, path), load)
		if int64(r.Requests) != asked.Load() || r.Requests == 0 {
			t.Errorf("%s: %d requests are told, %d came", path, r.Requests, asked.Load())
		}
		if load.Rate > 0 && r.Requests != 5 {
			t.Errorf("%s: %d requests where 5 are due", path, r.Requests)
		}
		wrong := 0
		if path == "/refused" {
			wrong = r.Requests
		}
		if r.Errors != wrong || (r.FirstError != nil) != (wrong > 0) {
			t.Errorf("%s: %d errors (%v), want %d", path, r.Errors, r.FirstError, wrong)
		}
	}
}

func TestAStallIsHeldAgainstTheServer(t *testing.T) {
	t.Parallel()
	const stall = 100 * time.Millisecond
	var asked atomic.Int64
	addr := fake(t, func(http.ResponseWriter, *http.Request) {
		if asked.Add(1) == 1 {
			<-time.After(stall)
		}
	})
	r := Drive(t.Context(), addr, Get("stalls", "/"), Load{Users: 1, Rate: 100, Duration: stall})
	if r.Requests != 10 || r.P50 < stall/4 {
		t.Errorf("%d requests with a median of %s: those which waited are not held against it", r.Requests, r.P50)
	}
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	var hundred []time.Duration
	for i := range 100 {
		hundred = append(hundred, time.Duration(i+1))
	}
	for _, tc := range []struct {
		of            []time.Duration
		percent, want int
	}{{nil, 50, 0}, {hundred[:1], 50, 1}, {hundred[:1], 99, 1}, {hundred, 50, 50}, {hundred, 95, 95}, {hundred[:3], 50, 2}} {
		if got := quantile(tc.of, tc.percent); int(got) != tc.want {
			t.Errorf("p%d of %d: %d, want %d", tc.percent, len(tc.of), got, tc.want)
		}
	}
}

func TestARefusalMustBeOneAndEarly(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status int
		taken  int64
		fine   bool
	}{
		{http.StatusRequestEntityTooLarge, 1 << 20, true},
		{http.StatusUnauthorized, 0, true},
		{http.StatusRequestEntityTooLarge, AbuseSize, false},
		{http.StatusOK, 1 << 20, false},
		{http.StatusInternalServerError, 1 << 20, false},
		{0, 1 << 20, false},
	} {
		if fault := (Refusal{Status: tc.status, Taken: tc.taken}).Fault(); (fault == "") != tc.fine {
			t.Errorf("%d after %d bytes: %q", tc.status, tc.taken, fault)
		}
	}
}
