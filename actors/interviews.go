package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/vantahire/vantahire/actors/ledger"
	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
)

var (
	// ErrFull indicates that as many interviews are live as this process admits.
	ErrFull = errors.New("too many live interviews")
	// ErrClosed indicates that the server takes no new calls: it is stopping.
	ErrClosed = errors.New("no new interviews: the server is stopping")
	// ErrNotLive indicates that the interview is not live in this process.
	ErrNotLive = errors.New("interview is not live")
)

// Interviews admits candidates to live interviews and knows who is live. It is
// goroutine-safe; its methods block for no longer than their context.
type Interviews struct {
	cfg   Config
	deps  Deps
	sys   *engine.System
	store engine.Ref[ledger.Msg]
	stats ledger.Counters

	mu     sync.Mutex
	calls  map[interview.ID]*call
	texts  int // of them in writing
	closed bool
	broken bool
	serial uint64
	idle   chan struct{} // closed and replaced whenever the last call is over
}

// call is one live interview.
type call struct {
	ref   engine.Ref[interviewMsg]
	actor *interviewActor
	ready chan struct{} // closed once ref and actor stand
	err   error
	conns []*Connection // guarded by Interviews.mu; those that are open
	text  bool
	// drained is guarded by Interviews.mu: it was told, or is to be told, to go soon.
	drained bool
	asked   []*question // guarded by Interviews.mu; those that may be unanswered
}

// NewInterviews starts the ledger's writer and admits calls from now on.
func NewInterviews(sys *engine.System, cfg Config, deps Deps) (*Interviews, error) {
	if deps.Meter == nil {
		deps.Meter = noMeter{}
	}
	i := &Interviews{cfg: cfg.withDefaults(), deps: deps, sys: sys, calls: map[interview.ID]*call{}}
	ref, err := engine.Spawn(sys, engine.Spec[ledger.Msg]{
		Role: "ledger", ID: "ledger", Inbox: 1024,
		New: func(engine.Gen) engine.Behavior[ledger.Msg] {
			return ledger.New(ledger.Config{
				Ledger: deps.Ledger, Journal: deps.Journal, Log: deps.Log, Counters: &i.stats,
				Durable:   deps.Meter.Durable,
				Overtaken: func(id interview.ID) { _ = i.tell(id, overtaken{}) }, // one that is not live is no matter
			})
		},
		OnFailure: i.writerFailed,
	})
	if err != nil {
		return nil, fmt.Errorf("start the writer of the ledger: %w", err)
	}
	i.store = ref
	return i, nil
}

// Connect brings a candidate's connection to its interview, starting it when it
// is not live. The returned Connection is the handler for what the transport
// reads. ErrFull and ErrClosed refuse a new interview; one that is live is always
// open to its candidate.
func (i *Interviews) Connect(ctx context.Context, info Info, t Transport, typing bool) (*Connection, error) {
	for {
		live, err := i.admit(info)
		if err != nil {
			return nil, err
		}
		select {
		case <-live.ready:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		if live.err != nil {
			return nil, live.err
		}
		conn := live.actor.newConnection(t, typing)
		if i.attach(info.ID, live, conn) {
			return conn, nil
		}
		select {
		case <-live.ref.Done(): // it is ending: admit it anew
			i.forget(info.ID, live, voiceproto.CloseTryAgain)
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// attach hands a connection to its interview; false when that takes no more. A
// connection that an ending interview never came to serve is closed by forget.
func (i *Interviews) attach(id interview.ID, live *call, conn *Connection) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.calls[id] != live || !live.ref.TryTell(attached{conn}) {
		return false
	}
	live.conns = append(slices.DeleteFunc(live.conns, func(c *Connection) bool { return c.closed.Load() }), conn)
	return true
}

// elsewhereTimeout bounds the question who owns an interview. The claim asks again.
const elsewhereTimeout = time.Second

// Admits reports why a candidate's interview can't be held here now, so that the
// edge can refuse before it upgrades a request: ErrFull, ErrClosed, or
// *interview.OwnedElsewhereError. It may ask the database.
func (i *Interviews) Admits(ctx context.Context, id interview.ID) error {
	i.mu.Lock()
	err, live := i.admits(Info{ID: id}), i.calls[id] != nil
	i.mu.Unlock()
	if err != nil || live {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, elsewhereTimeout)
	defer cancel()
	err = i.deps.Ledger.Elsewhere(ctx, id, i.cfg.Owner)
	if err != nil && !errors.As(err, new(*interview.OwnedElsewhereError)) {
		i.deps.Log.Warn("it is not known who owns the interview", "interview", id, "error", err)
		return nil
	}
	return err
}

func (i *Interviews) admits(info Info) error {
	most, live := i.cfg.MaxCalls, len(i.calls)-i.texts
	if info.written() {
		most, live = i.cfg.MaxTexts, i.texts
	}
	switch {
	case i.calls[info.ID] != nil:
		return nil
	case i.closed:
		return ErrClosed
	case live >= most:
		return fmt.Errorf("%w: %d", ErrFull, most)
	}
	return nil
}

// admit finds the live interview or starts it.
func (i *Interviews) admit(info Info) (*call, error) {
	i.mu.Lock()
	if err := i.admits(info); err != nil {
		i.mu.Unlock()
		return nil, err
	}
	if live := i.calls[info.ID]; live != nil {
		i.mu.Unlock()
		return live, nil
	}
	live := &call{ready: make(chan struct{}), text: info.written()}
	i.calls[info.ID] = live
	if live.text {
		i.texts++
	}
	i.serial++
	id := fmt.Sprintf("interview/%s/%d", info.ID, i.serial)
	i.mu.Unlock()

	// Who came while it ended was never served: the next try finds how it stands.
	over := func(interview.EndReason) { i.forget(info.ID, live, voiceproto.CloseTryAgain) }
	live.actor = newInterviewActor(i.cfg, i.deps, info, i.store, over)
	live.ref, live.err = engine.Spawn(i.sys, engine.Spec[interviewMsg]{
		Role: "interview", ID: id, Inbox: 64,
		New: func(engine.Gen) engine.Behavior[interviewMsg] { return live.actor },
		OnFailure: func(f engine.Failure) {
			i.deps.Log.Error("interview failed", "interview", info.ID, "error", f.Err, "stack", string(f.Stack))
			i.forget(info.ID, live, voiceproto.CloseInternal)
		},
	})
	if live.err != nil {
		live.err = fmt.Errorf("start interview %s: %w", info.ID, live.err)
		i.forget(info.ID, live, voiceproto.CloseInternal)
	}
	close(live.ready)
	i.mu.Lock()
	defer i.mu.Unlock()
	if live.drained && live.err == nil {
		live.ref.Tell(drain{})
	}
	return live, nil
}

// forget takes an interview out that is over. Connections it has not served are
// closed with code.
func (i *Interviews) forget(id interview.ID, live *call, code int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.calls[id] == live {
		delete(i.calls, id)
		if live.text {
			i.texts--
		}
	}
	for _, q := range live.asked {
		q.fail(ErrInterrupted)
	}
	live.asked = nil
	for _, conn := range live.conns { // served ones are closed already
		conn.transport.Close(code, "Interview interrupted")
	}
	live.conns = nil
	if len(i.calls) == 0 && i.idle != nil {
		close(i.idle)
		i.idle = nil
	}
}

func (i *Interviews) live(id interview.ID) (*call, error) {
	i.mu.Lock()
	live := i.calls[id]
	i.mu.Unlock()
	if live == nil {
		return nil, fmt.Errorf("%s: %w", id, ErrNotLive)
	}
	<-live.ready // the spawn it waits for does no I/O
	return live, live.err
}

// Live returns the ids of the live interviews, in no order.
func (i *Interviews) Live() []interview.ID {
	i.mu.Lock()
	defer i.mu.Unlock()
	ids := make([]interview.ID, 0, len(i.calls))
	for id := range i.calls {
		ids = append(ids, id)
	}
	return ids
}

// StoreStats tells what the ledger's writer did.
func (i *Interviews) StoreStats() ledger.Stats { return i.stats.Snapshot() }

// End ends a live interview for a reason from outside. It does not wait.
func (i *Interviews) End(id interview.ID, reason interview.EndReason) error {
	return i.tell(id, terminate{reason})
}

// Whisper hands the interviewer a hint for its next words.
func (i *Interviews) Whisper(id interview.ID, user, text string) error {
	return i.tell(id, operator{turn.Whispered{User: user, Text: text}})
}

// TakeOver lets a recruiter speak for the interviewer until HandBack.
func (i *Interviews) TakeOver(id interview.ID, user string) error {
	return i.tell(id, operator{turn.TakenOver{User: user}})
}

// Say says the recruiter's words to the candidate.
func (i *Interviews) Say(id interview.ID, user, text string) error {
	return i.tell(id, operator{turn.OperatorSaid{User: user, Text: text}})
}

// HandBack gives the conversation back to the interviewer.
func (i *Interviews) HandBack(id interview.ID, user string) error {
	return i.tell(id, operator{turn.HandedBack{User: user}})
}

func (i *Interviews) tell(id interview.ID, m interviewMsg) error {
	live, err := i.live(id)
	if err != nil {
		return err
	}
	live.ref.Tell(m)
	return nil
}

// newConnection is called by Connect's goroutine; it reads only what never
// changes after Started.
func (a *interviewActor) newConnection(t Transport, typing bool) *Connection {
	return &Connection{
		transport: t, typing: typing, mic: a.mic, intake: media.NewIntake(media.IntakeConfig{OnGap: a.mic.gap}), tell: a.tell, offer: a.offer,
	}
}
