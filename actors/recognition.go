package actors

import (
	"errors"
	"strings"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
)

// onRecognition takes what the stt child and its supervision report.
func (a *interviewActor) onRecognition(c *engine.Ctx[interviewMsg], msg interviewMsg) {
	switch m := msg.(type) {
	case sttUp:
		if m.gen != a.sttGen {
			return
		}
		if a.phase == phaseDialing {
			a.goLive(c)
			return
		}
		if a.deaf {
			a.deaf = false
			a.send(voiceproto.Notice{Code: voiceproto.CodeRecovered, Text: "Speech recognition is back. You can speak again."})
		}
		a.feed(c, turn.StageChanged{Stage: providers.StageSTT, Up: true})
	case sttHeard:
		if m.gen == a.sttGen && a.phase == phaseRunning {
			a.heard(c, m.transcript)
		}
	case sttPartial:
		if t := m.latest.take(); m.gen == a.sttGen && a.phase == phaseRunning {
			a.heard(c, t)
		}
	case sttLag:
		if m.gen == a.sttGen {
			a.feed(c, turn.Backlog{Behind: m.behind})
		}
	case sttDown:
		a.onDeaf(c, m)
	case sttDue:
		if a.phase == phaseDialing {
			a.log.Warn("recognition did not come up in time")
			a.refuse(c, voiceproto.CloseNoSpeech, "Speech recognition unavailable", interview.EndNeverStarted)
		}
	case sttRetry:
		if a.phase == phaseRunning && a.stt == nil && a.conn != nil && !a.conn.typing {
			a.listen(c)
		}
	}
}

// heard takes one recognition result. A final one is durable before the client
// is told that it is final.
func (a *interviewActor) heard(c *engine.Ctx[interviewMsg], t providers.Transcript) {
	text := cleanText(t.Text)
	from, to := a.mic.at(t.From), a.mic.at(t.To)
	if !t.Final {
		if text == "" {
			return
		}
		a.send(voiceproto.Transcript{Text: text, Confidence: t.Confidence})
		a.feed(c, turn.Partial{Text: text, From: from, To: to})
		return
	}
	a.settled = max(a.settled, t.To, t.Through)
	a.calmDown()
	if text == "" {
		a.feed(c, turn.Final{From: from, To: to})
		return
	}
	a.segment++
	no := a.segment
	a.turns.final(a.since())
	a.record(interview.KindSegmentFinal, interview.SegmentFinal{
		Segment: no, Text: text, Confidence: t.Confidence, From: t.From.Duration(), To: t.To.Duration(),
	}, func() {
		a.sendLine(voiceproto.Transcript{Text: text, IsFinal: true, Confidence: t.Confidence, Segment: no})
	})
	a.feed(c, turn.Final{Segment: no, Text: text, Confidence: t.Confidence, From: from, To: to})
}

// calmDown keeps the usual length of audio again once recognition, which was away,
// has settled all but that.
func (a *interviewActor) calmDown() {
	in := a.mic.inbound
	if in.Capacity() > a.cfg.ReplayBuffer+media.FrameDur && (in.Head()-a.settled).Duration() < a.cfg.ReplayBuffer {
		in.Resize(a.cfg.ReplayBuffer)
	}
}

// onDeaf deals with a recognition that failed: its successor is on the way, or
// supervision gave up and the candidate types for a while.
func (a *interviewActor) onDeaf(c *engine.Ctx[interviewMsg], m sttDown) {
	a.log.Warn("recognition failed", "gen", m.failure.Gen, "gaveUp", m.final, "error", m.failure.Err)
	hopeless := m.final || errors.Is(m.failure.Err, providers.ErrUnavailable)
	if a.phase == phaseDialing && hopeless {
		a.refuse(c, voiceproto.CloseNoSpeech, "Speech recognition unavailable", interview.EndNeverStarted)
		return
	}
	a.mic.inbound.Resize(max(a.cfg.OutageBuffer, a.cfg.ReplayBuffer))
	if m.final {
		a.feed(c, turn.StageChanged{Stage: providers.StageSTT, Up: false})
	} else { // the next stream catches up: what was said is yet to be heard
		a.feed(c, turn.Backlog{Behind: true})
	}
	if !m.final || a.phase != phaseRunning {
		return
	}
	a.stt = nil
	if !a.deaf { // else it is known
		a.deaf = true
		a.deps.Meter.Degraded(providers.StageSTT)
		a.record(interview.KindDegraded, interview.Degraded{Stage: string(providers.StageSTT), Reason: "recognition failed repeatedly"}, nil)
		a.send(voiceproto.Error{Message: "Speech recognition error", Code: voiceproto.CodeSpeechRecognition, Retry: true})
		a.send(voiceproto.Notice{Code: voiceproto.CodeTyping, Text: "Speech recognition is not available right now. Please type your answers."})
	}
	c.After(sttRetryPause, sttRetry{})
}

// settleSpeech asks recognition for a final of everything said so far.
func (a *interviewActor) settleSpeech() {
	if a.stt != nil {
		a.stt.Tell(settleSpeech{At: a.mic.inbound.Head()})
	}
}

// cleanText makes text from outside storable and speakable: valid UTF-8 without
// control characters, white space folded.
func cleanText(s string) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r == '\r' {
			return ' '
		}
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
