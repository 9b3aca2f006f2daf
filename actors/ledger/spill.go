package ledger

import (
	"context"
	"slices"
	"time"

	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
)

// move changes the state and says so: an alarm when the database is given up, and
// the end of it.
func (w *Writer) move(to State) {
	if w.state == to {
		return
	}
	from, now := w.state, time.Now()
	var lasted time.Duration
	if at := w.n.since.Load(); at != 0 {
		lasted = now.Sub(time.Unix(0, at)).Round(time.Millisecond)
	}
	w.state = to
	w.n.state.Store(int64(to))
	w.n.since.Store(now.UnixNano())
	attrs := []any{"from", from, "to", to, "after", lasted, "in_journal", w.inJournal(), "in_memory", len(w.waiting) + len(w.underway)}
	switch to {
	case Spilling:
		if from == Direct {
			w.n.spills.Add(1)
		}
		w.log.Error("ALARM the database takes no events: they go to the local journal", attrs...)
	case Holding:
		w.log.Error("ALARM neither database nor journal takes events: they wait in memory and nothing is called settled", attrs...)
	case Draining, Direct:
		w.log.Warn("the ledger recovers", attrs...)
	}
}

func (w *Writer) inJournal() int {
	if w.cfg.Journal == nil {
		return 0
	}
	return w.cfg.Journal.Len()
}

// giveUp leaves the database alone for a moment. The batch it did not take, or
// took without saying so, goes to the front of the queue: storing it twice changes
// nothing.
func (w *Writer) giveUp(c *engine.Ctx[Msg]) {
	w.putBack()
	switch {
	case w.cfg.Journal == nil:
		w.move(Holding)
	case w.state == Direct:
		w.move(Spilling)
	}
	w.advance(c)
	w.tryAgain(c)
}

func (w *Writer) putBack() {
	w.waiting = append(w.underway, w.waiting...)
	w.underway = nil
}

// tryAgain arranges the next look at the database.
func (w *Writer) tryAgain(c *engine.Ctx[Msg]) {
	w.draining = true
	c.After(backoff(w.failures), drainDue{})
	w.failures++
}

// spill brings the next batch to the journal.
func (w *Writer) spill(c *engine.Ctx[Msg]) {
	batch := w.next()
	w.spills++
	no := w.spills
	c.Go("spill", func(context.Context) error {
		return w.cfg.Journal.Append(batch)
	}, func(err error) Msg { return spillDone{no, err} })
	c.After(diskPatience, spillLate{no})
}

// onSpillLate takes the batch back from a disk that does not answer. What it writes
// after all is stored twice, which changes nothing.
func (w *Writer) onSpillLate(c *engine.Ctx[Msg], no uint64) {
	if no != w.spills || !w.spilling() {
		return
	}
	w.log.Error("journal does not answer", "events", len(w.underway), "after", diskPatience)
	w.n.failures.Add(1)
	w.stuck = no
	w.putBack()
	w.closing = false
	w.move(Holding)
	if !w.draining {
		w.drain(c)
	}
}

// spilling reports whether a batch is with the journal.
func (w *Writer) spilling() bool { return w.state != Direct && len(w.underway) > 0 && !w.committing }

// onSpilled settles what is in the journal: that is as durable as the database. A
// journal that takes nothing leaves the batch in memory, unsettled.
func (w *Writer) onSpilled(c *engine.Ctx[Msg], no uint64, err error) {
	if no == w.stuck { // its batch was taken back
		w.stuck = 0
		w.advance(c)
		if !w.draining && w.inJournal() > 0 {
			w.drain(c)
		}
		return
	}
	if err != nil {
		w.n.failures.Add(1)
		w.log.Error("journal takes no events", "events", len(w.underway), "error", err)
		w.putBack()
		w.resting = true
		c.After(backoff(w.badSpill), spillDue{})
		w.badSpill++
		w.closing = false
		w.move(Holding)
	} else {
		w.badSpill = 0
		w.n.spilled.Add(uint64(len(w.underway)))
		if w.state == Holding {
			w.move(Spilling)
		}
		w.settle(nil)
	}
	if !w.draining && w.state != Direct {
		w.drain(c)
	}
	w.advance(c)
}

// drain brings a part of the journal to the database; with an empty journal that
// takes nothing it tries the events in memory.
func (w *Writer) drain(c *engine.Ctx[Msg]) {
	w.draining = true
	if w.inJournal() == 0 {
		if len(w.stale) > 0 {
			w.settleLate(c)
			return
		}
		w.recovered(c)
		return
	}
	var part drained
	c.Go("drain", func(ctx context.Context) (err error) {
		part, err = drain(ctx, w.cfg.Ledger, w.cfg.Journal)
		return err
	}, func(err error) Msg { return drainDone{part, err} })
}

// recovered goes back to the database once the journal is empty. A batch that is
// with the journal now is the last one that goes there: onSpilled drains it, and
// comes here again.
func (w *Writer) recovered(c *engine.Ctx[Msg]) {
	w.draining = false
	if len(w.underway) > 0 {
		w.closing = true
		return
	}
	w.resting, w.closing = false, false
	if w.state == Holding && len(w.waiting) > 0 {
		w.commit(c) // its answer moves the state
		return
	}
	w.move(Direct)
	w.failures, w.badSpill = 0, 0
	w.goOn(c)
	w.advance(c)
}

// onDrained goes on with the journal, or looks again later.
func (w *Writer) onDrained(c *engine.Ctx[Msg], part drained, err error) {
	w.n.drained.Add(uint64(part.events))
	w.n.late.Add(uint64(part.late))
	w.overtaken(part.stale)
	if err != nil {
		w.n.failures.Add(1)
		w.log.Warn("journal can't be drained yet", "in_journal", w.inJournal(), "error", err)
		w.closing = false
		if w.state == Draining {
			w.move(Spilling)
		}
		w.tryAgain(c)
		w.advance(c)
		return
	}
	w.failures = 0
	if w.state == Spilling {
		w.move(Draining)
	}
	w.drain(c)
}

// overtaken notes interviews that another process has taken over.
func (w *Writer) overtaken(ids []interview.ID) {
	for _, id := range ids {
		if !slices.Contains(w.stale, id) {
			w.stale = append(w.stale, id)
			w.log.Error("ALARM another process has taken an interview over: its events are kept as late ones", "interview", id)
			w.cfg.Overtaken(id)
		}
	}
}

// keepLate keeps events that were refused because another process has taken their
// interviews over. Nobody was told that they are settled; they were said all the
// same.
func (w *Writer) keepLate(c *engine.Ctx[Msg], events []interview.Event) {
	if len(events) == 0 {
		return
	}
	w.n.late.Add(uint64(len(events)))
	c.Go("keep late events", func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		return w.cfg.Ledger.AppendLate(ctx, events)
	}, func(err error) Msg { return lateDone{len(events), err} })
}

// settleLate makes lines of what overtaken interviews left open, once all of their
// events are there.
func (w *Writer) settleLate(c *engine.Ctx[Msg]) {
	ids := w.stale
	w.stale = nil
	c.Go("settle late events", func(ctx context.Context) error {
		return settle(ctx, w.cfg.Ledger, ids)
	}, func(err error) Msg { return settleDone{ids, err} })
}

func (w *Writer) onSettledLate(c *engine.Ctx[Msg], m settleDone) {
	if m.err != nil {
		w.log.Warn("late events are kept, but not settled yet", "interviews", len(m.ids), "error", m.err)
		w.stale = append(w.stale, m.ids...)
		w.tryAgain(c)
		return
	}
	w.drain(c)
}
