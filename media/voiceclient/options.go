package voiceclient

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Options says whom to call and how to behave.
type Options struct {
	// URL is the voice address, such as ws://127.0.0.1:3000/voice/<interview id>;
	// http and https mean ws and wss.
	URL string
	// Token is the interview token; it travels as X-Interview-Token. Empty sends
	// none.
	Token string
	// Header is sent along with the upgrade request.
	Header http.Header
	// Acks makes the client announce itself, acknowledge what it plays and obey
	// gain, hold, release and flush. Without it the client knows only the messages
	// of the contract and plays whatever arrives.
	Acks bool
	// Typing tells the server that the candidate types; the microphone stays off.
	Typing bool
	// Keep makes the client keep the PCM it played: 48 kB for each second of
	// speech, up to an hour of it.
	Keep bool
	// Name is the client's name for the server's log.
	Name string
	// OnEvent is told what happens, one event at a time, in order of arrival. It
	// must not block and must not call Close or Drop.
	OnEvent func(Event)
	// Log gets debug lines; nil discards.
	Log *slog.Logger
	// NetDial opens the TCP connection; nil is the net package's.
	NetDial func(ctx context.Context, network, addr string) (net.Conn, error)
}

// NewOptions returns the options of a full client that keeps what it hears.
func NewOptions(url, token string) Options {
	return Options{URL: url, Token: token, Acks: true, Keep: true, Name: "vantahire-go"}
}

// DialError is a call that was not taken.
type DialError struct {
	// Status is the HTTP status of the refusal, 0 when there was no answer.
	Status int
	// Message is the "error" text of the refusal, or else the start of its body.
	Message string
	// RetryAfter is how long the server asks to wait; 0 when it does not say.
	RetryAfter time.Duration
	// Err is what the transport says.
	Err error
}

func (e *DialError) Error() string {
	if e.Status == 0 {
		return fmt.Sprintf("dial voice: %v", e.Err)
	}
	return fmt.Sprintf("dial voice: %d %s", e.Status, e.Message)
}

func (e *DialError) Unwrap() error { return e.Err }

// maxRefusal bounds how much of a refusal's body is read.
const maxRefusal = 4 << 10

func dialError(resp *http.Response, now time.Time, err error) *DialError {
	e := &DialError{Err: err}
	if resp == nil {
		return e
	}
	e.Status = resp.StatusCode
	e.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), now)
	body, readErr := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	if readErr != nil {
		e.Message = http.StatusText(e.Status)
		return e
	}
	var doc struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &doc) == nil && doc.Error != "" {
		e.Message = doc.Error
	} else {
		e.Message = strings.TrimSpace(string(body))
	}
	return e
}

// retryAfter reads both forms of the header (RFC 9110 section 10.2.3).
func retryAfter(v string, now time.Time) time.Duration {
	if s, err := strconv.ParseUint(v, 10, 31); err == nil {
		return time.Duration(s) * time.Second
	}
	if at, err := http.ParseTime(v); err == nil {
		return max(0, at.Sub(now))
	}
	return 0
}
