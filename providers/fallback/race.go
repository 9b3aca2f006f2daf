package fallback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/vantahire/vantahire/providers"
)

// heldBack is how much of a reply is kept until it contains a whole sentence.
// Nothing is spoken before that anyway, and a model that breaks off within it can
// still be replaced without a trace.
const heldBack = 400 // bytes

// race is the requests of one reply: the first model that writes is followed, the
// others are let go.
type race struct {
	stream   *chatStream
	chat     *Chat
	request  providers.ChatRequest
	requests *sync.WaitGroup

	runners []*runner
	asked   []bool // members that were asked in this round
	began   time.Time
	rounds  int  // rounds in which everybody failed
	hedged  bool // a silent one was hedged in this round
	last    error
}

// hold runs until a reply is complete, nobody is left to ask, or ctx ends.
func (r *race) hold(ctx context.Context) error {
	r.asked, r.began = make([]bool, len(r.chat.members)), time.Now()
	for {
		winner, err := r.toFirstWord(ctx)
		if err != nil {
			return err
		}
		spoken, err := r.follow(ctx, winner)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		r.lose(winner, err)
		if spoken {
			return r.last // what was said can't be unsaid by another model
		}
	}
}

// next asks the next model that may be asked; false when there is none.
func (r *race) next(ctx context.Context) bool {
	return r.ask(ctx, func(m ChatMember) bool { return m.Circuit.Allow() })
}

func (r *race) ask(ctx context.Context, allowed func(ChatMember) bool) bool {
	for i, m := range r.chat.members {
		if r.asked[i] || !allowed(m) {
			continue
		}
		r.asked[i] = true
		r.start(ctx, i)
		return true
	}
	return false
}

func (r *race) start(ctx context.Context, member int) {
	r.runners = append(r.runners, r.chat.start(ctx, member, r.request, r.requests, r.stream.pay))
}

func resting(m ChatMember) bool { return m.Circuit.AllowLast() }

// roundPause is the wait before everybody is asked once more: most failures are
// over within a second. Its length bounds the rounds.
var roundPause = []time.Duration{250 * time.Millisecond, time.Second}

// somebody makes sure that a model is asked: the next in order, one that rests,
// or after a pause all of them once more. False when it is time to give up.
func (r *race) somebody(ctx context.Context) bool {
	if len(r.runners) > 0 || r.next(ctx) || r.ask(ctx, resting) {
		return true
	}
	var known *providers.Error
	late := time.Since(r.began) >= r.chat.cfg.FirstToken // rounds are for quick failures
	if late || r.rounds == len(roundPause) || r.last == nil || errors.As(r.last, &known) && !known.Retry {
		return false
	}
	pause := time.NewTimer(roundPause[r.rounds])
	defer pause.Stop()
	select {
	case <-pause.C:
	case <-ctx.Done():
		return false
	}
	r.rounds++
	r.hedged = false
	clear(r.asked)
	return r.next(ctx) || r.ask(ctx, resting)
}

// hedge asks one more model beside a silent one, once a round: the next, or when
// there is none the same once more.
func (r *race) hedge(ctx context.Context, silent *runner) {
	r.hedged = true
	if !r.ask(ctx, func(m ChatMember) bool { return !m.LastResort && m.Circuit.Allow() }) && r.chat.members[silent.member].Circuit.Allow() {
		r.start(ctx, silent.member)
	}
}

// toFirstWord waits until a model writes. Those that fail meanwhile are replaced.
func (r *race) toFirstWord(ctx context.Context) (*runner, error) {
	for {
		if !r.somebody(ctx) {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			return nil, r.failed()
		}
		eldest := r.runners[0]
		waited := time.Since(eldest.began)
		left := r.chat.cfg.FirstToken - waited
		if len(r.runners) == 1 && !r.hedged {
			left = min(left, r.chat.hedge(eldest.member)-waited)
		}
		timer := time.NewTimer(max(0, left))
		run, a := r.wait(ctx, timer.C)
		timer.Stop()
		switch {
		case ctx.Err() != nil:
			r.abandon()
			return nil, context.Cause(ctx)
		case run == nil && time.Since(eldest.began) >= r.chat.cfg.FirstToken:
			r.lose(eldest, fmt.Errorf("first token: %w", providers.ErrNoProgress))
			r.next(ctx) // the one asked beside it may be as silent
		case run == nil:
			r.hedge(ctx, eldest)
		case a.err != nil:
			if errors.Is(a.err, io.EOF) {
				a.err = &providers.Error{Stage: providers.StageLLM, Provider: r.name(run), Retry: true, Err: errEmpty}
			}
			r.lose(run, a.err)
		case a.text != "":
			r.chat.delays[run.member].add(time.Since(run.began))
			run.first = a.text
			r.keepOnly(run)
			r.chat.members[run.member].Circuit.Succeeded()
			return run, nil
		}
	}
}

// wait waits for the one or two runners, the timer or ctx.
func (r *race) wait(ctx context.Context, timer <-chan time.Time) (*runner, answer) {
	var second chan answer
	if len(r.runners) > 1 {
		second = r.runners[1].events
	}
	select {
	case a, more := <-r.runners[0].events:
		return r.runners[0], orEnd(a, more)
	case a, more := <-second:
		return r.runners[1], orEnd(a, more)
	case <-timer:
	case <-ctx.Done():
	}
	return nil, answer{}
}

func orEnd(a answer, more bool) answer {
	if !more {
		a.err = io.ErrUnexpectedEOF
	}
	return a
}

// errEmpty indicates a reply without a word.
var errEmpty = errors.New("empty reply")

func (r *race) name(run *runner) string { return r.chat.members[run.member].Provider.Name() }

// lose takes a runner out for a failure of its provider.
func (r *race) lose(run *runner, err error) {
	r.last = fmt.Errorf("ask %s: %w", r.name(run), err)
	r.chat.members[run.member].Circuit.Failed(err)
	run.cancel(err)
	r.remove(run)
}

func (r *race) remove(run *runner) {
	for i, one := range r.runners {
		if one == run {
			r.runners = append(r.runners[:i:i], r.runners[i+1:]...)
			return
		}
	}
}

// keepOnly lets the others go: they were asked for nothing.
func (r *race) keepOnly(winner *runner) {
	for _, run := range r.runners {
		if run != winner {
			r.chat.cfg.Losses.Add(1)
			run.cancel(errOvertaken)
			r.chat.members[run.member].Circuit.Abandoned()
		}
	}
	r.runners = []*runner{winner}
}

// errOvertaken is the cause a slower model's request ends with.
var errOvertaken = errors.New("another model answered first")

// abandon lets everybody go because the reply is not wanted any more.
func (r *race) abandon() {
	for _, run := range r.runners {
		run.cancel(context.Canceled)
		r.chat.members[run.member].Circuit.Abandoned()
	}
}

func (r *race) failed() error {
	if r.last == nil {
		return errNoModel
	}
	return r.last
}

// follow passes the winner's words on. spoken says whether any were: from then on
// another model can't take its place.
func (r *race) follow(ctx context.Context, run *runner) (spoken bool, err error) {
	var held strings.Builder
	if !r.stream.give(ctx, answer{}) { // it has begun
		return false, context.Cause(ctx)
	}
	timer := time.NewTimer(r.chat.cfg.NextToken)
	defer timer.Stop()
	for {
		a := answer{text: run.first}
		if run.first != "" {
			run.first = ""
		} else if a, err = r.wordOf(ctx, run, timer.C); err != nil {
			return spoken, err
		}
		if a.err != nil {
			if !errors.Is(a.err, io.EOF) {
				return spoken, a.err
			}
			if held.Len() > 0 && !r.stream.give(ctx, answer{text: held.String()}) {
				return spoken, context.Cause(ctx)
			}
			return true, nil
		}
		if !spoken {
			held.WriteString(a.text)
			if held.Len() < heldBack && !strings.ContainsAny(a.text, ".?!\n") {
				timer.Reset(r.chat.cfg.NextToken)
				continue
			}
			a.text = held.String()
			held.Reset()
			spoken = true
		}
		if !r.stream.give(ctx, a) {
			return spoken, context.Cause(ctx)
		}
		timer.Reset(r.chat.cfg.NextToken)
	}
}

// wordOf waits for a runner's next piece, the timer or ctx.
func (r *race) wordOf(ctx context.Context, run *runner, timer <-chan time.Time) (answer, error) {
	select {
	case a, more := <-run.events:
		return orEnd(a, more), nil
	case <-timer:
		return answer{}, fmt.Errorf("next token: %w", providers.ErrNoProgress)
	case <-ctx.Done():
		return answer{}, context.Cause(ctx)
	}
}
