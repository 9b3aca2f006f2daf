package actors

import (
	"strings"
	"time"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
)

// duckDB is how far the voice is lowered while it is unclear whether the
// candidate interrupts, and duckRamp how fast: quick, without a click.
const (
	duckDB      = -12.0
	duckRamp    = 40 * time.Millisecond
	restoreRamp = 120 * time.Millisecond
)

// cut revokes a reply for good. The order matters: first no frame leaves any
// more, then the client drops what it holds, then voice and model stop; only then
// is it known what was heard.
func (a *interviewActor) cut(c *engine.Ctx[interviewMsg], e turn.Cancel) {
	r := a.reply
	if r == nil || r.no != e.Reply {
		a.feed(c, turn.Stopped{Reply: e.Reply})
		return
	}
	r.sent = a.pacer.Cancel(r.no)
	if a.conn != nil && r.sent > 0 {
		a.conn.transport.Flush(r.no)
	}
	r.cancel(errSuperseded)
	a.log.Info("reply cut", "reply", r.no, "cause", e.Cause, "sent", playTime(r.sent))
	r.stopped = true
	if r.voice && r.sent > 0 && a.conn != nil && a.conn.acks {
		r.flushing = true
		c.After(flushWait, flushDue{r.no})
		return
	}
	a.reportCut(c, r)
}

// settleCut takes the client's last word, or the end of the wait for it.
func (a *interviewActor) settleCut(c *engine.Ctx[interviewMsg], r *reply) {
	if r.flushing {
		r.flushing = false
		a.reportCut(c, r)
	}
}

func (a *interviewActor) reportCut(c *engine.Ctx[interviewMsg], r *reply) {
	heard, played := a.heardOf(r)
	a.feed(c, turn.Stopped{Reply: r.no, Heard: heard, Played: played})
}

// heardOf is what the candidate heard of a reply, and adopts the plan's move
// when that includes its question.
func (a *interviewActor) heardOf(r *reply) (heard string, played time.Duration) {
	a.measureDone(r)
	defer func() { a.wastedVoice(r, heard) }()
	heard, played = a.heardSoFar(r)
	if heard != "" && askedIn(heard, r.script.Text()) {
		a.movePlan(r)
	}
	return cleanText(heard), played
}

func (a *interviewActor) heardSoFar(r *reply) (heard string, played time.Duration) {
	switch {
	case r.voice:
		played = a.playedOf(r)
		return r.script.Heard(played), played
	case a.desk != nil: // it is sent as a whole or not at all
	case r.sounding:
		return r.script.Text(), 0 // it stands on the screen
	}
	return "", 0
}

// askedIn reports whether the heard part reaches well into the last sentence of
// the text, which is where a reply asks its question.
func askedIn(heard, text string) bool {
	text = strings.TrimSpace(text)
	last := strings.LastIndexAny(strings.TrimRight(text, ".?! "), ".?!") + 1
	return len(strings.TrimSpace(heard)) >= last+(len(text)-last)/2
}

// playedOf is how much of a reply's audio the candidate has heard: what the
// client acknowledged, else what was sent less what may still be on its way.
func (a *interviewActor) playedOf(r *reply) time.Duration {
	if a.conn == nil {
		return r.played
	}
	return a.playedOn(a.conn, r)
}

func (a *interviewActor) playedOn(conn *Connection, r *reply) time.Duration {
	if conn.acks {
		ms, known := conn.transport.Played(r.no)
		if !known {
			return r.played
		}
		return max(r.played, time.Duration(ms)*time.Millisecond)
	}
	sent := r.sent
	if sent == 0 {
		sent = a.pacer.Sent(r.no)
	}
	return max(r.played, playTime(sent)-conn.transport.Lead())
}

// duck, restore, hold and release shape a reply while it is unclear whether the
// candidate interrupts.
func (a *interviewActor) duck(no interview.ReplyNo) { a.gain(no, duckDB, duckRamp) }

func (a *interviewActor) restore(no interview.ReplyNo) { a.gain(no, 0, restoreRamp) }

func (a *interviewActor) gain(no interview.ReplyNo, db float64, ramp time.Duration) {
	if a.conn != nil && a.conn.gain {
		a.conn.transport.Send(voiceproto.Gain{Reply: no, DB: db, MS: int(ramp.Milliseconds())})
		return
	}
	a.pacer.SetGain(no, db, ramp)
}

func (a *interviewActor) hold(no interview.ReplyNo) {
	if r := a.reply; r != nil && r.no == no {
		r.held = true
	}
	a.pacer.Hold(no)
	a.send(voiceproto.Hold{Reply: no})
}

func (a *interviewActor) release(no interview.ReplyNo) {
	if r := a.reply; r != nil && r.no == no {
		r.held = false
	}
	a.send(voiceproto.Release{Reply: no})
	a.pacer.Release(no)
	a.restore(no)
}

// fail closes a reply that can't go on.
func (a *interviewActor) fail(c *engine.Ctx[interviewMsg], r *reply, stage providers.Stage) {
	if r.stopped {
		return
	}
	r.sent = a.pacer.Cancel(r.no)
	if a.conn != nil && r.sent > 0 {
		a.conn.transport.Flush(r.no)
	}
	r.stopped = true
	r.cancel(errSuperseded)
	heard, played := a.heardOf(r)
	a.feed(c, turn.Failed{Reply: r.no, Stage: stage, Heard: heard, Played: played})
}

// onVoiceFailed deals with a voice that broke. A reply of which nothing was heard
// is shown instead. Failing again makes replies text for a while, so that the
// interview goes on.
func (a *interviewActor) onVoiceFailed(c *engine.Ctx[interviewMsg], r *reply, err error) {
	a.log.Warn("voice failed", "reply", r.no, "error", err)
	a.voiceErr++
	if a.voiceErr >= voiceFailures && a.voice {
		a.mute("voice failed repeatedly")
		c.After(voiceRetryPause, voiceRetry{})
	}
	if r.sounding {
		a.fail(c, r, providers.StageTTS)
		return
	}
	a.showReply(c, r)
}

// showReply makes a spoken reply one that is read.
func (a *interviewActor) showReply(c *engine.Ctx[interviewMsg], r *reply) {
	r.voice = false
	a.pacer.Cancel(r.no)
	a.noticeMuted()
	if r.sentences > 0 {
		a.onSounding(c, r, time.Now())
	}
	if r.written {
		a.awaitRead(c, r)
	}
}

// tryVoice lets replies be spoken again; a voice that fails once more is given up
// at once.
func (a *interviewActor) tryVoice() {
	if a.voice || a.tts == nil || a.phase != phaseRunning {
		return
	}
	a.voice, a.voiceErr = true, voiceFailures-1
}

// mute makes replies text.
func (a *interviewActor) mute(reason string) {
	a.voice = false
	a.deps.Meter.Degraded(providers.StageTTS)
	a.record(interview.KindDegraded, interview.Degraded{Stage: string(providers.StageTTS), Reason: reason}, nil)
	a.noticeMuted()
}

// noticeMuted tells the candidate, once, to read along.
func (a *interviewActor) noticeMuted() {
	if !a.muted {
		a.muted = true
		a.send(voiceproto.Notice{Code: voiceproto.CodeNoVoice, Text: "The interviewer's voice is not available. Please read along."})
	}
}

// onChildDown deals with a crash of the llm or tts child: its reply is lost, its
// successor serves the next one.
func (a *interviewActor) onChildDown(c *engine.Ctx[interviewMsg], m childDown) {
	a.log.Error("child failed", "role", m.failure.Role, "gen", m.failure.Gen, "gaveUp", m.final, "error", m.failure.Err)
	stage := providers.StageLLM
	if m.failure.Role == "tts" {
		stage = providers.StageTTS
		if m.final {
			a.mute("voice crashed repeatedly")
			a.tts = nil
		}
	}
	if a.desk != nil {
		a.onWriterDown(c, m.final)
		return
	}
	if m.final && stage == providers.StageLLM {
		a.feed(c, turn.Terminated{Reason: interview.EndProviders})
		return
	}
	if r := a.reply; r != nil && !r.stopped && (stage == providers.StageTTS && r.voice || stage == providers.StageLLM && !r.written) {
		a.fail(c, r, stage)
	}
}

func samplesOf(d time.Duration) int64 { return int64(d * media.PlayRate / time.Second) }

func playTime(samples int64) time.Duration {
	return time.Duration(samples) * time.Second / media.PlayRate
}
