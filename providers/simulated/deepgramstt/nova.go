package deepgramstt

import (
	"time"

	"github.com/gorilla/websocket"
)

// nova is the protocol of /v1/listen. Its ranges follow each other without a gap;
// positions are samples received.
type nova struct {
	c *conn

	from      int  // where the present range begins
	next      int  // when the next interim is due
	pending   int  // ranges that are settled and not sent yet
	started   bool // SpeechStarted was sent for the present speech
	spoken    bool // words were settled since the last end of speech
	endpoint  bool // the present pause was dealt with
	lastWord  int  // end of the last word told; 0: none
	uttering  bool // an UtteranceEnd is owed
	closing   bool // CloseStream came
	stopped   bool // a list of key terms over the limit: nothing is heard any more
	stoppedAt time.Time
}

const (
	// breath is the silence after which speech counts as begun anew.
	breath = 300 * time.Millisecond
	// tail is how much silence makes sure that no word is under way.
	tail = 40 * time.Millisecond
	// settledBy is how long after its end a word alone in noise is settled.
	settledBy = time.Second
)

func (n *nova) opened() { n.next = n.c.ears.samples(n.c.s.cfg.InterimEvery) }

// heard looks at the clock. The order is that of the protocol: SpeechStarted
// before the first interim, the final before the UtteranceEnd.
func (n *nova) heard() {
	c := n.c
	if n.stopped {
		if time.Since(n.stoppedAt) >= c.s.cfg.FirstAudio {
			c.finish(websocket.CloseInternalServerErr, "NET-0000: Deepgram did not provide a response message within the timeout window.")
		}
		return
	}
	n.begin()
	n.look()
}

// look decides what the present range comes to, once the ranges before it are
// sent.
func (n *nova) look() {
	e, c := n.c.ears, n.c
	if n.pending > 0 || n.closing {
		return
	}
	if e.pos >= n.next {
		n.next = e.pos + e.samples(c.s.cfg.InterimEvery)
		n.interim()
	}
	switch silence := e.silence(); {
	case n.ends(silence):
		n.endpoint = true
		n.settle(e.pos, settling{speech: true})
	case n.long():
		n.interim()
		n.split()
	case len(e.words) == 0 && !n.spoken && silence >= breath && e.length(e.pos-n.from) >= c.s.cfg.Quiet:
		n.settle(e.pos, settling{soon: true})
	case n.uttering && e.length(e.pos-n.lastHeard()) >= c.p.utteranceEnd:
		n.utteranceEnd()
	}
}

// begin notices the start of speech.
func (n *nova) begin() {
	e := n.c.ears
	if e.silence() >= breath {
		n.started = false
	}
	if !e.speaking() {
		return
	}
	n.endpoint = false
	if n.started {
		return
	}
	n.started = true
	if n.c.p.vad && !n.c.fault.NoSpeechStarted {
		n.c.out.send(0, map[string]any{"type": "SpeechStarted", "channel": [2]int{0, n.c.p.channels}, "timestamp": e.seconds(e.run)})
	}
}

// ends reports an endpoint: a pause after sound that was not dealt with.
func (n *nova) ends(silence time.Duration) bool {
	c := n.c
	return c.p.endpointing >= 0 && !c.fault.NoSpeechFinal && !n.endpoint && c.ears.lastLoud > 0 &&
		silence >= max(c.p.endpointing, 10*time.Millisecond) && (n.spoken || len(c.ears.words) > 0)
}

// lastHeard is the end of the last word, told or not.
func (n *nova) lastHeard() int {
	if words := n.c.ears.words; len(words) > 0 {
		return words[len(words)-1].To
	}
	return n.lastWord
}

// interim tells what the present range holds so far.
func (n *nova) interim() {
	e, c := n.c.ears, n.c
	if len(e.words) > 0 {
		n.uttering = c.p.utteranceEnd > 0 && !c.fault.NoUtteranceEnd
	}
	if c.p.interims {
		c.out.send(c.s.cfg.Interim.Sample(c.s.chance), c.results(e.words, n.from, e.pos, false))
	}
}

// long reports that the range has grown so long that some of it is settled.
func (n *nova) long() bool {
	e := n.c.ears
	if e.length(e.pos-n.from) < n.c.s.cfg.Segment || len(e.words) == 0 {
		return false
	}
	return len(e.words) > 1 || e.length(e.pos-e.words[0].To) >= settledBy
}

// split settles all words but the last one, which may be the start of something,
// and lets the next range begin with it: the final is shorter than the interim
// before it. A word alone is settled when nothing came for a while.
func (n *nova) split() {
	e := n.c.ears
	last := e.words[len(e.words)-1]
	at := last.From
	if len(e.words) == 1 {
		at = last.To
	}
	n.settle(at, settling{soon: true})
}

// settling says why a range is settled.
type settling struct {
	speech   bool // a pause was found
	finalize bool // the client asked
	soon     bool // it does not wait for the end of speech
	closing  bool // nothing follows
}

// settle sends the final of everything before a position, when it is due. Words
// that become certain until then belong to it if they began before.
func (n *nova) settle(at int, why settling) {
	e, c := n.c.ears, n.c
	n.pending++
	now := time.Now()
	due := now.Add(c.s.cfg.Interim.Sample(c.s.chance))
	if !why.soon {
		// The delay counts from the end of speech, which has arrived some time ago.
		due = now.Add(c.s.cfg.Final.Sample(c.s.chance) - e.silence())
		if e.lastLoud <= n.from {
			due = now
		}
	}
	if why.finalize && !c.s.cfg.Instant {
		due = latest(due, now.Add(finalizeLeast))
	}
	if why.closing {
		due = latest(due, now).Add(c.fault.LateFinals)
	}
	quiet := e.silence() >= tail || e.lastLoud == 0 // at this position, not when it is sent
	if c.s.cfg.Instant && !why.finalize && !why.closing {
		// Nothing is waited for, so what a client hears depends on nothing but its
		// audio, however fast it comes.
		n.pending--
		c.out.send(0, n.final(at, quiet, why))
		return
	}
	pos := e.pos
	c.out.later(latest(due, now), func() any {
		n.pending--
		if e.pos == pos && why.finalize && e.lastLoud > n.lastHeard() {
			e.settle() // the client has stopped sending: the last word would never be certain
		}
		m := n.final(at, quiet, why)
		n.look() // at what has arrived meanwhile
		return m
	})
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// final settles a range.
func (n *nova) final(at int, quiet bool, why settling) any {
	e, c := n.c.ears, n.c
	words := e.until(at)
	end := at
	if len(words) > 0 {
		n.lastWord = words[len(words)-1].To
		n.spoken = true
		n.uttering = c.p.utteranceEnd > 0 && !c.fault.NoUtteranceEnd
		end = max(at, n.lastWord)
	}
	if !quiet && !why.soon && !why.closing {
		// A word is under way: its sound goes to the next range.
		end = n.from
		if len(words) > 0 {
			end = n.lastWord
		}
	}
	end = max(end, n.from)
	m := c.results(words, n.from, end, true)
	m.SpeechFinal = why.speech
	m.FromFinalize = why.finalize
	n.from = end
	if why.speech {
		n.spoken = false
	}
	c.note("final", m.Channel.Alternatives[0].Transcript, 0)
	if why.finalize && c.fault.NoFinalizeAnswer {
		if len(words) == 0 {
			return nil
		}
		m.FromFinalize = false
	}
	return m
}

// utteranceEnd says that no word followed for a while.
func (n *nova) utteranceEnd() {
	n.uttering = false
	n.c.out.send(n.c.s.cfg.Interim.Sample(n.c.s.chance), map[string]any{"type": "UtteranceEnd", "channel": [2]int{0, n.c.p.channels}, "last_word_end": n.c.ears.seconds(n.lastHeard())})
}

// said takes a control message.
func (n *nova) said(m control) {
	c := n.c
	switch m.Type {
	case "KeepAlive":
		c.note("keepalive", "", 0)
	case "Finalize":
		c.note("finalize", "", 0)
		n.settle(c.ears.pos, settling{finalize: true})
	case "Configure":
		c.note("configure", "", 0)
		n.configure(m)
	default:
		c.out.send(0, map[string]string{"type": "Error", "description": "Unknown message type.", "message": "", "variant": "UnknownMessageType", "code": "UNKNOWN_MESSAGE_TYPE"})
	}
}

// configure takes new key terms; the ear needs none.
func (n *nova) configure(m control) {
	c := n.c
	switch {
	case len(m.Keyterms) > maxTerms || tokens(m.Keyterms) > maxTokens:
		n.stopped, n.stoppedAt = true, time.Now()
	case c.p.model != "nova-3" && c.p.model != "nova-3-general":
		c.out.send(0, map[string]any{"type": "ConfigureFailure", "request_id": c.id, "error_code": "KeytermsNotSupported", "description": "The model takes no key terms."})
	default:
		c.out.send(0, map[string]any{"type": "ConfigureSuccess", "request_id": c.id, "keyterms": m.Keyterms})
	}
}

// ended settles the rest, says what the connection was, and hangs up.
func (n *nova) ended() {
	c, e := n.c, n.c.ears
	n.closing = true
	if e.pos > 0 {
		e.settle()
	}
	if len(e.words) > 0 || e.pos > n.from {
		n.settle(e.pos, settling{closing: true})
	}
	c.out.later(time.Now(), func() any {
		if c.fault.NoMetadata {
			return nil
		}
		return map[string]any{
			"type": "Metadata", "transaction_key": "deprecated", "request_id": c.id, "sha256": "", "created": c.opened.UTC().Format("2006-01-02T15:04:05.000Z"),
			"duration": e.seconds(e.pos), "channels": c.p.channels, "models": []string{modelUUID},
		}
	})
	c.out.close(websocket.CloseNormalClosure, "")
}
