package deepgramstt

import (
	"time"

	"github.com/vantahire/vantahire/providers/simulated"
)

// flux is the protocol of /v2/listen: turns, found by a confidence that grows with
// the silence after the last word.
type flux struct {
	c *conn

	sequence int
	turn     int
	from     int // where the turn's audio begins
	next     int // when the next Update is due
	open     bool
	words    []simulated.SpokenWord // of the turn
	eager    bool                   // an EagerEndOfTurn was sent for these words
	unacked  int                    // Configures without their answer
}

const (
	// updateEvery is how much audio lies between two Updates.
	updateEvery = 250 * time.Millisecond
	// halfSure is the silence after which the end of a turn is as likely as not.
	halfSure = 150 * time.Millisecond
)

func (f *flux) opened() {
	f.next = f.c.ears.samples(updateEvery)
	f.send(map[string]any{"type": "Connected", "request_id": f.c.id})
}

// send numbers a message and sends it.
func (f *flux) send(m map[string]any) {
	m["sequence_id"] = f.sequence
	f.sequence++
	f.c.out.send(f.c.s.cfg.Interim.Sample(f.c.s.chance), m)
}

// event sends a TurnInfo.
func (f *flux) event(name, trigger string) {
	e := f.c.ears
	words := make([]map[string]any, 0, len(f.words))
	for _, w := range f.words {
		words = append(words, map[string]any{"word": w.Text, "confidence": confidence, "start": e.seconds(w.From), "end": e.seconds(w.To)})
	}
	m := map[string]any{
		"type": "TurnInfo", "event": name, "request_id": f.c.id, "turn_index": f.turn,
		"audio_window_start": e.seconds(f.from), "audio_window_end": e.seconds(e.pos),
		"transcript": text(f.words, true), "words": words, "end_of_turn_confidence": f.confidence(),
	}
	if trigger != "" {
		m["trigger"] = trigger
	}
	if f.c.p.model == "flux-general-multi" {
		m["languages"], m["languages_hinted"] = []string{"en"}, []string{}
	}
	f.send(m)
}

// silence is for how long the turn has been silent.
func (f *flux) silence() time.Duration {
	e := f.c.ears
	last := e.lastLoud
	if n := len(f.words); n > 0 {
		last = max(last, f.words[n-1].To)
	}
	return e.length(max(e.pos-last, 0))
}

// confidence is that of the turn's end: one half after halfSure, never 1.
func (f *flux) confidence() float64 {
	if !f.open {
		return 0
	}
	s := f.silence()
	return float64(s) / float64(s+halfSure)
}

// heard looks at the clock.
func (f *flux) heard() {
	e := f.c.ears
	if news := e.until(e.pos); len(news) > 0 {
		f.goOn(news)
	} else if f.c.fault.NoisyStart && !f.open && e.speaking() {
		f.open = true
		f.event("StartOfTurn", "")
	}
	if f.open {
		f.judge()
	}
	if e.pos >= f.next {
		f.next = e.pos + e.samples(updateEvery)
		f.event("Update", "")
	}
}

// goOn adds words to the turn.
func (f *flux) goOn(news []simulated.SpokenWord) {
	f.words = append(f.words, news...)
	switch {
	case !f.open:
		f.open = true
		f.event("StartOfTurn", "")
	case f.eager:
		f.eager = false
		f.event("TurnResumed", "")
	}
}

// judge ends the turn when it is over, or says that it may be.
func (f *flux) judge() {
	sure := f.confidence()
	if p := f.c.p; p.eager > 0 && !f.eager && len(f.words) > 0 && sure >= p.eager {
		f.eager = true
		f.event("EagerEndOfTurn", "")
	}
	switch {
	case sure >= f.c.p.eot:
		f.end("model")
	case f.silence() >= f.c.p.eotTimeout:
		f.end("timeout")
	}
}

// end ends the turn.
func (f *flux) end(trigger string) {
	f.event("EndOfTurn", trigger)
	f.c.note("endturn", text(f.words, true), 0)
	f.turn++
	f.open, f.eager, f.words, f.from = false, false, nil, f.c.ears.pos
}

// said takes a control message. A KeepAlive is none of this protocol and costs the
// connection.
func (f *flux) said(m control) {
	c := f.c
	switch m.Type {
	case "KeepAlive":
		c.note("keepalive", "", 0)
		c.ended = true
		c.drop("keepalive")
	case "Configure":
		c.note("configure", "", 0)
		f.configure(m)
	case "ForceEndTurn":
		c.note("forceendturn", "", 0)
		if f.open {
			f.end("forced")
		}
	default:
		f.send(map[string]any{"type": "Error", "code": "UNKNOWN_MESSAGE_TYPE", "description": "Unknown message type."})
	}
}

// configure takes new settings, one message at a time.
func (f *flux) configure(m control) {
	c := f.c
	answer := map[string]any{"request_id": c.id}
	var wrong string
	switch {
	case f.unacked > 0:
		wrong = "Another Configure has not been answered yet."
	case len(m.Keyterms) > maxTerms || tokens(m.Keyterms) > maxTokens:
		wrong = "Keyterm limit exceeded."
	default:
		wrong = c.p.set(m.Thresholds)
	}
	if wrong != "" {
		answer["type"], answer["error_code"], answer["description"] = "ConfigureFailure", "INVALID_CONFIGURATION", wrong
	} else {
		answer["type"], answer["thresholds"], answer["keyterms"] = "ConfigureSuccess", m.Thresholds, m.Keyterms
	}
	f.unacked++
	answer["sequence_id"] = f.sequence
	f.sequence++
	c.out.later(time.Now().Add(c.s.cfg.Interim.Sample(c.s.chance)), func() any {
		f.unacked-- // before it is sent: the next may come at once
		return answer
	})
}

// ended tells what was heard last, as an Update, and hangs up without a code.
func (f *flux) ended() {
	e := f.c.ears
	if e.pos > 0 {
		e.settle()
		if news := e.until(e.pos); len(news) > 0 {
			f.goOn(news)
		}
	}
	f.event("Update", "")
	f.c.out.close(-1, "")
}
