package wsaudio

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/media/voiceproto"
)

const (
	// pingEvery keeps proxies from closing a quiet connection, measures the round
	// trip and finds dead peers.
	pingEvery = 10 * time.Second
	// writeTimeout is how long a write may block before the client counts as one
	// that does not read (design section 4).
	writeTimeout = 2 * time.Second
)

// write is the writer goroutine. It ends when it has sent a close frame or when
// a write fails, which it does at once when the reader found the socket broken.
func (c *Conn) write() {
	gone := c.gone
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	c.askPing() // for the round trip
	for {
		kind, payload, deadline := c.take()
		if kind == 0 {
			select {
			case <-c.wake:
			case <-ticker.C:
				c.askPing()
			case <-gone:
				gone = nil // the close frame is waiting now
			}
			continue
		}
		began := time.Now()
		if deadline.IsZero() {
			deadline = began.Add(writeTimeout)
		}
		_ = c.ws.SetWriteDeadline(deadline) // never fails: it only notes the value
		err := c.ws.WriteMessage(kind, payload)
		c.wrote(kind, time.Since(began))
		if err != nil {
			c.writeFailed(err)
			return
		}
		if kind == websocket.CloseMessage {
			return
		}
	}
}

// take moves the next message out of the outbox. The deadline is zero unless
// the connection is closing.
func (c *Conn) take() (kind int, payload []byte, deadline time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kind, payload, audio := c.out.take(&c.frame)
	if audio {
		c.send.wrote(&c.frame)
		c.stats.FramesSent++
	}
	if c.end != nil {
		deadline = c.end.by
	}
	return kind, payload, deadline
}

func (c *Conn) wrote(kind int, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.SlowestWrite = max(c.stats.SlowestWrite, took)
	switch kind {
	case websocket.TextMessage:
		c.stats.ControlSent++
	case websocket.CloseMessage:
		c.kill.Reset(closeWait) // now it is the peer's turn
	}
}

// writeFailed ends a connection that takes nothing any more.
func (c *Conn) writeFailed(err error) {
	if errors.Is(err, websocket.ErrCloseSent) {
		return // the library has answered a violation with a close frame itself
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		c.finish(voiceproto.CloseTryAgain, voiceproto.CloseReason(voiceproto.CloseTryAgain),
			fmt.Errorf("%w: a write took %s", ErrSlow, writeTimeout))
	} else {
		c.finish(voiceproto.CloseAbnormal, "", fmt.Errorf("write to voice connection: %w", err))
	}
	c.cut()
}

// askPing queues a ping; its payload is its number.
func (c *Conn) askPing() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end != nil {
		return
	}
	c.pings++
	c.asked = time.Now()
	c.out.ping = []byte(pingPayload(c.pings))
}

func pingPayload(n uint64) string { return strconv.FormatUint(n, 10) }
