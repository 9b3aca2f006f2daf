package outage

import (
	"context"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// knock asks a server to let the candidate of an interview in, without a socket.
func knock(ctx context.Context, s *Server, c *Candidate) (status int, retryAfter string) {
	c.mu.Lock()
	invitation := c.invitation
	c.mu.Unlock()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/voice/"+string(invitation.Interview), nil)
	if err != nil {
		return 0, err.Error()
	}
	req.Header.Set("X-Interview-Token", invitation.Token)
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "websocket")
	req.Header.Set("Sec-WebSocket-Version", "13")
	req.Header.Set("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	_ = res.Body.Close()
	return res.StatusCode, res.Header.Get("Retry-After")
}

// One of two processes is killed with calls on it: its candidates go on at the other.
func TestAnotherProcessTakesTheCallsOfADeadOneOver(t *testing.T) {
	t.Parallel()
	h := open(t, nil)
	one, two := h.serve(nil), h.serve(nil)
	p := h.invite(one, *calls, nil)
	p.talking(make([]int, *calls), 3)
	if status, retry := knock(t.Context(), two, p.candidates[0]); status != http.StatusServiceUnavailable || retry == "" {
		t.Errorf("the other process answers %d, Retry-After %q for a call that is live elsewhere", status, retry)
	}
	p.moveTo(two)
	one.Kill()
	p.talking(p.each(), 2)
	var word, ready []time.Duration
	refusals := 0
	for _, a := range p.absences() {
		if a.Word.IsZero() {
			t.Error("a candidate came back and heard nothing")
			continue
		}
		ready, word = append(ready, a.Ready.Sub(a.Lost)), append(word, a.Word.Sub(a.Lost))
		refusals += a.Refusals
	}
	if len(word) != *calls || refusals == 0 {
		t.Errorf("%d of %d candidates came back, after %d refusals", len(word), *calls, refusals)
	}
	found := p.verify()
	h.figure("one of two processes killed with %d calls: back after %s, next word after %s; %s", *calls, quantiles(ready), quantiles(word), found)
}

// A process that was stopped and goes on finds that its interviews have another
// owner: it can't write.
func TestAnOldOwnerThatGoesOnCantWrite(t *testing.T) {
	t.Parallel()
	h := open(t, nil)
	one, two := h.serve(nil), h.serve(nil)
	p := h.invite(one, *calls, nil)
	p.talking(make([]int, *calls), 3)
	p.moveTo(two)
	one.Signal(syscall.SIGSTOP)
	// Their connections are open and dead: candidates who notice come back elsewhere.
	for _, c := range p.candidates {
		c.Redial()
	}
	p.talking(p.each(), 2)
	one.Signal(syscall.SIGCONT)
	h.until(time.Minute, "the old owner has noticed", func() bool {
		live, err := one.Metric(t.Context(), "vantahire_calls_live")
		return err == nil && live == 0
	})
	p.talking(p.each(), 1)
	found := p.verify()
	for _, c := range p.candidates {
		for _, call := range c.Calls() {
			h.onlyNewOwner(call.Interview)
		}
	}
	if !strings.Contains(one.Log(), "another process owns the interview") {
		t.Error("the old owner does not say that it was overtaken")
	}
	h.figure("owner stopped, taken over, and gone on under %d calls: %s", *calls, found)
}

// onlyNewOwner requires two writers, one after the other.
func (h *house) onlyNewOwner(id interview.ID) {
	h.t.Helper()
	if n := h.fences(id); n != 2 {
		h.t.Errorf("interview %s was written by %d owners in turn", id, n)
	}
}

// fences counts how often the writer of an interview's record changes, the first
// counted.
func (h *house) fences(id interview.ID) int {
	h.t.Helper()
	ctx := context.Background()
	rec, err := h.ledger(ctx).Record(ctx, id)
	if err != nil {
		h.t.Fatal(err)
	}
	var (
		last interview.Fence
		n    int
	)
	for _, e := range rec.Events {
		if e.Fence != last {
			last, n = e.Fence, n+1
		}
	}
	return n
}

// A process that spills is killed, and one that has been there all the time has what
// it spilled before it takes its calls over: they share a folder on one machine.
func TestASpillingProcessIsKilledAndItsNeighbourHasItsJournal(t *testing.T) {
	t.Parallel()
	h := open(t, nil)
	h.env["VANTAHIRE_JOURNAL_DIR"] = h.dir + "/journals"
	one, two := h.serve(nil), h.serve(nil)
	p := h.invite(one, *calls, nil)
	p.talking(make([]int, *calls), 2)
	if err := h.database.Stop(); err != nil {
		t.Fatal(err)
	}
	h.until(time.Minute, "the ledger spills", func() bool { return state(t.Context(), one) == "spilling" })
	p.talking(p.each(), 1)
	p.moveTo(two)
	one.Kill()
	if err := h.database.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.talking(p.each(), 2)
	if !strings.Contains(two.Log(), "journal replayed") {
		t.Error("the neighbour has replayed nothing")
	}
	found := p.verify()
	for _, c := range p.candidates {
		for _, call := range c.Calls() {
			rec, err := h.ledger(context.Background()).Record(context.Background(), call.Interview)
			if err != nil || len(rec.Late) > 0 {
				t.Errorf("%d events of %s are late (%v)", len(rec.Late), call.Interview, err)
			}
		}
	}
	h.figure("spilling process killed with %d calls, its neighbour replays its journal: %s", *calls, found)
}
