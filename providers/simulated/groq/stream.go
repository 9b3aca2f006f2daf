package groq

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// writer writes one answer.
type writer struct {
	server   *Server
	w        http.ResponseWriter
	ctx      context.Context //nolint:containedctx // of the request it answers
	q        request
	fault    Fault
	answer   answer
	number   int
	written  int // tokens so far
	complete bool
	events   int
}

// chunk is one event of a stream.
type chunk struct {
	ID          string    `json:"id"`
	Object      string    `json:"object"`
	Created     int64     `json:"created"`
	Model       string    `json:"model"`
	Fingerprint string    `json:"system_fingerprint,omitempty"`
	Choices     []choice  `json:"choices"`
	Usage       *usage    `json:"usage,omitempty"`
	XGroq       *groqPart `json:"x_groq,omitempty"`
	Padding     string    `json:"padding,omitempty"`
}

type choice struct {
	Index    int     `json:"index"`
	Delta    *delta  `json:"delta,omitempty"`
	Message  *delta  `json:"message,omitempty"`
	Logprobs *string `json:"logprobs"`
	Finish   *string `json:"finish_reason"`
}

type delta struct {
	Role             string          `json:"role,omitempty"`
	Content          json.RawMessage `json:"content,omitempty"`
	Reasoning        string          `json:"reasoning,omitempty"`
	ReasoningContent string          `json:"reasoning_content,omitempty"`
	ToolCalls        []toolCall      `json:"tool_calls,omitempty"`
}

type usage struct {
	Prompt     int     `json:"prompt_tokens"`
	Completion int     `json:"completion_tokens"`
	Total      int     `json:"total_tokens"`
	QueueTime  float64 `json:"queue_time,omitempty"`
	TotalTime  float64 `json:"total_time,omitempty"`
}

type groqPart struct {
	ID    string `json:"id,omitempty"`
	Usage *usage `json:"usage,omitempty"`
	Error string `json:"error,omitempty"`
}

func content(text string) json.RawMessage {
	raw, err := json.Marshal(text)
	if err != nil {
		return json.RawMessage(`""`)
	}
	return raw
}

func (o *writer) usage() *usage {
	return &usage{Prompt: o.answer.prompt, Completion: o.answer.written, Total: o.answer.prompt + o.answer.written, QueueTime: .02, TotalTime: .063}
}

func (o *writer) chunk(choices ...choice) chunk {
	if choices == nil {
		choices = []choice{}
	}
	return chunk{
		ID: "chatcmpl-" + strconv.Itoa(o.number), Object: "chat.completion.chunk", Created: 1790000000, Model: o.q.Model,
		Fingerprint: "fp_1", Choices: choices,
	}
}

// stream writes the answer as events.
func (o *writer) stream() {
	h := o.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	o.w.WriteHeader(http.StatusOK)
	o.flush()
	if o.fault.Silent {
		<-o.ctx.Done()
		return
	}
	s := o.server
	if !wait(o.ctx, s.cfg.FirstToken.Sample(s.random)+o.fault.Slow) {
		return
	}
	o.opening()
	if !o.thoughts() || !o.words() {
		return
	}
	if o.fault.Abrupt {
		panic(http.ErrAbortHandler)
	}
	o.calls()
	o.closing()
}

// opening writes the chunk with the role.
func (o *writer) opening() {
	if o.fault.EmptyFirst {
		o.send(o.chunk())
	}
	first := o.chunk(choice{Delta: &delta{Role: "assistant", Content: content("")}})
	if o.server.cfg.Kind == Groq {
		first.XGroq = &groqPart{ID: requestID(o.number)}
	}
	if o.fault.LongLine > 0 {
		first.Padding = strings.Repeat("x", o.fault.LongLine)
	}
	o.send(first)
}

// thoughts writes the reasoning, when it is shown; it takes its time anyway.
func (o *writer) thoughts() bool {
	show := o.server.cfg.Thoughts && (o.q.IncludeReasoning == nil || *o.q.IncludeReasoning)
	for _, t := range o.answer.thoughts {
		o.written++
		if !show {
			continue
		}
		d := &delta{Reasoning: t}
		if o.server.cfg.Kind == VLLM {
			d = &delta{ReasoningContent: t}
		}
		o.send(o.chunk(choice{Delta: d}))
		if !o.pause() {
			return false
		}
	}
	return o.ctx.Err() == nil
}

// words writes the text; false when it breaks on the way.
func (o *writer) words() bool {
	for i, p := range o.answer.pieces {
		if i == o.fault.After && o.broken() {
			return false
		}
		if i > 0 && !o.pause() {
			return false
		}
		if o.fault.NullContent {
			o.send(o.chunk(choice{Delta: &delta{Content: json.RawMessage("null")}}))
			o.send(o.chunk(choice{Delta: &delta{}}))
		}
		o.written++
		o.send(o.chunk(choice{Delta: &delta{Content: content(p)}}))
	}
	return o.fault.After < len(o.answer.pieces) || !o.broken()
}

func (o *writer) pause() bool {
	return wait(o.ctx, o.server.cfg.PerToken.Sample(o.server.random))
}

// broken carries out the planned break; false when there is none.
func (o *writer) broken() bool {
	const message = "Service is over capacity. Please try again in 1.5s."
	object := map[string]any{"message": message, "type": "internal_server_error", "code": "over_capacity"}
	switch o.fault.Break {
	case BreakNone:
		return false
	case Stall:
		<-o.ctx.Done()
	case Drop:
		panic(http.ErrAbortHandler)
	case ErrorEvent:
		o.line("event: error")
		o.send(map[string]any{"error": object})
	case ErrorData:
		o.send(map[string]any{"error": object, "status_code": http.StatusServiceUnavailable})
	case ErrorString:
		o.send(map[string]any{"error": message})
	case ErrorGroq:
		last := o.chunk()
		last.XGroq = &groqPart{ID: requestID(o.number), Error: message}
		o.send(last)
	case Garbage:
		o.event([]byte(`{"id":"chatcmpl-1","choices":[{"index":0,"delta":{"cont`))
	case EndEarly:
	}
	return true
}

// calls writes the tool calls.
func (o *writer) calls() {
	for _, c := range o.answer.calls {
		parts := []toolCall{c}
		if o.fault.Fragments {
			parts = c.fragments()
		}
		for _, p := range parts {
			o.send(o.chunk(choice{Delta: &delta{ToolCalls: []toolCall{p}}}))
		}
	}
}

// closing writes the end.
func (o *writer) closing() {
	o.written = o.answer.written
	last := o.chunk(choice{Delta: &delta{}, Finish: &o.answer.finish})
	if o.server.cfg.Kind == Groq {
		last.XGroq = &groqPart{ID: requestID(o.number)}
		if !o.fault.NoUsage {
			last.XGroq.Usage = o.usage()
		}
	}
	o.send(last)
	if o.fault.Linger {
		<-o.ctx.Done()
		return
	}
	if o.q.StreamOptions != nil && o.q.StreamOptions.IncludeUsage && !o.fault.NoUsage && !o.fault.UsageAtGroq {
		end := o.chunk()
		end.Usage = o.usage()
		o.send(end)
	}
	o.complete = true
	if o.fault.NoDone {
		panic(http.ErrAbortHandler)
	}
	o.event([]byte("[DONE]"))
}

// answerNow writes the answer in one piece.
func (o *writer) answerNow() {
	s := o.server
	if o.fault.Silent || o.fault.Break == Stall {
		<-o.ctx.Done()
		return
	}
	delay := s.cfg.FirstToken.Sample(s.random) + o.fault.Slow
	if s.cfg.PerToken.P50 > 0 {
		delay += time.Duration(o.answer.written) * s.cfg.PerToken.P50
	}
	if !wait(o.ctx, delay) {
		return
	}
	switch o.fault.Break {
	case Drop, EndEarly:
		panic(http.ErrAbortHandler)
	case Garbage:
		o.w.Header().Set("Content-Type", "application/json")
		_, _ = o.w.Write([]byte(`{"id":"chatcmpl-1","choices":[{`)) // the client may have left
		return
	case ErrorEvent, ErrorData, ErrorString, ErrorGroq:
		reply(o.w, http.StatusOK, map[string]any{"error": map[string]any{"message": "over capacity", "code": "over_capacity"}})
		return
	case BreakNone, Stall:
	}
	m := &delta{Role: "assistant", Content: content(strings.Join(o.answer.pieces, "")), ToolCalls: o.answer.calls}
	if s.cfg.Thoughts && (o.q.IncludeReasoning == nil || *o.q.IncludeReasoning) {
		m.Reasoning = strings.Join(o.answer.thoughts, "")
	}
	whole := o.chunk(choice{Message: m, Finish: &o.answer.finish})
	whole.Object = "chat.completion"
	if !o.fault.NoUsage {
		whole.Usage = o.usage()
	}
	if s.cfg.Kind == Groq {
		whole.XGroq = &groqPart{ID: requestID(o.number)}
	}
	o.written, o.complete = o.answer.written, true
	reply(o.w, http.StatusOK, whole)
}

// send writes one event.
func (o *writer) send(v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		return
	}
	o.event(raw)
}

// event writes data as an event, in the form the fault asks for.
func (o *writer) event(data []byte) {
	o.events++
	if o.fault.Comments {
		o.line(": keep-alive " + strconv.Itoa(o.events))
		o.line("")
	}
	if o.fault.OtherFields {
		o.line("id: " + strconv.Itoa(o.events))
		o.line("retry: 3000")
		o.line("event: message")
	}
	name := "data: "
	if o.fault.NoSpace {
		name = "data:"
	}
	if o.fault.SeveralLines {
		// A line break is white space to JSON where a comma stands between fields.
		data = bytes.Replace(data, []byte(`,"object"`), []byte(",\n"+`"object"`), 1)
	}
	for part := range bytes.SplitSeq(data, []byte("\n")) {
		o.line(name + string(part))
	}
	o.line("")
	o.flush()
}

// line writes one line, in parts when so configured.
func (o *writer) line(text string) {
	end := "\n"
	if o.fault.CRLF {
		end = "\r\n"
	}
	raw := []byte(text + end)
	for len(raw) > 0 {
		n := len(raw)
		if split := o.server.cfg.Split; split > 0 {
			n = min(n, split)
		}
		if _, err := o.w.Write(raw[:n]); err != nil {
			return // the client left; its context says so too
		}
		if raw = raw[n:]; len(raw) > 0 {
			o.flush()
		}
	}
}

func (o *writer) flush() {
	if f, ok := o.w.(http.Flusher); ok {
		f.Flush()
	}
}
