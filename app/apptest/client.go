package apptest

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
)

// Client calls the product.
type Client struct {
	t       testing.TB
	base    string
	Headers map[string]string // of every request

	UserID, Email, Session string // of a client with a session
}

// Answer is what came back.
type Answer struct {
	t       testing.TB
	Request string
	Status  int
	Header  http.Header
	Cookies []*http.Cookie
	Body    string
}

// Get asks for a path.
func (c *Client) Get(path string) Answer { return c.Do(http.MethodGet, path, "") }

// Post posts a body; "" posts none.
func (c *Client) Post(path, body string) Answer { return c.Do(http.MethodPost, path, body) }

// Put puts a body.
func (c *Client) Put(path, body string) Answer { return c.Do(http.MethodPut, path, body) }

// Patch patches with a body.
func (c *Client) Patch(path, body string) Answer { return c.Do(http.MethodPatch, path, body) }

// Delete deletes.
func (c *Client) Delete(path string) Answer { return c.Do(http.MethodDelete, path, "") }

// Do sends a request with pairs of headers beside the client's own.
func (c *Client) Do(method, path, body string, headers ...string) Answer {
	c.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	return c.Send(method, path, reader, headers...)
}

// Send is Do with a body from a reader. It may be called by many goroutines.
func (c *Client) Send(method, path string, body io.Reader, headers ...string) Answer {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	for name, value := range c.Headers {
		req.Header.Set(name, value)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	noteCall(method, path)
	a := Answer{t: c.t, Request: method + " " + path}
	res, err := http.DefaultTransport.RoundTrip(req) // follows no redirect
	if err != nil {
		c.t.Errorf("%s: %v", a.Request, err)
		return a
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Errorf("%s: %v", a.Request, err)
	}
	a.Status, a.Header, a.Cookies, a.Body = res.StatusCode, res.Header, res.Cookies(), string(raw)
	return a
}

// Want fails the test when the status is another, and returns the answer.
func (a Answer) Want(status int) Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("%s: %d, want %d: %.500s", a.Request, a.Status, status, a.Body)
	}
	return a
}

// Refused checks a refusal's status and text.
func (a Answer) Refused(status int, text string) {
	a.t.Helper()
	a.Want(status)
	if got := a.Str("error"); got != text {
		a.t.Errorf("%s: error %q, want %q", a.Request, got, text)
	}
}

// JSON is the body as encoding/json reads it.
func (a Answer) JSON() any {
	a.t.Helper()
	var v any
	if err := json.Unmarshal([]byte(a.Body), &v); err != nil {
		a.t.Fatalf("%s: %v in %.500s", a.Request, err, a.Body)
	}
	return v
}

// At finds a value by its path, such as data.0.id; a missing one fails the test.
func (a Answer) At(path string) any {
	a.t.Helper()
	v := a.JSON()
	for part := range strings.SplitSeq(path, ".") {
		ok := false
		switch at := v.(type) {
		case map[string]any:
			v, ok = at[part]
		case []any:
			if n, err := strconv.Atoi(part); err == nil && n < len(at) {
				v, ok = at[n], true
			}
		}
		if !ok {
			a.t.Fatalf("%s: there is no %s (at %s) in %.500s", a.Request, path, part, a.Body)
		}
	}
	return v
}

// Str is At for a text.
func (a Answer) Str(path string) string {
	a.t.Helper()
	s, ok := a.At(path).(string)
	if !ok {
		a.t.Fatalf("%s: %s is no text in %.500s", a.Request, path, a.Body)
	}
	return s
}
