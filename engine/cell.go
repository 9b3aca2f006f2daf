package engine

import (
	"context"
	"math"
	"sync"
	"sync/atomic"

	"github.com/anthdm/hollywood/actor"
)

// cell is what every actor has whatever its message type: its address, its load,
// its place in the tree, and what it owns.
type cell struct {
	sys    *System
	parent *cell // nil for a root
	id     string
	role   string
	gen    Gen
	spawn  uint64 // counts the system's spawns
	pid    *actor.PID
	stats  *roleStats

	ctx    context.Context // the actor's own, cancelled when it ends
	cancel context.CancelCauseFunc

	// load counts the messages on their way to Receive; once closed it is
	// negative. One word for both makes the count of dead letters exact.
	load    atomic.Int64
	offered atomic.Int64 // offers among the load
	offers  int64        // bound of offered

	ending atomic.Bool   // the cause of the end is settled; set under mu
	halted chan struct{} // closed when no Receive will run any more
	done   chan struct{} // closed when everything has ended

	onStopped func()        // runs the behavior's Stopped hook; set before the mailbox starts
	onDown    func(Failure) // reports to the parent; set before the mailbox starts, nil for a root

	mu        sync.Mutex
	onFailure func(Failure) // reports a root's failure
	started   bool          // the mailbox is running
	pillDue   bool          // a stop came before that
	failure   *Failure      // why, unless it was told to stop
	settled   bool          // ended or abandoned: out of the tables
	sealed    bool          // owns nothing new from here on
	stopErr   error         // what was abandoned; readable once done is closed
	children  map[*cell]struct{}
	gens      map[string]Gen // last generation by child role
	tasks     map[*task]struct{}
	noTasks   chan struct{} // closed when the last task ends after sealing
	timers    map[*Timer]struct{}
}

// closedLoad is the sign bit: added to any load, it makes it negative for good.
const closedLoad = math.MinInt64

// credited marks a message that came through Offer. It rides as the sender, which
// is otherwise unused, because an envelope of our own would cost an allocation.
var credited = &actor.PID{ID: "offer"}

// tell queues a message for Receive and reports false if the actor is closed.
func (c *cell) tell(msg any, mark *actor.PID) bool {
	depth := c.load.Add(1)
	if depth < 0 {
		return false
	}
	c.stats.noteDepth(depth)
	c.sys.engine.SendWithSender(c.pid, msg, mark)
	return true
}

// tellLiving queues a message unless the actor is stopping. Holding the lock keeps
// it before the pill, so that it is never a dead letter of an orderly stop.
func (c *cell) tellLiving(msg any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.ending.Load() {
		c.tell(msg, nil)
	}
}

// offer is tell within the bound. A stopping actor accepts none: its producers may
// run on for a moment, and what they offer would be lost.
func (c *cell) offer(msg any) bool {
	if c.ending.Load() {
		return false
	}
	if c.offered.Add(1) > c.offers {
		c.offered.Add(-1)
		return false
	}
	return c.tell(msg, credited)
}

// post queues a message of the runtime itself. It is neither counted as load nor
// as a dead letter.
func (c *cell) post(msg any) {
	if !c.closed() {
		c.sys.engine.Send(c.pid, msg)
	}
}

// took accounts for a message that reached the mailbox's end and reports whether
// it may still be handled.
func (c *cell) took(mark *actor.PID) bool {
	if mark == credited {
		c.offered.Add(-1)
	}
	return c.load.Add(-1) >= 0
}

func (c *cell) closed() bool { return c.load.Load() < 0 }

func (c *cell) depth() int { return int(max(c.load.Load(), 0)) }

// close ends the handling of messages at once: what is queued becomes dead letters.
func (c *cell) close() {
	if before := c.load.Or(closedLoad); before > 0 {
		c.sys.counts.deadLetters.Add(uint64(before))
	}
}
