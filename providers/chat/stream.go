package chat

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vantahire/vantahire/providers"
)

const (
	// queued is how many pieces wait for the reader: more than a reply has, so
	// that a slow reader does not keep the connection.
	queued = 512
	// maxReply bounds the text of a reply in bytes.
	maxReply = 256 << 10
	// tailWithin is how long the usage and the end mark may take after the last
	// word; the reply is complete without them.
	tailWithin = 500 * time.Millisecond
	// drainWithin is how long the connection may take to become free again.
	drainWithin = 100 * time.Millisecond
	// larger and leastLarger make the bound of the second attempt after an empty
	// answer.
	larger, leastLarger = 4, 1024
)

// stream is one reply. A goroutine reads the answer; Recv takes the pieces.
type stream struct {
	client *Client
	caller context.Context //nolint:containedctx // the end of the caller's context ends the reply, whoever asks
	cancel context.CancelCauseFunc
	ctx    context.Context //nolint:containedctx // the request's own life
	stop   func()
	watch  *watch
	call   call
	prompt int // estimated tokens

	pieces chan string
	done   chan struct{}
	closed atomic.Bool

	mu    sync.Mutex
	err   error // of the end, io.EOF when complete; set before pieces is closed
	ended bool
	usage providers.Usage
	tools toolCalls

	// The rest belongs to the goroutine.
	text     int // bytes delivered
	written  int // bytes of this attempt's text and reasoning
	estimate int // of this attempt's prompt in tokens; 0 until it is accepted
	finish   string
	reported *providers.Usage
	again    bool            // this is the second attempt
	spent    providers.Usage // by the first
}

// run reads the answer to its end.
func (s *stream) run(res *http.Response) {
	defer close(s.done)
	defer s.release()
	defer func() {
		if p := recover(); p != nil {
			s.end(s.client.fail(true, fmt.Errorf("panic: %v", p)))
		}
	}()
	err := s.follow(res.Body, res.Header.Get("Content-Type"))
	if errors.Is(err, errOnlyThought) {
		_ = res.Body.Close()
		if res, err = s.askForMore(); err != nil {
			s.end(err)
			return
		}
		err = s.follow(res.Body, res.Header.Get("Content-Type"))
	}
	s.end(err)
	if err == nil {
		s.watch.expect("end", s.client.drain)
		_, _ = io.CopyN(io.Discard, res.Body, 64<<10) // an answer read to its end leaves its connection to the next
	}
	_ = res.Body.Close()
}

// errOnlyThought is ErrEmpty because the bound of tokens was spent on reasoning.
var errOnlyThought = fmt.Errorf("%w: the bound of tokens was spent on reasoning", ErrEmpty)

// askForMore repeats the request with a larger bound.
func (s *stream) askForMore() (*http.Response, error) {
	s.client.stats.retried.Add(1)
	s.call.cap = max(larger*s.call.cap, leastLarger)
	s.again, s.spent = true, s.cost()
	s.finish, s.reported, s.written, s.estimate = "", nil, 0, 0
	s.watch.expect("word", s.client.opt.FirstToken)
	return s.open()
}

// follow reads one answer; nil when it is complete.
func (s *stream) follow(body io.Reader, contentType string) error {
	s.estimate = s.prompt
	if kind, _, _ := mime.ParseMediaType(contentType); kind == "application/json" {
		// A gateway that does not stream.
		raw, err := io.ReadAll(io.LimitReader(body, maxAnswer))
		if err != nil {
			return s.broken(err)
		}
		if _, err := s.take(event{data: raw}); err != nil {
			return err
		}
		return s.verdict(true)
	}
	reader := newEvents(body)
	for {
		ev, err := reader.next()
		if err != nil {
			return s.over(err)
		}
		done, err := s.take(ev)
		if err != nil {
			return err
		}
		if done {
			return s.verdict(true)
		}
	}
}

// over judges a stream without an end mark: it is good when the model had finished.
func (s *stream) over(err error) error {
	if errors.Is(err, errTooLong) {
		s.client.stats.garbled.Add(1)
		return s.cut(true, fmt.Errorf("%w: %w", ErrGarbled, err))
	}
	if s.caller.Err() == nil && s.finish != "" {
		return s.verdict(false)
	}
	return s.broken(err)
}

// broken is the error of a connection that ended early.
func (s *stream) broken(err error) error {
	if s.caller.Err() != nil {
		return context.Cause(s.caller)
	}
	if s.ctx.Err() != nil {
		s.client.stats.stalled.Add(1)
		return s.cut(true, context.Cause(s.ctx))
	}
	s.client.stats.truncated.Add(1)
	if errors.Is(err, io.EOF) {
		return s.cut(true, ErrTruncated)
	}
	return s.cut(true, fmt.Errorf("%w: %w", ErrTruncated, err))
}

// cut makes the error of an answer that failed on the way.
func (s *stream) cut(retry bool, err error) error {
	if s.text > 0 {
		err = &BrokenOff{Delivered: s.text, Err: err}
	}
	return s.client.fail(retry, err)
}

// take handles one event; true for the end mark.
func (s *stream) take(ev event) (bool, error) {
	if string(ev.data) == "[DONE]" {
		return true, nil
	}
	p, err := parse(ev.data)
	if ev.name == "error" {
		if err != nil || p.failure == nil {
			p.failure = ev.data
		}
		err = nil
	}
	switch {
	case err != nil && ev.open:
		return false, s.over(io.EOF)
	case err != nil:
		s.client.stats.garbled.Add(1)
		return false, s.cut(true, err)
	case p.failure != nil:
		refusal := s.client.late(p.failure)
		return false, s.cut(refusal.Retry(), refusal)
	}
	if p.usage != nil {
		s.reported = p.usage
	}
	if p.tools != nil {
		s.mu.Lock()
		s.tools.add(p.tools)
		s.mu.Unlock()
	}
	s.written += len(p.text) + p.thought
	if err := s.deliver(p.text); err != nil {
		return false, err
	}
	if p.finish != "" {
		s.finish = p.finish
		s.watch.expect("end", s.client.tail)
	}
	return false, nil
}

// deliver hands text to Recv. White space before the first word is nothing.
func (s *stream) deliver(text string) error {
	if s.text == 0 {
		text = strings.TrimLeft(text, " \t\r\n")
	}
	if text == "" {
		return nil
	}
	if s.text+len(text) > maxReply {
		s.client.stats.garbled.Add(1)
		return s.cut(false, fmt.Errorf("%w: a reply of more than %d bytes", ErrGarbled, maxReply))
	}
	s.watch.stop() // it is the reader's turn
	select {
	case s.pieces <- text:
	case <-s.ctx.Done():
		return s.broken(context.Cause(s.ctx))
	}
	s.text += len(text)
	s.watch.expect("further word", s.client.opt.Idle)
	return nil
}

// verdict judges an answer that ended as it should.
func (s *stream) verdict(marked bool) error {
	switch {
	case s.finish == "content_filter":
		return s.cut(false, ErrFiltered)
	case s.text == 0 && s.finish == "length":
		s.client.stats.empty.Add(1)
		if !s.again {
			return errOnlyThought
		}
		return s.client.fail(true, errOnlyThought)
	case s.text == 0 && (s.finish != "" || marked):
		s.client.stats.empty.Add(1)
		return s.client.fail(true, ErrEmpty)
	case s.finish == "length":
		s.client.stats.lengthCut.Add(1)
	}
	return nil
}

// cost is what this attempt cost: what the server says, else a guess from what
// came.
func (s *stream) cost() providers.Usage {
	if s.reported != nil {
		return *s.reported
	}
	if s.estimate == 0 { // never accepted
		return providers.Usage{}
	}
	return providers.Usage{Prompt: s.estimate, Completion: int(float64(s.written) / charsPerToken), Estimated: true}
}

// end settles the reply, once. A nil err is a complete one.
func (s *stream) end(err error) {
	c := s.client
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	cost := s.cost()
	s.usage = providers.Usage{
		Prompt: s.spent.Prompt + cost.Prompt, Completion: s.spent.Completion + cost.Completion,
		Estimated: s.spent.Estimated || cost.Estimated,
	}
	c.bill(s.usage)
	switch {
	case err == nil:
		c.stats.replies.Add(1)
		err = io.EOF
	case s.caller.Err() != nil, s.ctx.Err() != nil && !errors.Is(context.Cause(s.ctx), providers.ErrNoProgress):
		c.stats.cancelled.Add(1)
		err = context.Cause(s.ctx)
	default:
		c.stats.failed.Add(1)
	}
	s.err = err
	close(s.pieces)
}

// bill counts tokens.
func (c *Client) bill(u providers.Usage) {
	c.stats.promptTokens.Add(int64(u.Prompt))
	c.stats.completionTokens.Add(int64(u.Completion))
	if u.Estimated {
		c.stats.estimated.Add(1)
	}
}

// Recv gives the next piece of the reply.
func (s *stream) Recv(ctx context.Context) (string, error) {
	if s.caller.Err() != nil {
		return "", context.Cause(s.caller)
	}
	if s.closed.Load() {
		return "", context.Canceled
	}
	select {
	case text, more := <-s.pieces:
		if more {
			return text, nil
		}
		return "", s.err
	case <-s.caller.Done():
		return "", context.Cause(s.caller)
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// Usage is what the reply cost, attempts without a word included. When the caller
// gave it up it waits for the goroutine, which is prompt.
func (s *stream) Usage() providers.Usage {
	if s.caller.Err() != nil || s.closed.Load() {
		<-s.done
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usage
}

// ToolCalls are the functions the model wants called.
func (s *stream) ToolCalls() []ToolCall {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tools.all()
}

// Close ends the reply. It waits for the goroutine, which is prompt.
func (s *stream) Close() error {
	s.closed.Store(true)
	s.mu.Lock()
	complete := s.ended && errors.Is(s.err, io.EOF)
	s.mu.Unlock()
	if !complete {
		s.cancel(context.Canceled)
	}
	<-s.done
	s.cancel(context.Canceled)
	return nil
}
