package actors

import (
	"sync/atomic"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// Connection is one connection of a candidate to a live interview: the handler a
// transport's reader delivers to. OnAudio, OnMessage and OnClosed are called by
// that one goroutine; none blocks.
type Connection struct {
	transport Transport
	typing    bool
	mic       *mic
	intake    *media.Intake
	tell      func(interviewMsg)
	offer     func(interviewMsg) bool

	closed atomic.Bool // by the client or the network

	// no, acks and gain belong to the interview actor: the number it gave the
	// connection, and what the client can do.
	no         interview.ConnNo
	acks, gain bool
}

// OnAudio takes microphone bytes: 16 kHz mono s16le, in messages of any size.
func (c *Connection) OnAudio(pcm []byte) {
	c.intake.Write(pcm, func(frame []int16) { c.mic.frame(c, frame) })
}

// OnMessage takes a control message.
func (c *Connection) OnMessage(m voiceproto.ClientMessage) {
	if _, ping := m.(voiceproto.Ping); ping {
		c.transport.Send(voiceproto.Pong{})
		return
	}
	if c.offer(clientSaid{conn: c, message: m}) {
		return
	}
	if _, played := m.(voiceproto.Played); played {
		return // the next one says more
	}
	c.transport.Close(voiceproto.CloseFlood, voiceproto.CloseReason(voiceproto.CloseFlood))
}

// OnClosed says that nothing more comes.
func (c *Connection) OnClosed(code int, err error) {
	c.closed.Store(true)
	c.tell(detached{conn: c, code: code, err: err})
}
