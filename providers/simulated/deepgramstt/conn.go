package deepgramstt

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers/simulated"
)

// session is one of the two protocols. Its methods are called with conn.mu held.
type session interface {
	// opened begins.
	opened()
	// heard looks at the clock after a step of audio.
	heard()
	// said takes a control message.
	said(m control)
	// ended takes a CloseStream.
	ended()
}

// control is a text message of a client.
type control struct {
	Type       string     `json:"type"`
	Thresholds thresholds `json:"thresholds"`
	Keyterms   []string   `json:"keyterms"`
}

// conn is one connection.
type conn struct {
	s       *Server
	ws      *websocket.Conn
	n       int
	id      string
	p       params
	fault   Fault
	out     *outbox
	opened  time.Time
	ended   bool // belongs to the reader: CloseStream came, or an end was sent
	anyBody bool // belongs to the reader: audio came

	mu      sync.Mutex // guards what follows
	ears    *ears
	session session
	tooFast bool
}

func newConn(s *Server, ws *websocket.Conn, n int, id string, p params, f Fault) *conn {
	c := &conn{s: s, ws: ws, n: n, id: id, p: p, fault: f, opened: time.Now(), ears: newEars(p, s.cfg.Ear, s.cfg.Level)}
	c.out = newOutbox(c)
	if p.flux {
		c.session = &flux{c: c}
	} else {
		c.session = &nova{c: c}
	}
	return c
}

func (c *conn) note(kind, detail string, billed int) {
	c.s.Journal.Add(simulated.Entry{Conn: c.n, Kind: kind, Detail: detail, Billed: billed})
}

// serve runs the connection until its end.
func (c *conn) serve() {
	var sending sync.WaitGroup
	sending.Go(c.out.run)
	c.ws.SetReadLimit(maxMessage)
	c.ws.SetPingHandler(func(data string) error {
		c.extend()
		return c.ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(time.Second))
	})
	c.mu.Lock()
	for _, g := range c.fault.Garbage {
		c.out.raw([]byte(g))
	}
	if c.fault.Complaint != "" {
		c.out.send(0, map[string]string{"type": "Error", "description": c.fault.Complaint, "message": "", "variant": "Fault"})
	}
	c.session.opened()
	c.mu.Unlock()
	c.read()
	c.out.stop()
	sending.Wait()
	_ = c.ws.Close()
	c.mu.Lock()
	audio := c.ears.length(c.ears.pos)
	c.mu.Unlock()
	c.note("connection", "", int(time.Since(c.opened).Milliseconds()))
	c.note("audio", "", int(audio.Milliseconds()))
}

// extend moves the moment at which the client counts as gone.
func (c *conn) extend() {
	now := time.Now()
	idle := c.s.cfg.Idle
	if c.p.flux {
		idle = c.s.cfg.FluxIdle
	}
	deadline := now.Add(idle)
	if first := c.opened.Add(c.s.cfg.FirstAudio); !c.anyBody && !c.p.flux && first.Before(deadline) {
		deadline = first
	}
	if c.ended {
		deadline = now.Add(c.s.cfg.Stalled + c.fault.LateFinals)
	}
	_ = c.ws.SetReadDeadline(deadline)
}

// read takes the client's messages until the connection ends.
func (c *conn) read() {
	for {
		if !c.out.ending() {
			c.extend()
		}
		kind, raw, err := c.ws.ReadMessage()
		if err != nil {
			c.lost(err)
			return
		}
		if c.ended {
			continue
		}
		c.mu.Lock()
		if kind == websocket.TextMessage {
			c.text(raw)
		} else {
			c.audio(raw)
		}
		c.mu.Unlock()
		if c.fault.ReadPause > 0 {
			select {
			case <-time.After(c.fault.ReadPause):
			case <-c.out.gone:
			}
		}
	}
}

// lost ends what is left of a connection: a client that said nothing for too long
// is told.
func (c *conn) lost(err error) {
	var timeout net.Error
	if c.ended || !errors.As(err, &timeout) || !timeout.Timeout() {
		return
	}
	switch {
	case c.p.flux:
		c.drop("idle")
	case !c.anyBody && time.Since(c.opened) >= c.s.cfg.FirstAudio:
		c.out.close(websocket.CloseInternalServerErr, "NET-0000: Deepgram did not provide a response message within the timeout window.")
	default:
		c.out.close(websocket.CloseInternalServerErr, "NET-0001: Deepgram did not receive audio data or a text message within the timeout window.")
	}
	c.out.wait()
	// The websocket reads no more after a timeout; what still comes must be read, or
	// closing the socket would take the close frame along.
	_ = c.ws.NetConn().SetReadDeadline(time.Now().Add(hangUp))
	_, _ = io.Copy(io.Discard, c.ws.NetConn())
}

func (c *conn) audio(raw []byte) {
	if len(raw) == 0 {
		c.end("empty frame")
		return
	}
	pcm, err := c.ears.decode(raw)
	if err != nil {
		c.finish(websocket.ClosePolicyViolation, "DATA-0000: The payload cannot be decoded as audio.")
		return
	}
	c.anyBody = true
	size := max(c.ears.samples(step), 1)
	for len(pcm) > 0 && !c.ended {
		n := min(len(pcm), size)
		c.ears.take(pcm[:n])
		pcm = pcm[n:]
		c.session.heard()
		c.disturb()
	}
}

// disturb carries out faults and notes a client that sends too fast.
func (c *conn) disturb() {
	at := c.ears.length(c.ears.pos)
	f := &c.fault
	if f.Mute > 0 && at >= f.Mute {
		c.out.mute()
	}
	if f.Drop > 0 && at >= f.Drop {
		c.ended = true
		c.drop("fault")
	}
	if f.Close > 0 && at >= f.Close && !c.ended {
		code := f.CloseCode
		if code == 0 {
			code = websocket.CloseInternalServerErr
		}
		c.finish(code, f.CloseReason)
	}
	if !c.tooFast && at > time.Since(c.opened)*5/4+time.Second {
		c.tooFast = true
		c.note("toofast", "", 0)
	}
}

// text takes a control message.
func (c *conn) text(raw []byte) {
	var m control
	if json.Unmarshal(raw, &m) != nil || m.Type == "" {
		c.out.send(0, map[string]string{"type": "Error", "description": "Could not parse the message.", "message": "", "variant": "UnparsableClientMessage", "code": "UNPARSABLE_CLIENT_MESSAGE"})
		return
	}
	switch m.Type {
	case "CloseStream":
		c.end("asked")
	default:
		c.session.said(m)
	}
}

// end carries out a CloseStream.
func (c *conn) end(how string) {
	c.note("closestream", how, 0)
	c.ended = true
	c.session.ended()
}

// finish closes the connection with a code, behind what waits to be sent.
func (c *conn) finish(code int, reason string) {
	c.ended = true
	c.out.close(code, reason)
}

// drop cuts the connection without a word.
func (c *conn) drop(why string) {
	c.note("drop", why, 0)
	c.out.stop()
	if tcp, ok := c.ws.NetConn().(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // what the client has not read yet is lost as well
	}
	_ = c.ws.NetConn().Close()
}

func closeDetail(code int, reason string) string { return strconv.Itoa(code) + " " + reason }
