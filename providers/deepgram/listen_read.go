package deepgram

import (
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// read takes what the server says until the connection ends. It never waits for
// whoever takes the results.
func (s *listenStream) read() {
	defer func() { _ = s.ws.Close() }()
	for {
		kind, raw, err := s.ws.ReadMessage()
		if err != nil {
			s.ended(err)
			return
		}
		s.spoke.Store(s.sent.Load())
		s.spokeT.Store(time.Now().UnixNano())
		s.t.count.messages.Add(1)
		if kind != websocket.TextMessage {
			s.t.count.unknown.Add(1)
			continue
		}
		s.take(parseListen(raw))
	}
}

// ended decides what the end of the connection means: after Close it was wanted.
func (s *listenStream) ended(err error) {
	select {
	case <-s.ask:
		s.fail(errListenClosed)
		return
	default:
	}
	s.mu.Lock()
	why := s.complain
	s.mu.Unlock()
	if s.request != "" {
		why += " (request " + s.request + ")"
	}
	s.fail(listenClosed(err, why))
}

// listenClosed is what the end of a connection means to a caller: the codes of the
// protocol's description, and whether another connection may do better.
func listenClosed(err error, why string) error {
	var closed *websocket.CloseError
	var timeout net.Error
	switch {
	case errors.As(err, &closed):
		retry := true
		switch closed.Code {
		case websocket.ClosePolicyViolation, // DATA-0000: it can't make audio of what we send
			websocket.CloseProtocolError, websocket.CloseUnsupportedData, websocket.CloseInvalidFramePayloadData,
			websocket.CloseMessageTooBig, websocket.CloseMandatoryExtension:
			retry = false // the next connection would send the same
		}
		return listenFailure(retry, fmt.Errorf("closed with %d %s%s", closed.Code, listenBrief(closed.Text), why))
	case errors.As(err, &timeout) && timeout.Timeout():
		return listenFailure(true, fmt.Errorf("%w from the server%s", providers.ErrNoProgress, why))
	case errors.Is(err, websocket.ErrReadLimit):
		return listenFailure(true, fmt.Errorf("message too large%s", why))
	}
	return listenFailure(true, fmt.Errorf("connection lost%s: %w", why, err))
}

// take carries out one message.
func (s *listenStream) take(said listenSaid) {
	c := &s.t.count
	if said.malformed {
		c.malformed.Add(1)
	}
	sent := interview.Sample(s.sent.Load())
	switch said.kind {
	case listenResults:
		s.mu.Lock()
		out := s.hearing.result(said.result, sent)
		if said.result.final {
			s.answer(said.result.fromFinalize)
		}
		ok := !out.tell || s.push(out.transcript)
		s.mu.Unlock()
		if out.repeated {
			c.repeated.Add(1)
		}
		s.check(ok)
	case listenUtteranceEnd:
		s.mu.Lock()
		out := s.hearing.utteranceEnd(said.lastWordEnd, sent)
		ok := !out.tell || s.push(out.transcript)
		s.mu.Unlock()
		if out.stale {
			c.staleEnds.Add(1)
		}
		s.check(ok)
	case listenSpeechStarted:
		c.speechStarts.Add(1)
	case listenError:
		c.complaints.Add(1)
		s.mu.Lock()
		s.complain = " after: " + said.complaint
		s.mu.Unlock()
		s.t.cfg.Logger.Warn("recognition complains", "request", s.request, "complaint", said.complaint)
	case listenMetadata:
		s.t.cfg.Logger.Debug("recognition ended", "request", s.request)
	case listenOther:
		if !said.malformed {
			c.unknown.Add(1)
		}
	}
}

// check ends a stream whose results nobody takes.
func (s *listenStream) check(ok bool) {
	if !ok {
		s.fail(listenFailure(false, errListenUnread))
		_ = s.ws.Close()
	}
}

// answer strikes out the Finalizes that a final answers: the oldest one when the
// server says that it is an answer, and all that asked for no more than is settled
// now. The caller holds mu.
func (s *listenStream) answer(fromFinalize bool) {
	n := 0
	for n < len(s.owed) && s.owed[n].timer != nil && (fromFinalize && n == 0 || s.hearing.through+listenRounding >= s.owed[n].at) {
		s.owed[n].timer.Stop()
		n++
	}
	s.owed = s.owed[n:]
}

// owe starts the clock of the oldest Finalize that was not sent yet: the server
// may never answer it.
func (s *listenStream) owe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.owed {
		if o.timer != nil {
			continue
		}
		o.at = interview.Sample(s.sent.Load())
		o.timer = time.AfterFunc(s.t.cfg.FinalizeWait, func() { s.unanswered(o) })
		return
	}
}

// unanswered gives the final that the server did not.
func (s *listenStream) unanswered(o *owedFinal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, other := range s.owed {
		if other != o {
			continue
		}
		s.owed = append(s.owed[:i:i], s.owed[i+1:]...)
		s.t.count.unanswered.Add(1)
		s.push(s.hearing.nothing())
		return
	}
}
