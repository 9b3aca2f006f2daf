package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/actors"
	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// dial opens a voice socket; the answer is what came instead of an upgrade.
func (b *bundle) dial(id interview.ID, query string, header ...string) (*websocket.Conn, answer) {
	b.t.Helper()
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	url := "ws" + strings.TrimPrefix(b.http.URL, "http") + "/voice/" + string(id) + query
	ws, res, err := websocket.DefaultDialer.DialContext(b.t.Context(), url, h)
	if err != nil {
		if res == nil {
			b.t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		raw, _ := io.ReadAll(res.Body)
		return nil, answer{res.StatusCode, res.Header, string(raw)}
	}
	b.t.Cleanup(func() { _ = ws.Close() })
	_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	return ws, answer{}
}

// next reads messages until one of the wanted type, and returns it.
func next(t *testing.T, ws *websocket.Conn, kind string) map[string]any {
	t.Helper()
	for {
		_, raw, err := ws.ReadMessage()
		if err != nil {
			t.Fatalf("waiting for %s: %v", kind, err)
		}
		var m map[string]any
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Fatal(err)
		}
		if m["type"] == kind {
			return m
		}
	}
}

// closeCode reads until the server closes and returns its code.
func closeCode(t *testing.T, ws *websocket.Conn) int {
	t.Helper()
	for {
		_, _, err := ws.ReadMessage()
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			return closed.Code
		}
		if err != nil {
			t.Fatalf("waiting for the close: %v", err)
		}
	}
}

func say(t *testing.T, ws *websocket.Conn, text string) {
	t.Helper()
	if err := ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

const (
	voiceImplied  = `,"type":"VOICE","consentPolicy":"implied"`
	voiceRequired = `,"type":"VOICE"`
)

func TestVoiceRefusesBeforeTheUpgrade(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, token := b.created(voiceImplied)
	other, _ := b.created(voiceImplied)
	_, revoked := b.created(voiceImplied)
	now := time.Now()
	b.memory.EditSession(revoked, func(s *hiring.Session) { s.InterviewID, s.RevokedAt = id, &now })
	_, expired := b.created(voiceImplied)
	b.memory.EditSession(expired, func(s *hiring.Session) { s.InterviewID, s.ExpiresAt = id, now.Add(-time.Millisecond) })
	for name, c := range map[string]struct {
		id     interview.ID
		query  string
		header []string
		status int
		body   string
	}{
		"no token":                       {id, "", nil, 401, `{"error":"Interview token required"}`},
		"an unknown token":               {id, "?token=nope", nil, 401, `{"error":"Invalid or expired interview token"}`},
		"a revoked token":                {id, "?token=" + revoked, nil, 401, `{"error":"Invalid or expired interview token"}`},
		"an expired token":               {id, "?token=" + expired, nil, 401, `{"error":"Invalid or expired interview token"}`},
		"the token of another interview": {other, "?token=" + token, nil, 401, `{"error":"Invalid or expired interview token"}`},
		"a header that overrides":        {id, "?token=" + token, []string{"X-Interview-Token", "nope"}, 401, `{"error":"Invalid or expired interview token"}`},
		"a page of another origin":       {id, "?token=" + token, []string{"Origin", "http://evil.test"}, 403, `{"error":"Forbidden"}`},
	} {
		if _, a := b.dial(c.id, c.query, c.header...); a.status != c.status || a.body != c.body {
			t.Errorf("%s: %d %s, want %d %s", name, a.status, a.body, c.status, c.body)
		}
	}
	if a := b.do(http.MethodGet, "/voice/"+string(id)+"?token="+token, ""); a.status != 404 || a.body != `{"error":"Not found"}` {
		t.Errorf("a valid token without an upgrade: %d %s", a.status, a.body)
	}
	b.calls.refuse = fmt.Errorf("%w: 1", actors.ErrFull)
	if _, a := b.dial(id, "?token="+token); a.status != 503 || a.header.Get("Retry-After") == "" {
		t.Errorf("a full house: %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	b.memory.Break(errors.New("connection refused"))
	if _, a := b.dial(id, "?token="+token); a.status != 503 || a.header.Get("Retry-After") != "2" || a.body != `{"error":"`+textAway+`"}` {
		t.Errorf("no database: %d %s", a.status, a.body)
	}
	if n := b.calls.connections(); n != 0 {
		t.Errorf("%d refused candidates reached an interview", n)
	}
}

func TestVoiceClosesWhatCanNotBeHeld(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, c := range map[string]struct {
		fields string
		status interview.Status
		code   int
	}{
		"a text interview":      {"", interview.StatusPending, voiceproto.CloseInvalidInterview},
		"a completed interview": {voiceImplied, interview.StatusCompleted, voiceproto.CloseNotActive},
		"an expired interview":  {voiceImplied, interview.StatusExpired, voiceproto.CloseNotActive},
	} {
		id, token := b.created(c.fields)
		b.memory.Edit(id, func(i *hiring.Interview) { i.Status = c.status })
		ws, a := b.dial(id, "?token="+token)
		if ws == nil {
			t.Errorf("%s: refused with %d", name, a.status)
			continue
		}
		if code := closeCode(t, ws); code != c.code {
			t.Errorf("%s: closed with %d, want %d", name, code, c.code)
		}
	}
	if n := b.calls.connections(); n != 0 {
		t.Errorf("%d of them reached an interview", n)
	}
}

func TestACallPassesThroughTheGate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, token := b.created(voiceImplied)
	ws, _ := b.dial(id, "?token="+token+"&typing=1", "Origin", testFrontend)
	if m := next(t, ws, "ready"); m["interviewId"] != string(id) {
		t.Errorf("ready: %v", m)
	}
	if err := ws.WriteMessage(websocket.BinaryMessage, []byte{1, 2, 3, 4}); err != nil {
		t.Fatal(err)
	}
	say(t, ws, `{"type":"skip"}`)
	say(t, ws, `not JSON`)
	say(t, ws, `{"type":"unheard of"}`)
	_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Now().Add(time.Second))
	if code := <-b.calls.closed; code != 1000 {
		t.Errorf("the interview was told of close code %d", code)
	}
	b.calls.mu.Lock()
	defer b.calls.mu.Unlock()
	if b.calls.audio.Len() != 4 || len(b.calls.messages) != 1 || !b.calls.typing[0] {
		t.Errorf("%d bytes of audio, messages %v, typing %v", b.calls.audio.Len(), b.calls.messages, b.calls.typing)
	}
	if c, given := b.memory.Consent(id); !given || c.Channel != hiring.ChannelImplied {
		t.Errorf("implied consent: %+v %t", c, given)
	}
	if row, _, err := b.memory.Repositories().Sessions.ByToken(context.Background(), token); err != nil || row.AccessCount != 1 {
		t.Errorf("access count is %d (%v), want 1", row.AccessCount, err)
	}
}

func TestNothingPassesBeforeTheConsent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, token := b.created(voiceRequired)
	ws, _ := b.dial(id, "?token="+token)
	m := next(t, ws, "consent_required")
	if m["version"] != hiring.ConsentVersion || m["text"] != hiring.ConsentText {
		t.Errorf("asked for %v", m)
	}
	if err := ws.WriteMessage(websocket.BinaryMessage, make([]byte, 640)); err != nil {
		t.Fatal(err)
	}
	say(t, ws, `{"type":"hello","acks":true,"gain":true,"typing":true}`)
	say(t, ws, `{"type":"text","content":"hello?"}`)
	say(t, ws, `{"type":"ping"}`)
	next(t, ws, "pong")
	say(t, ws, `{"type":"consent","version":"of last year"}`)
	next(t, ws, "consent_required") // the text of another version was not agreed to
	if n := b.calls.connections(); n != 0 {
		t.Fatal("the interview was reached before the consent")
	}
	if _, given := b.memory.Consent(id); given {
		t.Fatal("a consent was stored that was not given")
	}
	b.memory.Edit(id, func(i *hiring.Interview) { i.JobRole = "Changed while the candidate was reading" })
	say(t, ws, `{"type":"consent","version":"`+hiring.ConsentVersion+`"}`)
	next(t, ws, "ready")
	c, given := b.memory.Consent(id)
	if !given || c.Version != hiring.ConsentVersion || c.Channel != hiring.ChannelVoice || c.TextHash != hiring.ConsentHash() || c.At.IsZero() {
		t.Errorf("stored consent: %+v", c)
	}
	say(t, ws, `{"type":"ping"}`)
	for {
		b.calls.mu.Lock()
		messages, heard, typing, role := slices.Clone(b.calls.messages), b.calls.audio.Len(), b.calls.typing[0], b.calls.connected[0].JobRole
		b.calls.mu.Unlock()
		if role != "Changed while the candidate was reading" {
			t.Fatalf("the interview is held about %q, as it was before the consent", role)
		}
		if heard != 0 || !typing {
			t.Fatalf("%d bytes from before the consent were heard; typing = %t", heard, typing)
		}
		if len(messages) >= 1 { // the hello of before is handed on, the text is not
			if _, hello := messages[0].(voiceproto.Hello); !hello {
				t.Errorf("first message is %T", messages[0])
			}
			break
		}
	}
	again, _ := b.dial(id, "?token="+token)
	next(t, again, "ready") // a candidate who comes back is not asked again
}

func TestAConsentThatNeverComesEndsTheWait(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *Config) { c.ConsentWait = 50 * time.Millisecond })
	id, token := b.created(voiceRequired)
	ws, _ := b.dial(id, "?token="+token)
	if code := closeCode(t, ws); code != voiceproto.CloseFlood {
		t.Errorf("closed with %d", code)
	}
}

func TestRevokedAndEndedElsewhereCutTheCall(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, c := range map[string]struct {
		change func(b *bundle, id interview.ID, token string)
		code   int
	}{
		"the link was revoked": {func(b *bundle, _ interview.ID, tk string) {
			b.memory.EditSession(tk, func(s *hiring.Session) { s.RevokedAt = &now })
		}, voiceproto.CloseRevoked},
		"the link ran out": {func(b *bundle, _ interview.ID, tk string) {
			b.memory.EditSession(tk, func(s *hiring.Session) { s.ExpiresAt = now.Add(-time.Millisecond) })
		}, voiceproto.CloseRevoked},
		"the interview was deleted": {func(b *bundle, id interview.ID, _ string) { b.memory.Delete(id) }, voiceproto.CloseNotActive},
		"the interview was ended": {func(b *bundle, id interview.ID, _ string) {
			b.memory.Edit(id, func(i *hiring.Interview) { i.Status = interview.StatusCompleted })
		}, voiceproto.CloseNotActive},
	} {
		for _, fields := range []string{voiceImplied, voiceRequired} { // in the call, and still at the gate
			t.Run(name+fields, func(t *testing.T) {
				t.Parallel()
				b := setup(t)
				id, token := b.created(fields)
				ws, _ := b.dial(id, "?token="+token)
				if fields == voiceImplied {
					next(t, ws, "ready")
				} else {
					next(t, ws, "consent_required")
				}
				b.server.endCutCalls(t.Context()) // all is well: nothing happens
				c.change(b, id, token)
				b.server.endCutCalls(t.Context())
				if code := closeCode(t, ws); code != c.code {
					t.Errorf("closed with %d, want %d", code, c.code)
				}
			})
		}
	}
}

func TestADatabaseThatIsAwayCutsNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, token := b.created(voiceImplied)
	ws, _ := b.dial(id, "?token="+token)
	next(t, ws, "ready")
	b.memory.Break(errors.New("connection refused"))
	b.server.endCutCalls(t.Context())
	say(t, ws, `{"type":"skip"}`)
	b.calls.mu.Lock()
	defer b.calls.mu.Unlock()
	if len(b.calls.ended) != 0 {
		t.Errorf("calls were ended: %v", b.calls.ended)
	}
}

func TestShutdownSaysGoodbyeToOpenCalls(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, token := b.created(voiceImplied)
	ws, _ := b.dial(id, "?token="+token)
	next(t, ws, "ready")
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		done <- b.server.Shutdown(ctx)
	}()
	if m := next(t, ws, "gone"); m["reason"] != string(voiceproto.GoneShutdown) {
		t.Errorf("gone: %v", m)
	}
	if code := closeCode(t, ws); code != voiceproto.CloseGoingAway {
		t.Errorf("closed with %d", code)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
