package chat

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
	"github.com/vantahire/vantahire/providers/simulated/groq"
)

const scoreSchema = `{"type":"object","additionalProperties":false,"required":["score","reason"],
	"properties":{"score":{"type":"integer"},"reason":{"type":"string"}}}`

type score struct {
	Score  *int   `json:"score"`
	Reason string `json:"reason"`
}

// scoring is a job whose answer has to fit.
func scoring() CompleteRequest {
	return CompleteRequest{
		System: "You rate answers.", Prompt: "Rate: I built a payments ledger.", Schema: json.RawMessage(scoreSchema), SchemaName: "score", Temperature: .4,
		Check: func(text string) error {
			var s score
			if err := json.Unmarshal([]byte(text), &s); err != nil || s.Score == nil {
				return errors.New("there is no score")
			}
			return nil
		},
	}
}

// brisk are pauses a test can wait for.
func brisk() Options {
	return Options{BackoffLeast: time.Millisecond, BackoffMost: 2 * time.Millisecond, BackgroundTotal: 10 * time.Second}
}

func TestComplete(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		faults   []groq.Fault
		requests int64
		err      error // nil = an answer that fits
	}{
		"an answer that fits the schema":        {nil, 1, nil},
		"an answer that is no JSON, then one":   {[]groq.Fault{{BadJSON: true}}, 2, nil},
		"JSON that does not fit, then some":     {[]groq.Fault{{Misfit: true}}, 2, nil},
		"twice one that does not fit":           {[]groq.Fault{{Misfit: true}, {BadJSON: true}}, 2, ErrInvalid},
		"the server could not make JSON":        {[]groq.Fault{{Status: 400, Code: "json_validate_failed"}}, 2, nil},
		"and could not a second time":           {[]groq.Fault{{Status: 400, Code: "json_validate_failed"}, {Status: 400, Code: "json_validate_failed"}}, 2, new(dial.Refusal)},
		"busy four times":                       {[]groq.Fault{{Status: 429}, {Status: 500}, {Status: 502}, {Status: 498}}, 5, nil},
		"busy for ever":                         {[]groq.Fault{{Status: 503}, {Status: 503}, {Status: 503}, {Status: 503}, {Status: 503}, {Status: 503}}, 6, new(dial.Refusal)},
		"refused for good":                      {[]groq.Fault{{Status: 401}}, 1, new(dial.Refusal)},
		"cut off once":                          {[]groq.Fault{{Break: groq.Drop}}, 2, nil},
		"garbled once":                          {[]groq.Fault{{Break: groq.Garbage}}, 2, nil},
		"an error with status 200 once":         {[]groq.Fault{{Break: groq.ErrorData}}, 2, nil},
		"only thought once":                     {[]groq.Fault{{OnlyThought: true}}, 2, nil},
		"only thought twice":                    {[]groq.Fault{{OnlyThought: true}, {OnlyThought: true}}, 2, ErrEmpty},
		"a semantic refusal is tried once more": {[]groq.Fault{{Status: 422}}, 2, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, server := setup(t, quick(), brisk())
			for i, f := range tc.faults {
				server.Faults.Nth(i+1, f)
			}
			text, usage, err := c.Complete(t.Context(), scoring())
			if !alike(err, tc.err) || err == nil && scoring().Check(text) != nil {
				t.Errorf("%q and %v, want %v", text, err, tc.err)
			}
			if n := c.Stats().Requests; n != tc.requests {
				t.Errorf("%d requests, want %d", n, tc.requests)
			}
			if billed := server.Journal.Billed("completion"); usage.Prompt+usage.Completion > billed {
				t.Errorf("told %+v, billed %d", usage, billed)
			}
		})
	}
}

func TestARepairTellsWhatIsWrong(t *testing.T) {
	t.Parallel()
	c, server := setup(t, quick(), brisk())
	server.Faults.Nth(1, groq.Fault{Misfit: true})
	if _, _, err := c.Complete(t.Context(), scoring()); err != nil {
		t.Fatal(err)
	}
	body := server.LastBody()
	messages := body["messages"].([]any)
	last := messages[len(messages)-1].(map[string]any)["content"].(string)
	if !strings.Contains(last, "there is no score") || body["temperature"] != 0.0 {
		t.Errorf("the repair says %q at %v", last, body["temperature"])
	}
	format := body["response_format"].(map[string]any)["json_schema"].(map[string]any)
	if format["name"] != "score" || format["strict"] != true || body["stream"] != false {
		t.Errorf("the request is %v", body)
	}
	if st := c.Stats(); st.Repaired != 1 || st.Completions != 1 {
		t.Errorf("the counters are %+v", st)
	}
}

func TestCompleteInPlainWords(t *testing.T) {
	t.Parallel()
	c, _ := setup(t, quick(), brisk())
	text, usage, err := c.Complete(t.Context(), CompleteRequest{Prompt: "Sum it up.", Model: "openai/gpt-oss-20b", MaxTokens: 50})
	if err != nil || text == "" || usage.Estimated || usage.Completion == 0 {
		t.Errorf("%q, %+v, %v", text, usage, err)
	}
	if _, _, err := c.Complete(t.Context(), CompleteRequest{Prompt: "x", Model: "unheard-of"}); failure(t, err).Retry {
		t.Errorf("the error is %v", err)
	}
}

// refuser refuses for good, and says when to come back.
type refuser struct{ after string }

func (r refuser) RoundTrip(q *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {r.after}}, Body: http.NoBody, Request: q}, nil
}

func TestPausesOfBackgroundJobs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		after       string
		least, most time.Duration
	}{
		"as the server says":       {"7", 35 * time.Second, 35 * time.Second},
		"growing when it does not": {"", 7750 * time.Millisecond, 15500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := New(Groq(testKey), Options{Transport: refuser{tc.after}})
				began := time.Now()
				_, _, err := c.Complete(t.Context(), CompleteRequest{Prompt: "x"})
				if took := time.Since(began); !failure(t, err).Retry || took < tc.least || took > tc.most || c.Stats().Requests != 6 {
					t.Errorf("after %s and %d requests: %v", took, c.Stats().Requests, err)
				}
			})
		})
	}
	t.Run("the caller's end ends a pause", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := New(Groq(testKey), Options{Transport: refuser{"60"}})
			ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, errBargeIn)
			defer cancel()
			if _, _, err := c.Complete(ctx, CompleteRequest{Prompt: "x"}); !errors.Is(err, errBargeIn) {
				t.Errorf("it ends with %v", err)
			}
		})
	})
}

func TestABackgroundJobHasADeadline(t *testing.T) {
	t.Parallel()
	o := brisk()
	o.BackgroundTotal, o.BackgroundRetries = 50*time.Millisecond, -1
	c, server := setup(t, quick(), o)
	server.Faults.Always(groq.Fault{Mute: true})
	if _, _, err := c.Complete(t.Context(), scoring()); !errors.Is(err, providers.ErrNoProgress) || !failure(t, err).Retry {
		t.Errorf("the error is %v", err)
	}
}

func TestAnswersThatAreNoneToComplete(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body string
		want error
	}{
		"filtered":            {`{"choices":[{"message":{"content":"x"},"finish_reason":"content_filter"}]}`, ErrFiltered},
		"no choices":          {`{"choices":[]}`, ErrEmpty},
		"cut while it writes": {`{"choices":[{"message":{"content":"{\"score\":1}"},"finish_reason":"length"}]}`, ErrEmpty},
		"a page":              {`<html>`, ErrGarbled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := brisk()
			o.Transport = canned{body: tc.body, contentType: "application/json"}
			c := New(Groq(testKey), o)
			if text, _, err := c.Complete(t.Context(), scoring()); !errors.Is(err, tc.want) || text != "" {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
}
