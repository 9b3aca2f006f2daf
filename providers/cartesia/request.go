package cartesia

import (
	"encoding/json"
	"strings"

	"github.com/vantahire/vantahire/providers"
)

const (
	// The speaking rates the provider takes.
	slowest, fastest = 0.6, 1.5
)

// request is one input of a context. Everything but Transcript, Continue and
// Flush must be the same in each request of a context.
type request struct {
	ContextID        string            `json:"context_id"`
	ModelID          string            `json:"model_id"`
	Transcript       string            `json:"transcript"`
	Voice            voice             `json:"voice"`
	OutputFormat     outputFormat      `json:"output_format"`
	Language         string            `json:"language"`
	GenerationConfig *generationConfig `json:"generation_config,omitempty"`
	Continue         bool              `json:"continue"`
	Flush            bool              `json:"flush,omitempty"`
	MaxBufferDelay   int               `json:"max_buffer_delay_ms"`
	AddTimestamps    bool              `json:"add_timestamps"`
}

type voice struct {
	Mode string `json:"mode,omitempty"`
	ID   string `json:"id"`
}

type outputFormat struct {
	Container  string `json:"container"`
	Encoding   string `json:"encoding"`
	SampleRate int    `json:"sample_rate"`
}

type generationConfig struct {
	Speed float64 `json:"speed"`
}

// template is a request with all that stays the same within a reply.
func template(c Config, o providers.VoiceOptions) request {
	r := request{
		ModelID:       c.Model,
		Voice:         voice{Mode: "id", ID: c.VoiceID},
		OutputFormat:  outputFormat{Container: "raw", Encoding: "pcm_s16le", SampleRate: c.SampleRate},
		Language:      language(o.Language),
		AddTimestamps: true,
	}
	if o.Voice != "" {
		r.Voice.ID = o.Voice
	}
	if c.Version >= plainVoice { // dates compare as text
		r.Voice.Mode = ""
	}
	if o.Rate > 0 && o.Rate != 1 && hasSpeed(c.Model) {
		r.GenerationConfig = &generationConfig{Speed: min(max(o.Rate, slowest), fastest)}
	}
	return r
}

// hasSpeed reports whether a model takes a speaking rate: the sonic-3 family does,
// except for 3.5, where it is switched off.
func hasSpeed(model string) bool {
	return strings.HasPrefix(model, "sonic-3") && !strings.HasPrefix(model, "sonic-3.5")
}

// language is the two letters of a BCP 47 tag.
func language(tag string) string {
	tag, _, _ = strings.Cut(strings.ReplaceAll(tag, "_", "-"), "-")
	if len(tag) != 2 {
		return "en"
	}
	return strings.ToLower(tag)
}

func (r request) encode() []byte {
	raw, err := json.Marshal(r)
	if err != nil { // a struct of strings and finite numbers always encodes
		panic(err)
	}
	return raw
}

// say, flush and close are the three inputs of a context. Pieces are joined as
// they are, so a sentence brings the space behind it.
func (r request) say(text string) []byte {
	r.Transcript, r.Continue = text+" ", true
	return r.encode()
}

func (r request) flush() []byte {
	r.Continue, r.Flush = true, true
	return r.encode()
}

func (r request) close() []byte { return r.encode() }

func cancellation(id string) []byte {
	raw, err := json.Marshal(struct {
		ContextID string `json:"context_id"`
		Cancel    bool   `json:"cancel"`
	}{id, true})
	if err != nil {
		panic(err)
	}
	return raw
}
