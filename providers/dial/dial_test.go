package dial

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers"
)

func answering(t *testing.T, status int, header map[string]string, body string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func request(url string) Request {
	return Request{Stage: providers.StageSTT, Provider: "someone", URL: url + "/v1?x=1", Header: http.Header{"Authorization": {"Token sekret"}}}
}

func TestARefusalSaysWhyAndWhetherToTryAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		header map[string]string
		body   string
		want   Refusal
		retry  bool
	}{
		"a wrong key":     {401, map[string]string{"dg-request-id": "r1"}, `{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials.","request_id":"r1"}`, Refusal{401, "INVALID_AUTH", "Invalid credentials.", "r1", 0}, false},
		"no money":        {402, nil, `{"err_code":"ASR_PAYMENT_REQUIRED","err_msg":"Out of credits"}`, Refusal{402, "ASR_PAYMENT_REQUIRED", "Out of credits", "", 0}, false},
		"no permission":   {403, nil, `{"category":"FORBIDDEN","message":"no access to model","details":"ask"}`, Refusal{403, "FORBIDDEN", "no access to model", "", 0}, false},
		"too many":        {429, map[string]string{"Retry-After": "2"}, `{"error":{"message":"Rate limit reached","type":"tokens","code":"rate_limit_exceeded"}}`, Refusal{429, "rate_limit_exceeded", "Rate limit reached", "", 2 * time.Second}, true},
		"no capacity":     {498, nil, `{"error":"flex tier out of capacity"}`, Refusal{498, "", "flex tier out of capacity", "", 0}, true},
		"no such model":   {400, nil, `{"title":"Model not found","error_code":"model_not_found"}`, Refusal{400, "model_not_found", "Model not found", "", 0}, false},
		"an edge's page":  {502, map[string]string{"x-request-id": "e9"}, "<html>\n  Bad   Gateway</html>", Refusal{502, "", "<html> Bad Gateway</html>", "e9", 0}, true},
		"nothing":         {503, map[string]string{"Retry-After": "soon"}, "", Refusal{503, "", "", "", 0}, true},
		"a list":          {500, nil, `[1]`, Refusal{500, "", "[1]", "", 0}, true},
		"success instead": {200, nil, "ok", Refusal{200, "", "ok", "", 0}, true},
	} {
		_, _, err := WebSocket(t.Context(), request(answering(t, c.status, c.header, c.body)))
		var failed *providers.Error
		var refusal *Refusal
		if !errors.As(err, &failed) || !errors.As(err, &refusal) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if *refusal != c.want || failed.Retry != c.retry || refusal.Retry() != c.retry || failed.Provider != "someone" || failed.Stage != providers.StageSTT {
			t.Errorf("%s: %+v, retry %t", name, *refusal, failed.Retry)
		}
		if strings.Contains(err.Error(), "sekret") {
			t.Errorf("%s: the key is in %v", name, err)
		}
	}
}

func TestALongRefusalIsShortened(t *testing.T) {
	t.Parallel()
	_, _, err := WebSocket(t.Context(), request(answering(t, 500, nil, strings.Repeat("é", 1<<20))))
	if n := len(err.Error()); n > 400 || !utf8.ValidString(err.Error()) {
		t.Errorf("%d bytes of error", n)
	}
}

func TestNobodyThereMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{"refused": "ws://127.0.0.1:1", "hung up": hangingUp(t)} {
		_, _, err := WebSocket(t.Context(), request(url))
		var failed *providers.Error
		if !errors.As(err, &failed) || !failed.Retry {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, providers.ErrNoProgress)
	defer cancel()
	if _, _, err := WebSocket(ctx, request(silent(t))); !errors.Is(err, providers.ErrNoProgress) {
		t.Errorf("nobody answers: %v", err)
	}
}

// early is a context whose end comes after its deadline, as that of any context
// may on a busy machine.
type early struct {
	context.Context
	deadline time.Time
}

func (e early) Deadline() (time.Time, bool) { return e.deadline, true }

func TestASocketThatTimesOutBeforeItsContextHasTheCauseOfTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	late := time.AfterFunc(300*time.Millisecond, func() { cancel(providers.ErrNoProgress) })
	defer late.Stop()
	_, _, err := WebSocket(early{ctx, time.Now().Add(20 * time.Millisecond)}, request(silent(t)))
	var failed *providers.Error
	if !errors.As(err, &failed) || !failed.Retry || !errors.Is(err, providers.ErrNoProgress) {
		t.Errorf("%v", err)
	}
}

func TestATimeoutOfTheSocketAloneStaysOne(t *testing.T) {
	t.Parallel()
	timeout := &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	for name, ctx := range map[string]context.Context{"no deadline": t.Context(), "a deadline to come": ctx} {
		if cause := ended(ctx, timeout); cause != nil {
			t.Errorf("%s: %v", name, cause)
		}
	}
}

// hangingUp accepts and closes, silent accepts and says nothing.
func hangingUp(t *testing.T) string {
	return listen(t, func(c net.Conn) { _ = c.Close() })
}

func silent(t *testing.T) string {
	return listen(t, func(c net.Conn) { t.Cleanup(func() { _ = c.Close() }) })
}

func listen(t *testing.T, each func(net.Conn)) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			each(c)
		}
	}()
	t.Cleanup(func() { _ = l.Close(); <-done })
	return "http://" + l.Addr().String()
}

func TestADialedSocketReadsLargeMessages(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Token sekret" || r.URL.Query().Get("x") != "1" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		ws, err := (&websocket.Upgrader{}).Upgrade(w, r, http.Header{"Dg-Request-Id": {"r7"}})
		if err != nil {
			return
		}
		defer func() { _ = ws.Close() }()
		_ = ws.WriteMessage(websocket.TextMessage, make([]byte, 1<<20))
	}))
	t.Cleanup(s.Close)
	ws, header, err := WebSocket(t.Context(), request(s.URL))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ws.Close() }()
	if header.Get("dg-request-id") != "r7" {
		t.Errorf("header %v", header)
	}
	if _, raw, err := ws.ReadMessage(); err != nil || len(raw) != 1<<20 {
		t.Errorf("%d bytes, %v", len(raw), err)
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{`{"error":{"message":"m","code":"c"}}`, `{"error":"bare"}`, `{"err_code":1}`, "<html>", `{"error":null,"message":"x"}`, "\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		code, message := words(raw)
		if len(code) > maxCause+3 || len(message) > maxCause+3 || !utf8.ValidString(code+message) || strings.ContainsAny(code+message, "\r\n") {
			t.Errorf("%q %q", code, message)
		}
	})
}
