package cartesia

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers/simulated"
)

const (
	// tick is the finest time the sound is paced by: hundreds of connections share
	// a small machine.
	tick = 20 * time.Millisecond
	// writeWithin bounds a write to a client that does not read.
	writeWithin = 10 * time.Second
	// maxExpired bounds the expired contexts a connection remembers.
	maxExpired = 1000
)

// errEnd ends a connection on purpose.
var errEnd = errors.New("connection ends")

type message struct {
	binary bool
	raw    []byte
}

// conn is one connection. All but ws belongs to the goroutine of serve.
type conn struct {
	server   *Server
	version  string
	number   int
	inputs   chan message
	gone     chan struct{} // closed when serve ends
	contexts map[string]*contextState
	expired  map[string]bool
	out      []byte

	mu     sync.Mutex
	ws     *websocket.Conn
	closed bool
}

// cut ends the connection without a word.
func (c *conn) cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.ws != nil {
		_ = c.ws.UnderlyingConn().Close()
	}
}

func (c *conn) serve(ws *websocket.Conn) {
	c.mu.Lock()
	c.ws = ws
	closed := c.closed
	c.mu.Unlock()
	var reading sync.WaitGroup
	if !closed {
		ws.SetReadLimit(maxInput)
		reading.Go(func() { c.read(ws) })
		_ = c.loop() // however it ends, the connection is closed
	}
	close(c.gone)
	c.cut()
	reading.Wait()
	for _, x := range c.contexts {
		c.rest(x)
	}
}

func (c *conn) read(ws *websocket.Conn) {
	defer close(c.inputs)
	for {
		format, raw, err := ws.ReadMessage()
		if err != nil {
			return
		}
		select {
		case c.inputs <- message{format == websocket.BinaryMessage, raw}:
		case <-c.gone:
			return
		}
	}
}

// loop takes inputs and makes sound when it is due.
func (c *conn) loop() error {
	idle := time.Now().Add(c.server.cfg.Idle)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	last := time.Now()
	for {
		next := idle
		for _, x := range c.contexts {
			if due := c.due(x); !due.IsZero() && due.Before(next) {
				next = due
			}
		}
		if soonest := last.Add(tick); next.Before(soonest) {
			next = soonest
		}
		timer.Reset(time.Until(next))
		select {
		case m, more := <-c.inputs:
			if !more {
				return nil
			}
			idle = time.Now().Add(c.server.cfg.Idle)
			if err := c.take(m); err != nil {
				return err
			}
		case now := <-timer.C:
			last = now
			if !now.Before(idle) {
				return c.bye(websocket.CloseNormalClosure, "idle")
			}
			for _, x := range c.contexts {
				if err := c.advance(x, now); err != nil {
					return err
				}
			}
		}
	}
}

func (c *conn) bye(code int, why string) error {
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, why), time.Now().Add(writeWithin)) // the end, either way
	return errEnd
}

// write sends what fill appends.
func (c *conn) write(fill func([]byte) []byte) error {
	c.out = fill(c.out[:0])
	return c.send(websocket.TextMessage, c.out)
}

func (c *conn) send(format int, raw []byte) error {
	_ = c.ws.SetWriteDeadline(time.Now().Add(writeWithin)) // the write tells
	return c.ws.WriteMessage(format, raw)
}

// fail answers with an error; a context it belongs to has ended.
func (c *conn) fail(id string, no *refusal) error {
	c.server.Journal.Add(simulated.Entry{Conn: c.number, Kind: "error", Detail: no.code})
	if x := c.contexts[id]; x != nil {
		c.end(x)
	}
	return c.write(func(b []byte) []byte { return appendError(b, c.version, id, no) })
}

// end forgets a context.
func (c *conn) end(x *contextState) {
	c.rest(x)
	delete(c.contexts, x.id)
}

// rest gives the context's place among the generating ones back.
func (c *conn) rest(x *contextState) {
	if x.generating {
		x.generating = false
		c.server.stop()
	}
}

func (c *conn) take(m message) error {
	if m.binary {
		if err := c.fail("", bad("binary message")); err != nil {
			return err
		}
		return c.bye(websocket.CloseUnsupportedData, "text only")
	}
	in, no := readInput(m.raw)
	switch {
	case no != nil:
		return c.fail(in.ContextID, no)
	case in.Cancel:
		return c.cancel(in.ContextID)
	}
	if no := in.check(c.version, c.server.cfg.Models, true); no != nil {
		return c.fail(in.ContextID, no)
	}
	return c.input(in)
}

// input moves the state of a context by a request that is well-formed.
func (c *conn) input(in input) error {
	x, now := c.contexts[in.ContextID], time.Now()
	switch {
	case x == nil && c.expired[in.ContextID] && c.server.cfg.RefuseExpired:
		return c.fail(in.ContextID, bad("context has expired"))
	case x == nil:
		x = newContext(in, now)
	case x.constant != in.constant:
		return c.fail(x.id, bad("all fields but transcript, continue, flush and duration must stay the same within a context"))
	case x.closing || x.cancelled:
		return c.fail(x.id, bad("context is closed"))
	}
	if no := x.fits(in); no != nil {
		return c.fail(in.ContextID, no)
	}
	c.contexts[x.id] = x
	delete(c.expired, x.id)
	text := *in.Transcript
	if strings.TrimSpace(text) != "" && speaks(x.held+text) {
		if !x.generating {
			if !c.server.start() {
				return c.fail(x.id, tooMany())
			}
			x.generating = true
		}
		c.server.Journal.Add(simulated.Entry{Conn: c.number, Kind: "speak", Detail: text, Billed: len([]rune(text))})
		if over, err := c.strike(x, now); over || err != nil {
			return err
		}
	}
	x.add(text, now, in.Flush || !in.Continue)
	if in.Flush {
		c.server.Journal.Add(simulated.Entry{Conn: c.number, Kind: "flush"})
		x.flush()
		if x.early {
			if err := c.write(func(b []byte) []byte { return appendFlushDone(b, x.id, x.flushes) }); err != nil {
				return err
			}
		}
	}
	x.closing = !in.Continue
	return c.advance(x, now)
}

// strike makes the faults that come before any sound. The context is over where it
// says so.
func (c *conn) strike(x *contextState, now time.Time) (over bool, err error) {
	fault := c.server.Inputs.Take(now)
	switch fault.Kind {
	case Fail, FailSocket:
		no := &refusal{fault.Status, "failed", http.StatusText(fault.Status), fault.Text}
		id := x.id
		if fault.Kind == FailSocket {
			c.end(x)
			id = ""
		}
		return true, c.fail(id, no)
	case NoSound:
		c.end(x)
		return true, c.write(func(b []byte) []byte { return appendDone(b, x.id) })
	case Ignore:
		x.stalled = true
	case NoFlushDone:
		x.unflushed = true
	case EarlyFlush:
		x.early = true
	default:
		x.fault = fault
	}
	return false, nil
}

// cancel stops what has not begun. What is being generated goes on for up to three
// chunks, and sometimes the end is told. Nothing acknowledges it.
func (c *conn) cancel(id string) error {
	c.server.Journal.Add(simulated.Entry{Conn: c.number, Kind: "cancel", Detail: id})
	x := c.contexts[id]
	if x == nil {
		return nil
	}
	x.cancelled, x.held, x.heldUntil, x.queue = true, "", time.Time{}, nil
	if x.stalled {
		x.stalled, x.current = false, nil
	}
	x.strays, x.lateDone = c.server.random.Below(4), c.server.random.Below(3) == 0
	return c.advance(x, time.Now())
}
