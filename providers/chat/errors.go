package chat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
)

var (
	// ErrEmpty indicates an answer without a word: a reasoning model that spent
	// its bound on thinking, or a server that ended early.
	ErrEmpty = errors.New("empty answer")
	// ErrTruncated indicates a stream that ended before the model was done.
	ErrTruncated = errors.New("answer cut off")
	// ErrGarbled indicates an answer that breaks the protocol.
	ErrGarbled = errors.New("answer is not understood")
	// ErrFiltered indicates that the server's content filter ended the answer.
	ErrFiltered = errors.New("answer stopped by the content filter")
	// ErrInvalid indicates an answer that does not fit what was asked for, also
	// after one repair: a person has to look.
	ErrInvalid = errors.New("answer does not fit")
	// ErrModelUnlisted indicates a model the server does not list.
	ErrModelUnlisted = errors.New("model is not listed")
)

// BrokenOff is a failure after some words of a reply were delivered: they may have
// been spoken.
type BrokenOff struct {
	Delivered int // bytes of text
	Err       error
}

// Error says how far the reply came; never its text.
func (b *BrokenOff) Error() string {
	return fmt.Sprintf("broke off after %d bytes: %v", b.Delivered, b.Err)
}

// Unwrap gives the cause.
func (b *BrokenOff) Unwrap() error { return b.Err }

// fail makes the error of a failed call.
func (c *Client) fail(retry bool, err error) error {
	return &providers.Error{Stage: providers.StageLLM, Provider: c.profile.Name, Retry: retry, Err: err}
}

// refused makes the error of an answer that is no success. It closes the body.
func (c *Client) refused(res *http.Response) error {
	raw, _ := io.ReadAll(io.LimitReader(res.Body, maxRefusal)) // what came is enough
	_ = res.Body.Close()
	raw = c.withoutKey(raw)
	res.Body = io.NopCloser(bytes.NewReader(raw))
	refusal := dial.NewRefusal(res)
	if refusal.RequestID == "" {
		refusal.RequestID = res.Header.Get("x-groq-id")
	}
	if refusal.RetryAfter == 0 && refusal.Retry() {
		refusal.RetryAfter = retryIn(string(raw))
	}
	c.note(refusal)
	return c.fail(refusal.Retry(), refusal)
}

// maxRefusal bounds what is read of a refusal.
const maxRefusal = 16 << 10

// withoutKey takes the key out of what a server repeats.
func (c *Client) withoutKey(raw []byte) []byte {
	if len(c.profile.Key) < 8 {
		return raw
	}
	return bytes.ReplaceAll(raw, []byte(c.profile.Key), []byte("[key]"))
}

// note counts a refusal.
func (c *Client) note(r *dial.Refusal) {
	c.stats.refused.Add(1)
	if r.Status == http.StatusTooManyRequests {
		c.stats.rateLimited.Add(1)
	}
}

var pause = regexp.MustCompile(`(?i)try again in ((?:\d{1,9}(?:\.\d{1,9})?(?:ms|h|m|s))+)`)

// retryIn finds the pause a refusal names in words: "Please try again in 5.289s."
func retryIn(text string) time.Duration {
	m := pause.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	d, err := time.ParseDuration(strings.ToLower(m[1]))
	if err != nil || d > 24*time.Hour {
		return 0
	}
	return d
}

// wordsOf are the fields of an error object that matter.
type wordsOf struct {
	Message string          `json:"message"`
	Type    string          `json:"type"`
	Code    json.RawMessage `json:"code"` // a name or a status
	Status  json.RawMessage `json:"status_code"`
}

// late makes the refusal of an error that came after the status 200: an object, or
// a bare string.
func (c *Client) late(raw json.RawMessage) *dial.Refusal {
	raw = c.withoutKey(raw)
	r := &dial.Refusal{Status: http.StatusInternalServerError}
	var w wordsOf
	if json.Unmarshal(raw, &r.Message) != nil && json.Unmarshal(raw, &w) == nil {
		r.Message, r.Code = w.Message, w.Type
		var name string
		if json.Unmarshal(w.Code, &name) == nil && name != "" {
			r.Code = name
		}
	}
	r.Message, r.Code = shortened(r.Message), shortened(r.Code)
	if r.Message == "" && r.Code == "" {
		r.Message = "error in the stream"
	}
	for _, field := range []json.RawMessage{w.Status, w.Code} {
		if n, err := strconv.Atoi(strings.Trim(string(field), `"`)); err == nil && n >= 400 && n < 600 {
			r.Status = n
			break
		}
	}
	lower := strings.ToLower(r.Code + " " + r.Message)
	for _, known := range []struct {
		word   string
		status int
	}{
		{"rate_limit", http.StatusTooManyRequests},
		{"rate limit", http.StatusTooManyRequests},
		{"too many requests", http.StatusTooManyRequests},
		{"over capacity", http.StatusServiceUnavailable},
		{"overloaded", http.StatusServiceUnavailable},
		{"invalid_api_key", http.StatusUnauthorized},
		{"model_not_found", http.StatusNotFound},
		{"invalid_request", http.StatusBadRequest},
	} {
		if r.Status == http.StatusInternalServerError && strings.Contains(lower, known.word) {
			r.Status = known.status
		}
	}
	r.RetryAfter = retryIn(r.Message)
	c.note(r)
	return r
}

// shortened keeps the start of a server's words, in one line.
func shortened(s string) string {
	const most = 300
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}
