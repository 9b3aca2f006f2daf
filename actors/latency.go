package actors

import (
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// turnClock takes the moments of the present turn on the interview's clock, from
// the true end of speech to the first packet of the answer. The stages follow
// each other without a gap, so they sum to the whole; what comes after the packet
// is added by measurePlayed.
type turnClock struct {
	ended    time.Duration // true end of speech
	lastWord time.Duration // the last final came
	began    time.Duration // the utterance in progress
	talked   time.Duration // speech of the turn so far

	reply    interview.ReplyNo
	asked    time.Duration
	token    time.Duration
	sentence time.Duration
	audio    time.Duration
	armed    bool
}

func newTurnClock() *turnClock { return &turnClock{} }

// speechStarted and speechEnded note the true bounds of an utterance.
func (t *turnClock) speechStarted(at time.Duration) { t.began = at }

func (t *turnClock) speechEnded(at time.Duration) {
	t.talked += max(0, at-t.began)
	t.ended, t.lastWord = at, 0
}

// final notes a final transcript.
func (t *turnClock) final(now time.Duration) { t.lastWord = now }

// answered is how long the candidate has talked in the turn.
func (t *turnClock) answered() time.Duration { return t.talked }

// heard says that the turn can't grow any more.
func (t *turnClock) heard() { t.talked = 0 }

// start starts the clock of a reply; only one that answers a turn is measured.
func (t *turnClock) start(reply interview.ReplyNo, turn interview.TurnNo, now time.Duration) {
	t.reply, t.asked = reply, now
	t.token, t.sentence, t.audio = 0, 0, 0
	t.armed = turn != 0 && t.ended > 0
}

func (t *turnClock) firstToken(now time.Duration)    { once(&t.token, now) }
func (t *turnClock) firstSentence(now time.Duration) { once(&t.sentence, now) }
func (t *turnClock) firstAudio(now time.Duration)    { once(&t.audio, now) }

func once(at *time.Duration, now time.Duration) {
	if *at == 0 {
		*at = now
	}
}

// sounded ends the measurement; nil when there is nothing to tell.
func (t *turnClock) sounded(now time.Duration) voiceproto.Stages {
	if !t.armed {
		return nil
	}
	t.armed = false
	stages := voiceproto.Stages{}
	at := t.ended
	for _, step := range []struct {
		stage voiceproto.Stage
		at    time.Duration
	}{
		{voiceproto.StageSpeechEndToFinal, t.lastWord},
		{voiceproto.StageFinalToDecision, t.asked},
		{voiceproto.StageDecisionToFirstToken, t.token},
		{voiceproto.StageFirstTokenToSentence, t.sentence},
		{voiceproto.StageSentenceToAudio, t.audio},
		{voiceproto.StageAudioToFirstPacket, now},
	} {
		if step.at == 0 { // the stage did not happen: a typed turn, a reply without a model
			continue
		}
		to := max(at, step.at)
		stages[step.stage] = milliseconds(to - at)
		at = to
	}
	stages[voiceproto.StageTotal] = milliseconds(at - t.ended)
	return stages
}

// measured is an answered turn whose answer has left and is not known to play.
type measured struct {
	stages voiceproto.Stages
	packet time.Duration // when its first packet left
}

// measure takes the stages up to the first packet. A client that acknowledges
// playout adds the last one.
func (a *interviewActor) measure(r *reply, stages voiceproto.Stages, packet time.Duration) {
	if stages == nil {
		return
	}
	r.measured = &measured{stages: stages, packet: packet}
	if !r.voice || a.conn == nil || !a.conn.acks {
		a.measureDone(r)
	}
}

// measurePlayed takes the moment at which the client began to play a reply.
func (a *interviewActor) measurePlayed(r *reply, at time.Duration) {
	m := r.measured
	if m == nil {
		return
	}
	wait := milliseconds(max(0, at-m.packet))
	m.stages[voiceproto.StageFirstPacketToPlayed] = wait
	m.stages[voiceproto.StageTotal] += wait
	a.measureDone(r)
}

// measureDone tells, stores and counts a measurement, once.
func (a *interviewActor) measureDone(r *reply) {
	m := r.measured
	if m == nil {
		return
	}
	r.measured = nil
	a.send(voiceproto.Turn{Turn: r.turn, Reply: r.no, Stages: m.stages})
	a.deps.Meter.Turn(m.stages)
	stored := make(map[string]float64, len(m.stages))
	for stage, ms := range m.stages {
		stored[string(stage)] = ms
	}
	a.record(interview.KindTurnMeasured, interview.TurnMeasured{Turn: r.turn, Reply: r.no, Stages: stored}, nil)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
