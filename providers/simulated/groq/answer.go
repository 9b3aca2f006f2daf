package groq

import (
	"encoding/json"
	"hash/fnv"
	"strings"
)

// answer is what the model says, in pieces as they are streamed.
type answer struct {
	thoughts []string
	pieces   []string
	calls    []toolCall
	finish   string
	prompt   int // tokens
	written  int // tokens, reasoning included
}

type toolCall struct {
	Index    int      `json:"index"`
	ID       string   `json:"id,omitempty"`
	Type     string   `json:"type,omitempty"`
	Function callBody `json:"function"`
}

type callBody struct {
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments"`
}

// pieceRunes bounds a piece in characters: about what a token is.
const pieceRunes = 7

// Pieces cuts a text into token-sized pieces of whole code points; joined they are
// the text.
func Pieces(text string) []string {
	var out []string
	start, runes, letters := 0, 0, false
	for i, r := range text {
		if space := r == ' ' || r == '\n'; i > start && (space && letters || runes == pieceRunes) {
			out = append(out, text[start:i])
			start, runes, letters = i, 0, false
		}
		runes++
		letters = letters || r != ' '
	}
	if start < len(text) {
		out = append(out, text[start:])
	}
	return out
}

// tokens is how many a text takes.
func tokens(text string) int { return len(Pieces(text)) }

// effort is how many tokens the models think.
var effort = map[string]int{"": 60, "low": 20, "medium": 60, "high": 200}

const musing = "The candidate answered, and the instruction says what comes next. Keep it short and plain. "

// seed makes the answers to one conversation the same each time.
func (s *Server) seed(q request) uint64 {
	h := fnv.New64a()
	for _, m := range q.Messages {
		if m.Content != nil {
			_, _ = h.Write([]byte(*m.Content)) // a hash takes everything
		}
	}
	return h.Sum64() ^ s.cfg.Seed
}

// think decides the answer.
func (s *Server) think(q request, f Fault) answer {
	a := answer{finish: "stop"}
	for _, m := range q.Messages {
		a.prompt += 4
		if m.Content != nil {
			a.prompt += tokens(*m.Content)
		}
	}
	seed := s.seed(q)
	if q.thinks() {
		a.thoughts = Pieces(strings.Repeat(musing, 1+effort[q.Effort]/tokens(musing)))[:effort[q.Effort]]
	}
	text := ""
	switch {
	case f.OnlyThought:
		a.finish = "length"
	case f.Blank:
	case q.called() != nil:
		a.finish, a.calls = "tool_calls", []toolCall{q.call(seed)}
		a.written = tokens(a.calls[0].Function.Arguments)
	default:
		text = s.text(q, f, seed)
	}
	a.pieces = Pieces(text)
	a.written += len(a.thoughts) + len(a.pieces)
	if bound := q.bound(); bound > 0 && len(a.thoughts)+len(a.pieces) > bound {
		a.thoughts = a.thoughts[:min(len(a.thoughts), bound)]
		a.pieces = a.pieces[:bound-len(a.thoughts)]
		a.finish, a.written = "length", bound
	}
	return a
}

// text is the answer as a whole.
func (s *Server) text(q request, f Fault, seed uint64) string {
	if q.Format != nil && q.Format.Type != "text" {
		switch {
		case f.BadJSON:
			return "Here is the result: {\"score\": 7, \"rea"
		case f.Misfit:
			return `{"unexpected": true}`
		case q.Format.Type == "json_object":
			return `{"answer": "yes"}`
		}
		raw, err := json.Marshal(fit(q.Format.Schema.Schema, seed))
		if err != nil {
			return "{}"
		}
		return string(raw)
	}
	text := strings.ToValidUTF8(s.cfg.Write(q.prompt(seed)), "")
	if f.Markdown {
		text = "**" + text + "** \U0001f600\n- _and_ a `list`"
	}
	return text
}

// called is the tool the request insists on, nil when none.
func (q request) called() *tool {
	if len(q.Tools) == 0 {
		return nil
	}
	var choice string
	if json.Unmarshal(q.ToolChoice, &choice) == nil {
		if choice == "required" {
			return &q.Tools[0]
		}
		return nil
	}
	var named tool
	if json.Unmarshal(q.ToolChoice, &named) != nil {
		return nil
	}
	for i := range q.Tools {
		if q.Tools[i].Function.Name == named.Function.Name {
			return &q.Tools[i]
		}
	}
	return nil
}

// call makes a call of that tool, with arguments that fit.
func (q request) call(seed uint64) toolCall {
	t := q.called()
	raw, err := json.Marshal(fit(t.Function.Parameters, seed))
	if err != nil {
		raw = []byte("{}")
	}
	return toolCall{ID: "call_1", Type: "function", Function: callBody{Name: t.Function.Name, Arguments: string(raw)}}
}

// fragments cuts a call as some servers do: the id and the name first, then the
// arguments in pieces.
func (c toolCall) fragments() []toolCall {
	out := []toolCall{{Index: c.Index, ID: c.ID, Type: c.Type, Function: callBody{Name: c.Function.Name}}}
	for _, p := range Pieces(c.Function.Arguments) {
		out = append(out, toolCall{Index: c.Index, Function: callBody{Arguments: p}})
	}
	return out
}
