package groq

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestWhatTheEmulationMustReproduce has one case for each item of the list of that
// name in the protocol's notes.
func TestWhatTheEmulationMustReproduce(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(t *testing.T){
		"auth check":                                authCheck,
		"unknown model and retired llama names":     unknownModels,
		"the list of what is refused with 400":      refusedFields,
		"effort none is refused for gpt-oss":        noneRefused,
		"SSE: role, pieces, finish, usage, end":     plainStream,
		"SSE: reasoning deltas":                     reasoning,
		"SSE: flushes in odd byte counts":           oddFlushes,
		"time to first token and between tokens":    timeKnobs,
		"stall in the middle":                       stall,
		"drop before the end mark":                  dropBefore,
		"drop after the finish without an end mark": dropAfter,
		"429 with retry-after and headers":          limited,
		"429 without retry-after":                   limitedSilently,
		"498":                                       status(498),
		"500":                                       status(500),
		"502 as an HTML page":                       page,
		"an error in the stream, as an event":       eventError,
		"an error in the stream, as a data line":    dataError,
		"empty content with length":                 emptyByLength,
		"invalid JSON for schema replies":           invalidJSON,
		"a data line of more than 64 KiB":           longLine,
		"CRLF":                                      crlf,
		"comment lines":                             commentLines,
		"rate-limit headers that count down":        countDown,
		"non-stream answers":                        nonStream,
		"schema answers, seeded":                    schemaAnswers,
		"tool calls in one piece":                   toolsWhole,
		"tool calls in fragments":                   toolsFragments,
		"the profile of vLLM":                       vllmKind,
		"the profile of Ollama":                     ollamaKind,
		"headers and then silence":                  silent,
		"a storm of 429":                            storm,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

// refused checks an error answer.
func refused(t *testing.T, res *http.Response, status int, code string) fields {
	t.Helper()
	body := object(t, res)
	if res.StatusCode != status || code != "" && at(body, "error", "code") != code || at(body, "error", "message") == nil {
		t.Errorf("%d %v, want %d %s", res.StatusCode, body, status, code)
	}
	return body
}

func authCheck(t *testing.T) {
	r := setup(t, quick())
	for _, key := range []string{"", "Bearer ", "Bearer gsk_bad", "Basic gsk_good"} {
		for _, way := range []string{"GET /models", "POST /chat/completions"} {
			method, path, _ := strings.Cut(way, " ")
			req, _ := http.NewRequest(method, r.url+path, strings.NewReader("{}"))
			req.Header.Set("Authorization", key)
			res, err := r.http.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			refused(t, res, http.StatusUnauthorized, "invalid_api_key")
			_ = res.Body.Close()
		}
	}
	req, _ := http.NewRequest(http.MethodGet, r.url+"/models", nil)
	req.Header.Set("Authorization", "Bearer gsk_good")
	res, err := r.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if list := object(t, res); res.StatusCode != http.StatusOK || at(list, "data", 0, "id") != "openai/gpt-oss-120b" {
		t.Errorf("%d %v", res.StatusCode, list)
	}
}

func unknownModels(t *testing.T) {
	r := setup(t, quick())
	for _, model := range []string{"gpt-9", "llama-3.3-70b-versatile", "llama-3.1-8b-instant", ""} {
		refused(t, r.post(t.Context(), ask(fields{"model": model})), http.StatusNotFound, "model_not_found")
	}
}

func refusedFields(t *testing.T) {
	r := setup(t, quick())
	for _, bad := range []fields{
		{"logprobs": true},
		{"logprobs": false},
		{"top_logprobs": 2},
		{"logit_bias": fields{"5": 1}},
		{"n": 2},
		{"n": 0},
		{"messages": []fields{{"role": "user", "content": "x", "name": "Ann"}}},
		{"messages": []fields{}},
		{"messages": []fields{{"role": "boss", "content": "x"}}},
		{"temperature": 2.1},
		{"max_completion_tokens": 0},
		{"stop": []string{"a", "b", "c", "d", "e"}},
		{"chat_template_kwargs": fields{}},
		{"reasoning_format": "parsed"},
		{"messages": 7},
		{"response_format": fields{"type": "json_object"}},
		{"response_format": fields{"type": "xml"}},
		{"response_format": fields{"type": "json_schema"}},
		{"response_format": schema(true, `{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}`)},
		{"response_format": schema(true, `{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false,"required":[]}`)},
		{"response_format": schema(true, `{"type":"array","items":{"type":"object","properties":{},"additionalProperties":true}}`)},
	} {
		if body := refused(t, r.post(t.Context(), ask(bad)), http.StatusBadRequest, ""); t.Failed() {
			t.Fatalf("%v: %v", bad, body)
		}
	}
	for _, good := range []fields{{"n": 1}, {"logprobs": nil}, {"temperature": 0}, {"user": "x", "seed": 4, "top_p": .9, "stop": "x", "service_tier": "auto"}} {
		if res := r.post(t.Context(), ask(good)); res.StatusCode != http.StatusOK {
			t.Errorf("%v: %d", good, res.StatusCode)
		}
	}
	res, err := r.http.Post(r.url+"/chat/completions", "application/json", strings.NewReader("{"))
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if r.Journal.Count("refused") < 20 {
		t.Errorf("%d refusals are noted", r.Journal.Count("refused"))
	}
}

func noneRefused(t *testing.T) {
	r := setup(t, quick())
	refused(t, r.post(t.Context(), ask(fields{"reasoning_effort": "none"})), http.StatusBadRequest, "")
	if res := r.post(t.Context(), ask(fields{"reasoning_effort": "none", "model": "qwen/qwen3.6-27b"})); res.StatusCode != http.StatusOK {
		t.Errorf("qwen: %d", res.StatusCode)
	}
	for _, effort := range []string{"low", "medium", "high"} {
		if res := r.post(t.Context(), ask(fields{"reasoning_effort": effort})); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", effort, res.StatusCode)
		}
	}
}

func limited(t *testing.T) {
	r := setup(t, quick())
	r.Faults.Next(Fault{Status: 429, RetryAfter: 1500 * time.Millisecond, Wait: 5289 * time.Millisecond})
	res := r.post(t.Context(), streamed(nil))
	body := refused(t, res, 429, "rate_limit_exceeded")
	if res.Header.Get("Retry-After") != "2" || res.Header.Get("x-ratelimit-limit-tokens") == "" || !strings.Contains(fmt.Sprint(body), "Please try again in 5.289s.") {
		t.Errorf("%v %v", res.Header, body)
	}
}

func limitedSilently(t *testing.T) {
	r := setup(t, quick())
	r.Faults.Next(Fault{Status: 429})
	res := r.post(t.Context(), streamed(nil))
	refused(t, res, 429, "rate_limit_exceeded")
	if res.Header.Get("Retry-After") != "" {
		t.Error("it says when")
	}
	if res := r.post(t.Context(), ask(nil)); res.StatusCode != http.StatusOK || res.Header.Get("Retry-After") != "" {
		t.Errorf("the next: %d", res.StatusCode)
	}
}

func status(code int) func(t *testing.T) {
	return func(t *testing.T) {
		r := setup(t, quick())
		r.Faults.Next(Fault{Status: code})
		refused(t, r.post(t.Context(), streamed(nil)), code, "")
	}
}

func page(t *testing.T) {
	r := setup(t, quick())
	r.Faults.Next(Fault{Status: 502})
	res := r.post(t.Context(), ask(nil))
	raw, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusBadGateway || res.Header.Get("Content-Type") != "text/html" || !strings.HasPrefix(string(raw), "<html>") {
		t.Errorf("%d %s", res.StatusCode, raw)
	}
}

func storm(t *testing.T) {
	r := setup(t, quick())
	r.Faults.During(time.Now(), time.Now().Add(time.Hour), Fault{Status: 429, RetryAfter: time.Second})
	for range 10 {
		refused(t, r.post(t.Context(), streamed(nil)), 429, "rate_limit_exceeded")
	}
	if r.Journal.Count("refused") != 10 || r.Journal.Count("completion") != 0 {
		t.Errorf("%d refusals", r.Journal.Count("refused"))
	}
}

func schema(strict bool, text string) fields {
	return fields{"type": "json_schema", "json_schema": fields{"name": "score", "strict": strict, "schema": json.RawMessage(text)}}
}

const scoreSchema = `{"type":"object","additionalProperties":false,"required":["score","reason"],
	"properties":{"score":{"type":"integer","minimum":1,"maximum":5},"reason":{"type":["string","null"]}}}`

func invalidJSON(t *testing.T) {
	r := setup(t, quick())
	for f, valid := range map[Fault]bool{{BadJSON: true}: false, {Misfit: true}: true} {
		r.Faults.Always(f)
		text, _ := at(object(t, r.post(t.Context(), ask(fields{"response_format": schema(true, scoreSchema)}))), "choices", 0, "message", "content").(string)
		if json.Valid([]byte(text)) != valid || strings.Contains(text, "reason\"") {
			t.Errorf("%+v: %q", f, text)
		}
	}
}

func countDown(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	cfg := quick()
	cfg.TokensPerMinute, cfg.RequestsPerDay = 600, 1000
	cfg.Now = func() time.Time { return now }
	r := setup(t, cfg)
	header := func(res *http.Response, name string) string { return res.Header.Get("x-ratelimit-" + name) }
	number := func(res *http.Response, name string) int {
		n, err := strconv.Atoi(header(res, name))
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	first := r.post(t.Context(), ask(nil))
	usage := object(t, first)
	prompt, total := int(at(usage, "usage", "prompt_tokens").(float64)), int(at(usage, "usage", "total_tokens").(float64))
	if number(first, "remaining-tokens") != 600-prompt || number(first, "limit-tokens") != 600 || number(first, "remaining-requests") != 999 {
		t.Errorf("the first: %v, %d tokens", first.Header, prompt)
	}
	until(t, "the answer is billed", func() bool { return r.Journal.Count("completion") == 1 })
	second := r.post(t.Context(), ask(nil))
	if number(second, "remaining-tokens") != 600-total-prompt || number(second, "remaining-requests") != 998 {
		t.Errorf("the second: %v", second.Header)
	}
	reset, err := time.ParseDuration(header(second, "reset-tokens"))
	if want := time.Minute * time.Duration(total+prompt) / 600; err != nil || (reset-want).Abs() > time.Millisecond {
		t.Errorf("renewed after %s, want %s", header(second, "reset-tokens"), want)
	}
	if d, err := time.ParseDuration(header(second, "reset-requests")); err != nil || (d-172800*time.Millisecond).Abs() > time.Millisecond {
		t.Errorf("requests renewed after %s", header(second, "reset-requests"))
	}
	var res *http.Response
	for range 20 {
		if res = r.post(t.Context(), ask(nil)); res.StatusCode != http.StatusOK {
			break
		}
		_, _ = io.Copy(io.Discard, res.Body)
	}
	body := refused(t, res, 429, "rate_limit_exceeded")
	pause, _ := strconv.Atoi(res.Header.Get("Retry-After"))
	if message, _ := at(body, "error", "message").(string); pause < 1 || !strings.Contains(message, "Please try again in ") {
		t.Errorf("%v %v", res.Header, body)
	}
	now = now.Add(time.Duration(pause) * time.Second)
	if res := r.post(t.Context(), ask(nil)); res.StatusCode != http.StatusOK {
		t.Errorf("after the pause: %d", res.StatusCode)
	}
	long := ask(nil)
	long["messages"] = []fields{{"role": "user", "content": strings.Repeat("word ", 1000)}}
	refused(t, r.post(t.Context(), long), http.StatusRequestEntityTooLarge, "rate_limit_exceeded")
}

func nonStream(t *testing.T) {
	cfg := quick()
	cfg.Thoughts = true
	r := setup(t, cfg)
	body := object(t, r.post(t.Context(), ask(nil)))
	message := at(body, "choices", 0, "message")
	if text, _ := at(message, "content").(string); !strings.HasSuffix(text, asked) || at(message, "role") != "assistant" || at(message, "reasoning") == nil {
		t.Errorf("the message is %v", message)
	}
	if at(body, "choices", 0, "finish_reason") != "stop" || at(body, "usage", "queue_time") == nil || at(body, "x_groq", "id") == nil || at(body, "object") != "chat.completion" {
		t.Errorf("the answer is %v", body)
	}
	if billed := r.Journal.Billed("completion"); float64(billed) != at(body, "usage", "total_tokens") {
		t.Errorf("billed %d", billed)
	}
}

func schemaAnswers(t *testing.T) {
	r := setup(t, quick())
	var texts []string
	for range 2 {
		text, _ := at(object(t, r.post(t.Context(), ask(fields{"response_format": schema(true, scoreSchema)}))), "choices", 0, "message", "content").(string)
		texts = append(texts, text)
	}
	var s struct {
		Score  int     `json:"score"`
		Reason *string `json:"reason"`
	}
	if err := json.Unmarshal([]byte(texts[0]), &s); err != nil || s.Score < 1 || s.Score > 5 || s.Reason == nil || texts[0] != texts[1] {
		t.Errorf("%q, %v", texts, err)
	}
}

func tools(f Fault, t *testing.T) []any {
	t.Helper()
	r := setup(t, quick())
	r.Faults.Always(f)
	all, err := lines(r.post(t.Context(), streamed(fields{
		"tool_choice": "required",
		"tools":       []fields{{"type": "function", "function": fields{"name": "note", "parameters": json.RawMessage(scoreSchema)}}},
	})))
	if err != nil {
		t.Fatal(err)
	}
	var calls []any
	got := events(t, all)
	for _, e := range got {
		if c := at(e, "choices", 0, "delta", "tool_calls", 0); c != nil {
			calls = append(calls, c)
		}
	}
	if at(got[len(got)-3], "choices", 0, "finish_reason") != "tool_calls" {
		t.Errorf("it finishes with %v", got[len(got)-3])
	}
	return calls
}

func toolsWhole(t *testing.T) {
	calls := tools(Fault{}, t)
	arguments, _ := at(calls[0], "function", "arguments").(string)
	if len(calls) != 1 || !json.Valid([]byte(arguments)) || at(calls[0], "function", "name") != "note" || at(calls[0], "id") == nil {
		t.Errorf("the calls are %v", calls)
	}
}

func toolsFragments(t *testing.T) {
	calls := tools(Fault{Fragments: true}, t)
	arguments := ""
	for i, c := range calls {
		part, _ := at(c, "function", "arguments").(string)
		arguments += part
		if (i == 0) != (at(c, "id") != nil) || (i == 0) != (at(c, "function", "name") != nil) {
			t.Errorf("fragment %d is %v", i, c)
		}
	}
	if len(calls) < 4 || !json.Valid([]byte(arguments)) {
		t.Errorf("%d fragments make %q", len(calls), arguments)
	}
}

func vllmKind(t *testing.T) {
	cfg := quick()
	cfg.Kind, cfg.Thoughts = VLLM, true
	r := setup(t, cfg)
	res := r.post(t.Context(), streamed(fields{"chat_template_kwargs": fields{"enable_thinking": false}, "logprobs": true}))
	all, err := lines(res)
	got := events(t, all)
	if err != nil || res.Header.Get("x-ratelimit-limit-tokens") != "" || at(got[0], "x_groq") != nil || !strings.HasSuffix(said(got), asked) {
		t.Errorf("%v %v", res.Header, got[0])
	}
	if at(got[1], "choices", 0, "delta", "reasoning_content") == nil {
		t.Errorf("no thought in %v", got[1])
	}
	body := object(t, r.post(t.Context(), ask(fields{"model": "other"})))
	if at(body, "object") != "error" || at(body, "code") != 404.0 || at(body, "error") != nil {
		t.Errorf("the error is %v", body)
	}
	req, _ := http.NewRequest(http.MethodGet, strings.Replace(r.url, "/openai", "", 1)+"/models", nil)
	answer, err := r.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if body := object(t, answer); answer.StatusCode != http.StatusUnauthorized || body["error"] != "Unauthorized" {
		t.Errorf("%d %v", answer.StatusCode, body)
	}
}

func ollamaKind(t *testing.T) {
	cfg := quick()
	cfg.Kind, cfg.Models = Ollama, []string{"qwen3:8b"}
	r := setup(t, cfg)
	res := r.post(t.Context(), streamed(fields{"model": "qwen3:8b", "unheard_of": 1, "max_tokens": 100}))
	all, err := lines(res)
	got := events(t, all)
	if err != nil || res.Header.Get("x-ratelimit-limit-tokens") != "" || !strings.HasSuffix(said(got), asked) || at(got[len(got)-2], "usage") == nil {
		t.Errorf("%v %v", res.Header, got)
	}
	refused(t, r.post(t.Context(), ask(nil)), http.StatusNotFound, "")
	req, _ := http.NewRequest(http.MethodGet, r.url+"/models", nil)
	answer, err := r.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("without a key: %d", answer.StatusCode)
	}
}
