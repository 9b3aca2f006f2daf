package deepgram

import (
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// listenRounding is how exact the server's times are: it rounds to hundredths of a
// second, and a range and its successor need not be rounded alike.
const listenRounding = interview.Sample(interview.MicRate / 50)

// hearing follows what the server has settled and moves its times to the media
// clock. The server counts the seconds of audio it got on this connection, from
// 0; lead is audio it got that is none of the stream's.
type hearing struct {
	offset  interview.Sample // media position of the stream's first sample
	lead    interview.Sample // silence sent before the stream's first sample
	through interview.Sample // stream position up to which everything is settled

	said    bool             // words came since the last end of speech
	partial bool             // the newest of them are not settled
	wordEnd interview.Sample // where the last of them ends, in the stream
	endDue  bool             // the end of speech was heard, its words are not settled
}

// hearingOutcome is what a message comes to.
type hearingOutcome struct {
	transcript providers.Transcript
	tell       bool // transcript is worth telling
	repeated   bool // it settled a second time what was settled
	stale      bool // an end of speech that is over or too early
}

// at is the stream position of a time the server tells. It is never beyond what
// was sent: audio would count as heard that still has to be replayed.
func (h *hearing) at(seconds float64, sent interview.Sample) interview.Sample {
	return min(max(listenSamples(seconds)-h.lead, 0), sent)
}

// result takes a Results message, when so much of the stream was sent.
func (h *hearing) result(r listenResult, sent interview.Sample) hearingOutcome {
	from, end := h.at(r.start, sent), h.at(r.start+max(r.duration, 0), sent)
	text, words := r.text, r.words
	var out hearingOutcome
	if text != "" && from+listenRounding < h.through && end <= h.through {
		out.repeated = true
		if !r.final {
			return out
		}
		text, words = "", nil
	}
	t := providers.Transcript{Text: text, Final: r.final, Confidence: r.confidence}
	if text != "" {
		t.From, t.To = h.offset+from, h.offset+end
		for _, w := range words {
			a := h.at(w.start, sent)
			b := max(a, h.at(w.end, sent))
			t.Words = append(t.Words, providers.Word{Text: w.text, From: a.Duration(), To: b.Duration(), Confidence: w.confidence})
			h.wordEnd = max(h.wordEnd, b)
		}
		if n := len(words); n > 0 {
			t.From = h.offset + h.at(words[0].start, sent)
			t.To = max(t.From, h.offset+min(h.at(words[n-1].end, sent), end))
		} else {
			h.wordEnd = max(h.wordEnd, end)
		}
		h.said = true
	}
	if !r.final {
		h.partial = text != ""
		t.Through = h.settled()
		out.transcript, out.tell = t, text != ""
		return out
	}
	h.through = max(h.through, end)
	t.Through = h.settled()
	if text == "" {
		t.From, t.To = t.Through, t.Through
	}
	h.partial = false
	if h.said && (r.speechFinal || h.endDue) {
		t.EndOfSpeech = true
		h.spoken()
	}
	out.transcript, out.tell = t, true
	return out
}

// settled is through on the media clock. 0 would mean that the server does not
// say, which is the same at the start of a call.
func (h *hearing) settled() interview.Sample { return h.offset + h.through }

// spoken forgets the utterance that has ended.
func (h *hearing) spoken() { h.said, h.partial, h.endDue, h.wordEnd = false, false, false, 0 }

// utteranceEnd takes an UtteranceEnd. One comes behind each speech_final for the
// same pause, and late ones speak of words before those that came since: neither
// ends anything.
func (h *hearing) utteranceEnd(lastWordEnd float64, sent interview.Sample) hearingOutcome {
	if !h.said || h.at(lastWordEnd, sent)+listenRounding < h.wordEnd {
		return hearingOutcome{stale: true}
	}
	if h.partial {
		h.endDue = true // the final of these words ends it
		return hearingOutcome{}
	}
	h.spoken()
	t := h.nothing()
	t.EndOfSpeech = true
	return hearingOutcome{transcript: t, tell: true}
}

// nothing is a final without words. It claims no more than what was settled.
func (h *hearing) nothing() providers.Transcript {
	at := h.settled()
	return providers.Transcript{Final: true, From: at, To: at, Through: at}
}
