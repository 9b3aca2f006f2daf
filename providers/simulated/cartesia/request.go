package cartesia

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// input is a client's message.
type input struct {
	ContextID  string          `json:"context_id"`
	ModelID    string          `json:"model_id"`
	Transcript *string         `json:"transcript"`
	Voice      json.RawMessage `json:"voice"`
	Format     format          `json:"output_format"`
	Language   string          `json:"language"`
	Locale     string          `json:"locale"`
	Continue   bool            `json:"continue"`
	Flush      bool            `json:"flush"`
	Cancel     bool            `json:"cancel"`
	Delay      *int            `json:"max_buffer_delay_ms"`
	Timestamps bool            `json:"add_timestamps"`

	constant string // all fields that must not change within a context
}

type format struct {
	Container  string `json:"container"`
	Encoding   string `json:"encoding"`
	SampleRate int    `json:"sample_rate"`
}

// refusal is an error of the provider.
type refusal struct {
	status      int
	code, title string
	text        string
}

func bad(text string) *refusal {
	return &refusal{http.StatusBadRequest, "bad_request", "Invalid request", "Invalid request: " + text}
}

var contextID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// variable are the fields that may differ between the requests of a context.
var variable = []string{"transcript", "continue", "flush", "duration"}

// readInput reads a message; its refusal concerns the connection when the context
// is unknown.
func readInput(raw []byte) (input, *refusal) {
	var in input
	var fields map[string]json.RawMessage
	if json.Unmarshal(raw, &fields) != nil {
		return in, bad("not a JSON object")
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return in, bad("a field has a wrong type")
	}
	if !contextID.MatchString(in.ContextID) {
		in.ContextID = ""
		return in, bad("context_id is missing or has other characters than A-Z, a-z, 0-9, _ and -")
	}
	for _, name := range variable {
		delete(fields, name)
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	slices.Sort(names)
	var b bytes.Buffer
	for _, name := range names {
		b.WriteString(name)
		if json.Compact(&b, fields[name]) != nil {
			return in, bad("a field is unreadable")
		}
	}
	in.constant = b.String()
	if in.Cancel && len(fields) > 2 || in.Cancel && in.Transcript != nil {
		return in, bad("a cancellation has no other fields")
	}
	return in, nil
}

// check finds what the provider would not accept, whatever the context's state.
func (in *input) check(version string, models []string, socket bool) *refusal {
	switch {
	case isSunset(in.ModelID):
		return &refusal{http.StatusBadRequest, "model_sunsetted", "Model sunsetted", "model " + in.ModelID + " is no longer available"}
	case !slices.Contains(models, in.ModelID):
		return &refusal{http.StatusNotFound, "model_not_found", "Model not found", "no such model"}
	case in.Transcript == nil:
		return bad("transcript is missing")
	case socket && in.Format.Container != "raw":
		return bad("output_format.container must be raw")
	case in.Format.Encoding != "pcm_s16le":
		return bad("output_format.encoding is not simulated")
	case !slices.Contains([]int{8000, 16000, 22050, 24000, 44100, 48000}, in.Format.SampleRate):
		return bad("output_format.sample_rate")
	case in.Delay != nil && (*in.Delay < 0 || *in.Delay > 5000):
		return bad("max_buffer_delay_ms must be within 0 to 5000")
	case in.Language != "" && in.Locale != "":
		return bad("language and locale exclude each other")
	case len(in.Language) != 0 && len(in.Language) != 2:
		return bad("language must be two letters")
	case !voiceFits(in.Voice, version):
		return bad("voice does not have the shape of version " + version)
	}
	return nil
}

// voiceFits: {"mode":"id","id":"..."}, and from 2026-08-14 a plain string or
// {"id":"..."}.
func voiceFits(raw json.RawMessage, version string) bool {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		return version >= plainVoices && id != ""
	}
	var v struct{ Mode, ID string }
	if json.Unmarshal(raw, &v) != nil || v.ID == "" {
		return false
	}
	if version >= plainVoices {
		return v.Mode == ""
	}
	return v.Mode == "id"
}

// speaks reports whether a text has anything to say.
func speaks(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// splitSentences cuts what may be spoken at once from a text that may go on: up to
// the last mark that ends a sentence and has white space behind it. Without the
// space the next piece may belong to the same word ("helpful.Tell").
func splitSentences(text string) (sentences []string, rest string) {
	from := 0
	for i, r := range text {
		if !unicode.IsSpace(r) || i == 0 {
			continue
		}
		before := strings.TrimRight(text[from:i], `"')]`)
		if before != "" && strings.ContainsAny(before[len(before)-1:], ".!?") && speaks(before) {
			sentences = append(sentences, text[from:i])
			from = i
		}
	}
	return sentences, text[from:]
}
