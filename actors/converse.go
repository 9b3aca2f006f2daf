package actors

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
)

var (
	// ErrInterrupted indicates a message whose reply was lost with the process, or
	// whose writer was faster than the interviewer: it may be written again.
	ErrInterrupted = errors.New("the message was not answered")
	// ErrUnclaimed indicates that the ledger could not be asked for the interview.
	ErrUnclaimed = errors.New("the interview can't be taken up")
)

// Answer is what a written message led to.
type Answer struct {
	Said  string // the candidate's line as it is stored; "" for the opening
	Reply string // the interviewer's
}

// ownerWait is how long a message waits for another process to let go of its
// interview: longer than that one keeps an interview nobody writes to (ParkAfter),
// and than a dead one counts as alive.
const ownerWait = 8 * time.Second

// ownerLook is how often it looks meanwhile, and untakenLook the pause before a
// message is brought again that came when its interview was just let go.
const (
	ownerLook   = 250 * time.Millisecond
	untakenLook = 10 * time.Millisecond
)

// Converse brings a written message to its interview, which it takes up when it is
// not live, and returns the interviewer's reply to it, when both lines are durable.
// Messages of one interview are answered one after the other, in the order they
// came. Empty content asks for the opening, which is made once and is the same from
// then on; a first message of another kind is answered after the opening.
//
// It blocks until the reply is there or ctx ends; the turn goes on without it then.
// *interview.OwnedElsewhereError: another process has held the interview all the
// time that may be waited. ErrNotActive: it is over. ErrFull, ErrClosed,
// ErrInterrupted, ErrUnclaimed: it may be tried again.
func (i *Interviews) Converse(ctx context.Context, info Info, content string) (Answer, error) {
	info.Mode = interview.ModeText
	patience := time.Now().Add(ownerWait)
	for {
		answer, err := i.ask(ctx, info, content)
		again := errors.Is(err, errUntaken) || errors.As(err, new(*interview.OwnedElsewhereError))
		if !again {
			return answer, err
		}
		if !time.Now().Before(patience) {
			if errors.Is(err, errUntaken) {
				err = ErrInterrupted
			}
			return Answer{}, err
		}
		wait := ownerLook
		if errors.Is(err, errUntaken) {
			wait = untakenLook
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return Answer{}, context.Cause(ctx)
		}
	}
}

// errUntaken indicates a message that the interview did not come to: nothing of it
// is stored, and it can be brought again.
var errUntaken = errors.New("the interview let go before the message came")

func (i *Interviews) ask(ctx context.Context, info Info, content string) (Answer, error) {
	if !i.IsLive(info.ID) {
		within, cancel := context.WithTimeout(ctx, elsewhereTimeout)
		err := i.deps.Ledger.Elsewhere(within, info.ID, i.cfg.Owner)
		cancel()
		if errors.As(err, new(*interview.OwnedElsewhereError)) {
			return Answer{}, err // what else may be wrong the claim will say
		}
	}
	live, err := i.admit(info)
	if err != nil {
		return Answer{}, err
	}
	select {
	case <-live.ready:
	case <-ctx.Done():
		return Answer{}, context.Cause(ctx)
	}
	if live.err != nil {
		return Answer{}, live.err
	}
	q := &question{content: content, outcome: make(chan outcome, 1)}
	if !i.bring(info.ID, live, q) {
		select {
		case <-live.ref.Done(): // it is ending: admit it anew
			i.forget(info.ID, live, voiceproto.CloseTryAgain)
			return Answer{}, errUntaken
		case <-ctx.Done():
			return Answer{}, context.Cause(ctx)
		}
	}
	select {
	case o := <-q.outcome:
		if errors.Is(o.err, ErrInterrupted) && !q.taken.Load() {
			o.err = errUntaken
		}
		return o.answer, o.err
	case <-ctx.Done():
		return Answer{}, context.Cause(ctx)
	}
}

// bring hands a message to its interview; false when that takes no more. One that
// an ending interview never came to is answered by forget.
func (i *Interviews) bring(id interview.ID, live *call, q *question) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.calls[id] != live || !live.ref.TryTell(asked{q}) {
		return false
	}
	live.asked = append(slices.DeleteFunc(live.asked, func(q *question) bool { return q.done.Load() }), q)
	return true
}

// question is a written message that waits for its reply. It belongs to the
// interview; only outcome is its writer's.
type question struct {
	content string
	said    string
	taken   atomic.Bool // its words are a turn
	done    atomic.Bool
	outcome chan outcome // holds one
}

type outcome struct {
	answer Answer
	err    error
}

func (q *question) answer(a Answer) { q.settle(outcome{answer: a}) }

func (q *question) fail(err error) { q.settle(outcome{err: err}) }

func (q *question) settle(o outcome) {
	if q.done.CompareAndSwap(false, true) {
		q.outcome <- o
	}
}
