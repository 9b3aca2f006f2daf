package chat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/vantahire/vantahire/providers"
)

// Client asks one model. Goroutine-safe; Close it when no interview needs it.
type Client struct {
	profile    Profile
	opt        Options
	http       *http.Client
	own        *http.Transport // nil when the caller brought one
	live       atomic.Int64
	background chan struct{}
	window     atomic.Int64 // of the conversation, in tokens
	limits     limits
	stats      counters
	// How long the end of an answer may take; tests on busy machines have more.
	tail, drain time.Duration
}

// New makes a client; it connects with the first request.
func New(p Profile, o Options) *Client {
	o = o.withDefaults()
	c := &Client{profile: p.withDefaults(), opt: o, background: make(chan struct{}, o.Background), tail: tailWithin, drain: drainWithin}
	c.window.Store(int64(o.HistoryTokens))
	transport := o.Transport
	if transport == nil {
		c.own = newTransport()
		transport = c.own
	}
	// A redirect would carry the key and the conversation elsewhere.
	c.http = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return c
}

// Name is the profile's.
func (c *Client) Name() string { return c.profile.Name }

// Close drops the pooled connections. Replies that run go on.
func (c *Client) Close() {
	if c.own != nil {
		c.own.CloseIdleConnections()
	}
}

// Probe asks whether the server would answer, at the cost of no token: nil, the
// cause of ctx's end, or an *providers.Error.
func (c *Client) Probe(ctx context.Context) error {
	_, err := c.models(ctx)
	return err
}

// CheckModel asks whether the server lists the profile's model. Its error is meant
// for a warning at the start, not for an end: some servers list not all they have.
func (c *Client) CheckModel(ctx context.Context) error {
	listed, err := c.models(ctx)
	if err != nil {
		return err
	}
	for _, m := range listed {
		if m == c.profile.Model {
			return nil
		}
	}
	return c.fail(false, fmt.Errorf("%w: %s, among %d", ErrModelUnlisted, c.profile.Model, len(listed)))
}

// maxAnswer bounds an answer that comes in one piece.
const maxAnswer = 4 << 20

// models lists what the server has.
func (c *Client) models(ctx context.Context) ([]string, error) {
	res, err := c.send(ctx, http.MethodGet, "/models", nil)
	if err != nil {
		return nil, c.lost(ctx, err)
	}
	if res.StatusCode != http.StatusOK {
		return nil, c.refused(res)
	}
	defer func() { _ = res.Body.Close() }()
	var list struct {
		Data []struct {
			ID string `json:"id"`
		} `json:"data"`
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, c.lost(ctx, err)
	}
	if err := json.Unmarshal(raw, &list); err != nil {
		c.stats.garbled.Add(1)
		return nil, c.fail(true, fmt.Errorf("%w: list of models", ErrGarbled))
	}
	var names []string
	for _, m := range list.Data {
		names = append(names, m.ID)
	}
	return names, nil
}

// send makes one request. A pooled connection that turns out to be dead before any
// byte of an answer came costs one more attempt, over a new one. The error is that
// of the network or the cause of ctx's end.
func (c *Client) send(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	for again := false; ; again = true {
		var reused, answered atomic.Bool
		traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GotConn:              func(i httptrace.GotConnInfo) { reused.Store(i.Reused) },
			GotFirstResponseByte: func() { answered.Store(true) },
		})
		req, err := http.NewRequestWithContext(traced, method, c.profile.BaseURL+path, bytes.NewReader(body))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", providers.ErrUnavailable, err)
		}
		c.dress(req)
		c.stats.requests.Add(1)
		res, err := c.http.Do(req)
		if err == nil {
			c.limits.read(res.Header)
			return res, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if reused.Load() && !answered.Load() && !again {
			c.stats.reconnected.Add(1)
			c.stats.retried.Add(1)
			c.Close() // its neighbours died with it
			continue
		}
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return nil, err
	}
}

// dress sets the header of a request.
func (c *Client) dress(req *http.Request) {
	if req.Method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("User-Agent", "vantahire")
	if c.profile.Key != "" {
		req.Header.Set("Authorization", "Bearer "+c.profile.Key)
	}
	for name, value := range c.profile.Headers {
		req.Header.Set(name, value)
	}
}

// lost makes the error of a request without an answer: the cause when the caller
// ended it.
func (c *Client) lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, providers.ErrNoProgress) {
		c.stats.stalled.Add(1)
	}
	return c.fail(!errors.Is(err, providers.ErrUnavailable), fmt.Errorf("ask: %w", err))
}
