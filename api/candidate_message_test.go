package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/actors"
	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

const textRequired = `,"type":"TEXT","consentPolicy":"required"`

// writing is an edge with an interview in writing that is in progress.
func writing(t *testing.T) (b *bundle, id interview.ID, post func(content string) answer) {
	t.Helper()
	b = setup(t)
	id, token := b.created(textRequired)
	b.memory.Edit(id, func(i *hiring.Interview) { i.Status = interview.StatusInProgress })
	return b, id, func(content string) answer {
		return b.do(http.MethodPost, "/interviews/candidate/message", fmt.Sprintf(`{"content":%q}`, content), "X-Interview-Token", token)
	}
}

func TestAMessageWithoutAReplySaysWhyAndWhenToTryAgain(t *testing.T) {
	t.Parallel()
	elsewhere := &interview.OwnedElsewhereError{RetryAfter: 2500 * time.Millisecond}
	for name, c := range map[string]struct {
		err    error
		status int
		text   string
		retry  string
	}{
		"it is over":                 {fmt.Errorf("x: %w", actors.ErrNotActive), 400, "Interview not in progress", ""},
		"another process has it":     {fmt.Errorf("x: %w", elsewhere), 503, textResumed, "3"},
		"too many are live":          {fmt.Errorf("x: %w", actors.ErrFull), 503, textFull, "30"},
		"the server stops":           {actors.ErrClosed, 503, textFull, "30"},
		"the process went":           {actors.ErrInterrupted, 503, textUnanswered, "2"},
		"the ledger does not answer": {fmt.Errorf("%w: x", actors.ErrUnclaimed), 503, textAway, "2"},
		"it takes too long":          {context.DeadlineExceeded, 503, textUnanswered, "2"},
		"a defect":                   {errors.New("SELECT secret"), 500, "Internal server error", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, _, post := writing(t)
			b.calls.afterward = c.err
			a := post("Hello.")
			if a.status != c.status || !strings.Contains(a.body, `"error":"`+c.text+`"`) || a.header.Get("Retry-After") != c.retry {
				t.Errorf("%d %s, retry after %q", a.status, a.body, a.header.Get("Retry-After"))
			}
		})
	}
}

func TestTheFirstMessageIsTheConsent(t *testing.T) {
	t.Parallel()
	b, id, post := writing(t)
	b.memory.Break(errGone)
	if a := post(""); a.status < 400 || b.calls.connections() != 0 {
		t.Errorf("without a consent that is kept: %d %s", a.status, a.body)
	}
	b.memory.Break(nil)
	if a := post(""); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if c, ok := b.memory.Consent(id); !ok || c.Channel != hiring.ChannelWeb || c.TextHash != hiring.ConsentHash() {
		t.Errorf("consent: %+v, %t", c, ok)
	}
}

func TestTheWatchEndsInterviewsInWriting(t *testing.T) {
	t.Parallel()
	b, id, post := writing(t)
	b.server.endCutCalls(t.Context())
	if a := post("Hello."); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	b.server.endCutCalls(t.Context())
	if n := len(b.calls.ended); n != 0 {
		t.Fatalf("%d were ended", n)
	}
	b.memory.Edit(id, func(i *hiring.Interview) { i.Status = interview.StatusCompleted })
	b.server.endCutCalls(t.Context())
	if len(b.calls.ended) != 1 || b.calls.ended[0] != interview.EndElsewhere {
		t.Errorf("ended: %v", b.calls.ended)
	}
	b.calls.mu.Lock()
	b.calls.over = true
	b.calls.mu.Unlock()
	b.server.endCutCalls(t.Context())
	if n := len(b.server.texts.links); n != 0 {
		t.Errorf("%d links are still watched", n)
	}
}
