package api

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/vantahire/vantahire/actors"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
)

func TestReadySaysWhyNoInterviewShouldComeHere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, c := range map[string]struct {
		reasons []string
		status  int
		body    string
		retry   string
	}{
		"nothing speaks against it": {nil, 200, `{"status":"ready"}`, ""},
		"two reasons":               {[]string{"stopping", "ledger spilling"}, 503, `{"status":"not ready","reasons":["stopping","ledger spilling"]}`, "1"},
	} {
		b.ready = c.reasons
		a := b.do(http.MethodGet, "/ready", "")
		if a.status != c.status || a.body != c.body || a.header.Get("Retry-After") != c.retry {
			t.Errorf("%s: %d %s, Retry-After %q", name, a.status, a.body, a.header.Get("Retry-After"))
		}
		if a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: the answer may be cached", name)
		}
	}
	b.ready = []string{"stopping"}
	if a := b.do(http.MethodGet, "/health", ""); a.status != http.StatusOK {
		t.Errorf("health asks for readiness: %d %s", a.status, a.body)
	}
	b.created(voiceImplied) // REST goes on
}

// What a candidate is told whose interview can't be held here now, and what one is
// told who is in already.
func TestARefusedCandidateIsToldWhenToAskAgain(t *testing.T) {
	t.Parallel()
	elsewhere := func(after time.Duration) error {
		return fmt.Errorf("claim: %w", &interview.OwnedElsewhereError{RetryAfter: after})
	}
	for name, c := range map[string]struct {
		refuse error
		retry  string
		text   string
	}{
		"another process owns it":             {elsewhere(2100 * time.Millisecond), "3", textResumed},
		"it is owned for two whole seconds":   {elsewhere(2 * time.Second), "2", textResumed},
		"its owner's time is as good as over": {elsewhere(0), "1", textResumed},
		"the house is full":                   {fmt.Errorf("%w: 1", actors.ErrFull), "30", textFull},
		"the server is stopping":              {actors.ErrClosed, "30", textFull},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			live, liveToken := b.created(voiceImplied)
			first, _ := b.dial(live, "?token="+liveToken)
			next(t, first, "ready")
			id, token := b.created(voiceImplied)

			b.calls.mu.Lock()
			b.calls.refuse = c.refuse
			b.calls.mu.Unlock()
			if _, a := b.dial(id, "?token="+token); a.status != 503 || a.header.Get("Retry-After") != c.retry || a.body != `{"error":"`+c.text+`"}` {
				t.Errorf("before the upgrade: %d %s, Retry-After %q", a.status, a.body, a.header.Get("Retry-After"))
			}
			again, a := b.dial(live, "?token="+liveToken)
			if again == nil {
				t.Fatalf("a candidate in a live interview is refused: %d %s", a.status, a.body)
			}
			next(t, again, "ready")

			b.calls.mu.Lock()
			b.calls.refuse, b.calls.afterward = nil, c.refuse
			b.calls.mu.Unlock()
			ws, _ := b.dial(id, "?token="+token)
			if m := next(t, ws, "error"); m["message"] != c.text || m["retry"] != true || m["code"] != string(voiceproto.CodeOverloaded) {
				t.Errorf("after the upgrade: %v", m)
			}
			if code := closeCode(t, ws); code != voiceproto.CloseTryAgain {
				t.Errorf("closed with %d", code)
			}
		})
	}
}
