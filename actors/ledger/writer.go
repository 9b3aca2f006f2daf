package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
)

const (
	// batchSize is how many events one transaction takes at most: group commit
	// gains little beyond it (measured: 100 rows reach half the rate of bulk copy).
	batchSize = 256
	// queueBound bounds the events that wait in memory. At about 300 bytes each they
	// stay under 20 MiB; a call makes fewer than 3 a second, so 100 calls fill it
	// only after minutes without database and journal. When it is full the
	// interview whose event is refused ends instead of losing lines silently.
	queueBound = 65536
	// patience is how long the database may take for a commit before events go to
	// the journal instead: what a candidate waits for a caption at most.
	patience = time.Second
	// diskPatience is how long the journal may take for a batch.
	diskPatience = 5 * time.Second
	// releaseTimeout bounds giving an ownership back, and releaseTries how often that
	// is tried.
	releaseTimeout = 8 * time.Second
	releaseTries   = 10
	// behindBound bounds the ownerships that wait to be given back, and the claims
	// that wait. What does not fit is not done: an ownership stays ours until the
	// process ends, a claim fails in time.
	behindBound = 4096
)

// ErrQuarantined says that an event can't be stored as it is: its content is in
// quarantine, and its place in the record is held. The record goes on behind it.
var ErrQuarantined = errors.New("event is in quarantine")

// errFull indicates that database and journal have been away for so long that no
// further event can be kept in memory.
var errFull = errors.New("too many events wait for the database")

// Config is what a writer needs.
type Config struct {
	Ledger Ledger
	// Journal may be nil: then events wait in memory while the database is away.
	Journal Journal
	// Overtaken is told of interviews that another process owns now. It must not
	// block. May be nil.
	Overtaken func(interview.ID)
	// Durable is told how long each event took from its handing over until it was
	// durable. May be nil.
	Durable  func(time.Duration)
	Log      *slog.Logger
	Counters *Counters
}

// Writer is the actor; its files are named after what it does: this one takes
// events and settles them, spill.go does without the database.
type Writer struct {
	cfg Config
	log *slog.Logger
	n   *Counters

	state    State
	waiting  []Append
	underway []Append // one batch, with the database or with the journal
	resting  bool     // the journal takes nothing: underway is empty until spillDue
	closing  bool     // nothing more goes to the journal, so that it can run dry
	stuck    uint64   // the journal does not answer to this batch; 0: it does
	spills   uint64   // batches that went to the journal

	committing bool // underway is with the database
	draining   bool // a part of the journal, or drainDue, is on its way
	failures   int  // in a row, of what is tried again
	badSpill   int  // in a row, of the journal
	stale      []interview.ID

	// What waits until the events that were taken before it are in the database.
	taken, settled uint64
	behind         []behind
}

// behind is something to do once after events are settled.
type behind struct {
	after uint64
	do    func(c *engine.Ctx[Msg])
}

// New makes the behavior of a writer.
func New(cfg Config) *Writer {
	if cfg.Overtaken == nil {
		cfg.Overtaken = func(interview.ID) {}
	}
	if cfg.Durable == nil {
		cfg.Durable = func(time.Duration) {}
	}
	return &Writer{cfg: cfg, log: cfg.Log, n: cfg.Counters}
}

// Receive collects, starts and settles batches.
func (w *Writer) Receive(c *engine.Ctx[Msg], msg Msg) {
	switch m := msg.(type) {
	case Append:
		w.take(c, m)
	case Release:
		w.wait(c, func(c *engine.Ctx[Msg]) { w.release(c, m, 0) })
	case Settled:
		w.wait(c, func(*engine.Ctx[Msg]) { m.Then() })
	case batchDone:
		w.onCommitted(c, m.err)
	case spillDone:
		w.onSpilled(c, m.no, m.err)
	case spillLate:
		w.onSpillLate(c, m.no)
	case lateDone:
		if m.err != nil {
			w.log.Error("refused events could not be kept", "events", m.events, "error", m.err)
		}
	case drainDone:
		w.onDrained(c, m.part, m.err)
	case settleDone:
		w.onSettledLate(c, m)
	case drainDue:
		w.drain(c)
	case spillDue:
		w.resting = false
		w.advance(c)
	case releaseDone:
		w.onReleased(c, m)
	case releaseDue:
		w.wait(c, func(c *engine.Ctx[Msg]) { w.release(c, m.release, m.tries) })
	}
	w.n.waiting.Store(int64(len(w.waiting) + len(w.underway)))
}

func (w *Writer) take(c *engine.Ctx[Msg], m Append) {
	if len(w.waiting) >= queueBound {
		w.n.refused.Add(1)
		m.Written(errFull)
		return
	}
	w.taken++
	m.taken = time.Now()
	w.waiting = append(w.waiting, m)
	w.advance(c)
}

// advance starts the next batch when none is under way.
func (w *Writer) advance(c *engine.Ctx[Msg]) {
	if len(w.underway) > 0 || len(w.waiting) == 0 {
		return
	}
	switch {
	case w.state == Direct:
		w.commit(c)
	case !w.resting && !w.closing && w.stuck == 0 && w.cfg.Journal != nil:
		w.spill(c)
	}
}

// next takes the next batch out of the queue.
func (w *Writer) next() []interview.Event {
	n := min(len(w.waiting), batchSize)
	w.underway = append([]Append(nil), w.waiting[:n]...)
	w.waiting = append(w.waiting[:0], w.waiting[n:]...)
	return w.events()
}

func (w *Writer) events() []interview.Event {
	batch := make([]interview.Event, len(w.underway))
	for i, e := range w.underway {
		batch[i] = e.Event
	}
	return batch
}

func (w *Writer) commit(c *engine.Ctx[Msg]) {
	batch := w.next()
	w.committing = true
	c.Go("commit", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return w.cfg.Ledger.Commit(ctx, batch)
	}, func(err error) Msg { return batchDone{err} })
}

// onCommitted settles the batch, or does without the database from now on.
func (w *Writer) onCommitted(c *engine.Ctx[Msg], err error) {
	w.committing = false
	if !w.settles(err) {
		w.n.failures.Add(1)
		w.log.Warn("ledger commit failed", "events", len(w.underway), "error", err)
		w.giveUp(c)
		return
	}
	w.failures = 0
	w.move(Direct) // it may have been held back
	w.keepLate(c, w.settle(err))
	w.goOn(c)
	w.advance(c)
}

// settles reports whether the ledger's answer is about single events: those it
// does not name are stored.
func (w *Writer) settles(err error) bool {
	return err == nil || errors.As(err, new(*interview.StaleFenceError)) || errors.As(err, new(RefusedEvents))
}

// settle tells the writers of the batch under way, and returns what was refused
// because its interview was taken over.
func (w *Writer) settle(err error) (overtaken []interview.Event) {
	var (
		stale   *interview.StaleFenceError
		refusal RefusedEvents
	)
	errors.As(err, &stale) // both may be joined in one error
	errors.As(err, &refusal)
	refused := map[interview.ID]bool{}
	if stale != nil {
		for _, id := range stale.Interviews {
			refused[id] = true
		}
	}
	now := time.Now()
	for _, e := range w.underway {
		var reason error
		switch {
		case refused[e.Event.Interview]:
			reason = &interview.StaleFenceError{Interviews: []interview.ID{e.Event.Interview}}
			overtaken = append(overtaken, e.Event)
		case refusal != nil:
			if why := refusal.Refusal(e.Event.Interview, e.Event.Seq); why != nil {
				reason = fmt.Errorf("%w: %w", ErrQuarantined, why)
			}
		}
		if reason == nil {
			w.n.written.Add(1)
			w.cfg.Durable(now.Sub(e.taken))
		} else {
			w.n.refused.Add(1)
			w.log.Error("event was refused", "interview", e.Event.Interview, "seq", e.Event.Seq, "error", reason)
		}
		e.Written(reason)
	}
	w.settled += uint64(len(w.underway))
	w.n.batches.Add(1)
	w.underway = nil
	return overtaken
}

// wait does something behind all events that were handed over so far.
func (w *Writer) wait(c *engine.Ctx[Msg], do func(*engine.Ctx[Msg])) {
	if len(w.behind) >= behindBound {
		w.n.unheard.Add(1)
		return
	}
	w.behind = append(w.behind, behind{w.taken, do})
	w.goOn(c)
}

// goOn does what may be done now: while the journal holds events, the database does
// not know all that was said.
func (w *Writer) goOn(c *engine.Ctx[Msg]) {
	if w.state != Direct {
		return
	}
	kept := w.behind[:0]
	for _, b := range w.behind {
		if b.after > w.settled {
			kept = append(kept, b)
			continue
		}
		b.do(c)
	}
	clear(w.behind[len(kept):])
	w.behind = kept
}

// release gives an ownership back.
func (w *Writer) release(c *engine.Ctx[Msg], r Release, tries int) {
	c.Go("release", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
		defer cancel()
		return w.cfg.Ledger.Release(ctx, r.Interview, r.Fence)
	}, func(err error) Msg { return releaseDone{r, tries, err} })
}

// onReleased tries again what failed: nobody else can hold an interview that we
// own and do not hold.
func (w *Writer) onReleased(c *engine.Ctx[Msg], m releaseDone) {
	switch {
	case m.err == nil, errors.As(m.err, new(*interview.StaleFenceError)): // another one owns it
	case m.tries+1 < releaseTries:
		c.After(backoff(m.tries), releaseDue{m.release, m.tries + 1})
	default:
		w.log.Error("ownership was not given back", "interview", m.release.Interview, "error", m.err)
	}
}
