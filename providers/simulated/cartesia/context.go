package cartesia

import (
	"strings"
	"time"
	"unicode"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers/simulated"
)

// piece is what a context makes next: the sound of a text, or the end of a flush.
type piece struct {
	text   string
	flush  int // the one it belongs to, from 1
	marker bool
	fault  Fault
}

// playing is a text on its way out.
type playing struct {
	piece
	pcm    []byte
	words  []simulated.SpokenWord
	told   bool // the words
	late   bool // the words follow the first chunk
	chunks int
	base   int // the context's samples before it
}

// contextState is one context of a connection.
type contextState struct {
	id         string
	constant   string
	rate       int
	delay      time.Duration
	timestamps bool

	held      string    // text that waits for more
	heldUntil time.Time // zero: nothing to say waits
	queue     []piece
	current   *playing
	flushes   int
	closing   bool

	generating bool // counts for the account
	running    bool // sound is due at a time
	next       time.Time
	pace       float64
	sent       int // bytes
	quiet      time.Time

	cancelled bool
	strays    int
	lateDone  bool

	fault            Fault // for the next text
	stalled          bool
	unflushed, early bool
}

// defaultDelay is how long text is held when the request does not say.
const defaultDelay = 3000

func newContext(in input, now time.Time) *contextState {
	delay := defaultDelay
	if in.Delay != nil {
		delay = *in.Delay
	}
	return &contextState{
		id: in.ContextID, constant: in.constant, rate: in.Format.SampleRate, quiet: now,
		delay: time.Duration(delay) * time.Millisecond, timestamps: in.Timestamps,
	}
}

// fits refuses text with nothing to say. An empty one may flush or close, and
// punctuation may follow what is held.
func (x *contextState) fits(in input) *refusal {
	text := *in.Transcript
	blank := strings.TrimSpace(text) == ""
	switch {
	case blank && (!in.Continue || in.Flush && text == ""):
		return nil
	case blank && x.held == "":
		return bad("transcript is empty")
	case !blank && !speaks(x.held+text):
		return bad("transcript has nothing to say")
	}
	return nil
}

// add takes text as it is and queues what can be spoken: whole sentences, or all
// when nothing may be held.
func (x *contextState) add(text string, now time.Time, all bool) {
	if x.held == "" {
		text = strings.TrimLeftFunc(text, unicode.IsSpace)
	}
	x.held += text
	if all || x.delay == 0 {
		x.release()
		return
	}
	sentences, rest := splitSentences(x.held)
	for _, s := range sentences {
		x.enqueue(s)
	}
	x.held = rest
	switch {
	case !speaks(rest):
		x.heldUntil = time.Time{}
	case x.heldUntil.IsZero() || len(sentences) > 0:
		x.heldUntil = now.Add(x.delay)
	}
}

// release queues all that is held.
func (x *contextState) release() {
	if speaks(x.held) {
		x.enqueue(x.held)
	}
	x.held, x.heldUntil = "", time.Time{}
}

func (x *contextState) enqueue(text string) {
	x.queue = append(x.queue, piece{text: strings.TrimSpace(text), flush: x.flushes + 1, fault: x.fault})
	x.fault = Fault{}
}

func (x *contextState) flush() {
	x.flushes++
	x.queue = append(x.queue, piece{flush: x.flushes, marker: true})
}

func (x *contextState) idle() bool {
	return x.current == nil && len(x.queue) == 0 && x.heldUntil.IsZero()
}

// due is when the context has something to do; zero: not by itself.
func (c *conn) due(x *contextState) time.Time {
	switch {
	case x.stalled:
		return time.Time{}
	case x.idle():
		return x.quiet.Add(c.server.cfg.Expiry)
	case x.current == nil && len(x.queue) == 0:
		return x.heldUntil
	case !x.heldUntil.IsZero() && x.heldUntil.Before(x.next):
		return x.heldUntil
	}
	return x.next
}

// advance does what is due.
func (c *conn) advance(x *contextState, now time.Time) error {
	if !x.heldUntil.IsZero() && !now.Before(x.heldUntil) {
		x.release()
	}
	for !x.stalled {
		if x.cancelled && (x.current == nil || x.strays == 0) {
			c.end(x)
			if x.lateDone {
				return c.write(func(b []byte) []byte { return appendDone(b, x.id) })
			}
			return nil
		}
		if x.current == nil {
			if len(x.queue) == 0 {
				return c.settle(x, now)
			}
			p := x.queue[0]
			if p.marker {
				x.queue = x.queue[1:]
				if x.unflushed {
					continue
				}
				if err := c.write(func(b []byte) []byte { return appendFlushDone(b, x.id, p.flush) }); err != nil {
					return err
				}
				continue
			}
			if !x.running {
				x.running = true
				x.next = now.Add(c.server.cfg.FirstChunk.Sample(c.server.random))
				x.pace = c.server.cfg.PaceMin + c.server.random.Float()*(c.server.cfg.PaceMax-c.server.cfg.PaceMin)
			}
		}
		if now.Before(x.next) {
			return nil
		}
		if x.current == nil {
			c.begin(x)
		}
		if err := c.chunk(x, now); err != nil {
			return err
		}
	}
	return nil
}

// settle handles a context that has made all its sound.
func (c *conn) settle(x *contextState, now time.Time) error {
	if x.running {
		x.running, x.quiet = false, now
	}
	if !x.idle() {
		return nil
	}
	c.rest(x)
	switch {
	case x.closing:
		c.end(x)
		c.server.Journal.Add(simulated.Entry{Conn: c.number, Kind: "done"})
		return c.write(func(b []byte) []byte { return appendDone(b, x.id) })
	case now.Sub(x.quiet) >= c.server.cfg.Expiry:
		c.end(x)
		c.server.Journal.Add(simulated.Entry{Conn: c.number, Kind: "expired"})
		if len(c.expired) >= maxExpired {
			clear(c.expired)
		}
		c.expired[x.id] = true
		if !c.server.cfg.SilentExpiry {
			return c.write(func(b []byte) []byte { return appendDone(b, x.id) })
		}
	}
	return nil
}

func (c *conn) begin(x *contextState) {
	p := x.queue[0]
	x.queue = x.queue[1:]
	pcm, words := c.server.cfg.Voice.Speak(p.text, x.rate)
	x.current = &playing{piece: p, pcm: appendPCM(nil, pcm), words: words, late: c.server.random.Below(2) == 0, base: x.sent / 2}
}

// The sizes of chunks in bytes, but for the last of a text.
const leastChunk, mostChunk = 2 << 10, 16 << 10

// chunk sends the next chunk of the current text, or makes its fault.
func (c *conn) chunk(x *contextState, now time.Time) error {
	p := x.current
	if p.chunks == p.fault.After || len(p.pcm) == 0 {
		if over, err := c.fault(x); over || err != nil {
			return err
		}
	}
	if !p.told && !p.late {
		if err := c.tell(x); err != nil {
			return err
		}
	}
	size := leastChunk + 2*c.server.random.Below((mostChunk-leastChunk)/2)
	if p.fault.Kind == SplitSamples {
		size++
	}
	size = min(size, len(p.pcm))
	if size > 0 {
		part := p.pcm[:size]
		flush := 0
		if x.flushes > 0 {
			flush = p.flush
		}
		if err := c.write(func(b []byte) []byte { return appendChunk(b, x.id, part, flush, 41.7) }); err != nil {
			return err
		}
		p.pcm = p.pcm[size:]
		p.chunks++
		x.strays--
	}
	if !p.told {
		if err := c.tell(x); err != nil {
			return err
		}
	}
	x.sent += size
	length := time.Duration(size/2) * time.Second / time.Duration(x.rate)
	x.next = x.next.Add(time.Duration(float64(length) / x.pace))
	if behind := now.Add(-time.Second); x.next.Before(behind) {
		x.next = behind
	}
	if len(p.pcm) == 0 && p.fault.Kind != Stall && p.fault.Kind != Drop && p.fault.Kind != Close {
		x.current = nil
	}
	return nil
}

// tell sends the times of the current text's words, before or behind its first
// chunk.
func (c *conn) tell(x *contextState) error {
	p := x.current
	p.told = true
	if !x.timestamps || len(p.words) == 0 {
		return nil
	}
	base := p.base
	if c.server.cfg.TimesBySentence {
		base = 0
	}
	return c.write(func(b []byte) []byte { return appendTimes(b, x.id, p.words, base, x.rate) })
}

// fault makes the current text's fault, once. over: no sound comes.
func (c *conn) fault(x *contextState) (over bool, err error) {
	f := x.current.fault
	switch f.Kind {
	case Stall:
		x.stalled = true
		return true, nil
	case Drop:
		c.dropWithin(x)
		return true, errEnd
	case Close:
		return true, c.bye(websocket.CloseNormalClosure, "")
	case BadBase64:
		x.current.fault = Fault{}
		return false, c.send(websocket.TextMessage, append(appendHead(nil, "chunk", x.id), `,"data":"?not base64?","done":false,"status_code":206}`...))
	case Garbage:
		x.current.fault = Fault{}
		return false, c.send(websocket.TextMessage, []byte(f.Text))
	case StrangeSound:
		x.current.fault = Fault{}
		return false, c.write(func(b []byte) []byte { return appendChunk(b, "nobody", make([]byte, 960), 0, 1) })
	case BinaryMessage:
		x.current.fault = Fault{}
		return false, c.send(websocket.BinaryMessage, make([]byte, 960))
	case Huge:
		x.current.fault = Fault{}
		return false, c.send(websocket.TextMessage, make([]byte, 9<<20))
	default: // none, or one that is over or lasts
		return false, nil
	}
}

// dropWithin sends the first half of a chunk's frame and cuts the connection.
func (c *conn) dropWithin(x *contextState) {
	raw := appendChunk(nil, x.id, make([]byte, 4<<10), 0, 1)
	frame := append([]byte{0x81, 126, byte(len(raw) >> 8), byte(len(raw))}, raw[:len(raw)/2]...)
	_ = c.ws.UnderlyingConn().SetWriteDeadline(time.Now().Add(writeWithin))
	_, _ = c.ws.UnderlyingConn().Write(frame) // it is cut either way
}
