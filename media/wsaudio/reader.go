package wsaudio

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/media/voiceproto"
)

const (
	// deadAfter is how long a peer may leave pings unanswered: two and a half
	// rounds. Other traffic does not count, so that a client that sends but never
	// reads is found as well.
	deadAfter = 25 * time.Second
	// lingerBytes bounds what is read and thrown away of a client that goes on
	// sending after the goodbye.
	lingerBytes = 1 << 20
)

// read is the reader. When it has ended, c.end is set.
func (c *Conn) read(h Handler) {
	defer close(c.gone)
	defer c.guard()
	c.ws.SetReadLimit(voiceproto.MaxMessage)
	c.ws.SetPingHandler(c.onPing)
	c.ws.SetPongHandler(c.onPong)
	c.ws.SetCloseHandler(func(int, string) error { return nil }) // the writer answers
	_ = c.ws.SetReadDeadline(time.Now().Add(deadAfter))          // fails only on a closed socket, which reading tells
	for {
		kind, payload, err := c.next()
		if err == nil {
			err = c.deliver(h, kind, payload)
		}
		if err != nil {
			c.readEnded(err)
			return
		}
	}
}

// next reads one message. The payload is valid until the following call.
func (c *Conn) next() (kind int, payload []byte, err error) {
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return 0, nil, err
	}
	n := 0
	for {
		if n == len(c.in) { // bounded: the library refuses messages over the limit
			c.in = append(c.in, make([]byte, len(c.in))...)
		}
		m, err := r.Read(c.in[n:])
		n += m
		if errors.Is(err, io.EOF) {
			return kind, c.in[:n], nil
		}
		if err != nil {
			return 0, nil, err
		}
	}
}

// deliver hands a message to the handler. What arrives after the end has begun
// is dropped.
func (c *Conn) deliver(h Handler, kind int, payload []byte) error {
	now := time.Now()
	if !c.count(kind, len(payload)) {
		return nil
	}
	if kind == websocket.BinaryMessage {
		if !c.audio.take(1, now) || !c.bytes.take(float64(len(payload)), now) {
			return ErrFlood
		}
		h.OnAudio(payload)
		return nil
	}
	if !c.texts.take(1, now) || !c.chars.take(float64(len(payload)), now) {
		return ErrFlood
	}
	m, err := voiceproto.DecodeClient(payload)
	if err != nil {
		c.ignored(err)
		return nil
	}
	if m, ok := c.note(m, now); ok {
		h.OnMessage(m)
	}
	return nil
}

// count notes a message; false when the connection is ending.
func (c *Conn) count(kind, size int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kind == websocket.BinaryMessage {
		c.stats.AudioMessages++
		c.stats.AudioBytes += int64(size)
	} else {
		c.stats.TextMessages++
	}
	return c.end == nil
}

// ignored counts a text that is no message for us (contract section 6).
func (c *Conn) ignored(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if errors.Is(err, voiceproto.ErrUnknownType) {
		c.stats.Unknown++
		return
	}
	c.stats.Malformed++
	c.log.Debug("voice message ignored", "err", err)
}

// note takes from a message what concerns the transport. It returns the message
// for the handler, or false when there is nothing to hand on.
func (c *Conn) note(m voiceproto.ClientMessage, now time.Time) (voiceproto.ClientMessage, bool) {
	switch m := m.(type) {
	case voiceproto.Hello:
		c.mu.Lock()
		defer c.mu.Unlock()
		c.send.speakAcks(m.Acks, now)
	case voiceproto.Played:
		return c.noteAck(m, now)
	}
	return m, true
}

func (c *Conn) noteAck(m voiceproto.Played, now time.Time) (voiceproto.ClientMessage, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.send.speakAcks(true, now)
	c.stats.Acks++
	pos, result := c.send.ack(m.Reply, m.MS)
	switch result {
	case ackUnknown:
		c.stats.AcksUnknown++
		return nil, false
	case ackClamped:
		c.stats.AcksClamped++
	case ackStale:
		c.stats.AcksStale++
	case ackTaken:
	}
	m.MS = pos / samplesPerMS
	return m, true
}

// onPing leaves the answer to the writer: the reader never waits for a write.
func (c *Conn) onPing(payload string) error {
	if !c.texts.take(1, time.Now()) {
		return ErrFlood
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end == nil {
		c.out.pong, c.out.pinged = []byte(payload), true
		c.signal()
	}
	return nil
}

func (c *Conn) onPong(payload string) error {
	now := time.Now()
	if !c.texts.take(1, now) {
		return ErrFlood
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end != nil {
		return nil
	}
	if payload == pingPayload(c.pings) {
		c.send.roundTrip(now.Sub(c.asked))
		c.stats.RoundTrip = c.send.rtt
	}
	return c.ws.SetReadDeadline(now.Add(deadAfter))
}

// readEnded begins the end of the connection for what ended reading, unless it
// has begun already.
func (c *Conn) readEnded(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var (
		goodbye *websocket.CloseError
		broken  net.Error
	)
	switch {
	case errors.As(err, &goodbye) && goodbye.Code != websocket.CloseAbnormalClosure:
		c.goodbye = true
		c.out.forget()
		c.finish(goodbye.Code, "", nil)
		return
	case errors.Is(err, ErrFlood):
		c.finish(voiceproto.CloseFlood, voiceproto.CloseReason(voiceproto.CloseFlood), ErrFlood)
		return
	case errors.Is(err, websocket.ErrReadLimit):
		c.finish(voiceproto.CloseTooBig, voiceproto.CloseReason(voiceproto.CloseTooBig), ErrTooBig)
		return
	case errors.As(err, &broken) && broken.Timeout():
		c.finish(voiceproto.CloseAbnormal, "", fmt.Errorf("%w: no pong for %s", ErrDead, deadAfter))
	case goodbye != nil || broken != nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe):
		c.finish(voiceproto.CloseAbnormal, "", fmt.Errorf("read from voice connection: %w", err))
	default: // the library has sent a close frame
		c.finish(voiceproto.CloseProtocol, "", fmt.Errorf("%w: %w", ErrProtocol, err))
		return
	}
	c.cut()
}

// linger reads on until the peer has closed its side, a second or a bound of
// bytes: closing a socket that has unread bytes resets the connection, and the
// reset may overtake our close frame (RFC 1122 section 4.2.2.13, RFC 6455
// section 7.1.1). After a close handshake the peer is gone already.
func (c *Conn) linger() {
	nc := c.ws.NetConn()
	if err := nc.SetReadDeadline(time.Now().Add(closeWait)); err != nil {
		return // closed
	}
	if half, ok := nc.(interface{ CloseWrite() error }); ok {
		if err := half.CloseWrite(); err != nil {
			return
		}
	}
	_, _ = io.CopyN(io.Discard, nc, lingerBytes) // whatever ends it, the socket is closed next
}
