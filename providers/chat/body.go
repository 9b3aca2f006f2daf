package chat

import (
	"encoding/json"
	"fmt"
	"maps"
)

// call is one request before it is written.
type call struct {
	model       string // "" = the profile's
	messages    []message
	cap         int // bound of the answer without the profile's headroom; 0 = none
	temperature float64
	format      map[string]any // response_format
	stream      bool
}

// body writes a request in the profile's dialect.
func (p Profile) body(c call) ([]byte, error) {
	b := map[string]any{}
	maps.Copy(b, p.Reasoning)
	if p.SendTemperature {
		b["temperature"] = min(max(c.temperature, 0), 2)
	}
	if c.cap > 0 {
		b[p.TokenField] = c.cap + p.Headroom
	}
	if c.stream && p.IncludeUsage {
		b["stream_options"] = map[string]any{"include_usage": true}
	}
	maps.Copy(b, p.ExtraBody)
	delete(b, "response_format")
	if c.format != nil {
		b["response_format"] = c.format
	}
	b["model"] = p.Model
	if c.model != "" {
		b["model"] = c.model
	}
	b["messages"] = c.messages
	if c.messages == nil {
		b["messages"] = []message{}
	}
	b["stream"] = c.stream
	raw, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	return raw, nil
}
