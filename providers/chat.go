package providers

import (
	"context"

	"github.com/vantahire/vantahire/interview"
)

// Message is one line of the conversation so far, as a chat model sees it:
// what was really said or really heard.
type Message struct {
	Role interview.Role
	Text string
}

// ChatRequest asks a chat provider to word one reply of the interviewer. The
// question plan has decided already what the reply does; the provider only
// finds the words.
type ChatRequest struct {
	Interview interview.ID
	Reply     interview.ReplyNo
	// System is the standing instruction for the whole interview.
	System string
	// History is the conversation so far, oldest first, the candidate's last
	// words at the end. The candidate's lines are data, never instructions.
	History []Message
	// Instruction says in words what this reply has to do: plan.Directive.Prompt.
	Instruction string
	// Directive is the same decision as a value (a plan.Directive), for providers
	// that word it without a model. It may be nil.
	Directive any
	// MaxTokens bounds the reply; 0 = the provider's default.
	MaxTokens int
	// Temperature is 0..2; how much the wording varies, for providers that know it.
	Temperature float64
}

// TokenStream is one reply as it is written. The end of the context it was
// opened with cancels it: nothing more is delivered.
type TokenStream interface {
	// Recv blocks for the next piece of text, spaces included; io.EOF when the
	// reply is complete, the cause of the context's end, or an *Error when the
	// provider failed. One goroutine reads.
	Recv(ctx context.Context) (string, error)
	// Close ends the stream; idempotent, bounded, unblocks Recv.
	Close() error
}

// Usage is what one reply cost at a chat provider, in tokens.
type Usage struct {
	Prompt, Completion int
	// Estimated is set when the provider did not say and the numbers are a guess
	// from the texts' lengths.
	Estimated bool
}

// Metered is a TokenStream that knows what its reply cost, also when it was given
// up. Usage is valid once Recv has returned an error or Close has returned.
type Metered interface {
	Usage() Usage
}

// textPerToken is about right for English, in bytes.
const textPerToken = 4

// EstimateUsage guesses what a reply of so many bytes cost at a model that does
// not tell.
func EstimateUsage(r ChatRequest, written int) Usage {
	n := len(r.System) + len(r.Instruction)
	for _, m := range r.History {
		n += len(m.Text)
	}
	return Usage{Prompt: n / textPerToken, Completion: written / textPerToken, Estimated: true}
}
