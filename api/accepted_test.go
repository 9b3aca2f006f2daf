package api

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
)

var errGone = errors.New("connection refused")

// A candidate who is in an interview loses the network while the database is away.
func TestWhoGetsInWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, c := range map[string]struct {
		change func(b *bundle, token string)
		status int // 0: they are in
	}{
		"the database refuses connections": {func(b *bundle, _ string) { b.memory.Break(errGone) }, 0},
		"the database is stopped":          {func(b *bundle, _ string) { b.hang.Store(true) }, 0},
		"the link is revoked, and the database says so": {func(b *bundle, token string) {
			b.memory.EditSession(token, func(s *hiring.Session) { s.RevokedAt = &now })
		}, 401},
		"the link was refused once, and then the database went": {func(b *bundle, token string) {
			b.memory.EditSession(token, func(s *hiring.Session) { s.RevokedAt = &now })
			b.do(http.MethodGet, "/voice/x?token="+token, "")
			b.memory.Break(errGone)
		}, 503},
		"the link was cut while nobody was connected, and then the database went": {func(b *bundle, token string) {
			b.memory.EditSession(token, func(s *hiring.Session) { s.RevokedAt = &now })
			b.server.endCutCalls(b.t.Context())
			b.memory.Break(errGone)
		}, 503},
		"the link runs out meanwhile": {func(b *bundle, token string) {
			b.server.accepted.mu.Lock()
			for key, access := range b.server.accepted.links {
				access.Session.ExpiresAt = now
				b.server.accepted.links[key] = access
			}
			b.server.accepted.mu.Unlock()
			b.memory.Break(errGone)
		}, 503},
		"the interview is not live any more": {func(b *bundle, _ string) {
			b.calls.mu.Lock()
			b.calls.over = true
			b.calls.mu.Unlock()
			b.memory.Break(errGone)
		}, 503},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			id, token := b.created(voiceRequired)
			ws, _ := b.dial(id, "?token="+token)
			next(t, ws, "consent_required")
			say(t, ws, `{"type":"consent","version":"`+hiring.ConsentVersion+`"}`)
			next(t, ws, "ready")
			_ = ws.Close()
			<-b.calls.closed
			waitForNoSockets(t, b)

			c.change(b, token)
			again, a := b.dial(id, "?token="+token)
			if a.status != c.status {
				t.Fatalf("answered with %d %s, want %d", a.status, a.body, c.status)
			}
			if again == nil {
				return
			}
			next(t, again, "ready") // and no question about the consent before it
			if n := b.calls.connections(); n != 2 {
				t.Errorf("%d connections reached the interview", n)
			}
			if asked, wait := b.asked.Load(), time.Duration(b.patience.Load()); asked > 1 || wait > acceptedWait {
				t.Errorf("a stopped database was asked %d times, for up to %s", asked, wait)
			}
			if other, a := b.dial(id, "?token=another"); other != nil || a.status != 503 || a.header.Get("Retry-After") != "2" {
				t.Errorf("a token that nobody knows: %d %s", a.status, a.body)
			}
		})
	}
}

func waitForNoSockets(t *testing.T, b *bundle) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(b.server.sockets.all()) > 0; {
		if time.Now().After(deadline) {
			t.Fatal("the connection is still open")
		}
		time.Sleep(time.Millisecond) //nolint:forbidigo // a real socket
	}
}

// The database goes between the question about the token and that about the consent.
func TestADatabaseThatGoesAtTheGateKeepsNobodyOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, token := b.created(voiceImplied)
	ws, _ := b.dial(id, "?token="+token)
	next(t, ws, "ready")
	g := &gate{server: b.server, access: hiring.Access{Interview: b.memory.Row(id)}}
	b.hang.Store(true)
	for name, c := range map[string]struct {
		known standing
		given bool
		err   error
	}{
		"one who was in":          {standing{in: true}, true, nil},
		"one whom nobody can ask": {standing{in: true, away: true}, true, nil},
	} {
		g.known = c.known
		if given, err := g.askDatabase(t.Context()); given != c.given || !errors.Is(err, c.err) {
			t.Errorf("%s: consent %t, %v", name, given, err)
		}
	}
	b.hang.Store(false)
	b.memory.Break(errGone)
	g.known = standing{}
	if given, err := g.askDatabase(t.Context()); given || !errors.Is(err, errDatabaseAway) {
		t.Errorf("one who is new: consent %t, %v", given, err)
	}
}

func TestAConsentThatCanNotBeStoredMayBeGivenAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, token := b.created(voiceRequired)
	ws, _ := b.dial(id, "?token="+token)
	next(t, ws, "consent_required")
	b.memory.Break(errGone)
	say(t, ws, `{"type":"consent","version":"`+hiring.ConsentVersion+`"}`)
	if m := next(t, ws, "error"); m["message"] != textAway || m["retry"] != true {
		t.Errorf("told %v", m)
	}
	if code := closeCode(t, ws); code != voiceproto.CloseTryAgain {
		t.Errorf("closed with %d", code)
	}
	if n := b.calls.connections(); n != 0 {
		t.Error("the interview was reached without a stored consent")
	}
}

func TestOnlyLiveInterviewsAreRemembered(t *testing.T) {
	t.Parallel()
	a := newAccepted()
	link := func(id interview.ID, token string) hiring.Access {
		return hiring.Access{Interview: hiring.Interview{ID: id}, Session: hiring.Session{ID: "of " + token, Token: token, ExpiresAt: time.Now().Add(time.Hour)}}
	}
	for _, access := range []hiring.Access{link("one", "a"), link("one", "a"), link("one", "b"), link("two", "c")} {
		a.keep(access)
	}
	if links := a.sweep(func(id interview.ID) bool { return id == "one" }); len(links) != 2 || len(a.links) != 2 {
		t.Errorf("%d links are remembered of one live interview with two: %v", len(a.links), links)
	}
	a.forgetLink(hiring.LiveLink{Interview: "one", SessionID: "of a"})
	_, first := a.find("a")
	_, second := a.find("b")
	if first || !second {
		t.Errorf("the cut link is remembered: %t; the other is: %t", first, second)
	}
}

func TestAStoppedDatabaseEndsNobodyAndLooksDoNotPileUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, token := b.created(voiceImplied)
	ws, _ := b.dial(id, "?token="+token)
	next(t, ws, "ready")
	b.hang.Store(true)
	began := time.Now()
	b.server.endCutCalls(t.Context())
	if took := time.Since(began); took > voiceSetup {
		t.Errorf("a look hung for %s", took)
	}
	if n := b.asked.Load(); n != 1 {
		t.Errorf("one look asked %d times", n)
	}
	b.calls.mu.Lock()
	ended := len(b.calls.ended)
	b.calls.mu.Unlock()
	if ended != 0 || !b.server.blind {
		t.Errorf("%d calls were ended by a look that failed (noted: %t)", ended, b.server.blind)
	}
	b.hang.Store(false)
	b.server.endCutCalls(t.Context())
	if b.server.blind {
		t.Error("it does not see that the database is back")
	}
	b.memory.Delete(id)
	b.server.endCutCalls(t.Context())
	if code := closeCode(t, ws); code != voiceproto.CloseNotActive {
		t.Errorf("after the outage a deleted interview is closed with %d", code)
	}
}
