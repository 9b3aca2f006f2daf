package groq

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/vantahire/vantahire/providers/simulated"
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
	if list := object(t, res); res.StatusCode != 200 || at(list, "data", 0, "id") != "openai/gpt-oss-120b" {
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
		if res := r.post(t.Context(), ask(good)); res.StatusCode != 200 {
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
	if res := r.post(t.Context(), ask(fields{"reasoning_effort": "none", "model": "qwen/qwen3.6-27b"})); res.StatusCode != 200 {
		t.Errorf("qwen: %d", res.StatusCode)
	}
	for _, effort := range []string{"low", "medium", "high"} {
		if res := r.post(t.Context(), ask(fields{"reasoning_effort": effort})); res.StatusCode != 200 {
			t.Errorf("%s: %d", effort, res.StatusCode)
		}
	}
}

func plainStream(t *testing.T) {
	r := setup(t, quick())
	res := r.post(t.Context(), streamed(nil))
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" || res.TransferEncoding[0] != "chunked" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	all, err := lines(res)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range all {
		if data := strings.HasPrefix(l, "data: "); data != (i%2 == 0) || !data && l != "" {
			t.Fatalf("line %d is %q", i, l)
		}
	}
	got := events(t, all)
	n := len(got)
	if at(got[0], "choices", 0, "delta", "role") != "assistant" || at(got[0], "x_groq", "id") == nil || at(got[0], "object") != "chat.completion.chunk" {
		t.Errorf("it begins with %v", got[0])
	}
	if text := said(got); !strings.HasSuffix(text, asked) || text != said(got[1:n-3]) {
		t.Errorf("it says %q", text)
	}
	if last := got[n-3]; at(last, "choices", 0, "finish_reason") != "stop" || at(last, "x_groq", "usage", "total_tokens") == nil {
		t.Errorf("it finishes with %v", last)
	}
	if usage := got[n-2]; len(at(usage, "choices").([]any)) != 0 || at(usage, "usage", "completion_tokens") != float64(n-4+20) {
		t.Errorf("the usage is %v of %d events", usage, n)
	}
	if got[n-1] != "[DONE]" {
		t.Errorf("it ends with %v", got[n-1])
	}
	for _, e := range got[1 : n-3] {
		if text, ok := at(e, "choices", 0, "delta", "content").(string); !ok || !utf8.ValidString(text) || utf8.RuneCountInString(text) > pieceRunes {
			t.Errorf("the piece %v", e)
		}
	}
}

func reasoning(t *testing.T) {
	cfg := quick()
	cfg.Thoughts = true
	r := setup(t, cfg)
	count := func(more fields) (n int) {
		all, err := lines(r.post(t.Context(), streamed(more)))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events(t, all) {
			if at(e, "choices", 0, "delta", "reasoning") != nil {
				n++
			}
		}
		return n
	}
	if shown, hidden := count(nil), count(fields{"include_reasoning": false}); shown != 20 || hidden != 0 {
		t.Errorf("%d thoughts are shown, %d hidden", shown, hidden)
	}
}

func oddFlushes(t *testing.T) {
	for _, split := range []int{1, 3, 7} {
		cfg := quick()
		cfg.Split = split
		cfg.Write = func(Prompt) string { return "Grüße, 漢字 und 😀." }
		r := setup(t, cfg)
		res := r.post(t.Context(), streamed(nil))
		longest, raw := 0, []byte{}
		for buffer := make([]byte, 4096); ; {
			n, err := res.Body.Read(buffer)
			raw, longest = append(raw, buffer[:n]...), max(longest, n)
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if longest == 4096 && split == 1 {
			t.Error("nothing was split")
		}
		if got := said(events(t, strings.Split(string(raw), "\n"))); got != "Grüße, 漢字 und 😀." {
			t.Errorf("it says %q", got)
		}
	}
}

func timeKnobs(t *testing.T) {
	cfg := quick()
	cfg.FirstToken = simulated.Delay{P50: 60 * time.Millisecond}
	cfg.PerToken = simulated.Delay{P50: 5 * time.Millisecond}
	cfg.Write = func(Prompt) string { return "one two three four five six seven eight nine ten eleven" }
	r := setup(t, cfg)
	began := time.Now()
	res := r.post(t.Context(), streamed(nil))
	if _, err := res.Body.Read(make([]byte, 1)); err != nil || time.Since(began) < 60*time.Millisecond {
		t.Errorf("the first byte came after %s, %v", time.Since(began), err)
	}
	if _, err := lines(res); err != nil || time.Since(began) < 110*time.Millisecond {
		t.Errorf("the last came after %s, %v", time.Since(began), err)
	}
	d := (Config{}).withDefaults()
	if d.FirstToken != (simulated.Delay{P50: 98 * time.Millisecond, P95: 217 * time.Millisecond}) || d.PerToken.P50 != 4*time.Millisecond {
		t.Errorf("the defaults are %+v, %+v", d.FirstToken, d.PerToken)
	}
}

// given reads until the server has written the events, then leaves.
func leaves(t *testing.T, f Fault, text bool) {
	t.Helper()
	r := setup(t, quick())
	r.Faults.Always(f)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	res := r.post(ctx, streamed(nil))
	seen := ""
	for buffer := make([]byte, 1024); text && strings.Count(seen, "content") < 4; {
		n, err := res.Body.Read(buffer)
		if seen += string(buffer[:n]); err != nil {
			t.Fatalf("%v after %q", err, seen)
		}
	}
	if n := r.Journal.Count("completion") + r.Journal.Count("cancelled"); n != 0 {
		t.Error("it ended by itself")
	}
	cancel()
	until(t, "the server notes that the client left", func() bool { return r.Journal.Count("cancelled") == 1 })
	if strings.Contains(seen, "finish_reason\":\"stop") || r.Journal.Billed("cancelled") == 0 {
		t.Errorf("%q, billed %d", seen, r.Journal.Billed("cancelled"))
	}
}

func stall(t *testing.T)  { leaves(t, Fault{After: 3, Break: Stall}, true) }
func silent(t *testing.T) { leaves(t, Fault{Silent: true}, false) }

// broken reads an answer that is cut.
func broken(t *testing.T, f Fault) []any {
	t.Helper()
	r := setup(t, quick())
	r.Faults.Always(f)
	all, err := lines(r.post(t.Context(), streamed(nil)))
	if err == nil {
		t.Error("the connection was not cut")
	}
	until(t, "it is noted", func() bool { return r.Journal.Count("completion")+r.Journal.Count("cancelled") == 1 })
	return events(t, all)
}

func dropBefore(t *testing.T) {
	got := broken(t, Fault{Abrupt: true})
	if !strings.HasSuffix(said(got), asked) || at(got[len(got)-1], "choices", 0, "finish_reason") != nil {
		t.Errorf("it ends with %v", got[len(got)-1])
	}
	if got := broken(t, Fault{After: 2, Break: Drop}); len(got) != 3 {
		t.Errorf("%d events came", len(got))
	}
}

func dropAfter(t *testing.T) {
	got := broken(t, Fault{NoDone: true})
	if n := len(got); at(got[n-2], "choices", 0, "finish_reason") != "stop" || at(got[n-1], "usage") == nil {
		t.Errorf("it ends with %v", got[n-1])
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
	if res := r.post(t.Context(), ask(nil)); res.StatusCode != 200 || res.Header.Get("Retry-After") != "" {
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
	if res.StatusCode != 502 || res.Header.Get("Content-Type") != "text/html" || !strings.HasPrefix(string(raw), "<html>") {
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

// inStream reads the lines of an answer with an error in it.
func inStream(t *testing.T, b Break) []string {
	t.Helper()
	r := setup(t, quick())
	r.Faults.Always(Fault{After: 2, Break: b})
	all, err := lines(r.post(t.Context(), streamed(nil)))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func eventError(t *testing.T) {
	all := inStream(t, ErrorEvent)
	n := len(all)
	if all[n-3] != "event: error" || !strings.HasPrefix(all[n-2], `data: {"error":{`) || all[n-1] != "" {
		t.Errorf("it ends with %q", all[n-3:])
	}
}

func dataError(t *testing.T) {
	all := inStream(t, ErrorData)
	if n := len(all); !strings.HasPrefix(all[n-2], `data: {"error":{`) || all[n-3] != "" {
		t.Errorf("it ends with %q", all[n-3:])
	}
	all = inStream(t, ErrorString)
	if n := len(all); !strings.HasPrefix(all[n-2], `data: {"error":"`) {
		t.Errorf("it ends with %q", all[n-3:])
	}
	all = inStream(t, ErrorGroq)
	if got := events(t, all); at(got[len(got)-1], "x_groq", "error") == nil {
		t.Errorf("it ends with %v", got[len(got)-1])
	}
}

func emptyByLength(t *testing.T) {
	r := setup(t, quick())
	for _, bound := range []any{10, 300} {
		if bound == 300 {
			r.Faults.Always(Fault{OnlyThought: true})
		}
		all, err := lines(r.post(t.Context(), streamed(fields{"max_completion_tokens": bound})))
		got := events(t, all)
		if err != nil || said(got) != "" || at(got[len(got)-3], "choices", 0, "finish_reason") != "length" {
			t.Errorf("%v, %v", got, err)
		}
	}
	r.Faults.Always(Fault{})
	all, _ := lines(r.post(t.Context(), streamed(fields{"max_completion_tokens": nil, "max_tokens": 25})))
	if got := events(t, all); len(Pieces(said(got))) != 5 || at(got[len(got)-3], "choices", 0, "finish_reason") != "length" {
		t.Errorf("cut to %q", said(got))
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

func longLine(t *testing.T) {
	r := setup(t, quick())
	r.Faults.Always(Fault{LongLine: 70 << 10})
	all, err := lines(r.post(t.Context(), streamed(nil)))
	if err != nil || len(all[0]) < 70<<10 || !strings.HasSuffix(said(events(t, all)), asked) {
		t.Errorf("%d bytes, %v", len(all[0]), err)
	}
}

func crlf(t *testing.T) {
	r := setup(t, quick())
	r.Faults.Always(Fault{CRLF: true, NoSpace: true, OtherFields: true})
	all, err := lines(r.post(t.Context(), streamed(nil)))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range all {
		if !strings.HasSuffix(l, "\r") || strings.HasPrefix(l, "data: ") {
			t.Fatalf("%q", l)
		}
	}
	if !strings.HasSuffix(said(events(t, all)), asked) {
		t.Error("it says something else")
	}
}

func commentLines(t *testing.T) {
	r := setup(t, quick())
	r.Faults.Always(Fault{Comments: true, SeveralLines: true})
	all, err := lines(r.post(t.Context(), streamed(nil)))
	comments, several := 0, 0
	for i, l := range all {
		if strings.HasPrefix(l, ":") {
			comments++
		}
		if i > 0 && strings.HasPrefix(l, "data: ") && strings.HasPrefix(all[i-1], "data: ") {
			several++
		}
	}
	if err != nil || comments < 10 || several < 10 {
		t.Errorf("%d comments, %d events in several lines, %v", comments, several, err)
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
		if res = r.post(t.Context(), ask(nil)); res.StatusCode != 200 {
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
	if res := r.post(t.Context(), ask(nil)); res.StatusCode != 200 {
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
	if body := object(t, answer); answer.StatusCode != 401 || body["error"] != "Unauthorized" {
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
	if answer.StatusCode != 200 {
		t.Errorf("without a key: %d", answer.StatusCode)
	}
}
