package deepgram

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers"
)

// speakWriteWithin bounds one write.
const speakWriteWithin = time.Second

// The commands without a text.
var (
	speakCommandFlush = []byte(`{"type":"Flush"}`)
	speakCommandClear = []byte(`{"type":"Clear"}`)
	speakCommandClose = []byte(`{"type":"Close"}`)
)

// speakState is what a socket is good for.
type speakState int32

const (
	speakTaken    speakState = iota // by a reply, or by whoever dialled it
	speakFree                       // waits in the pool
	speakClearing                   // Clear was sent, sound is dropped until Cleared
	speakClosing                    // nobody will use it again
)

// speakSocket is one WebSocket. A goroutine of its own reads it and gives sound to
// the reply it belongs to, but only while that reply is owed some.
type speakSocket struct {
	pool     *speakPool
	key      speakKey
	ws       *websocket.Conn
	born     time.Time
	answered chan struct{} // closed with the first message
	once     sync.Once     // of answered
	gone     chan struct{} // closed when the reader has ended
	seen     atomic.Int64  // when something last came, in ns

	writing sync.Mutex // one message after the other; taken before mu

	mu        sync.Mutex
	state     speakState
	stream    *speakStream
	pending   []int // sentences whose Flush waits for its acknowledgement, in order
	unflushed bool  // text was sent after the last Flush
	carry     int   // the odd byte of the last frame, or -1
	chars     speakWindow
	flushes   speakWindow
	since     time.Time // when it became free
	timer     *time.Timer
	err       error
}

func newSpeakSocket(p *speakPool, k speakKey, ws *websocket.Conn) *speakSocket {
	c := &speakSocket{
		pool: p, key: k, ws: ws, born: time.Now(), answered: make(chan struct{}), gone: make(chan struct{}), carry: -1,
		chars: speakWindow{span: p.cfg.Minute, limit: p.cfg.Characters}, flushes: speakWindow{span: p.cfg.Minute, limit: p.cfg.Flushes},
	}
	c.seen.Store(c.born.UnixNano())
	ws.SetReadLimit(speakMaxFrame)
	ws.SetPongHandler(func(string) error {
		c.seen.Store(time.Now().UnixNano())
		return nil
	})
	return c
}

// take claims a free socket.
func (c *speakSocket) take() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != speakFree || c.err != nil {
		return false
	}
	c.state = speakTaken
	return true
}

// free makes a taken or cleared socket free; false when it owes sound or is over.
func (c *speakSocket) free() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != speakTaken || c.err != nil || c.owes() {
		return false
	}
	c.state, c.stream, c.since = speakFree, nil, time.Now()
	return true
}

func (c *speakSocket) freeSince() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.since
}

// passing reports a socket that will be free or gone soon.
func (c *speakSocket) passing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state != speakTaken
}

// spare reports whether enough is left of the minute for another reply.
func (c *speakSocket) spare() bool {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.chars.left(now) >= min(speakSpareText, c.chars.limit) && c.flushes.left(now) >= min(speakSpareFlushes, c.flushes.limit)
}

// owes reports whether sound may still come; mu is held.
func (c *speakSocket) owes() bool { return len(c.pending) > 0 || c.unflushed }

// attach gives the socket's sound to a stream.
func (c *speakSocket) attach(s *speakStream) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.state != speakTaken {
		return errors.Join(errors.New("socket is over"), c.err)
	}
	c.stream, c.carry = s, -1
	return nil
}

// leave ends a stream's use. When sound is owed the socket is cleared first:
// what comes until Cleared is dropped, and a socket that is not quiet in time too.
func (c *speakSocket) leave(s *speakStream) {
	c.mu.Lock()
	if c.stream != s {
		c.mu.Unlock()
		return
	}
	c.stream = nil
	owes := c.owes()
	c.mu.Unlock()
	if !owes {
		c.pool.release(c)
		return
	}
	c.pool.count.cut.Add(1)
	if err := c.clear(); err != nil {
		c.fail(err)
	}
}

// clear makes the service forget what it has to say. The socket becomes free with
// its acknowledgement.
func (c *speakSocket) clear() error {
	c.mu.Lock()
	if usable := c.state == speakTaken && c.err == nil; !usable {
		c.mu.Unlock()
		return nil
	}
	c.state, c.stream, c.pending, c.unflushed, c.carry = speakClearing, nil, nil, false, -1
	c.timer = time.AfterFunc(c.pool.cfg.ClearWithin, func() {
		c.mu.Lock()
		late := c.state == speakClearing
		c.mu.Unlock()
		if late {
			c.pool.count.clearLate.Add(1)
			c.pool.retire(c)
		}
	})
	c.mu.Unlock()
	return c.write(speakCommandClear)
}

// closing marks a socket nobody will use again; false when it was.
func (c *speakSocket) closing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == speakClosing || c.err != nil {
		return false
	}
	c.state = speakClosing
	return true
}

// hangUpIn ends the connection unless the service does so before.
func (c *speakSocket) hangUpIn(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timer != nil {
		c.timer.Stop()
	}
	c.timer = time.AfterFunc(d, func() { _ = c.ws.Close() })
}

// dismiss fails the reply in progress.
func (c *speakSocket) dismiss(err error) {
	c.mu.Lock()
	s := c.stream
	c.stream = nil
	c.mu.Unlock()
	if s != nil {
		s.fail(err)
	}
}

// write sends one command.
func (c *speakSocket) write(command []byte) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	return c.put(command)
}

// put is called with writing held.
func (c *speakSocket) put(command []byte) error {
	_ = c.ws.SetWriteDeadline(time.Now().Add(speakWriteWithin))
	if err := c.ws.WriteMessage(websocket.TextMessage, command); err != nil {
		return speakFailure(true, fmt.Errorf("write: %w", err))
	}
	return nil
}

// say sends text for a stream, and a Flush behind it that ends sentence flush (-1:
// none). Nothing is sent for a stream that has left: its text would be heard in
// the reply after it.
func (c *speakSocket) say(s *speakStream, text string, characters, flush int) error {
	var raw []byte
	if text != "" {
		var err error
		if raw, err = json.Marshal(struct {
			Type string `json:"type"`
			Text string `json:"text"`
		}{"Speak", text}); err != nil {
			return speakFailure(false, err)
		}
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	now := time.Now()
	c.mu.Lock()
	if c.stream != s || c.state != speakTaken || c.err != nil {
		c.mu.Unlock()
		return errSpeakClosed
	}
	if raw != nil {
		c.chars.add(now, characters)
		c.unflushed = true
	}
	if flush >= 0 {
		c.flushes.add(now, 1)
		c.pending, c.unflushed = append(c.pending, flush), false
	}
	c.mu.Unlock()
	c.pool.count.characters.Add(int64(characters))
	if raw != nil {
		if err := c.put(raw); err != nil {
			return err
		}
	}
	if flush >= 0 {
		return c.put(speakCommandFlush)
	}
	return nil
}

// budget is how long until so many characters may be sent, how many flushes are
// left, and how many acknowledgements are owed.
func (c *speakSocket) budget(characters int) (wait time.Duration, flushes, acks int, unflushed bool) {
	now := time.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.chars.wait(now, characters), c.flushes.left(now), len(c.pending), c.unflushed
}

// failure is why the socket ended.
func (c *speakSocket) failure() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// fail ends the socket for a reason of ours; its reader reports it.
func (c *speakSocket) fail(err error) {
	c.mu.Lock()
	if c.err == nil {
		c.err = err
	}
	c.mu.Unlock()
	_ = c.ws.Close()
}

// keep pings the socket, notices when it is dead, and retires it in time.
func (c *speakSocket) keep() {
	ticker := time.NewTicker(c.pool.cfg.PingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-c.gone:
			return
		case <-ticker.C:
		}
		if silent := time.Since(time.Unix(0, c.seen.Load())); silent > 3*c.pool.cfg.PingEvery {
			c.fail(speakFailure(true, fmt.Errorf("socket is dead: %w", providers.ErrNoProgress)))
			continue
		}
		if err := c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(speakWriteWithin)); err != nil && !errors.Is(err, websocket.ErrCloseSent) {
			continue // the reader will notice
		}
		c.pool.expire(c)
	}
}
