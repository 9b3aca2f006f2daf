package wsaudio

import (
	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// maxControl is how many control messages may wait. An interview sends a few a
// second, so a client this far behind has not read for a long time.
const maxControl = 256

// outbox is everything that waits for the writer, and the order in which it
// leaves: a flush, the answer to a ping, control messages, the close frame, our
// ping, audio. Its owner serialises access.
type outbox struct {
	flush   interview.ReplyNo // to be told now; 0 = nothing
	revoked interview.ReplyNo // audio up to this reply is refused
	pong    []byte            // the newest ping's payload; answering that one is enough (RFC 6455 section 5.5.3)
	pinged  bool              // pong is to be sent
	control [][]byte          // encoded, oldest at head
	head    int
	closing []byte // the close frame's payload; set once
	ping    []byte // payload of our ping; nil = none due

	frames frameRing
	after  []byte            // audio_complete of the frame that left just now
	ended  interview.ReplyNo // audio_complete is sent or on its way up to this reply
	reply  interview.ReplyNo // which reply's audio the client expects
	next   int64             // and which sample of it
}

// push queues an encoded control message; false when the queue is full.
func (o *outbox) push(raw []byte) bool {
	if len(o.control)-o.head >= maxControl {
		return false
	}
	if o.head == maxControl { // bounds the slice of a queue that never runs empty
		o.control = append(o.control[:0], o.control[o.head:]...)
		o.head = 0
	}
	o.control = append(o.control, raw)
	return true
}

func (o *outbox) pop() []byte {
	raw := o.control[o.head]
	o.control[o.head] = nil
	if o.head++; o.head == len(o.control) {
		o.control, o.head = o.control[:0], 0
	}
	return raw
}

// waiting is the number of control messages.
func (o *outbox) waiting() int { return len(o.control) - o.head }

// revoke drops the frames of reply and of those before and refuses more of
// them; a Flush goes out next. It returns how many were dropped and the reply
// whose AudioComplete is owed, 0 when none is. It must not be called for a reply
// that is revoked already.
func (o *outbox) revoke(reply interview.ReplyNo) (dropped int, complete interview.ReplyNo) {
	o.revoked, o.flush = reply, reply
	for f := o.frames.oldest(); f != nil && f.reply <= reply; f = o.frames.oldest() {
		if f.last {
			complete = f.reply
		}
		o.frames.pop()
		dropped++
	}
	if o.ended < reply {
		o.ended, complete = reply, reply
	}
	return dropped, complete
}

// end notes that the reply's audio is complete. It returns the message to be
// queued as control when no frame of the reply is waiting to carry it.
func (o *outbox) end(reply interview.ReplyNo) (voiceproto.ServerMessage, bool) {
	if reply <= o.ended {
		return nil, false
	}
	o.ended = reply
	if f := o.frames.newest(); f != nil && f.reply == reply {
		f.last = true
		return nil, false
	}
	return voiceproto.AudioComplete{Reply: reply}, true
}

// take moves the next thing to be written out of the outbox. Audio is copied
// into buf. It returns 0 when nothing waits. A taken frame is reported in sent.
func (o *outbox) take(buf *frame) (kind int, payload []byte, sent bool) {
	switch {
	case o.flush != 0:
		raw := mustEncode(voiceproto.Flush{Reply: o.flush})
		o.flush = 0
		return websocket.TextMessage, raw, false
	case o.pinged:
		o.pinged = false
		return websocket.PongMessage, o.pong, false
	case o.waiting() > 0:
		return websocket.TextMessage, o.pop(), false
	case o.closing != nil:
		return websocket.CloseMessage, o.closing, false
	case o.ping != nil:
		raw := o.ping
		o.ping = nil
		return websocket.PingMessage, raw, false
	case o.after != nil:
		raw := o.after
		o.after = nil
		return websocket.TextMessage, raw, false
	}
	f := o.frames.oldest()
	if f == nil {
		return 0, nil, false
	}
	if f.reply != o.reply || f.offset != o.next {
		o.reply, o.next = f.reply, f.offset
		return websocket.TextMessage, mustEncode(voiceproto.Speech{
			Reply: f.reply, Rate: media.PlayRate, From: f.offset / samplesPerMS,
		}), false
	}
	buf.reply, buf.offset, buf.size, buf.last = f.reply, f.offset, f.size, f.last
	copy(buf.pcm[:f.size], f.pcm[:f.size])
	o.frames.pop()
	o.next += int64(buf.size / 2)
	if buf.last {
		o.after = mustEncode(voiceproto.AudioComplete{Reply: buf.reply})
	}
	return websocket.BinaryMessage, buf.pcm[:buf.size], true
}

// shut drops all audio; what control waits still leaves, then the close frame.
func (o *outbox) shut(payload []byte) {
	o.closing = payload
	o.frames = frameRing{}
	o.after, o.ping = nil, nil
}

// forget drops the waiting control messages as well: the peer has said goodbye
// and reads nothing any more.
func (o *outbox) forget() {
	o.flush, o.pinged = 0, false
	o.control, o.head = nil, 0
}

// mustEncode is for messages whose fields always have a JSON form.
func mustEncode(m voiceproto.ServerMessage) []byte {
	raw, err := voiceproto.EncodeServer(m)
	if err != nil {
		panic(err)
	}
	return raw
}
