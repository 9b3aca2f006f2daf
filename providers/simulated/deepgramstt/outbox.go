package deepgramstt

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// outbox sends messages in order, each not before it is due.
type outbox struct {
	c    *conn
	gone chan struct{} // closed by stop
	done chan struct{} // closed when run has returned

	mu      sync.Mutex
	wake    chan struct{}
	waiting []outgoing
	last    time.Time // when the newest of them is due
	muted   bool
	closing bool // the close frame was sent
	stopped bool
}

// outgoing is something to send. make runs when it is due, with conn.mu held, and
// may decide to send nothing.
type outgoing struct {
	due    time.Time
	make   func() any
	raw    []byte
	code   int // of a close frame; -1: one without a code
	reason string
}

func newOutbox(c *conn) *outbox {
	return &outbox{c: c, gone: make(chan struct{}), done: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// send sends a message after a delay. It does not block.
func (o *outbox) send(delay time.Duration, m any) {
	o.later(time.Now().Add(delay), func() any { return m })
}

// later sends what build makes when it is due.
func (o *outbox) later(due time.Time, build func() any) { o.put(outgoing{due: due, make: build}) }

func (o *outbox) raw(raw []byte) { o.put(outgoing{due: time.Now(), raw: raw}) }

// close sends a close frame behind everything else.
func (o *outbox) close(code int, reason string) {
	o.put(outgoing{due: time.Now(), code: code, reason: reason})
}

func (o *outbox) put(m outgoing) {
	m.due = m.due.Add(o.c.fault.Delay.Sample(o.c.s.chance))
	o.mu.Lock()
	if m.due.Before(o.last) {
		m.due = o.last
	}
	o.last = m.due
	full := len(o.waiting) >= maxWaiting
	if !full {
		o.waiting = append(o.waiting, m)
	}
	o.mu.Unlock()
	if full {
		o.stop()
		return
	}
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// mute lets nothing out any more but the end.
func (o *outbox) mute() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.muted = true
}

// stop ends run. It does not block.
func (o *outbox) stop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.stopped {
		o.stopped = true
		close(o.gone)
	}
}

// wait returns when run has.
func (o *outbox) wait() { <-o.done }

// ending reports whether the close frame was sent.
func (o *outbox) ending() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.closing
}

func (o *outbox) next() (m outgoing, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.waiting) == 0 {
		return m, false
	}
	m = o.waiting[0]
	o.waiting = o.waiting[1:]
	return m, true
}

// run sends until the end was sent, the connection failed or stop.
func (o *outbox) run() {
	defer close(o.done)
	due := time.NewTimer(time.Hour)
	defer due.Stop()
	for {
		m, ok := o.next()
		if !ok {
			select {
			case <-o.wake:
				continue
			case <-o.gone:
				return
			}
		}
		if d := time.Until(m.due); d > 0 {
			due.Reset(d)
			select {
			case <-due.C:
			case <-o.gone:
				return
			}
		}
		select {
		case <-o.gone:
			return
		default:
		}
		if !o.deliver(m) {
			return
		}
	}
}

// deliver sends one message; false when none can follow.
func (o *outbox) deliver(m outgoing) bool {
	ws := o.c.ws
	deadline := time.Now().Add(o.c.s.cfg.Stalled)
	if m.code != 0 {
		o.hangUp(m)
		return false
	}
	raw := m.raw
	if m.make != nil {
		o.c.mu.Lock()
		v := m.make()
		o.c.mu.Unlock()
		if v == nil {
			return true
		}
		var err error
		if raw, err = json.Marshal(v); err != nil {
			return false
		}
	}
	o.mu.Lock()
	muted := o.muted
	o.mu.Unlock()
	if muted {
		return true
	}
	_ = ws.SetWriteDeadline(deadline)
	if ws.WriteMessage(websocket.TextMessage, raw) != nil {
		_ = ws.NetConn().Close() // the reader finds out
		return false
	}
	return true
}

// hangUp sends the close frame and gives the client a moment to answer it: a
// socket that is closed with unread bytes would take the frame along.
func (o *outbox) hangUp(m outgoing) {
	var frame []byte
	if m.code > 0 {
		frame = websocket.FormatCloseMessage(m.code, m.reason[:min(len(m.reason), 120)])
	}
	o.c.note("close", closeDetail(m.code, m.reason), 0)
	_ = o.c.ws.WriteControl(websocket.CloseMessage, frame, time.Now().Add(hangUp))
	o.mu.Lock()
	o.closing = true
	o.mu.Unlock()
	_ = o.c.ws.SetReadDeadline(time.Now().Add(hangUp))
}
