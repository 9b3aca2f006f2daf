package chat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
)

// CompleteRequest is a background job for a model: scoring, a summary. Nobody
// waits for it in a conversation.
type CompleteRequest struct {
	System string
	// Prompt is the material and the question.
	Prompt string
	// Model replaces the profile's; "" = the profile's.
	Model string
	// MaxTokens bounds the answer, reasoning excluded; 0 = 1500.
	MaxTokens   int
	Temperature float64
	// Schema, when set, is a JSON schema the answer has to fit; SchemaName names
	// it ("" = answer). The server may ignore ranges and lengths: clamp them.
	Schema     json.RawMessage
	SchemaName string
	// BestEffort asks the server to try instead of being held to the schema, for
	// models that know no strict mode.
	BestEffort bool
	// Check says what is wrong with an answer, in words for the model; nil = all
	// is well. With a Schema, JSON that can't be parsed is wrong before it.
	Check func(text string) error
}

// completionTokens is the default bound of a background answer.
const completionTokens = 1500

// Complete asks in the background and waits for the whole answer: first for its
// turn among Options.Background, then for tokens that live replies can spare. What
// may pass is asked again with growing pauses. An answer that does not fit is sent
// back once; a second one comes back together with an error that wraps ErrInvalid.
// Usage is the sum of all attempts.
func (c *Client) Complete(ctx context.Context, r CompleteRequest) (string, providers.Usage, error) {
	var usage providers.Usage
	select {
	case c.background <- struct{}{}:
		defer func() { <-c.background }()
	case <-ctx.Done():
		return "", usage, context.Cause(ctx)
	}
	next := c.callFor(r)
	text, err := c.persist(ctx, next, &usage)
	if err != nil {
		return "", usage, err
	}
	wrong := r.fault(text)
	if wrong != nil {
		c.stats.repaired.Add(1)
		next.messages = append(next.messages, message{"assistant", text},
			message{"user", "That answer does not fit: " + wrong.Error() + ". Answer again, whole and with nothing else."})
		next.temperature = 0
		if text, err = c.persist(ctx, next, &usage); err != nil {
			return "", usage, err
		}
		if wrong = r.fault(text); wrong != nil {
			return text, usage, c.fail(false, fmt.Errorf("%w: %w", ErrInvalid, wrong))
		}
	}
	c.stats.completions.Add(1)
	return text, usage, nil
}

func (c *Client) callFor(r CompleteRequest) call {
	next := call{model: r.Model, messages: append(system(r.System), message{"user", r.Prompt}), cap: r.MaxTokens, temperature: r.Temperature}
	if next.cap <= 0 {
		next.cap = completionTokens
	}
	if len(r.Schema) > 0 {
		name := r.SchemaName
		if name == "" {
			name = "answer"
		}
		next.format = map[string]any{"type": "json_schema", "json_schema": map[string]any{"name": name, "strict": !r.BestEffort, "schema": r.Schema}}
	}
	return next
}

// errNoJSON is told to the model.
var errNoJSON = errors.New("it is not JSON")

// fault says what is wrong with an answer.
func (r CompleteRequest) fault(text string) error {
	if len(r.Schema) > 0 && !json.Valid([]byte(text)) {
		return errNoJSON
	}
	if r.Check != nil {
		return r.Check(text)
	}
	return nil
}

// persist asks until an answer comes or there is no hope.
func (c *Client) persist(ctx context.Context, next call, usage *providers.Usage) (string, error) {
	mended := false
	for try := 0; ; try++ {
		if !pauseFor(ctx, c.limits.hold(c.opt.BackgroundShare)) {
			return "", context.Cause(ctx)
		}
		text, cost, err := c.completeOnce(ctx, next)
		usage.Prompt, usage.Completion = usage.Prompt+cost.Prompt, usage.Completion+cost.Completion
		usage.Estimated = usage.Estimated || cost.Estimated
		c.bill(cost)
		if err == nil || ctx.Err() != nil {
			return text, err
		}
		var (
			known   *providers.Error
			refusal *dial.Refusal
		)
		retry := errors.As(err, &known) && known.Retry
		errors.As(err, &refusal)
		switch {
		case !mended && errors.Is(err, ErrEmpty):
			mended, retry = true, true
			next.cap = max(larger*next.cap, leastLarger)
		case !mended && unformed(refusal):
			// Such an answer is chance: once more, with less of it.
			mended, retry = true, true
			next.temperature /= 2
		case errors.Is(err, ErrEmpty):
			retry = false
		}
		if !retry || try >= c.opt.BackgroundRetries {
			return "", err
		}
		c.stats.retried.Add(1)
		wait := c.backoff(try)
		if refusal != nil && refusal.RetryAfter > 0 {
			wait = refusal.RetryAfter
		}
		if !pauseFor(ctx, wait) {
			return "", context.Cause(ctx)
		}
	}
}

// unformed reports a refusal because the model wrote what does not fit.
func unformed(r *dial.Refusal) bool {
	return r != nil && (r.Code == "json_validate_failed" || r.Code == "tool_use_failed" || r.Status == http.StatusUnprocessableEntity)
}

// backoff is the pause before attempt try+2: doubled each time, and spread so that
// jobs that were refused together do not come back together.
func (c *Client) backoff(try int) time.Duration {
	d := min(c.opt.BackoffLeast<<min(try, 16), c.opt.BackoffMost)
	return d/2 + time.Duration(rand.Int64N(int64(d/2)+1))
}

// completeOnce makes one request and reads its answer.
func (c *Client) completeOnce(ctx context.Context, next call) (string, providers.Usage, error) {
	var none providers.Usage
	body, err := c.profile.body(next)
	if err != nil {
		return "", none, c.fail(false, err)
	}
	bounded, free := context.WithTimeoutCause(ctx, c.opt.BackgroundTotal,
		fmt.Errorf("no answer within %s: %w", c.opt.BackgroundTotal, providers.ErrNoProgress))
	defer free()
	res, err := c.send(bounded, http.MethodPost, completions, body)
	if err != nil {
		return "", none, c.lost(ctx, err)
	}
	if res.StatusCode != http.StatusOK {
		return "", none, c.refused(res)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		if bounded.Err() != nil {
			err = context.Cause(bounded)
		}
		c.stats.truncated.Add(1)
		return "", none, c.lost(ctx, fmt.Errorf("%w: %w", ErrTruncated, err))
	}
	p, err := parse(raw)
	if err != nil {
		c.stats.garbled.Add(1)
		return "", none, c.fail(true, err)
	}
	if p.failure != nil {
		refusal := c.late(p.failure)
		return "", none, c.fail(refusal.Retry(), refusal)
	}
	cost := providers.Usage{Prompt: tokensOf(next.messages), Completion: int(float64(len(p.text)+p.thought) / charsPerToken), Estimated: true}
	if p.usage != nil {
		cost = *p.usage
	}
	text := strings.TrimSpace(p.text)
	switch {
	case p.finish == "content_filter":
		return "", cost, c.fail(false, ErrFiltered)
	case text == "":
		c.stats.empty.Add(1)
		return "", cost, c.fail(true, ErrEmpty)
	case p.finish == "length" && next.format != nil:
		c.stats.lengthCut.Add(1)
		return "", cost, c.fail(true, fmt.Errorf("%w: cut by the bound of tokens", ErrEmpty))
	}
	return text, cost, nil
}
