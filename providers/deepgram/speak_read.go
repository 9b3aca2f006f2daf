package deepgram

import (
	"bytes"
	"fmt"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers"
)

// speakMaxFrame bounds one message of the service: 20 s of sound.
const speakMaxFrame = 1 << 20

// read takes what the service sends until the socket's end.
func (c *speakSocket) read() {
	err := c.readAll()
	_ = c.ws.Close()
	c.mu.Lock()
	if c.timer != nil {
		c.timer.Stop()
	}
	if c.state != speakClosing { // also when a write found it out before
		c.pool.count.lost.Add(1)
	}
	if c.err == nil {
		c.err = err
	}
	err = c.err
	s := c.stream
	c.stream = nil
	c.mu.Unlock()
	c.pool.remove(c)
	close(c.gone)
	if s != nil {
		s.lost(err)
	}
}

func (c *speakSocket) readAll() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = speakFailure(true, fmt.Errorf("panic: %v", r))
		}
	}()
	var frame bytes.Buffer
	for {
		kind, r, err := c.ws.NextReader()
		if err != nil {
			return speakReadFailure(err)
		}
		if frame.Cap() > speakMaxFrame/4 {
			frame = bytes.Buffer{}
		}
		frame.Reset()
		if _, err := frame.ReadFrom(r); err != nil {
			return speakReadFailure(err)
		}
		c.seen.Store(time.Now().UnixNano())
		c.once.Do(func() { close(c.answered) })
		if kind == websocket.BinaryMessage {
			c.sound(frame.Bytes())
			continue
		}
		if err := c.message(frame.Bytes()); err != nil {
			return err
		}
	}
}

// sound gives a frame to the reply that is owed it.
func (c *speakSocket) sound(raw []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(raw) == 0 {
		return
	}
	if c.stream == nil || c.state != speakTaken || !c.owes() {
		c.pool.count.stale.Add(1)
		return
	}
	c.carry = c.stream.sound(c.carry, raw)
}

// speakSamples appends the samples of a frame; carry is the odd byte before it, or
// -1, and the next one is returned.
func speakSamples(dst []int16, carry int, raw []byte) ([]int16, int) {
	if carry >= 0 && len(raw) > 0 {
		dst = append(dst, int16(uint16(carry)|uint16(raw[0])<<8))
		raw = raw[1:]
		carry = -1
	}
	for len(raw) >= 2 {
		dst = append(dst, int16(uint16(raw[0])|uint16(raw[1])<<8))
		raw = raw[2:]
	}
	if len(raw) == 1 {
		carry = int(raw[0])
	}
	return dst, carry
}

// message follows a text frame; an error ends the socket.
func (c *speakSocket) message(raw []byte) error {
	m, err := readSpeakMessage(raw)
	if err != nil {
		c.pool.count.malformed.Add(1)
		return nil //nolint:nilerr // it is counted; the next one may be well
	}
	switch m.kind {
	case "Metadata":
	case "Flushed":
		c.flushed()
	case "Cleared":
		c.cleared()
	case "Warning":
		c.pool.count.warnings.Add(1)
		c.pool.cfg.Log.Warn("deepgram warns", "stage", providers.StageTTS, "code", speakShort(m.code))
		if m.refusesFlush() {
			c.refused()
		}
	case "Error":
		return speakErrorMessage(m)
	default:
		c.pool.count.malformed.Add(1)
	}
	return nil
}

func (c *speakSocket) flushed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != speakTaken || c.stream == nil || len(c.pending) == 0 {
		return // of a reply that was cut off
	}
	last := c.pending[0]
	c.pending = c.pending[1:]
	c.carry = -1 // half a sample is no sound, and must not shift the next sentence
	c.stream.flushed(last)
}

func (c *speakSocket) cleared() {
	c.mu.Lock()
	was := c.state
	if was == speakClearing {
		c.timer.Stop()
		c.state = speakTaken
	}
	c.mu.Unlock()
	if was == speakClearing {
		c.pool.release(c)
	}
}

// refused notes that a Flush was ignored: the newest, for once the limit is
// reached it stays so for a while.
func (c *speakSocket) refused() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pool.count.refusals.Add(1)
	c.flushes.fill(time.Now())
	if c.state != speakTaken || len(c.pending) == 0 {
		return
	}
	newest := len(c.pending) - 1
	sentence := c.pending[newest]
	c.pending, c.unflushed = c.pending[:newest], true
	if c.stream != nil {
		c.stream.unmarked(sentence)
	}
}
