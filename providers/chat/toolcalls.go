package chat

import (
	"encoding/json"
	"slices"
)

// ToolCall is a function the model wants called. The interview offers it none; a
// stream that got some nevertheless has them.
type ToolCall struct {
	ID, Name  string
	Arguments string // JSON, as the model wrote it
}

// ToolCaller is a stream that keeps the calls a model asked for. They are complete
// once Recv has returned io.EOF.
type ToolCaller interface {
	ToolCalls() []ToolCall
}

const (
	maxCalls     = 32
	maxArguments = 64 << 10
)

// toolCalls joins calls that come in fragments, by their index.
type toolCalls struct {
	calls   []ToolCall
	dropped int // fragments beyond the bounds or of a wrong shape
}

func (t *toolCalls) add(raw json.RawMessage) {
	var fragments []struct {
		Index    int    `json:"index"`
		ID       string `json:"id"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	}
	if json.Unmarshal(raw, &fragments) != nil {
		t.dropped++
		return
	}
	for _, f := range fragments {
		if f.Index < 0 || f.Index >= maxCalls {
			t.dropped++
			continue
		}
		for len(t.calls) <= f.Index {
			t.calls = append(t.calls, ToolCall{})
		}
		call := &t.calls[f.Index]
		if len(call.Arguments)+len(f.Function.Arguments) > maxArguments {
			t.dropped++
			continue
		}
		if call.ID == "" {
			call.ID = f.ID
		}
		if call.Name == "" {
			call.Name = f.Function.Name
		}
		call.Arguments += f.Function.Arguments
	}
}

func (t *toolCalls) all() []ToolCall { return slices.Clone(t.calls) }
