package chat

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
)

// canned answers every request with the same bytes.
type canned struct {
	body, contentType string
	bytewise          bool
}

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	var body io.Reader = strings.NewReader(c.body)
	if c.bytewise {
		body = iotest.OneByteReader(body)
	}
	kind := c.contentType
	if kind == "" {
		kind = "text/event-stream"
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(body), Request: r}, nil
}

const (
	roleChunk   = `data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"x_groq":{"id":"req_1"}}` + "\n\n"
	hello       = `data: {"choices":[{"index":0,"delta":{"content":"Hello"}}]}` + "\n\n"
	world       = `data: {"choices":[{"index":0,"delta":{"content":" wörld."}}]}` + "\n\n"
	finish      = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n"
	usageChunk  = `data: {"choices":[],"usage":{"prompt_tokens":61,"completion_tokens":18,"total_tokens":79}}` + "\n\n"
	groqUsage   = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null,"x_groq":{"id":"r","usage":{"prompt_tokens":5,"completion_tokens":6}}}` + "\n\n"
	endMark     = "data: [DONE]\n\n"
	plainAnswer = roleChunk + hello + world + finish + usageChunk + endMark
)

// TestParserRules has one case for each rule of the protocol's notes, and for what
// breaks them.
func TestParserRules(t *testing.T) {
	t.Parallel()
	exact := providers.Usage{Prompt: 61, Completion: 18}
	for name, tc := range map[string]struct {
		body  string
		kind  string
		text  string // "" = Hello wörld.
		usage providers.Usage
		err   error
		retry bool
	}{
		"lines end in LF":                              {body: plainAnswer, usage: exact},
		"lines end in CRLF":                            {body: strings.ReplaceAll(plainAnswer, "\n", "\r\n"), usage: exact},
		"no space after data":                          {body: strings.ReplaceAll(plainAnswer, "data: ", "data:"), usage: exact},
		"comments and keepalives":                      {body: ": hi\n\n" + strings.ReplaceAll(plainAnswer, "data: ", ":\n: keepalive\n\ndata: "), usage: exact},
		"unknown fields":                               {body: "retry: 3\nid: 7\nevent: message\nnonsense\n" + plainAnswer, usage: exact},
		"a byte order mark":                            {body: "\ufeff" + plainAnswer, usage: exact},
		"several data lines in one event":              {body: strings.ReplaceAll(plainAnswer, `"delta"`, "\ndata: \"delta\""), usage: exact},
		"a line of more than 64 KiB":                   {body: strings.Replace(plainAnswer, `"x_groq"`, `"pad":"`+strings.Repeat("x", 70<<10)+`","x_groq"`, 1), usage: exact},
		"a line of almost 1 MiB":                       {body: strings.Replace(plainAnswer, `"x_groq"`, `"pad":"`+strings.Repeat("x", 1000<<10)+`","x_groq"`, 1), usage: exact},
		"a line of more than 1 MiB":                    {body: hello + "data: " + strings.Repeat("x", 1<<20), text: "Hello", err: ErrGarbled, retry: true},
		"an event of more than 1 MiB":                  {body: hello + strings.Repeat("data: "+strings.Repeat("x", 1000)+"\n", 1100), text: "Hello", err: ErrGarbled, retry: true},
		"choices are empty":                            {body: `data: {"choices":[]}` + "\n\n" + plainAnswer, usage: exact},
		"choices are missing or null":                  {body: "data: {}\n\n" + `data: {"choices":null}` + "\n\n" + plainAnswer, usage: exact},
		"content is null, missing or empty":            {body: `data: {"choices":[{"delta":{"content":null}},{"index":1}]}` + "\n\n" + `data: {"choices":[{"delta":{}}]}` + "\n\n" + `data: {"choices":[{}]}` + "\n\n" + plainAnswer, usage: exact},
		"reasoning is never spoken":                    {body: `data: {"choices":[{"delta":{"reasoning":"hm","reasoning_content":"hmm","content":""}}]}` + "\n\n" + plainAnswer, usage: exact},
		"another choice is not spoken":                 {body: `data: {"choices":[{"index":1,"delta":{"content":"No"}}]}` + "\n\n" + plainAnswer, usage: exact},
		"white space before the first word":            {body: `data: {"choices":[{"delta":{"content":"\n\n "}}]}` + "\n\n" + plainAnswer, usage: exact},
		"finish length with words":                     {body: strings.Replace(plainAnswer, `"stop"`, `"length"`, 1), usage: exact},
		"finish by a filter":                           {body: strings.Replace(plainAnswer, `"stop"`, `"content_filter"`, 1), usage: exact, err: ErrFiltered},
		"finish by tool calls without a word":          {body: roleChunk + strings.Replace(finish, `"stop"`, `"tool_calls"`, 1) + usageChunk + endMark, text: "-", usage: exact, err: ErrEmpty, retry: true},
		"the end mark without a blank line":            {body: strings.TrimRight(plainAnswer, "\n"), usage: exact},
		"the end mark without a finish_reason":         {body: hello + world + usageChunk + endMark, usage: exact},
		"no end mark after a finish_reason":            {body: hello + world + finish + usageChunk, usage: exact},
		"no end mark and no finish_reason":             {body: hello, text: "Hello", err: ErrTruncated, retry: true},
		"cut within a line":                            {body: hello + world[:30], text: "Hello", err: ErrTruncated, retry: true},
		"cut within a line after a finish_reason":      {body: hello + world + finish + usageChunk[:30]},
		"nothing at all":                               {body: "", text: "-", err: ErrTruncated, retry: true},
		"only an end mark":                             {body: endMark, text: "-", err: ErrEmpty, retry: true},
		"usage in x_groq":                              {body: hello + world + groqUsage + endMark, usage: providers.Usage{Prompt: 5, Completion: 6}},
		"usage in both":                                {body: hello + world + groqUsage + usageChunk + endMark, usage: exact},
		"usage of a wrong type or sign":                {body: strings.Replace(hello+world+finish, `"choices"`, `"usage":{"prompt_tokens":-4,"completion_tokens":1e300},"choices"`, 1) + endMark, usage: providers.Usage{Completion: mostTokens}},
		"no usage":                                     {body: hello + world + finish + endMark},
		"an error event":                               {body: hello + "event: error\ndata: {\"message\":\"boom\",\"code\":500}\n\n", text: "Hello", err: new(dial.Refusal), retry: true},
		"an error event that is no JSON":               {body: hello + "event: error\ndata: boom\n\n", text: "Hello", err: new(dial.Refusal), retry: true},
		"an error object":                              {body: `data: {"error":{"message":"no","code":"model_not_found"}}` + "\n\n", text: "-", err: new(dial.Refusal)},
		"an error as a bare string":                    {body: hello + `data: {"error":"rate limit reached"}` + "\n\n", text: "Hello", err: new(dial.Refusal), retry: true},
		"an error as an older vLLM has it":             {body: `data: {"object":"error","message":"bad","code":400}` + "\n\n", text: "-", err: new(dial.Refusal)},
		"an error in x_groq":                           {body: hello + `data: {"choices":[],"x_groq":{"error":"over capacity"}}` + "\n\n", text: "Hello", err: new(dial.Refusal), retry: true},
		"a null error is none":                         {body: strings.ReplaceAll(plainAnswer, `"choices"`, `"error":null,"choices"`), usage: exact},
		"a data line that is no JSON":                  {body: hello + "data: {\"choices\":[{\n\n" + plainAnswer, text: "Hello", err: ErrGarbled, retry: true},
		"a data line that is no object":                {body: hello + "data: 7\n\n" + plainAnswer, text: "Hello", err: ErrGarbled, retry: true},
		"content of a wrong type":                      {body: hello + `data: {"choices":[{"delta":{"content":7}}]}` + "\n\n" + plainAnswer, text: "Hello", err: ErrGarbled, retry: true},
		"wrong types where they do not matter":         {body: `data: {"choices":[],"usage":"x","x_groq":7,"object":[]}` + "\n\n" + plainAnswer, usage: exact},
		"NUL in the text":                              {body: strings.Replace(plainAnswer, "Hello", `He\u0000llo`, 1), usage: exact},
		"half a surrogate pair":                        {body: strings.Replace(plainAnswer, "Hello", `Hello\ud83d`, 1), text: "Hello\ufffd wörld.", usage: exact},
		"a page instead of a stream":                   {body: "<html>\n<body>hi</body></html>", kind: "text/html", text: "-", err: ErrTruncated, retry: true},
		"a whole answer instead of a stream":           {body: `{"choices":[{"message":{"content":"Hello wörld."},"finish_reason":"stop"}],"usage":{"prompt_tokens":61,"completion_tokens":18}}`, kind: "application/json; charset=utf-8", usage: exact},
		"an error with status 200 instead of a stream": {body: `{"error":{"message":"no","type":"invalid_request_error"}}`, kind: "application/json", text: "-", err: new(dial.Refusal)},
		"a reply without an end":                       {body: strings.Repeat(strings.Replace(hello, "Hello", strings.Repeat("y", 100_000), 1), 3), text: strings.Repeat("y", 200_000), err: ErrGarbled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, bytewise := range []bool{false, len(tc.body) < 5000} {
				c := New(Groq(testKey), Options{Transport: canned{tc.body, tc.kind, bytewise}})
				text, usage, err := hear(t, c, conversation())
				want := tc.text
				switch want {
				case "":
					want = "Hello wörld."
				case "-":
					want = ""
				}
				if text != want {
					t.Errorf("heard %.100q, want %.100q", text, want)
				}
				if tc.usage != (providers.Usage{}) && usage != tc.usage || tc.usage == (providers.Usage{}) && !usage.Estimated {
					t.Errorf("the usage is %+v, want %+v", usage, tc.usage)
				}
				if tc.err == nil {
					if err != nil {
						t.Error(err)
					}
					continue
				}
				if !alike(err, tc.err) {
					t.Errorf("the error is %v, want %v", err, tc.err)
				}
				if known := failure(t, err); known.Retry != tc.retry {
					t.Errorf("retry is %t of %v", known.Retry, err)
				}
				var broken *BrokenOff
				if errors.As(err, &broken) != (text != "") {
					t.Errorf("after %q: %v", text, err)
				}
			}
		})
	}
}

func TestToolCallsAreToleratedAndJoined(t *testing.T) {
	t.Parallel()
	body := hello +
		`data: {"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"two","arguments":"{}"}}]}}]}` + "\n\n" +
		`data: {"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"one","arguments":""}}]}}]}` + "\n\n" +
		`data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"x\":"}}]}}]}` + "\n\n" +
		`data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}},{"index":99},{"index":-1}]}}]}` + "\n\n" +
		`data: {"choices":[{"delta":{"tool_calls":"nonsense"}}]}` + "\n\n" + finish + endMark
	c := New(Groq(testKey), Options{Transport: canned{body: body}})
	s, err := c.Reply(t.Context(), conversation())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if text, err := drain(t.Context(), s); text != "Hello" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	calls := s.(ToolCaller).ToolCalls()
	if len(calls) != 2 || calls[0] != (ToolCall{"a", "one", `{"x":1}`}) || calls[1] != (ToolCall{"b", "two", "{}"}) {
		t.Errorf("the calls are %+v", calls)
	}
	var many toolCalls
	for range 3 {
		many.add([]byte(`[{"index":0,"function":{"arguments":"` + strings.Repeat("y", 40<<10) + `"}}]`))
	}
	if many.dropped != 2 || len(many.calls[0].Arguments) != 40<<10 {
		t.Errorf("%d dropped", many.dropped)
	}
}

func FuzzStream(f *testing.F) {
	for _, body := range []string{plainAnswer, hello + "event: error\ndata: {}\n\n", "data: {\"error\":7}\n\n", "\r\n:\n\ndata", strings.ReplaceAll(plainAnswer, "\n", "\r\n")} {
		f.Add(body, false)
		f.Add(body, true)
	}
	f.Fuzz(func(t *testing.T, body string, whole bool) {
		kind := "text/event-stream"
		if whole {
			kind = "application/json"
		}
		c := New(Groq(testKey), Options{Transport: canned{body: body, contentType: kind}})
		text, usage, err := hear(t, c, conversation())
		if err == nil && strings.TrimSpace(text) == "" {
			t.Errorf("%q was taken for a reply", text)
		}
		if usage.Prompt < 0 || usage.Completion < 0 || strings.ContainsRune(text, 0) || len(text) > maxReply {
			t.Errorf("%q, %+v", text, usage)
		}
		if n := c.Stats().Live; n != 0 {
			t.Errorf("%d replies are left", n)
		}
	})
}

func FuzzRefusal(f *testing.F) {
	f.Add(429, `{"error":{"message":"Please try again in 5.289s."}}`, "2")
	f.Add(502, "<html>", "")
	f.Add(400, `{"error":"try again in 99999999h"}`, "-1")
	f.Fuzz(func(t *testing.T, status int, body, after string) {
		c := New(Groq(testKey), Options{Transport: canned{}})
		res := &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {after}}, Body: io.NopCloser(strings.NewReader(body))}
		var refusal *dial.Refusal
		if err := c.refused(res); !errors.As(err, &refusal) || refusal.RetryAfter < 0 || strings.Contains(err.Error(), testKey) {
			t.Errorf("%v", err)
		}
		if r := c.late([]byte(body)); r.Status < 400 || r.RetryAfter < 0 {
			t.Errorf("%+v", r)
		}
	})
}

func TestPausesInWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Please try again in 5.289s.": "5.289s", "try again in 120ms": "120ms", "Please try again in 2m59.56s. Need more": "2m59.56s",
		"TRY AGAIN IN 1H": "1h0m0s", "try again in a while": "0s", "": "0s", "try again in 999h": "0s", "try again in 5": "0s",
	} {
		if got := retryIn(text); got.String() != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
