package wsaudio

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
)

const (
	// drainTime is how long queued control messages may take to leave after Close.
	drainTime = time.Second
	// closeWait is how long the peer may take to answer our close frame.
	closeWait = time.Second
)

// Why a connection ended that was not closed in good order.
var (
	// ErrSlow is a client that does not read what it is sent.
	ErrSlow = errors.New("voice connection does not keep up")
	// ErrDead is a client that answers no ping.
	ErrDead = errors.New("voice connection is dead")
	// ErrFlood is a client that sends more than any has reason to.
	ErrFlood = errors.New("voice connection floods")
	// ErrTooBig is a message over voiceproto.MaxMessage bytes.
	ErrTooBig = errors.New("voice message too big")
	// ErrProtocol is a client that breaks RFC 6455.
	ErrProtocol = errors.New("websocket protocol broken")
	// ErrPanicked is a handler that panicked.
	ErrPanicked = errors.New("voice connection panicked")
)

// Handler takes what a client sends. Its methods are called one at a time from
// Run's goroutine; while one blocks, nothing is read.
type Handler interface {
	// OnAudio takes one binary message: PCM of the contract, of any length. It is
	// only valid during the call.
	OnAudio(pcm []byte)
	// OnMessage takes one well-formed message. Played comes clamped to what was
	// sent, and not at all for a reply of which nothing was sent here.
	OnMessage(m voiceproto.ClientMessage)
	// OnClosed is called exactly once, last. The code is the one the connection
	// was closed with, by whichever side; voiceproto.CloseAbnormal when it broke.
	// err is nil after a close in good order.
	OnClosed(code int, err error)
}

// Config has what a connection needs from outside.
type Config struct {
	// Log gets a line per connection end, and what was wrong. Nil discards.
	Log *slog.Logger
}

// Conn is one candidate's connection. It is a media.Sink.
type Conn struct {
	ws   *websocket.Conn
	log  *slog.Logger
	wake chan struct{} // there is something for the writer
	gone chan struct{} // closed when the reader has ended: end is set then

	mu    sync.Mutex
	out   outbox
	send  sendState
	end   *ending
	kill  *time.Timer // set with end: cuts the socket when a step of closing takes too long
	stats Stats
	pings uint64 // sent so far: the payload of the newest
	asked time.Time

	// Only the reader uses these.
	in                         []byte
	texts, chars, audio, bytes bucket
	goodbye                    bool // the peer's close frame has come

	// Only the writer uses it.
	frame frame
}

var _ media.Sink = (*Conn)(nil)

// ending says how the connection ends. The first reason is the one that counts.
type ending struct {
	code int
	err  error
	by   time.Time // when what is queued must have left
}

// New takes over ws, which nobody else may use from now on. The caller has to
// call Run.
func New(ws *websocket.Conn, cfg Config) *Conn {
	log := cfg.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	now := time.Now()
	return &Conn{
		ws:    ws,
		log:   log,
		wake:  make(chan struct{}, 1),
		gone:  make(chan struct{}),
		in:    make([]byte, readBuffer),
		texts: newBucket(textRate, textBurst, now), chars: newBucket(charRate, charBurst, now),
		audio: newBucket(audioRate, audioBurst, now),
		bytes: newBucket(byteRate, byteBurst, now),
	}
}

// Run serves the connection until it is closed by either side, breaks, or ctx
// ends, which closes it with voiceproto.CloseGoingAway. It returns what OnClosed
// was told, after OnClosed has returned. It must be called once.
func (c *Conn) Run(ctx context.Context, h Handler) error {
	if err := shrinkSendBuffer(c.ws.NetConn()); err != nil {
		c.log.Warn("can't shrink the send buffer of a voice connection", "err", err)
	}
	unhook := context.AfterFunc(ctx, func() {
		c.Close(voiceproto.CloseGoingAway, voiceproto.CloseReason(voiceproto.CloseGoingAway))
	})
	defer unhook()

	written := make(chan struct{})
	go func() {
		defer close(written)
		defer c.guard()
		c.write()
	}()
	c.read(h)
	<-written
	if !c.goodbye {
		c.linger()
	}
	c.cut()

	c.mu.Lock()
	c.kill.Stop()
	end, stats := c.end, c.stats
	c.mu.Unlock()
	c.log.Debug("voice connection closed", "code", end.code, "err", end.err, "frames", stats.FramesSent,
		"refused", stats.FramesRefused, "slowest_write", stats.SlowestWrite, "round_trip", stats.RoundTrip)
	h.OnClosed(end.code, end.err)
	return end.err
}

// Send queues a control message, which overtakes audio. It returns false when
// the connection is closing. A client that is too far behind is closed with
// voiceproto.CloseTryAgain. m must have a JSON form: a defect is logged.
func (c *Conn) Send(m voiceproto.ServerMessage) bool {
	raw, err := voiceproto.EncodeServer(m)
	if err != nil {
		c.log.Error("can't encode a voice message", "err", err)
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queue(raw)
}

// queue needs c.mu.
func (c *Conn) queue(raw []byte) bool {
	if c.end != nil {
		return false
	}
	if !c.out.push(raw) {
		c.finish(voiceproto.CloseTryAgain, voiceproto.CloseReason(voiceproto.CloseTryAgain),
			fmt.Errorf("%w: %d control messages wait", ErrSlow, maxControl))
		return false
	}
	c.stats.ControlPeak = max(c.stats.ControlPeak, c.out.waiting())
	c.signal()
	return true
}

// WriteFrame implements media.Sink: it takes one frame, at most
// media.PlayFrame samples, of 24 kHz mono. It returns false when too much audio
// is under way, when the reply was flushed or a newer one has begun, and when
// the connection is closing; the frame is not taken then.
func (c *Conn) WriteFrame(reply interview.ReplyNo, offset int64, pcm []int16) bool {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	cur := c.send.current()
	switch {
	case c.end != nil || reply <= c.out.revoked || cur != nil && reply < cur.reply:
		c.stats.FramesRefused++
		return false
	case !c.send.open(len(pcm), now):
		c.stats.WindowFull++
		return false
	case !c.out.frames.push(reply, offset, pcm):
		c.stats.QueueFull++
		return false
	}
	c.send.accept(reply, offset, len(pcm), now)
	c.signal()
	return true
}

// Lead implements media.Sink: how far ahead of real time frames may be sent.
func (c *Conn) Lead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.send.lead()
}

// Flush revokes reply and every one before. When it returns, no further frame of
// them is written: one whose write had begun may still be leaving, then a Flush
// message goes out ahead of everything queued, and an AudioComplete after it.
func (c *Conn) Flush(reply interview.ReplyNo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.end != nil || reply <= c.out.revoked {
		return
	}
	dropped, complete := c.out.revoke(reply)
	c.stats.FramesDropped += int64(dropped)
	c.send.dropped(reply)
	if complete != 0 {
		c.queue(mustEncode(voiceproto.AudioComplete{Reply: complete}))
	}
	c.signal()
}

// EndReply queues the reply's AudioComplete behind its last frame. Each reply
// gets one, however often it is ended or flushed.
func (c *Conn) EndReply(reply interview.ReplyNo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m, now := c.out.end(reply); now {
		c.queue(mustEncode(m))
	}
}

// Played is how many milliseconds of reply the client says it has played: never
// less than before and never more than was sent. It is unknown when nothing of
// the reply was sent on this connection or the client has not said anything.
func (c *Conn) Played(reply interview.ReplyNo) (ms int64, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	rec := c.send.find(reply)
	if rec == nil || !rec.acked {
		return 0, false
	}
	return rec.played / samplesPerMS, true
}

// Close says goodbye: control messages that are queued leave within a second,
// then a close frame with code and reason (at most 123 bytes), then the peer has
// a second to answer. Audio that waits is dropped. Only the first call counts.
func (c *Conn) Close(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finish(code, reason, nil)
}

// Stats returns the counters so far.
func (c *Conn) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// finish begins the end of the connection. It needs c.mu.
func (c *Conn) finish(code int, reason string, err error) {
	if c.end != nil {
		return
	}
	c.end = &ending{code: code, err: err, by: time.Now().Add(drainTime)}
	c.stats.FramesDropped += int64(c.out.frames.n)
	c.out.shut(websocket.FormatCloseMessage(code, reason[:min(len(reason), maxCloseReason)]))
	c.kill = time.AfterFunc(drainTime, c.cut)
	c.signal()
}

// maxCloseReason is what a control frame of 125 bytes leaves beside the code
// (RFC 6455 section 5.5).
const maxCloseReason = 123

// signal wakes the writer.
func (c *Conn) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// cut closes the socket, which ends reader and writer at once.
func (c *Conn) cut() { _ = c.ws.NetConn().Close() } // closing twice is harmless

// guard turns a panic into the end of this connection alone.
func (c *Conn) guard() {
	r := recover()
	if r == nil {
		return
	}
	c.log.Error("voice connection panicked", "panic", r, "stack", string(debug.Stack()))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finish(voiceproto.CloseInternal, voiceproto.CloseReason(voiceproto.CloseInternal), fmt.Errorf("%w: %v", ErrPanicked, r))
}
