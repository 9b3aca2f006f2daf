package deepgramstt

import (
	"strings"

	"github.com/vantahire/vantahire/providers/simulated"
)

// results is a Results message of /v1/listen.
type results struct {
	Type         string   `json:"type"`
	ChannelIndex [2]int   `json:"channel_index"`
	Start        float64  `json:"start"`
	Duration     float64  `json:"duration"`
	IsFinal      bool     `json:"is_final"`
	SpeechFinal  bool     `json:"speech_final"`
	FromFinalize bool     `json:"from_finalize"`
	Channel      channel  `json:"channel"`
	Metadata     metadata `json:"metadata"`
	Padding      string   `json:"padding,omitempty"`
}

type channel struct {
	Alternatives [1]alternative `json:"alternatives"`
}

type alternative struct {
	Transcript string     `json:"transcript"`
	Confidence float64    `json:"confidence"`
	Words      []novaWord `json:"words"`
}

type novaWord struct {
	Word       string  `json:"word"`
	Punctuated string  `json:"punctuated_word,omitempty"`
	Start      float64 `json:"start"`
	End        float64 `json:"end"`
	Confidence float64 `json:"confidence"`
}

type metadata struct {
	RequestID string    `json:"request_id"`
	ModelUUID string    `json:"model_uuid"`
	ModelInfo modelInfo `json:"model_info"`
}

type modelInfo struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Arch    string `json:"arch"`
}

// confidence is what is told of every word: the ear is never in doubt.
const confidence = .98

// modelUUID is the same for all: nobody asks for it.
const modelUUID = "00000000-0000-4000-8000-000000000003"

// text joins words.
func text(words []simulated.SpokenWord, punctuated bool) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		if punctuated {
			b.WriteString(w.Text)
		} else {
			b.WriteString(bare(w.Text))
		}
	}
	return b.String()
}

// results makes the message about a range of audio.
func (c *conn) results(words []simulated.SpokenWord, from, to int, final bool) results {
	from, to = max(from, 0), max(to, from, 0)
	start := c.ears.seconds(from)
	m := results{
		Type: "Results", ChannelIndex: [2]int{0, c.p.channels}, Start: start, Duration: c.ears.seconds(to) - start, IsFinal: final,
		Metadata: metadata{RequestID: c.id, ModelUUID: modelUUID, ModelInfo: modelInfo{Name: "general-" + c.p.model, Version: "simulated", Arch: c.p.model}},
		Padding:  strings.Repeat(".", c.fault.Padding),
	}
	a := &m.Channel.Alternatives[0]
	a.Words = make([]novaWord, 0, len(words))
	a.Transcript = text(words, c.p.punctuate)
	if len(words) > 0 {
		a.Confidence = confidence
	}
	for _, w := range words {
		n := novaWord{Word: bare(w.Text), Start: c.ears.seconds(w.From), End: c.ears.seconds(w.To), Confidence: confidence}
		if c.p.punctuate {
			n.Punctuated = w.Text
		}
		a.Words = append(a.Words, n)
	}
	return m
}
