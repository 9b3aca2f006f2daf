package outage

import (
	"net/http"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// drainFor is how long running calls may go on after the signal, in the short test.
const drainFor = 8 * time.Second

// A server that is told to stop takes no new calls, lets the running ones go on for
// as long as it was allowed to, and hands them over to the next.
func TestAnOrderlyStopCutsNobodyBeforeItsTimeAndHandsTheRestOver(t *testing.T) {
	t.Parallel()
	h := open(t, map[string]string{"VANTAHIRE_DRAIN_TIMEOUT": drainFor.String()})
	one, two := h.serve(nil), h.serve(nil)
	p := h.invite(one, *calls, nil)
	p.talking(make([]int, *calls), 2)
	stranger := h.invite(two, 1, nil) // an interview that is not live on the first
	stranger.talking([]int{0}, 1)
	before := p.told()
	told := time.Now()
	one.Signal(syscall.SIGTERM)
	var unready time.Duration
	h.until(5*time.Second, "it is not ready", func() bool {
		status, _, _ := one.Get(t.Context(), "/ready")
		unready = time.Since(told)
		return status == http.StatusServiceUnavailable
	})
	if status, retry := knock(t.Context(), one, stranger.candidates[0]); status != http.StatusServiceUnavailable || retry == "" {
		t.Errorf("a new call is answered with %d, Retry-After %q", status, retry)
	} else if n, err := strconv.Atoi(retry); err != nil || n < 1 {
		t.Errorf("Retry-After is %q", retry)
	}
	h.until(drainFor, "calls go on during the drain", func() bool { return p.told() >= before+*calls })
	p.moveTo(two) // where the candidates find the next server
	select {
	case <-one.Done():
	case <-time.After(drainFor + 30*time.Second):
		t.Fatal("it does not end")
	}
	took := time.Since(told)
	p.talking(p.each(), 2)
	cut := 0
	var word []time.Duration
	for _, a := range p.absences() {
		if a.Lost.Sub(told) < drainFor-500*time.Millisecond {
			cut++
		}
		if !a.Word.IsZero() {
			word = append(word, a.Word.Sub(a.Lost))
		}
	}
	if len(word) < *calls {
		t.Errorf("%d of %d candidates heard a word at the next server", len(word), *calls)
	}
	if cut > 0 {
		t.Errorf("%d of %d calls were cut before the limit", cut, *calls)
	}
	stranger.leave()
	found := p.verify()
	h.figure("drain with %d live calls: not ready after %s, %d cut before the limit of %s, ended after %s; next word elsewhere after %s; %s",
		*calls, unready.Round(time.Millisecond), cut, drainFor, took.Round(time.Millisecond), quantiles(word), found)
}

// Whoever can't wait says so a second time.
func TestASecondSignalEndsTheWaiting(t *testing.T) {
	t.Parallel()
	h := open(t, map[string]string{"VANTAHIRE_DRAIN_TIMEOUT": "10m"})
	one := h.serve(nil)
	p := h.invite(one, *calls, nil)
	p.talking(make([]int, *calls), 2)
	one.Signal(syscall.SIGTERM)
	h.until(5*time.Second, "it is not ready", func() bool {
		status, _, _ := one.Get(t.Context(), "/ready")
		return status == http.StatusServiceUnavailable
	})
	again := time.Now()
	one.Signal(syscall.SIGTERM)
	select {
	case <-one.Done():
	case <-time.After(30 * time.Second):
		t.Fatal("it does not end")
	}
	took := time.Since(again)
	if err := one.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.talking(p.each(), 1)
	found := p.verify()
	h.figure("second signal under %d calls: ended after %s; %s", *calls, took.Round(time.Millisecond), found)
}
