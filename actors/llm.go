package actors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

const (
	// llmFirstToken is how long a model may be silent before its reply counts as
	// failed.
	llmFirstToken = 8 * time.Second
	// llmNextToken is how long it may stall within a reply.
	llmNextToken = 5 * time.Second
	// llmMaxText bounds a reply, in bytes: some two minutes of speech. A model
	// that runs on is cut at the last whole sentence.
	llmMaxText = 2000
)

// llmBackoff is the wait before a model that refused is asked again.
var llmBackoff = []time.Duration{250 * time.Millisecond, time.Second, 2 * time.Second}

// llmMsg is what the llm actor can receive.
type llmMsg interface{ llmMsg() }

// writeReply asks for a reply. ctx belongs to the interview, which cancels it
// with a cause: a cut overtakes whatever is queued.
type writeReply struct {
	ctx   context.Context //nolint:containedctx // the reply's life is exactly this context's
	req   providers.ChatRequest
	spare bool // without cost
}

func (writeReply) llmMsg() {}

// llmActor words replies: tokens are collected into sentences, and each sentence
// is told as soon as it stands, without waiting for the rest.
type llmActor struct {
	chat   Chat
	spare  Chat // nil: none
	report func(interviewMsg)
}

func newLLMActor(chat, spare Chat, report func(interviewMsg)) *llmActor {
	return &llmActor{chat: chat, spare: spare, report: report}
}

// Receive starts the writing of a reply.
func (a *llmActor) Receive(c *engine.Ctx[llmMsg], msg llmMsg) {
	switch m := msg.(type) {
	case writeReply:
		reply := m.req.Reply
		c.Go("write", func(ctx context.Context) error {
			ctx, cancel := joinContext(ctx, m.ctx)
			defer cancel(nil)
			chat := a.chat
			if m.spare && a.spare != nil {
				chat = a.spare
			}
			var cost *providers.Usage
			err := guarded(func() (err error) { cost, err = a.write(ctx, cancel, chat, m.req); return err })
			revoked := context.Cause(m.ctx) != nil
			if cost != nil {
				a.report(wordingCost{usage: *cost, wasted: revoked})
			}
			if revoked {
				return nil // revoked: nobody waits for the outcome
			}
			a.report(replyWritten{reply: reply, err: err})
			return nil
		}, nil)
	}
}

// write words a reply. cost is nil when nothing is known to have been charged.
func (a *llmActor) write(ctx context.Context, cancel context.CancelCauseFunc, chat Chat, req providers.ChatRequest) (cost *providers.Usage, err error) {
	patience := time.AfterFunc(llmFirstToken, func() { cancel(fmt.Errorf("first token: %w", providers.ErrNoProgress)) })
	defer patience.Stop()
	stream, err := a.open(ctx, chat, req)
	if err != nil {
		return nil, err
	}
	var (
		chunker turn.Chunker
		total   int
		first   = true
		told    int
	)
	defer func() {
		_ = stream.Close()
		if m, metered := stream.(providers.Metered); metered {
			usage := m.Usage()
			cost = &usage
		} else if chat != a.spare && total > 0 {
			usage := providers.EstimateUsage(req, total)
			cost = &usage
		}
	}()
	tell := func(sentences []string) {
		for _, s := range sentences {
			a.report(sentenceReady{reply: req.Reply, index: told, text: s})
			told++
		}
	}
	for {
		token, err := stream.Recv(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read from %s: %w", chat.Name(), causeOf(ctx, err))
		}
		if token == "" {
			continue
		}
		patience.Reset(llmNextToken)
		if first {
			first = false
			a.report(firstToken{reply: req.Reply})
		}
		token = strings.ToValidUTF8(strings.ReplaceAll(token, "\x00", ""), "")
		total += len(token)
		tell(chunker.Add(token))
		if total > llmMaxText {
			break
		}
	}
	tell(chunker.Flush())
	if told == 0 {
		return nil, &providers.Error{Stage: providers.StageLLM, Provider: chat.Name(), Retry: true, Err: errEmptyReply}
	}
	return nil, nil //nolint:nilnil // the cost is taken when the stream is closed
}

// open asks the model, again after a pause when it refuses: most refusals are
// over within a second, and the candidate has heard nothing yet.
func (a *llmActor) open(ctx context.Context, chat Chat, req providers.ChatRequest) (providers.TokenStream, error) {
	for try := 0; ; try++ {
		stream, err := chat.Reply(ctx, req)
		if err == nil {
			return stream, nil
		}
		var known *providers.Error
		if try == len(llmBackoff) || errors.As(err, &known) && !known.Retry {
			return nil, fmt.Errorf("ask %s: %w", chat.Name(), causeOf(ctx, err))
		}
		select {
		case <-time.After(llmBackoff[try]):
		case <-ctx.Done():
			return nil, fmt.Errorf("ask %s: %w", chat.Name(), context.Cause(ctx))
		}
	}
}

// errEmptyReply indicates a model that answered with nothing.
var errEmptyReply = errors.New("empty reply")

// joinContext returns a child of ctx that also ends, with the same cause, when
// other ends.
func joinContext(ctx, other context.Context) (context.Context, context.CancelCauseFunc) {
	joined, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(other, func() { cancel(context.Cause(other)) })
	return joined, func(cause error) { stop(); cancel(cause) }
}

// causeOf prefers the reason a context ended for over the error it led to.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// guarded turns a panic into an error, so that a provider's defect fails one
// reply and is reported like any other failure.
func guarded(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return f()
}

// firstToken, sentenceReady and replyWritten are the llm actor's reports.
type (
	firstToken    struct{ reply interview.ReplyNo }
	sentenceReady struct {
		reply interview.ReplyNo
		index int
		text  string
	}
	replyWritten struct {
		reply interview.ReplyNo
		err   error
	}
)

func (firstToken) interviewMsg()    {}
func (sentenceReady) interviewMsg() {}
func (replyWritten) interviewMsg()  {}
