package interviewer

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"github.com/vantahire/vantahire/actors/plan"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// ErrNoDirective is the case of a request without a plan.Directive, or with one
// that has nothing to say. The same request can't succeed later.
var ErrNoDirective = errors.New("no directive to put into words")

// Config sets how an Interviewer behaves. The zero value is the default.
type Config struct {
	// FirstToken is the median delay to the first piece of text. 0 = 150 ms, a
	// fast hosted model; negative = none.
	FirstToken time.Duration
	// PerToken is the median delay of each further piece. 0 = 15 ms; negative =
	// none.
	PerToken time.Duration
	// Spread is the standard deviation of the logarithm of both delays. 0 = 0.3:
	// two in three within a third of the median; negative = none. At most 1.
	Spread float64
	// Seed makes two interviewers choose other words for the same interview.
	Seed uint64
}

const (
	defaultFirstToken = 150 * time.Millisecond
	defaultPerToken   = 15 * time.Millisecond
	defaultSpread     = 0.3
)

// Interviewer words the directives of question plans.
type Interviewer struct{ cfg Config }

// New returns an Interviewer.
func New(cfg Config) *Interviewer {
	if cfg.FirstToken == 0 {
		cfg.FirstToken = defaultFirstToken
	}
	if cfg.PerToken == 0 {
		cfg.PerToken = defaultPerToken
	}
	if cfg.Spread == 0 {
		cfg.Spread = defaultSpread
	}
	cfg.Spread = min(max(cfg.Spread, 0), 1)
	return &Interviewer{cfg: cfg}
}

// Name is "local".
func (*Interviewer) Name() string { return "local" }

// Reply starts one reply; ctx's end cancels it at once. It does not block. The
// request's Directive has to be a plan.Directive; System, Instruction and
// Temperature are for models and not read. MaxTokens makes a long reply leave
// out its courtesies, never its question. It fails with a *providers.Error that
// wraps ErrNoDirective, or with the cause of ctx's end.
func (i *Interviewer) Reply(ctx context.Context, r providers.ChatRequest) (providers.TokenStream, error) {
	if ctx.Err() != nil {
		return nil, fmt.Errorf("reply %d of interview %s: %w", r.Reply, r.Interview, context.Cause(ctx))
	}
	d, ok := r.Directive.(plan.Directive)
	if !ok || d.Act == plan.ActNone {
		return nil, &providers.Error{
			Stage: providers.StageLLM, Provider: i.Name(),
			Err: fmt.Errorf("reply %d of interview %s: %w", r.Reply, r.Interview, ErrNoDirective),
		}
	}
	rng := draw(r.Interview, r.Reply, i.cfg.Seed)
	tokens := cut(compose(d, r.History, rng, r.MaxTokens))
	return newStream(ctx, tokens, i.delays(rng)), nil
}

// draw is the source of a reply's choices. It decides wording and delays and
// guards nothing, so it need not be unpredictable.
func draw(id interview.ID, reply interview.ReplyNo, seed uint64) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(id))                                  // a hash never fails
	return rand.New(rand.NewPCG(h.Sum64()^seed, uint64(reply))) //nolint:gosec // wording, not a secret
}
