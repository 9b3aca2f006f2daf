package voiceclient

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/media"
)

var (
	// ErrTyping is returned by Speak on a client that types.
	ErrTyping = errors.New("this client types")
	// ErrClosed is returned when the connection is over.
	ErrClosed = errors.New("voice connection is over")
	// ErrPanicked ends a connection whose OnEvent panicked.
	ErrPanicked = errors.New("voice client panicked")
)

// micLag is how far behind the microphone may fall before it gives the missing
// time up. Up to there it catches up at once, as a stalled browser does: sound
// was recorded all the while.
const micLag = time.Second

// utterance is what is being spoken.
type utterance struct {
	pcm   []int16
	pos   int
	ended chan struct{} // closed when its last frame has left
}

// StartMic starts the microphone, which sends a 20 ms frame each 20 ms from now
// on: silence while nothing is spoken. Starting it twice is harmless; on a
// client that types it stays off.
func (c *Client) StartMic() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.micOn || c.opts.Typing || c.over {
		return
	}
	c.micOn = true
	c.task(c.micLoop)
}

// Speak says pcm, 16 kHz mono, in real time, and returns when its last frame has
// left. When ctx ends before, the rest is not said and the cause is returned.
// Two utterances never mix: the second waits. It starts the microphone.
func (c *Client) Speak(ctx context.Context, pcm []int16) error {
	if c.opts.Typing {
		return ErrTyping
	}
	if len(pcm) == 0 {
		return nil
	}
	select {
	case c.mouth <- struct{}{}:
		defer func() { <-c.mouth }()
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.stop:
		return ErrClosed
	}
	c.StartMic()
	u := &utterance{pcm: pcm, ended: make(chan struct{})}
	c.say(u)
	defer c.say(nil)
	select {
	case <-u.ended:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-c.stop:
		return ErrClosed
	}
}

func (c *Client) say(u *utterance) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.saying = u
}

// micLoop is the microphone's goroutine.
func (c *Client) micLoop() {
	raw := make([]byte, 2*media.MicFrame)
	timer := time.NewTimer(0)
	defer timer.Stop()
	due := time.Now()
	for {
		select {
		case <-timer.C:
		case <-c.stop:
			return
		}
		now := time.Now()
		if now.Sub(due) > micLag {
			due = now
		}
		for ; !due.After(now); due = due.Add(media.FrameDur) {
			began, ended := c.fillMic(raw)
			if began {
				c.emit(Event{At: now, Kind: EventSpeakBegan})
			}
			if err := c.write(websocket.BinaryMessage, raw); err != nil {
				return // the reader tells why
			}
			if ended != nil {
				c.emit(Event{At: time.Now(), Kind: EventSpeakEnded})
				close(ended)
			}
		}
		timer.Reset(time.Until(due))
	}
}

// fillMic writes the next frame into raw. began is set on an utterance's first
// frame, ended on its last.
func (c *Client) fillMic(raw []byte) (began bool, ended chan struct{}) {
	clear(raw)
	c.mu.Lock()
	defer c.mu.Unlock()
	u := c.saying
	if u == nil {
		return false, nil
	}
	began = u.pos == 0
	n := min(media.MicFrame, len(u.pcm)-u.pos)
	for i, s := range u.pcm[u.pos : u.pos+n] {
		binary.LittleEndian.PutUint16(raw[2*i:], uint16(s)) // #nosec G115 -- the bits are meant
	}
	if u.pos += n; u.pos == len(u.pcm) {
		c.saying = nil
		ended = u.ended
	}
	return began, ended
}
