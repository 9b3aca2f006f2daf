package deepgram

import (
	"encoding/json"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/vantahire/vantahire/interview"
)

// maxListenWords bounds the words taken of one result: a range is seconds long.
const maxListenWords = 2000

// listenSaid is what the server says on /v1/listen, as far as it is of use. Kind
// decides which of the fields count.
type listenSaid struct {
	kind   listenKind
	result listenResult
	// lastWordEnd belongs to an UtteranceEnd: seconds, negative when no word lies
	// within the window.
	lastWordEnd float64
	// complaint belongs to an error or warning, in the server's words, shortened.
	complaint string
	// malformed is set when a field had another type than it should: the rest of
	// the message was read.
	malformed bool
}

type listenKind int

const (
	listenOther listenKind = iota
	listenResults
	listenSpeechStarted
	listenUtteranceEnd
	listenMetadata
	listenError
)

// listenResult is one Results message. Times are seconds of audio sent.
type listenResult struct {
	start, duration float64
	final           bool
	speechFinal     bool
	fromFinalize    bool
	text            string
	confidence      float64
	words           []listenWord
}

type listenWord struct {
	text       string
	start, end float64
	confidence float64
}

// rawListen is the union of all messages: "channel" is an object in Results and a
// list elsewhere.
type rawListen struct {
	Type         string          `json:"type"`
	ChannelIndex []int           `json:"channel_index"`
	Channel      json.RawMessage `json:"channel"`
	Start        float64         `json:"start"`
	Duration     float64         `json:"duration"`
	IsFinal      bool            `json:"is_final"`
	SpeechFinal  bool            `json:"speech_final"`
	FromFinalize bool            `json:"from_finalize"`
	LastWordEnd  *float64        `json:"last_word_end"`
	Code         string          `json:"code"`
	Variant      string          `json:"variant"`
	Description  string          `json:"description"`
	Message      string          `json:"message"`
}

type rawListenChannel struct {
	Alternatives []struct {
		Transcript string  `json:"transcript"`
		Confidence float64 `json:"confidence"`
		Words      []struct {
			Word           string  `json:"word"`
			PunctuatedWord string  `json:"punctuated_word"`
			Start          float64 `json:"start"`
			End            float64 `json:"end"`
			Confidence     float64 `json:"confidence"`
		} `json:"words"`
	} `json:"alternatives"`
}

// parseListen reads one text message. It never fails: what can't be read is
// listenOther and malformed.
func parseListen(raw []byte) listenSaid {
	var m rawListen
	// A field of the wrong type is an error, but all others are read: words that
	// were settled must not be lost for a confidence written as text.
	said := listenSaid{malformed: json.Unmarshal(raw, &m) != nil}
	switch m.Type {
	case "Results":
		if len(m.ChannelIndex) > 0 && m.ChannelIndex[0] != 0 {
			return said // another channel than the one that was sent
		}
		said.kind = listenResults
		said.result = listenResult{start: m.Start, duration: m.Duration, final: m.IsFinal || m.SpeechFinal, speechFinal: m.SpeechFinal, fromFinalize: m.FromFinalize}
		var c rawListenChannel
		said.malformed = json.Unmarshal(m.Channel, &c) != nil || said.malformed
		if len(c.Alternatives) == 0 {
			return said
		}
		best := c.Alternatives[0]
		said.result.text = strings.TrimSpace(best.Transcript)
		said.result.confidence = listenShare(best.Confidence)
		for _, w := range best.Words[:min(len(best.Words), maxListenWords)] {
			text := w.PunctuatedWord
			if text == "" {
				text = w.Word
			}
			said.result.words = append(said.result.words, listenWord{text: text, start: w.Start, end: w.End, confidence: listenShare(w.Confidence)})
		}
	case "SpeechStarted":
		said.kind = listenSpeechStarted
	case "UtteranceEnd":
		said.kind, said.lastWordEnd = listenUtteranceEnd, -1
		if m.LastWordEnd != nil {
			said.lastWordEnd = *m.LastWordEnd
		}
	case "Metadata":
		said.kind = listenMetadata
	case "Error", "Warning":
		said.kind = listenError
		said.complaint = listenBrief(strings.Join([]string{m.Code, m.Variant, m.Description, m.Message}, " "))
	}
	return said
}

// listenShare bounds a confidence.
func listenShare(x float64) float64 {
	if !(x > 0) { // also for what is no number
		return 0
	}
	return min(x, 1)
}

// maxListenSeconds bounds a time the server tells: 24 h of audio.
const maxListenSeconds = 86400

// listenSamples turns seconds into samples.
func listenSamples(seconds float64) interview.Sample {
	if !(seconds > 0) {
		return 0
	}
	return interview.Sample(math.Round(min(seconds, maxListenSeconds) * interview.MicRate))
}

// listenBrief makes the server's words fit for one line of a log.
func listenBrief(s string) string {
	const most = 200
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}
