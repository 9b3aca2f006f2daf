package fallback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vantahire/vantahire/providers"
)

// ChatProvider is a language model as this package sees it.
type ChatProvider interface {
	Name() string
	// Reply starts one reply; ctx's end cancels it.
	Reply(ctx context.Context, r providers.ChatRequest) (providers.TokenStream, error)
}

// ChatMember is a model with the circuit all calls share.
type ChatMember struct {
	Provider ChatProvider
	Circuit  *Circuit
	// LastResort is asked when the others have failed and never beside a silent
	// one: it answers at once, costs nothing and is never as good.
	LastResort bool
}

// ChatConfig tunes a Chat. The zero value of a field means its default.
type ChatConfig struct {
	// HedgeLeast and HedgeMost bound how long the preferred model may be silent
	// before a second one is asked beside it: its own 95th percentile within these
	// bounds. Defaults 250 ms and 600 ms.
	HedgeLeast, HedgeMost time.Duration
	// FirstToken is how long a model may be silent before it counts as failed.
	// Default 3 s.
	FirstToken time.Duration
	// NextToken is how long it may stall after that. Default 2 s.
	NextToken time.Duration
	// Losses, when set, counts requests whose answer was not used: their tokens
	// were paid for nothing.
	Losses *atomic.Int64
}

func (c ChatConfig) withDefaults() ChatConfig {
	for _, d := range []struct {
		v *time.Duration
		d time.Duration
	}{
		{&c.HedgeLeast, 250 * time.Millisecond}, {&c.HedgeMost, 600 * time.Millisecond}, {&c.FirstToken, 3 * time.Second}, {&c.NextToken, 2 * time.Second},
	} {
		if *d.v <= 0 {
			*d.v = d.d
		}
	}
	if c.Losses == nil {
		c.Losses = new(atomic.Int64)
	}
	return c
}

// Chat asks several models as if they were one. The first that answers wins; a
// silent one is hedged by the next in order, and by itself when there is no other.
// Goroutine-safe.
type Chat struct {
	members []ChatMember
	cfg     ChatConfig
	delays  []*recent // to the first token, of each member
}

// NewChat makes one model out of several, in order of preference. At least one.
func NewChat(cfg ChatConfig, members ...ChatMember) *Chat {
	c := &Chat{members: members, cfg: cfg.withDefaults()}
	for range members {
		c.delays = append(c.delays, &recent{})
	}
	return c
}

// Name is that of the preferred model.
func (c *Chat) Name() string { return c.members[0].Provider.Name() }

// errNoModel indicates that every model is resting.
var errNoModel = &providers.Error{Stage: providers.StageLLM, Provider: "all", Retry: true, Err: ErrOpen}

// Reply starts one reply. It returns at once: what goes wrong comes from Recv. An
// empty string from Recv says that a model has begun to answer.
func (c *Chat) Reply(ctx context.Context, r providers.ChatRequest) (providers.TokenStream, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &chatStream{chat: c, cancel: cancel, answers: make(chan answer), done: make(chan struct{})}
	go s.run(ctx, r)
	return s, nil
}

// answer is a piece of text, or the end.
type answer struct {
	text string
	err  error
}

// chatStream is one reply: a goroutine runs the race and hands the winner's words
// to Recv.
type chatStream struct {
	chat    *Chat
	cancel  context.CancelCauseFunc
	answers chan answer
	done    chan struct{}

	mu    sync.Mutex
	usage providers.Usage
}

// Usage is what the reply cost at all models that were asked, once Close has
// returned.
func (s *chatStream) Usage() providers.Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usage
}

func (s *chatStream) pay(u providers.Usage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usage.Prompt += u.Prompt
	s.usage.Completion += u.Completion
	s.usage.Estimated = s.usage.Estimated || u.Estimated
}

// Recv returns the next piece of the reply.
func (s *chatStream) Recv(ctx context.Context) (string, error) {
	select {
	case a, more := <-s.answers:
		if !more {
			return "", io.EOF
		}
		return a.text, a.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// Close ends the reply and its requests.
func (s *chatStream) Close() error {
	s.cancel(context.Canceled)
	<-s.done
	return nil
}

// runner is one request in the race.
type runner struct {
	member int
	ctx    context.Context //nolint:containedctx // the request's own life
	cancel context.CancelCauseFunc
	began  time.Time
	events chan answer // its words; closed at the end
	first  string      // the piece that won the race
}

// run holds the race and then follows the winner.
func (s *chatStream) run(ctx context.Context, r providers.ChatRequest) {
	defer close(s.done)
	defer close(s.answers)
	var requests sync.WaitGroup
	defer requests.Wait()
	defer s.cancel(context.Canceled)
	err := (&race{stream: s, chat: s.chat, request: r, requests: &requests}).hold(ctx)
	if err != nil {
		s.give(ctx, answer{err: err})
	}
}

// give hands an answer to Recv; false when nobody will come for it.
func (s *chatStream) give(ctx context.Context, a answer) bool {
	select {
	case s.answers <- a:
		return true
	case <-ctx.Done():
		return false
	}
}

// start asks a member in a goroutine of its own.
func (c *Chat) start(ctx context.Context, member int, r providers.ChatRequest, requests *sync.WaitGroup, pay func(providers.Usage)) *runner {
	run := &runner{member: member, began: time.Now(), events: make(chan answer, 16)}
	run.ctx, run.cancel = context.WithCancelCause(ctx)
	requests.Go(func() {
		defer close(run.events)
		err := func() (err error) {
			defer func() {
				if p := recover(); p != nil {
					err = fmt.Errorf("panic: %v", p)
				}
			}()
			return c.read(run, r, pay)
		}()
		select {
		case run.events <- answer{err: err}:
		case <-run.ctx.Done():
		}
	})
	return run
}

// read passes a model's words on; nil at the end of the reply.
func (c *Chat) read(run *runner, r providers.ChatRequest, pay func(providers.Usage)) error {
	member := c.members[run.member]
	stream, err := member.Provider.Reply(run.ctx, r)
	if err != nil {
		return err
	}
	written := 0
	defer func() {
		_ = stream.Close()
		if m, metered := stream.(providers.Metered); metered {
			pay(m.Usage())
		} else if !member.LastResort {
			pay(providers.EstimateUsage(r, written))
		}
	}()
	for {
		text, err := stream.Recv(run.ctx)
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		if err != nil {
			return err
		}
		written += len(text)
		select {
		case run.events <- answer{text: text}:
		case <-run.ctx.Done():
			return context.Cause(run.ctx)
		}
	}
}

// hedge is how long a member may be silent before another is asked beside it.
func (c *Chat) hedge(member int) time.Duration {
	usual, known := c.delays[member].quantile(.95)
	if !known {
		return c.cfg.HedgeMost
	}
	return min(max(usual, c.cfg.HedgeLeast), c.cfg.HedgeMost)
}

// recent is a rolling window of delays.
type recent struct {
	mu   sync.Mutex
	ring [64]time.Duration
	n    int
}

func (r *recent) add(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ring[r.n%len(r.ring)] = d
	r.n++
}

// quantile needs a handful of delays before it knows.
func (r *recent) quantile(q float64) (time.Duration, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(r.n, len(r.ring))
	if n < 8 {
		return 0, false
	}
	sorted := slices.Clone(r.ring[:n])
	slices.Sort(sorted)
	return sorted[min(n-1, int(q*float64(n)))], true
}
