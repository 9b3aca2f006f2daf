package groq

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// maxBody bounds a request.
const maxBody = 4 << 20

// request is a completion as it was asked for.
type request struct {
	Model    string `json:"model"`
	Messages []struct {
		Role    string  `json:"role"`
		Content *string `json:"content"`
		Name    *string `json:"name"`
	} `json:"messages"`
	MaxTokens     *int            `json:"max_tokens"`
	MaxCompletion *int            `json:"max_completion_tokens"`
	Temperature   *float64        `json:"temperature"`
	N             *int            `json:"n"`
	Stop          json.RawMessage `json:"stop"`
	Stream        bool            `json:"stream"`
	StreamOptions *struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	Effort           string          `json:"reasoning_effort"`
	IncludeReasoning *bool           `json:"include_reasoning"`
	ReasoningFormat  string          `json:"reasoning_format"`
	Format           *responseFormat `json:"response_format"`
	Tools            []tool          `json:"tools"`
	ToolChoice       json.RawMessage `json:"tool_choice"`

	fields map[string]any
}

type responseFormat struct {
	Type   string `json:"type"`
	Schema *struct {
		Name   string         `json:"name"`
		Strict bool           `json:"strict"`
		Schema map[string]any `json:"schema"`
	} `json:"json_schema"`
}

type tool struct {
	Type     string `json:"type"`
	Function struct {
		Name       string         `json:"name"`
		Parameters map[string]any `json:"parameters"`
	} `json:"function"`
}

// fields Groq knows; others are refused there.
var knownFields = strings.Fields(`model messages temperature max_tokens max_completion_tokens top_p stop seed stream stream_options tools tool_choice
	parallel_tool_calls response_format reasoning_format reasoning_effort include_reasoning service_tier user n frequency_penalty presence_penalty`)

// read takes a request apart; the refusal has a status when it is wrong.
func (s *Server) read(w http.ResponseWriter, r *http.Request) (request, *refusal) {
	var q request
	wrong := func(param, format string, args ...any) (request, *refusal) {
		refused := invalid(param, format, args...)
		return q, &refused
	}
	body := http.MaxBytesReader(w, r.Body, maxBody)
	var raw json.RawMessage
	if err := json.NewDecoder(body).Decode(&raw); err != nil {
		return wrong("", "could not parse the JSON body of the request")
	}
	if json.Unmarshal(raw, &q.fields) != nil || json.Unmarshal(raw, &q) != nil {
		return wrong("", "a field of the request has the wrong type")
	}
	if !slices.Contains(s.cfg.Models, q.Model) {
		return q, &refusal{status: http.StatusNotFound, message: missing(q.Model), kind: "invalid_request_error", code: "model_not_found"}
	}
	if len(q.Messages) == 0 {
		return wrong("messages", "'messages' : minimum number of items is 1")
	}
	for i, m := range q.Messages {
		if !slices.Contains([]string{"system", "user", "assistant", "tool", "developer"}, m.Role) {
			return wrong("messages", "'messages.%d' : role is not one of the known", i)
		}
		if m.Name != nil && s.cfg.Kind == Groq {
			return wrong("messages", "'messages.%d' : property 'name' is unsupported", i)
		}
	}
	if q.Temperature != nil && (*q.Temperature < 0 || *q.Temperature > 2) {
		return wrong("temperature", "'temperature' : must be from 0 to 2")
	}
	for _, n := range []*int{q.MaxCompletion, q.MaxTokens} {
		if n != nil && *n < 1 {
			return wrong("max_completion_tokens", "'max_completion_tokens' : must be positive")
		}
	}
	if s.cfg.Kind == Groq {
		if refused := q.strictly(); refused != nil {
			return q, refused
		}
	}
	return q, q.formatFault()
}

// strictly checks what only Groq minds.
func (q request) strictly() *refusal {
	wrong := func(param, format string, args ...any) *refusal {
		refused := invalid(param, format, args...)
		return &refused
	}
	for _, name := range []string{"logprobs", "top_logprobs", "logit_bias"} {
		if q.fields[name] != nil {
			return wrong(name, "property '%s' is unsupported", name)
		}
	}
	for name := range q.fields {
		if !slices.Contains(knownFields, name) {
			return wrong(name, "property '%s' is unsupported", name)
		}
	}
	if q.N != nil && *q.N != 1 {
		return wrong("n", "'n' : must be 1")
	}
	if stops, many := q.fields["stop"].([]any); many && len(stops) > 4 {
		return wrong("stop", "'stop' : maximum number of items is 4")
	}
	if q.ReasoningFormat != "" && (q.IncludeReasoning != nil || q.thinks()) {
		return wrong("reasoning_format", "reasoning_format can't be used here")
	}
	efforts := []string{"", "none", "default"}
	if q.thinks() {
		efforts = []string{"", "low", "medium", "high"}
	}
	if !slices.Contains(efforts, q.Effort) {
		return wrong("reasoning_effort", "`reasoning_effort` must be one of `low`, `medium`, or `high`")
	}
	return nil
}

// thinks reports a model that reasons before it answers.
func (q request) thinks() bool { return strings.Contains(q.Model, "gpt-oss") }

// formatFault checks response_format.
func (q request) formatFault() *refusal {
	if q.Format == nil || q.Format.Type == "text" {
		return nil
	}
	wrong := func(format string, args ...any) *refusal {
		refused := invalid("response_format", format, args...)
		return &refused
	}
	switch q.Format.Type {
	case "json_object":
		for _, m := range q.Messages {
			if m.Content != nil && strings.Contains(strings.ToLower(*m.Content), "json") {
				return nil
			}
		}
		return wrong("'messages' must contain the word 'json' in some form")
	case "json_schema":
		if q.Format.Schema == nil || q.Format.Schema.Name == "" || q.Format.Schema.Schema == nil {
			return wrong("response_format.json_schema needs a name and a schema")
		}
		if q.Format.Schema.Strict {
			if where := loose(q.Format.Schema.Schema, "schema", 0); where != "" {
				return wrong("invalid JSON schema for response_format: %s", where)
			}
		}
		return nil
	}
	return wrong("response_format.type is unknown")
}

// bound is how many tokens the answer may have; 0 = any.
func (q request) bound() int {
	for _, n := range []*int{q.MaxCompletion, q.MaxTokens} {
		if n != nil {
			return *n
		}
	}
	return 0
}

// prompt is what the model reads.
func (q request) prompt(seed uint64) Prompt {
	p := Prompt{Seed: seed}
	for i, m := range q.Messages {
		text := ""
		if m.Content != nil {
			text = *m.Content
		}
		switch {
		case m.Role != "system" && m.Role != "developer":
			p.History = append(p.History, Line{m.Role, text})
		case i == 0:
			p.System = text
		default:
			p.Instruction = text
		}
	}
	if p.Instruction == "" {
		// Servers that take one system message have the instruction in its last part.
		if cut := strings.LastIndex(p.System, "\n\n"); cut >= 0 {
			p.System, p.Instruction = p.System[:cut], p.System[cut+2:]
		}
	}
	return p
}

// String tells the request for the journal, without its texts.
func (q request) String() string {
	return fmt.Sprintf("%s, %d messages", q.Model, len(q.Messages))
}
