package groq

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func TestEachPlannedRefusal(t *testing.T) {
	t.Parallel()
	r := setup(t, quick())
	for code, want := range map[int]string{
		400: "bad_request", 401: "invalid_api_key", 402: "insufficient_quota", 403: "model_permission_blocked_project", 404: "model_not_found",
		413: "rate_limit_exceeded", 422: "", 424: "", 429: "rate_limit_exceeded", 498: "capacity_exceeded", 500: "", 503: "", 504: "",
	} {
		r.Faults.Next(Fault{Status: code})
		refused(t, r.post(t.Context(), streamed(nil)), code, want)
	}
	r.Faults.Next(Fault{Status: 400, Code: "json_validate_failed"})
	if body := refused(t, r.post(t.Context(), ask(nil)), 400, "json_validate_failed"); at(body, "error", "failed_generation") == nil {
		t.Errorf("the error is %v", body)
	}
}

func TestOtherKnobs(t *testing.T) {
	t.Parallel()
	has := func(events []any, path ...any) (n int) {
		for _, e := range events {
			if at(e, path...) != nil {
				n++
			}
		}
		return n
	}
	for name, tc := range map[string]struct {
		fault Fault
		right func(events []any) bool
	}{
		"no usage":                  {Fault{NoUsage: true}, func(e []any) bool { return has(e, "usage")+has(e, "x_groq", "usage") == 0 }},
		"usage in x_groq only":      {Fault{UsageAtGroq: true}, func(e []any) bool { return has(e, "usage") == 0 && has(e, "x_groq", "usage") == 1 }},
		"a first chunk of nothing":  {Fault{EmptyFirst: true}, func(e []any) bool { return len(at(e[0], "choices").([]any)) == 0 && strings.HasSuffix(said(e), asked) }},
		"null and missing content":  {Fault{NullContent: true}, func(e []any) bool { return len(e) > 3*len(Pieces(said(e))) && strings.HasSuffix(said(e), asked) }},
		"a blank answer":            {Fault{Blank: true}, func(e []any) bool { return said(e) == "" && at(e[len(e)-3], "choices", 0, "finish_reason") == "stop" }},
		"an answer with decoration": {Fault{Markdown: true}, func(e []any) bool { return strings.HasPrefix(said(e), "**") && strings.Contains(said(e), "\n- ") }},
		"an early end":              {Fault{After: 2, Break: EndEarly}, func(e []any) bool { return len(e) == 3 }},
		"a break after the text":    {Fault{After: 1000, Break: EndEarly}, func(e []any) bool { return strings.HasSuffix(said(e), asked) && e[len(e)-1] != "[DONE]" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, quick())
			r.Faults.Always(tc.fault)
			all, err := lines(r.post(t.Context(), streamed(nil)))
			if got := events(t, all); err != nil || !tc.right(got) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	t.Run("garbage is no JSON", func(t *testing.T) {
		t.Parallel()
		r := setup(t, quick())
		r.Faults.Always(Fault{Break: Garbage})
		all, err := lines(r.post(t.Context(), streamed(nil)))
		if last := strings.TrimPrefix(all[len(all)-2], "data: "); err != nil || json.Valid([]byte(last)) {
			t.Errorf("%q, %v", last, err)
		}
	})
	t.Run("not a stream although one was asked for", func(t *testing.T) {
		t.Parallel()
		r := setup(t, quick())
		r.Faults.Always(Fault{WholeJSON: true})
		res := r.post(t.Context(), streamed(nil))
		if body := object(t, res); res.Header.Get("Content-Type") != "application/json" || at(body, "choices", 0, "message", "content") == nil {
			t.Errorf("%v %v", res.Header, body)
		}
	})
	for name, f := range map[string]Fault{"reset before any byte": {Reset: true}, "a whole answer that is cut": {Break: Drop}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t, quick())
			r.Faults.Always(f)
			if res, err := r.try(t.Context(), ask(nil)); err == nil {
				t.Errorf("it answers %d", res.StatusCode)
			}
		})
	}
	t.Run("no answer at all", func(t *testing.T) {
		t.Parallel()
		r := setup(t, quick())
		r.Faults.Always(Fault{Mute: true})
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			until(t, "the request came", func() bool { return r.Faults.Taken() == 1 })
			cancel()
		}()
		if res, err := r.try(ctx, ask(nil)); err == nil {
			t.Errorf("it answers %d", res.StatusCode)
		}
		until(t, "the server notes it", func() bool { return r.Journal.Count("cancelled") == 1 })
	})
	t.Run("a tool by its name", func(t *testing.T) {
		t.Parallel()
		r := setup(t, quick())
		tool := func(name string) fields { return fields{"type": "function", "function": fields{"name": name}} }
		for choice, want := range map[string]any{"b": "b", "c": nil} {
			body := object(t, r.post(t.Context(), ask(fields{"tools": []fields{tool("a"), tool("b")}, "tool_choice": tool(choice)})))
			if got := at(body, "choices", 0, "message", "tool_calls", 0, "function", "name"); got != want {
				t.Errorf("%s: called %v", choice, got)
			}
		}
		if at(r.LastBody(), "model") != "openai/gpt-oss-120b" {
			t.Errorf("the body is %v", r.LastBody())
		}
	})
	t.Run("an unknown path", func(t *testing.T) {
		t.Parallel()
		r := setup(t, quick())
		res, err := r.http.Get(r.url + "/nothing")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		if res.StatusCode != http.StatusNotFound {
			t.Errorf("%d", res.StatusCode)
		}
	})
}
