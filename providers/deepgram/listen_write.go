package deepgram

import (
	"errors"
	"fmt"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// errListenMute indicates a server that hears and says nothing.
var errListenMute = errors.New("the server says nothing to the audio it gets")

// listenWriter is the state of the writer goroutine.
type listenWriter struct {
	s       *listenStream
	keep    *time.Timer // a sign of life may be due
	first   *time.Timer // a moment of silence may be due
	active  time.Time   // when something was last sent
	hadAny  bool        // audio was sent
	credit  float64     // samples that may be sent at once
	counted time.Time   // when credit was last right
	ending  bool        // Close was called: what waits goes out without a pause
}

// write sends what callers queue, at a bounded pace, and signs of life in between.
// It is the only goroutine that sends, so no audio can hold up the one sign of
// life that keeps the connection.
func (s *listenStream) write() {
	cfg := &s.t.cfg
	now := time.Now()
	w := &listenWriter{
		s: s, keep: time.NewTimer(cfg.KeepAlive), first: time.NewTimer(cfg.FirstAudio), active: now,
		credit: cfg.Burst.Seconds() * listenRate, counted: now,
	}
	defer w.keep.Stop()
	defer w.first.Stop()
	for {
		var err error
		select {
		case it := <-s.queue:
			err = w.item(it)
		case <-w.keep.C:
			err = w.alive()
		case <-w.first.C:
			err = w.silence()
		case <-s.ask:
			s.finish(w)
			return
		case <-s.over:
			s.bye()
			return
		}
		if err != nil {
			s.fail(err)
			s.bye()
			return
		}
	}
}

// finish sends what waits and asks for the rest; the reader goes on until the
// server hangs up.
func (s *listenStream) finish(w *listenWriter) {
	w.ending = true
	for {
		select {
		case it := <-s.queue:
			if w.item(it) == nil {
				continue
			}
			s.bye()
			return
		case <-s.over:
			s.bye()
			return
		default:
		}
		if w.send(websocket.TextMessage, listenCloseStream) != nil {
			_ = s.ws.Close()
		}
		return
	}
}

// bye hangs up: the connection is paid for as long as it lasts. The server is told
// when it can be.
func (s *listenStream) bye() {
	deadline := time.Now().Add(byeWait)
	_ = s.ws.SetWriteDeadline(deadline)
	if s.ws.WriteMessage(websocket.TextMessage, listenCloseStream) == nil {
		_ = s.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), deadline)
	}
	_ = s.ws.Close()
}

// item sends one of what callers queued.
func (w *listenWriter) item(it listenItem) error {
	if it.audio == nil {
		if err := w.send(websocket.TextMessage, listenFinalize); err != nil {
			return err
		}
		w.s.owe()
		return nil
	}
	defer func() { w.s.free <- it.audio }()
	n := len(it.audio) / 2
	if err := w.await(n); err != nil {
		return err
	}
	// Counted before it is sent: the server's answer may come at once.
	w.s.sent.Add(int64(n))
	w.hadAny = true
	if err := w.send(websocket.BinaryMessage, it.audio); err != nil {
		return err
	}
	return w.mute()
}

// await keeps the pace: it waits until n samples may be sent, with signs of life.
func (w *listenWriter) await(n int) error {
	cfg := &w.s.t.cfg
	if cfg.Pace < 0 {
		return nil
	}
	perSecond := cfg.Pace * listenRate
	most := max(cfg.Burst.Seconds()*listenRate, float64(n))
	now := time.Now()
	w.credit = min(w.credit+now.Sub(w.counted).Seconds()*perSecond, most)
	w.counted = now
	w.credit -= float64(n)
	if w.credit >= 0 || w.ending {
		return nil
	}
	w.s.t.count.held.Add(1)
	due := time.NewTimer(time.Duration(-w.credit / perSecond * float64(time.Second)))
	defer due.Stop()
	for {
		select {
		case <-due.C:
			return nil
		case <-w.s.ask:
			w.ending = true
			return nil
		case <-w.s.over:
			return errListenClosed // the first reason counts
		case <-w.keep.C:
			if err := w.alive(); err != nil {
				return err
			}
		}
	}
}

// send writes one message.
func (w *listenWriter) send(kind int, payload []byte) error {
	w.active = time.Now()
	_ = w.s.ws.SetWriteDeadline(w.active.Add(w.s.t.cfg.WriteWait))
	if err := w.s.ws.WriteMessage(kind, payload); err != nil {
		select {
		case <-w.s.over: // the reader knows better why
		case <-time.After(byeWait): // or will: a refused write often comes before its reason
		}
		return listenFailure(true, fmt.Errorf("send: %w", err))
	}
	return nil
}

// alive sends a sign of life when nothing else was sent for a while.
func (w *listenWriter) alive() error {
	every := w.s.t.cfg.KeepAlive
	if quiet := time.Since(w.active); quiet < every {
		w.keep.Reset(every - quiet)
		return nil
	}
	w.keep.Reset(every)
	w.s.t.count.keepAlives.Add(1)
	return w.send(websocket.TextMessage, listenKeepAlive)
}

// silence is sent once, when nothing was said for a while after the connection
// came up. The server counts it, the stream does not.
func (w *listenWriter) silence() error {
	if w.hadAny {
		return nil
	}
	w.hadAny = true
	w.s.mu.Lock()
	w.s.hearing.lead = listenPiece
	w.s.mu.Unlock()
	w.s.t.count.silences.Add(1)
	return w.send(websocket.BinaryMessage, make([]byte, 2*listenPiece))
}

// mute fails a connection whose server has not said a word to a lot of audio. The
// audio alone does not decide: a replay may be sent in a moment.
func (w *listenWriter) mute() error {
	after := w.s.t.cfg.MuteAfter
	unanswered := interview.Sample(w.s.sent.Load() - w.s.spoke.Load()).Duration()
	if unanswered < after || time.Since(time.Unix(0, w.s.spokeT.Load())) < after {
		return nil
	}
	return listenFailure(true, fmt.Errorf("%w: %w for %s of audio", providers.ErrNoProgress, errListenMute, unanswered))
}
