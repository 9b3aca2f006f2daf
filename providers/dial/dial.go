package dial

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers"
)

const (
	// maxRefusal is how much of a refusal's body is read, and maxCause how much of
	// it an error repeats.
	maxRefusal = 16 << 10
	maxCause   = 300
	// maxMessage bounds one message of a provider: a result with a few hundred
	// words, or some seconds of audio in base64.
	maxMessage = 8 << 20
	// handshakeTimeout bounds a dial whose context does not.
	handshakeTimeout = 10 * time.Second
)

// Refusal is an HTTP answer that is no success: to a WebSocket handshake or to a
// plain request.
type Refusal struct {
	Status     int
	Code       string        // the provider's own name of it, such as INVALID_AUTH
	Message    string        // the provider's words, shortened; never a key
	RequestID  string        // what the provider's support asks for
	RetryAfter time.Duration // 0 when it does not say
}

// Error is the refusal in one line.
func (r *Refusal) Error() string {
	parts := []string{strconv.Itoa(r.Status)}
	for _, s := range []string{r.Code, r.Message} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if r.RequestID != "" {
		parts = append(parts, "request "+r.RequestID)
	}
	return strings.Join(parts, " ")
}

// Retry reports whether the same request may succeed later: what is wrong with
// the key, the bill, the permission or the request itself stays wrong.
func (r *Refusal) Retry() bool {
	switch {
	case r.Status == http.StatusTooManyRequests, r.Status == http.StatusRequestTimeout, r.Status == http.StatusConflict:
		return true
	case r.Status == 498: // a provider's "out of capacity"
		return true
	case r.Status >= 400 && r.Status < 500:
		return false
	}
	return true
}

// NewRefusal reads an answer that is no success. It reads and closes the body.
func NewRefusal(res *http.Response) *Refusal {
	r := &Refusal{Status: res.StatusCode, RequestID: res.Header.Get("dg-request-id")}
	if r.RequestID == "" {
		r.RequestID = res.Header.Get("x-request-id")
	}
	if seconds, err := strconv.ParseFloat(res.Header.Get("Retry-After"), 64); err == nil && seconds > 0 && seconds < 3600 {
		r.RetryAfter = time.Duration(seconds * float64(time.Second))
	}
	var raw []byte
	if res.Body != nil {
		raw, _ = io.ReadAll(io.LimitReader(res.Body, maxRefusal)) // what came is enough
		_ = res.Body.Close()
	}
	r.Code, r.Message = words(raw)
	return r
}

// words finds the code and the message in the shapes providers use; anything else
// is repeated as it is, shortened.
func words(raw []byte) (code, message string) {
	raw = bytes.TrimSpace(raw)
	var body map[string]json.RawMessage
	if json.Unmarshal(raw, &body) == nil {
		var inner map[string]json.RawMessage
		if json.Unmarshal(body["error"], &inner) == nil && inner != nil {
			body = inner
		}
		pick := func(names ...string) string {
			for _, name := range names {
				var s string
				if json.Unmarshal(body[name], &s) == nil && s != "" {
					return s
				}
			}
			return ""
		}
		code = pick("err_code", "error_code", "code", "category", "type")
		message = pick("err_msg", "message", "title", "error", "description", "details")
	}
	if message == "" && code == "" {
		message = string(raw)
	}
	return shorten(code), shorten(message)
}

func shorten(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if len(s) <= maxCause {
		return s
	}
	cut := maxCause
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}

// Request says what to dial for which stage of the pipeline.
type Request struct {
	Stage    providers.Stage
	Provider string // "deepgram"
	URL      string // ws:, wss:, http: or https:, with its query
	Header   http.Header
}

// WebSocket dials. A failure is a *providers.Error; when the provider answered, it
// wraps a *Refusal and its Retry says whether another attempt makes sense. The
// connection reads messages of at most 8 MiB. The returned header is that of the
// answer.
func WebSocket(ctx context.Context, r Request) (*websocket.Conn, http.Header, error) {
	url := r.URL
	if rest, ok := strings.CutPrefix(url, "http"); ok {
		url = "ws" + rest
	}
	dialer := websocket.Dialer{HandshakeTimeout: handshakeTimeout, Proxy: http.ProxyFromEnvironment, ReadBufferSize: 32 << 10, WriteBufferSize: 8 << 10}
	ws, res, err := dialer.DialContext(ctx, url, r.Header)
	if err == nil {
		ws.SetReadLimit(maxMessage)
		return ws, res.Header, nil
	}
	if res != nil && res.StatusCode != http.StatusSwitchingProtocols {
		refusal := NewRefusal(res)
		return nil, nil, &providers.Error{Stage: r.Stage, Provider: r.Provider, Retry: refusal.Retry(), Err: refusal}
	}
	if cause := ended(ctx, err); cause != nil {
		err = cause
	}
	return nil, nil, &providers.Error{Stage: r.Stage, Provider: r.Provider, Retry: !errors.Is(err, context.Canceled), Err: fmt.Errorf("connect: %w", err)}
}

// ended returns the cause of the end of ctx, nil while it lasts. The deadline of a
// socket is that of its context and may be noticed a moment before it, so a
// timeout that comes when the deadline has passed waits for the context to say so.
func ended(ctx context.Context, err error) error {
	var timeout net.Error
	deadline, ok := ctx.Deadline()
	if ctx.Err() == nil && ok && errors.As(err, &timeout) && timeout.Timeout() && !time.Now().Before(deadline) {
		<-ctx.Done() // its timer is due
	}
	return context.Cause(ctx)
}
