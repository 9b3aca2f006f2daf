package actors

import (
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
	c.tell(clientSaid{conn: c, message: m})
}

// OnClosed says that nothing more comes.
func (c *Connection) OnClosed(code int, err error) {
	c.tell(detached{conn: c, code: code, err: err})
}
