package voiceclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
)

const (
	handshakeTimeout = 10 * time.Second
	// writeTimeout bounds a write to a server that does not read.
	writeTimeout = 5 * time.Second
	// silentAfter is how long a server may send nothing, not even its ping every
	// 10 s, before it counts as dead.
	silentAfter = 30 * time.Second
	// closeWait is how long the server may take to answer our close frame.
	closeWait = time.Second
	// maxIncoming bounds a message of the server.
	maxIncoming = 1 << 20
	bufferSize  = 1 << 10
)

// Client is one connection of a candidate.
type Client struct {
	ws    *websocket.Conn
	opts  Options
	log   *slog.Logger
	began time.Time

	stop  chan struct{} // closed when the connection is over
	wake  chan struct{} // the player has something to do
	mouth chan struct{} // held while speaking
	tasks sync.WaitGroup
	done  chan struct{} // closed after the last event

	write1 sync.Mutex // serialises writing
	events sync.Mutex // serialises OnEvent

	mu      sync.Mutex
	player  player
	saying  *utterance
	micOn   bool
	leaving bool // our close frame is sent
	over    bool
	closed  Event
	unknown int
	broken  int
}

// Dial calls. ctx bounds the dialling only. A refusal is a *DialError.
func Dial(ctx context.Context, o Options) (*Client, error) {
	header := o.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	if o.Token != "" {
		header.Set("X-Interview-Token", o.Token)
	}
	dialer := websocket.Dialer{
		NetDialContext:   o.NetDial,
		HandshakeTimeout: handshakeTimeout,
		ReadBufferSize:   bufferSize,
		WriteBufferSize:  bufferSize,
	}
	began := time.Now()
	ws, resp, err := dialer.DialContext(ctx, wsURL(o.URL), header)
	if err != nil {
		return nil, dialError(resp, began, err)
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	c := &Client{
		ws:     ws,
		opts:   o,
		log:    log,
		began:  began,
		stop:   make(chan struct{}),
		wake:   make(chan struct{}, 1),
		mouth:  make(chan struct{}, 1),
		done:   make(chan struct{}),
		player: player{obey: o.Acks, keep: o.Keep},
	}
	if o.Acks || o.Typing {
		hello := voiceproto.Hello{Acks: o.Acks, Gain: o.Acks, Typing: o.Typing, Client: o.Name}
		if err := c.Send(hello); err != nil {
			_ = ws.Close()
			return nil, &DialError{Err: err}
		}
	}
	c.task(c.readLoop)
	c.task(c.playLoop)
	go func() {
		defer close(c.done)
		defer c.guard()
		c.tasks.Wait()
		c.report()
	}()
	return c, nil
}

// task starts a goroutine of the client.
func (c *Client) task(f func()) {
	c.tasks.Go(func() {
		defer c.guard()
		f()
	})
}

// guard turns a panic, also of OnEvent, into the end of this connection alone.
func (c *Client) guard() {
	if r := recover(); r != nil {
		c.log.Error("voice client panicked", "panic", r, "stack", string(debug.Stack()))
		c.hangUp(fmt.Errorf("%w: %v", ErrPanicked, r))
	}
}

func wsURL(url string) string {
	if rest, ok := strings.CutPrefix(url, "http"); ok { // https becomes wss
		return "ws" + rest
	}
	return url
}

// Send sends a message. It blocks while the server does not read, at most 5 s.
func (c *Client) Send(m voiceproto.ClientMessage) error {
	raw, err := voiceproto.EncodeClient(m)
	if err != nil {
		return err
	}
	return c.write(websocket.TextMessage, raw)
}

func (c *Client) write(kind int, raw []byte) error {
	c.write1.Lock()
	defer c.write1.Unlock()
	_ = c.ws.SetWriteDeadline(time.Now().Add(writeTimeout)) // never fails: it only notes the value
	if err := c.ws.WriteMessage(kind, raw); err != nil {
		if !errors.Is(err, websocket.ErrCloseSent) {
			_ = c.ws.Close() // no further write can succeed: let the reader notice as well
		}
		return fmt.Errorf("write to voice server: %w", err)
	}
	return nil
}

// Heard returns what has arrived and what has been played until now.
func (c *Client) Heard() Recording {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.player.catchUp(time.Now())
		c.poke()
	}
	rec := Recording{Began: c.began, Unknown: c.unknown, Broken: c.broken, Overrun: c.player.overrun}
	for _, r := range c.player.replies {
		rec.Replies = append(rec.Replies, r.clone())
	}
	return rec
}

// Done is closed when the connection is over and the last event was reported.
func (c *Client) Done() <-chan struct{} { return c.done }

// Closed returns how the connection ended; the zero Event while it lasts.
func (c *Client) Closed() Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

// Close says goodbye with a close code and waits, at most about a second, for
// the server's answer and the client's goroutines.
func (c *Client) Close(code int) {
	err := c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(closeWait))
	if err == nil {
		c.mu.Lock()
		c.leaving = true
		_ = c.ws.SetReadDeadline(time.Now().Add(closeWait)) // fails only on a closed socket
		c.mu.Unlock()
	} else {
		_ = c.ws.Close()
	}
	<-c.done
}

// Drop cuts the connection without a goodbye: the server sees a reset.
func (c *Client) Drop() {
	if t, ok := c.ws.NetConn().(interface{ SetLinger(sec int) error }); ok {
		_ = t.SetLinger(0) // without it the server sees an ordinary end of the stream
	}
	_ = c.ws.Close()
	<-c.done
}

// readLoop is the reader's goroutine. Its end is the connection's.
func (c *Client) readLoop() {
	c.ws.SetReadLimit(maxIncoming)
	c.ws.SetPingHandler(func(payload string) error {
		c.alive()
		err := c.ws.WriteControl(websocket.PongMessage, []byte(payload), time.Now().Add(closeWait))
		if err != nil && !errors.Is(err, websocket.ErrCloseSent) {
			c.log.Debug("can't answer the voice server's ping", "err", err)
		}
		return nil
	})
	c.alive()
	buf := make([]byte, bufferSize)
	for {
		kind, raw, err := c.next(&buf)
		if err != nil {
			c.hangUp(err)
			return
		}
		if kind == websocket.BinaryMessage {
			c.onAudio(raw)
		} else {
			c.onText(raw)
		}
	}
}

// alive grants the server another while of silence, unless a goodbye is being
// waited for, which has its own, shorter bound.
func (c *Client) alive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.leaving {
		return
	}
	_ = c.ws.SetReadDeadline(time.Now().Add(silentAfter)) // fails only on a closed socket, which reading tells
}

func (c *Client) next(buf *[]byte) (kind int, raw []byte, err error) {
	kind, r, err := c.ws.NextReader()
	if err != nil {
		return 0, nil, err
	}
	n := 0
	for {
		if n == len(*buf) { // bounded by the read limit
			*buf = append(*buf, make([]byte, n)...)
		}
		m, err := r.Read((*buf)[n:])
		n += m
		if errors.Is(err, io.EOF) {
			return kind, (*buf)[:n], nil
		}
		if err != nil {
			return 0, nil, err
		}
	}
}

func (c *Client) onAudio(raw []byte) {
	now := time.Now()
	if reply, first := c.takeAudio(now, raw); first {
		c.emit(Event{At: now, Kind: EventFirstAudio, Reply: reply})
	}
}

func (c *Client) takeAudio(now time.Time, raw []byte) (reply interview.ReplyNo, first bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.poke()
	if len(raw)%2 != 0 {
		c.broken++
	}
	return c.player.reply, c.player.packet(now, raw)
}

func (c *Client) onText(raw []byte) {
	now := time.Now()
	m, err := voiceproto.DecodeServer(raw)
	if err != nil {
		c.ignored(err)
		return
	}
	lastPacket := c.takeMessage(now, m)
	c.emit(Event{At: now, Kind: EventMessage, Message: m})
	if end, ok := m.(voiceproto.AudioComplete); ok && !lastPacket.IsZero() {
		c.emit(Event{At: lastPacket, Kind: EventLastAudio, Reply: end.Reply})
	}
}

func (c *Client) ignored(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if errors.Is(err, voiceproto.ErrUnknownType) {
		c.unknown++
		return
	}
	c.broken++
	c.log.Debug("voice server's message can't be read", "err", err)
}

// takeMessage shows a message to the player. For an AudioComplete it returns
// when the reply's last packet came; zero when none did.
func (c *Client) takeMessage(now time.Time, m voiceproto.ServerMessage) (lastPacket time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.poke()
	switch m := m.(type) {
	case voiceproto.Speech:
		c.player.speech(m)
	case voiceproto.AudioComplete:
		return c.player.complete(now, m.Reply).LastPacket
	default:
		c.player.control(now, m)
	}
	return time.Time{}
}

// poke wakes the player's goroutine.
func (c *Client) poke() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// playLoop is the player's goroutine: it sends acknowledgements when they are
// due and reports what was played out.
func (c *Client) playLoop() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		now := time.Now()
		acks, over, at, playing := c.tick(now)
		for _, ack := range acks {
			if err := c.Send(ack); err != nil {
				c.log.Debug("can't acknowledge", "err", err) // the reader tells why
			}
		}
		for _, no := range over {
			c.emit(Event{At: now, Kind: EventPlayedOut, Reply: no})
		}
		timer.Stop()
		if playing {
			timer.Reset(time.Until(at))
		}
		select {
		case <-timer.C:
		case <-c.wake:
		case <-c.stop:
			return
		}
	}
}

// tick brings the player up to now and takes what it has to tell; next is when
// it has more.
func (c *Client) tick(now time.Time) (acks []voiceproto.Played, over []interview.ReplyNo, next time.Time, playing bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.player.tick(now)
	acks, over = c.player.acks, c.player.over
	c.player.acks, c.player.over = nil, nil
	if !c.opts.Acks {
		acks = nil
	}
	next, playing = c.player.wait()
	return acks, over, next, playing
}

// hangUp ends the connection for what ended reading. Only the first call counts.
func (c *Client) hangUp(err error) {
	_ = c.ws.Close() // whatever it says, the connection is over
	e := Event{At: time.Now(), Kind: EventClosed, Code: voiceproto.CloseAbnormal}
	var goodbye *websocket.CloseError
	if errors.As(err, &goodbye) && goodbye.Code != websocket.CloseAbnormalClosure {
		e.Code, e.Reason = goodbye.Code, goodbye.Text
	} else {
		e.Err = fmt.Errorf("voice connection lost: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	c.player.catchUp(e.At)
	if e.Err == nil { // what has arrived is still played out
		c.player.catchUp(e.At.Add(durationOf(c.player.ready)))
	}
	c.closed, c.over = e, true
	close(c.stop)
}

// report tells the last events.
func (c *Client) report() {
	c.mu.Lock()
	over, closed := c.player.over, c.closed
	c.player.over = nil
	c.mu.Unlock()
	for _, no := range over {
		c.emit(Event{At: closed.At, Kind: EventPlayedOut, Reply: no})
	}
	c.emit(closed)
}

func (c *Client) emit(e Event) {
	if c.opts.OnEvent == nil {
		return
	}
	c.events.Lock()
	defer c.events.Unlock()
	c.opts.OnEvent(e)
}
