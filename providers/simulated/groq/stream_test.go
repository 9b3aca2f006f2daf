package groq

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/vantahire/vantahire/providers/simulated"
)

func plainStream(t *testing.T) {
	r := setup(t, quick())
	res := r.post(t.Context(), streamed(nil))
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/event-stream" || res.TransferEncoding[0] != "chunked" {
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

// leaves reads some of an answer that stops coming, and leaves.
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
