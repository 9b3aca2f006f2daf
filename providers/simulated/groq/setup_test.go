package groq

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/providers/simulated"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quick is a server without delays.
func quick() Config {
	return Config{FirstToken: simulated.Delay{P50: -1}, PerToken: simulated.Delay{P50: -1}, Keys: []string{"gsk_good"}}
}

// rig is a server on a socket of its own.
type rig struct {
	*Server
	t    testing.TB
	url  string
	http *http.Client
}

func setup(t testing.TB, cfg Config) *rig {
	t.Helper()
	s := New(cfg)
	socket := httptest.NewServer(s)
	transport := &http.Transport{}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		socket.CloseClientConnections()
		socket.Close()
	})
	return &rig{s, t, socket.URL + "/openai/v1", &http.Client{Transport: transport}}
}

// fields are those of a request.
type fields = map[string]any

func ask(more fields) fields {
	f := fields{
		"model": "openai/gpt-oss-120b", "max_completion_tokens": 300, "reasoning_effort": "low",
		"messages": []fields{
			{"role": "system", "content": "You interview."},
			{"role": "user", "content": "I built a payments ledger."},
			{"role": "system", "content": directives["ask after an answer"].text},
		},
	}
	for name, value := range more {
		if value == nil {
			delete(f, name)
			continue
		}
		f[name] = value
	}
	return f
}

func streamed(more fields) fields {
	f := ask(more)
	f["stream"], f["stream_options"] = true, fields{"include_usage": true}
	return f
}

// post sends a completion; the caller reads the body, which closes itself with the
// test.
func (r *rig) post(ctx context.Context, body fields) *http.Response {
	r.t.Helper()
	res, err := r.try(ctx, body)
	if err != nil {
		r.t.Fatal(err)
	}
	return res
}

func (r *rig) try(ctx context.Context, body fields) (*http.Response, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.url+"/chat/completions", strings.NewReader(string(raw)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer gsk_good")
	res, err := r.http.Do(req)
	if err == nil {
		r.t.Cleanup(func() { _ = res.Body.Close() })
	}
	return res, err
}

// object reads a JSON answer.
func object(t testing.TB, res *http.Response) fields {
	t.Helper()
	var f fields
	if err := json.NewDecoder(res.Body).Decode(&f); err != nil {
		t.Fatal(err)
	}
	return f
}

// at follows names and positions into a JSON value; nil when there is nothing.
func at(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

// lines reads all lines of a stream; the error is that of its end, nil for EOF.
func lines(res *http.Response) ([]string, error) {
	var out []string
	r := bufio.NewReader(res.Body)
	for {
		line, err := r.ReadString('\n')
		if line != "" {
			out = append(out, strings.TrimSuffix(line, "\n"))
		}
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
	}
}

// events are the data lines of a stream, parsed; the end mark is the string
// "[DONE]".
func events(t testing.TB, all []string) []any {
	t.Helper()
	var out []any
	for _, l := range all {
		data, ok := strings.CutPrefix(strings.TrimSuffix(l, "\r"), "data:")
		if !ok {
			continue
		}
		if data = strings.TrimSpace(data); data == "[DONE]" {
			out = append(out, data)
			continue
		}
		var f fields
		if err := json.Unmarshal([]byte(data), &f); err != nil {
			t.Fatalf("%v in %.200q", err, data)
		}
		out = append(out, f)
	}
	return out
}

// said joins the content of all events.
func said(events []any) string {
	var b strings.Builder
	for _, e := range events {
		s, _ := at(e, "choices", 0, "delta", "content").(string)
		b.WriteString(s)
	}
	return b.String()
}

// until waits for a condition.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never came: %s", what)
		}
	}
}
