package chat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/vantahire/vantahire/providers"
)

// chunk is a piece of a streamed answer, or a whole one. What it may do without is
// kept raw, so that a wrong type there spoils nothing.
type chunk struct {
	Choices []choice        `json:"choices"`
	Usage   json.RawMessage `json:"usage"`
	XGroq   json.RawMessage `json:"x_groq"`
	Error   json.RawMessage `json:"error"`
	Object  json.RawMessage `json:"object"`
}

type choice struct {
	Index   int     `json:"index"`
	Delta   *delta  `json:"delta"`
	Message *delta  `json:"message"`
	Finish  *string `json:"finish_reason"`
}

type delta struct {
	Content          *string         `json:"content"`
	Reasoning        json.RawMessage `json:"reasoning"`
	ReasoningContent json.RawMessage `json:"reasoning_content"`
	ToolCalls        json.RawMessage `json:"tool_calls"`
}

// piece is what one chunk says.
type piece struct {
	text    string
	thought int // bytes of reasoning, which is never spoken
	finish  string
	usage   *providers.Usage
	tools   json.RawMessage
	failure json.RawMessage // set when the answer failed
}

// parse reads one chunk; the error is ErrGarbled.
func parse(data []byte) (piece, error) {
	var c chunk
	if data = bytes.TrimSpace(data); len(data) == 0 || data[0] != '{' {
		return piece{}, fmt.Errorf("%w: no object", ErrGarbled)
	}
	if err := json.Unmarshal(data, &c); err != nil {
		// The decoder's own words may repeat the text.
		return piece{}, fmt.Errorf("%w: bad chunk", ErrGarbled)
	}
	var p piece
	var groq struct {
		Usage json.RawMessage `json:"usage"`
		Error json.RawMessage `json:"error"`
	}
	_ = json.Unmarshal(c.XGroq, &groq) // absent, or not Groq's
	switch {
	case given(c.Error):
		p.failure = c.Error
	case given(groq.Error):
		p.failure = groq.Error
	case string(c.Object) == `"error"`: // older vLLM: the error itself
		p.failure = data
	}
	if p.usage = usageOf(c.Usage); p.usage == nil {
		p.usage = usageOf(groq.Usage)
	}
	for _, ch := range c.Choices {
		if ch.Index != 0 {
			continue
		}
		if ch.Finish != nil {
			p.finish = *ch.Finish
		}
		d := ch.Delta
		if d == nil {
			d = ch.Message
		}
		if d == nil {
			continue
		}
		if d.Content != nil {
			p.text += clean(*d.Content)
		}
		p.thought += length(d.Reasoning) + length(d.ReasoningContent)
		if given(d.ToolCalls) {
			p.tools = d.ToolCalls
		}
	}
	return p, nil
}

// given reports whether a value is there and not null.
func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// length is that of a JSON string, about.
func length(raw json.RawMessage) int {
	if !given(raw) || raw[0] != '"' {
		return 0
	}
	return len(raw) - 2
}

// clean takes out what no database and no voice takes. The decoder has made it
// valid UTF-8 already.
func clean(text string) string {
	if !strings.ContainsRune(text, 0) && utf8.ValidString(text) {
		return text
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")
}

// mostTokens bounds what is believed of a usage.
const mostTokens = 1 << 30

func usageOf(raw json.RawMessage) *providers.Usage {
	var u struct {
		Prompt     float64 `json:"prompt_tokens"`
		Completion float64 `json:"completion_tokens"`
	}
	if !given(raw) || json.Unmarshal(raw, &u) != nil {
		return nil
	}
	bound := func(n float64) int { return int(min(max(n, 0), mostTokens)) }
	return &providers.Usage{Prompt: bound(u.Prompt), Completion: bound(u.Completion)}
}
