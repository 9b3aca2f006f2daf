package deepgramtts

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers/simulated"
)

// step is what a connection's writer does next.
type step struct {
	kind   string // "speech", "flushed", "cleared", "message", "end"
	text   string // to speak, or the close code's reason
	code   int    // a close code
	fault  SpeechFault
	ready  time.Time // speech: when its first sound is made
	answer any       // a message
}

// conn is one socket. The handler's goroutine reads, another one writes.
type conn struct {
	s     *Server
	ws    *websocket.Conn
	n     int
	id    string
	p     params
	born  time.Time
	wake  chan struct{} // the writer looks again
	timer *time.Timer   // the writer's
	acks  int           // the writer's: acknowledgements so far
	rest  []byte        // the writer's: what a Clear left of it

	// These belong to the reader.
	text    string // not yet spoken
	fault   SpeechFault
	chars   window
	flushes window

	mu    sync.Mutex
	steps []step
	cuts  int // rises when the piece in progress has to stop
	over  bool
}

func newConn(s *Server, ws *websocket.Conn, n int, id string, p params) *conn {
	return &conn{s: s, ws: ws, n: n, id: id, p: p, born: time.Now(), wake: make(chan struct{}, 1)}
}

func (c *conn) serve() {
	written := make(chan struct{})
	go func() {
		defer close(written)
		defer func() {
			if recover() != nil { // a voice that panics ends its connection only
				_ = c.ws.Close()
			}
		}()
		c.write()
	}()
	c.read()
	_ = c.ws.SetReadDeadline(c.byWhen(time.Now().Add(time.Hour)))
	_, _ = io.Copy(io.Discard, c.ws.NetConn()) // until the client or the writer's deadline ends it
	_ = c.ws.Close()
	c.put(true, step{kind: "gone"})
	<-written
}

// put appends steps; cut drops what waits and stops the piece in progress first.
func (c *conn) put(cut bool, steps ...step) {
	c.mu.Lock()
	if cut {
		c.steps = nil
		c.cuts++
	}
	if !c.over {
		c.steps = append(c.steps, steps...)
	}
	c.mu.Unlock()
	c.poke()
}

func (c *conn) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *conn) note(kind, detail string, billed int) {
	c.s.Journal.Add(simulated.Entry{Conn: c.n, Kind: kind, Detail: detail, Billed: billed})
}

// end closes with a code, at once.
func (c *conn) end(code int, reason string) { c.put(true, step{kind: "end", code: code, text: reason}) }

// read takes messages until the socket's end.
func (c *conn) read() {
	c.ws.SetReadLimit(maxMessage)
	c.ws.SetPingHandler(func(data string) error {
		c.patience()
		_ = c.ws.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(time.Second))
		return nil
	})
	c.put(false, step{kind: "message", answer: map[string]any{
		"type": "Metadata", "request_id": c.id, "model_name": c.p.model, "model_version": "2025-04-07.0",
		"model_uuid": "0b4b6c2e-5f2b-4b7c-9a53-0d7c6f3d5a11", "additional_model_uuids": []string{},
	}})
	for {
		c.patience()
		kind, raw, err := c.ws.ReadMessage()
		if err != nil {
			c.lost(err)
			return
		}
		if kind != websocket.TextMessage {
			c.end(websocket.CloseUnsupportedData, "MESSAGE-0000")
			return
		}
		if !c.take(raw) {
			return
		}
	}
}

// patience bounds the wait for the next message by the idle limit and the age.
func (c *conn) patience() {
	by := time.Now().Add(c.s.cfg.Idle)
	if end := c.born.Add(c.s.cfg.MaxAge); end.Before(by) {
		by = end
	}
	_ = c.ws.SetReadDeadline(c.byWhen(by))
}

// byWhen is soon once the writer has ended.
func (c *conn) byWhen(otherwise time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return time.Now().Add(linger)
	}
	return otherwise
}

// lost ends the socket after a failed read.
func (c *conn) lost(err error) {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout() && time.Since(c.born) >= c.s.cfg.MaxAge:
		c.end(websocket.CloseInternalServerErr, "NET-0003")
	case errors.As(err, &timeout) && timeout.Timeout():
		c.end(websocket.CloseInternalServerErr, "NET-0001")
	case errors.Is(err, websocket.ErrReadLimit):
		c.end(websocket.CloseMessageTooBig, "BIG-0000")
	default: // the client went away
		c.put(true, step{kind: "gone"})
	}
}

// take follows one message; false when no other will be read.
func (c *conn) take(raw []byte) bool {
	var m struct {
		Type string  `json:"type"`
		Text *string `json:"text"`
	}
	if json.Unmarshal(raw, &m) != nil {
		c.end(websocket.ClosePolicyViolation, "DATA-0000")
		return false
	}
	switch {
	case m.Type == "Speak" && m.Text != nil:
		return c.speakText(*m.Text)
	case m.Type == "Flush":
		c.flush()
	case m.Type == "Clear":
		c.clear()
	case m.Type == "Close":
		c.note("close", "", 0)
		c.force()
		c.put(false, step{kind: "end", code: websocket.CloseNormalClosure})
		return false
	default:
		c.end(websocket.ClosePolicyViolation, "DATA-0000")
		return false
	}
	return true
}

func (c *conn) speakText(text string) bool {
	n := utf8.RuneCountInString(text)
	if n > maxText {
		c.end(websocket.CloseMessageTooBig, "BIG-0001")
		return false
	}
	if !c.chars.add(time.Now(), c.s.cfg.Minute, c.s.cfg.Characters, n) {
		c.end(websocket.ClosePolicyViolation, "DATA-0001")
		return false
	}
	c.note("speak", text, n)
	c.text += text
	for {
		at := boundary(c.text)
		if at < 0 {
			return true
		}
		c.say(c.text[:at])
		c.text = c.text[at:]
	}
}

// boundary is where the first sentence of a text ends, or -1: behind its
// punctuation and the space after it.
func boundary(text string) int {
	closed := false
	for i, r := range text {
		switch {
		case strings.ContainsRune(".!?", r):
			closed = true
		case unicode.IsSpace(r) && closed:
			return i + utf8.RuneLen(r)
		default:
			closed = closed && strings.ContainsRune(`"')]`, r)
		}
	}
	return -1
}

// say queues a piece of synthesis.
func (c *conn) say(text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	now := time.Now()
	c.fault = c.s.Speaking.Take(now)
	delay := c.s.cfg.FirstByte
	if c.fault.FirstByte != (simulated.Delay{}) {
		delay = c.fault.FirstByte
	}
	c.put(false, step{kind: "speech", text: text, fault: c.fault, ready: now.Add(delay.Sample(c.s.chance))})
}

// force speaks what is left of the text.
func (c *conn) force() {
	c.say(c.text)
	c.text = ""
}

func (c *conn) flush() {
	if !c.flushes.add(time.Now(), c.s.cfg.Minute, c.s.cfg.Flushes, 1) {
		c.note("warning", "EXCESSIVE_FLUSH", 0)
		c.put(false, step{kind: "message", answer: map[string]string{
			"type": "Warning", "code": "EXCESSIVE_FLUSH", "description": "The flush was ignored: more than " + strconv.Itoa(c.s.cfg.Flushes) + " within a minute.",
		}})
		return
	}
	c.note("flush", "", 0)
	c.force()
	if !c.fault.IgnoreFlush && !c.fault.Mute {
		c.put(false, step{kind: "flushed"})
	}
}

func (c *conn) clear() {
	c.note("clear", "", 0)
	if c.fault.IgnoreClear {
		return
	}
	c.text, c.fault = "", SpeechFault{}
	c.put(true, step{kind: "cleared"})
}
