package deepgramtts

import (
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// smallest and largest are the bytes of a frame of sound.
	smallest, largest = 320, 16 << 10
	// grain is the shortest wait between frames: 100 streams of shorter waits would
	// keep a small machine busy with timers.
	grain = 20 * time.Millisecond
	// linger is how long a closed socket waits for the client to close too: ending a
	// TCP connection with unread bytes would take our last frames back.
	linger = time.Second
)

// sounds are the buffers of pieces in progress.
var sounds = sync.Pool{New: func() any { return new([]byte) }}

// write carries out steps until the socket's end.
func (c *conn) write() {
	c.timer = time.NewTimer(time.Hour)
	defer c.timer.Stop()
	defer func() {
		c.mu.Lock()
		c.over, c.steps = true, nil
		c.mu.Unlock()
		_ = c.ws.SetReadDeadline(time.Now().Add(linger))
	}()
	for {
		next, cuts := c.next()
		var goOn bool
		switch next.kind {
		case "speech":
			goOn = c.speak(next, cuts)
		case "flushed":
			goOn = c.acknowledge("Flushed")
		case "cleared":
			goOn = c.cleared()
		case "message":
			goOn = c.send(next.answer)
		case "end":
			c.hangUp(next.code, next.text)
			return
		default:
			return
		}
		if !goOn {
			return
		}
	}
}

// next waits for a step.
func (c *conn) next() (step, int) {
	for {
		c.mu.Lock()
		if len(c.steps) > 0 {
			s, cuts := c.steps[0], c.cuts
			c.steps = c.steps[1:]
			c.mu.Unlock()
			return s, cuts
		}
		c.mu.Unlock()
		<-c.wake // the reader ends with a step
	}
}

// pause waits until a moment; false when the piece in progress has to stop.
func (c *conn) pause(until time.Time, cuts int) bool {
	for {
		c.mu.Lock()
		stop := c.cuts != cuts
		c.mu.Unlock()
		if stop {
			return false
		}
		wait := time.Until(until)
		if wait <= 0 {
			return true
		}
		c.timer.Reset(wait)
		select {
		case <-c.wake:
		case <-c.timer.C:
		}
	}
}

// forever is far enough for a pause only a cut ends.
func forever() time.Time { return time.Now().Add(24 * time.Hour) }

// speak sends the sound of a piece; false when the socket is over.
func (c *conn) speak(s step, cuts int) bool {
	c.rest = nil
	if !c.pause(s.ready, cuts) {
		return true
	}
	if s.fault.Mute {
		c.pause(forever(), cuts)
		return true
	}
	if s.fault.Error {
		return c.send(map[string]string{"type": "Error", "err_code": "NET-0000", "err_msg": "synthesis failed"})
	}
	pcm, _ := c.s.cfg.Voice.Speak(s.text, c.p.rate)
	buffer, _ := sounds.Get().(*[]byte)
	defer sounds.Put(buffer)
	*buffer = encode((*buffer)[:0], pcm, c.p.encoding)
	left := *buffer
	fatal := s.fault.Stall || s.fault.Drop || s.fault.CloseCode != 0
	limit := len(left) + 1
	perSecond := c.p.rate * width(c.p.encoding)
	if fatal {
		limit = int(s.fault.After * time.Duration(perSecond) / time.Second)
	}
	due := time.Now()
	for sent := 0; len(left) > 0 && sent < limit; {
		frame := left[:min(len(left), c.frameSize(), limit-sent)]
		if s.fault.Garbage && !c.litter() {
			return false
		}
		if !c.sendSound(frame) {
			return false
		}
		left, sent = left[len(frame):], sent+len(frame)
		until := time.Now()
		if !c.s.cfg.Instant || s.fault.Pace > 0 {
			due = due.Add(time.Duration(float64(len(frame)) / float64(perSecond) / c.pace(s.fault) * float64(time.Second)))
			if due.Sub(until) >= grain {
				until = due
			}
		}
		if !c.pause(until, cuts) {
			break
		}
	}
	// A Clear finds some frames on the wire already.
	c.rest = append(c.rest[:0], left[:min(len(left), 3*largest)]...)
	if !fatal || c.stopped(cuts) {
		return true
	}
	return c.fail(s.fault, cuts)
}

func (c *conn) stopped(cuts int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cuts != cuts
}

// fail ends a piece as its fault says.
func (c *conn) fail(f SpeechFault, cuts int) bool {
	switch {
	case f.Drop:
		c.note("end", "dropped", 0)
		_ = c.ws.NetConn().Close()
		return false
	case f.CloseCode != 0:
		c.hangUp(f.CloseCode, f.Reason)
		return false
	}
	c.pause(forever(), cuts)
	return true
}

// frameSize draws the size of the next frame; about every third is odd.
func (c *conn) frameSize() int {
	n := smallest + c.s.chance.Below(2000)
	if c.s.chance.Below(4) == 0 {
		n = smallest + c.s.chance.Below(largest-smallest)
	}
	if c.s.chance.Below(3) > 0 {
		n &^= 1
	}
	return n
}

func (c *conn) pace(f SpeechFault) float64 {
	if f.Pace > 0 {
		return f.Pace
	}
	slow, fast := c.s.cfg.SlowestPace, c.s.cfg.FastestPace
	return slow + c.s.chance.Float()*max(fast-slow, 0)
}

// litter sends what is no message.
func (c *conn) litter() bool {
	return c.out(websocket.TextMessage, []byte(garbage[c.s.chance.Below(len(garbage))])) && c.out(websocket.BinaryMessage, nil)
}

// cleared lets one to three old frames through and acknowledges.
func (c *conn) cleared() bool {
	left := c.rest
	c.rest = nil
	for range 1 + c.s.chance.Below(3) {
		frame := left[:min(len(left), c.frameSize())]
		if len(frame) == 0 {
			break
		}
		if !c.sendSound(frame) {
			return false
		}
		left = left[len(frame):]
	}
	c.note("cleared", "", 0)
	return c.acknowledge("Cleared")
}

func (c *conn) acknowledge(kind string) bool {
	n := c.acks
	c.acks++
	return c.send(map[string]any{"type": kind, "sequence_id": n})
}

func (c *conn) sendSound(frame []byte) bool { return c.out(websocket.BinaryMessage, frame) }

func (c *conn) send(v any) bool {
	_ = c.ws.SetWriteDeadline(time.Now().Add(c.s.cfg.Stalled))
	return c.sent(time.Now(), c.ws.WriteJSON(v))
}

func (c *conn) out(kind int, data []byte) bool {
	now := time.Now()
	_ = c.ws.SetWriteDeadline(now.Add(2 * c.s.cfg.Stalled))
	return c.sent(now, c.ws.WriteMessage(kind, data))
}

// sent gives a client up that does not read. One that begins again before the
// connection is cut learns why.
func (c *conn) sent(began time.Time, err error) bool {
	switch {
	case time.Since(began) >= c.s.cfg.Stalled:
		c.hangUp(websocket.CloseInternalServerErr, "NET-0002")
		return false
	case err != nil:
		c.note("end", "gone", 0)
		return false
	}
	return true
}

// hangUp sends a close frame.
func (c *conn) hangUp(code int, reason string) {
	detail := strconv.Itoa(code)
	if reason != "" {
		detail += " " + reason
	}
	c.note("end", detail, 0)
	_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, reason), time.Now().Add(time.Second))
}
