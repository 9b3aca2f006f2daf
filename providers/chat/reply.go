package chat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
)

// Reply asks for one reply. It blocks until the server begins to answer, at most
// Options.FirstToken. Its error, and that of Recv, is the cause of ctx's end or an
// *providers.Error; one that wraps a *BrokenOff came after some words.
func (c *Client) Reply(ctx context.Context, r providers.ChatRequest) (providers.TokenStream, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if c.live.Add(1) > int64(c.opt.Live) {
		c.live.Add(-1)
		c.stats.busy.Add(1)
		return nil, c.fail(true, providers.ErrBusy)
	}
	s := c.newStream(ctx, r)
	res, err := s.open() //nolint:bodyclose // run closes it
	if err != nil {
		s.end(err)
		s.release()
		s.cancel(context.Canceled)
		return nil, s.err
	}
	go s.run(res)
	return s, nil
}

func (c *Client) newStream(ctx context.Context, r providers.ChatRequest) *stream {
	s := &stream{client: c, caller: ctx, pieces: make(chan string, queued), done: make(chan struct{})}
	s.call = call{messages: c.messages(r), cap: r.MaxTokens, temperature: r.Temperature, stream: true}
	if s.call.cap <= 0 {
		s.call.cap = c.opt.MaxTokens
	}
	s.prompt = tokensOf(s.call.messages)
	life, cancel := context.WithCancelCause(ctx)
	s.cancel = cancel
	bounded, free := context.WithTimeoutCause(life, c.opt.Total, fmt.Errorf("no end within %s: %w", c.opt.Total, providers.ErrNoProgress))
	request, abort := context.WithCancelCause(bounded)
	s.ctx = request
	s.watch = newWatch(abort)
	s.watch.expect("word", c.opt.FirstToken)
	s.stop = func() {
		s.watch.stop()
		abort(context.Canceled)
		free()
	}
	return s
}

// release frees what the request held.
func (s *stream) release() {
	s.stop()
	s.client.live.Add(-1)
}

// open makes the request, once more when the client has the patience.
func (s *stream) open() (*http.Response, error) {
	for again := false; ; again = true {
		res, err := s.ask()
		var refusal *dial.Refusal
		if err == nil || again || !errors.As(err, &refusal) || !s.client.patient(refusal) {
			return res, err
		}
		s.client.stats.retried.Add(1)
		if !pauseFor(s.ctx, refusal.RetryAfter) {
			return nil, s.lost(context.Cause(s.ctx))
		}
	}
}

// patient reports whether a live request may be made again after a refusal.
func (c *Client) patient(r *dial.Refusal) bool {
	if c.opt.Patience <= 0 || r.RetryAfter > c.opt.Patience {
		return false
	}
	return r.Status >= 498 && r.Status != 499 || r.Status == http.StatusTooManyRequests && r.RetryAfter > 0
}

// pauseFor waits; false when ctx ended.
func pauseFor(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// ask makes one request.
func (s *stream) ask() (*http.Response, error) {
	c := s.client
	body, err := c.profile.body(s.call)
	if err != nil {
		return nil, c.fail(false, err)
	}
	res, err := c.send(s.ctx, http.MethodPost, completions, body)
	if err != nil {
		return nil, s.lost(err)
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	err = c.refused(res)
	var refusal *dial.Refusal
	if errors.As(err, &refusal) && tooLarge(refusal) {
		c.shrink(s.prompt)
	}
	return nil, err
}

// completions is the path of the only request that costs money.
const completions = "/chat/completions"

// tooLarge reports a refusal that a shorter conversation mends.
func tooLarge(r *dial.Refusal) bool {
	return r.Status == http.StatusRequestEntityTooLarge || r.Code == "context_length_exceeded"
}

// lost is the error of a request that ended without a word from the server.
func (s *stream) lost(err error) error {
	if s.caller.Err() != nil {
		return context.Cause(s.caller)
	}
	if s.ctx.Err() != nil {
		err = context.Cause(s.ctx)
	}
	return s.client.lost(s.caller, err)
}
