package interviewer

import (
	"context"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"time"
	"unicode"
)

// longestDelay bounds one delay, as a multiple of its median: the tail of the
// distribution must not look like a provider that died.
const longestDelay = 6

// delays returns the delay before each piece of text, drawn from log-normal
// distributions: what first-token and inter-token times of models look like.
func (i *Interviewer) delays(rng *rand.Rand) func(n int) time.Duration {
	return func(n int) time.Duration {
		median := i.cfg.PerToken
		if n == 0 {
			median = i.cfg.FirstToken
		}
		if median <= 0 {
			return 0
		}
		return time.Duration(float64(median) * min(math.Exp(i.cfg.Spread*rng.NormFloat64()), longestDelay))
	}
}

// stream is a reply whose pieces come due one after the other. A piece that is
// due is delivered at once, so a slow reader catches up as with a real model.
type stream struct {
	tokens []string
	delay  func(n int) time.Duration
	next   int
	due    time.Time       // of tokens[next]
	done   <-chan struct{} // the end of the context of the reply, or Close
	cause  func() error
	cancel context.CancelCauseFunc
}

func newStream(ctx context.Context, tokens []string, delay func(int) time.Duration) *stream {
	ctx, cancel := context.WithCancelCause(ctx)
	return &stream{
		tokens: tokens, delay: delay, due: time.Now().Add(delay(0)),
		done: ctx.Done(), cause: func() error { return context.Cause(ctx) }, cancel: cancel,
	}
}

// Recv gives the next piece when it is due.
func (s *stream) Recv(ctx context.Context) (string, error) {
	select {
	case <-s.done:
		return "", s.cause()
	default:
	}
	if s.next == len(s.tokens) {
		return "", io.EOF
	}
	if wait := time.Until(s.due); wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-s.done:
			return "", s.cause()
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
	token := s.tokens[s.next]
	s.next++
	s.due = s.due.Add(s.delay(s.next))
	return token, nil
}

// Close ends the stream; Recv fails with io.ErrClosedPipe from now on.
func (s *stream) Close() error {
	s.cancel(io.ErrClosedPipe)
	return nil
}

// pieceRunes is the length from which a word comes in two pieces, as it would
// from the vocabulary of a model.
const pieceRunes = 9

// cut splits a text into pieces that join to the same text: words with the space
// before them, long words in two, marks apart.
func cut(text string) []string {
	var out []string
	for i, w := range strings.Fields(text) {
		if i > 0 {
			w = " " + w
		}
		body := strings.TrimRightFunc(w, unicode.IsPunct)
		if r := []rune(body); len(r) > pieceRunes {
			out = append(out, string(r[:len(r)/2]), string(r[len(r)/2:]))
		} else if body != "" {
			out = append(out, body)
		}
		if mark := w[len(body):]; mark != "" {
			out = append(out, mark)
		}
	}
	return out
}
