package chat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
	"github.com/vantahire/vantahire/providers/simulated/groq"
)

// TestWhatGoesWrongInPractice has one case for each item of the list of that name
// in the protocol's notes.
func TestWhatGoesWrongInPractice(t *testing.T) {
	t.Parallel()
	t.Run("choices are empty on the usage chunk and on the first", func(t *testing.T) {
		t.Parallel()
		c, server := setup(t, quick(), Options{})
		server.Faults.Always(groq.Fault{EmptyFirst: true, NullContent: true})
		text, usage, err := hear(t, c, conversation())
		whole(t, text, err)
		if usage.Estimated {
			t.Error("the usage was not read")
		}
	})
	t.Run("a small bound leaves a reasoning model no word: once more with a larger one", func(t *testing.T) {
		t.Parallel()
		c, server := setup(t, quick(), Options{}, func(p *Profile) { p.Headroom = 0 })
		r := conversation()
		r.MaxTokens = 15
		text, usage, err := hear(t, c, r)
		whole(t, text, err)
		if got := server.LastBody()["max_completion_tokens"]; got != 1024.0 {
			t.Errorf("the second bound is %v", got)
		}
		if st := c.Stats(); st.Empty != 1 || st.Retried != 1 || st.Requests != 2 || usage.Completion <= 15 {
			t.Errorf("usage %+v, counters %+v", usage, st)
		}
		if usage.Prompt+usage.Completion != server.Journal.Billed("completion") {
			t.Errorf("both attempts were billed %d, told %+v", server.Journal.Billed("completion"), usage)
		}
	})
	t.Run("empty with the larger bound too is an error", func(t *testing.T) {
		t.Parallel()
		c, server := setup(t, quick(), Options{})
		server.Faults.Always(groq.Fault{OnlyThought: true})
		_, _, err := hear(t, c, conversation())
		if known := failure(t, err); !known.Retry || !errors.Is(err, ErrEmpty) {
			t.Errorf("the error is %v", err)
		}
		if c.Stats().Requests != 2 {
			t.Errorf("%d requests", c.Stats().Requests)
		}
	})
	for name, b := range map[string]groq.Break{
		"as an event": groq.ErrorEvent, "as a data line": groq.ErrorData, "as a bare string": groq.ErrorString, "in x_groq": groq.ErrorGroq,
	} {
		t.Run("an error in the stream is not swallowed: "+name, func(t *testing.T) {
			t.Parallel()
			c, server := setup(t, quick(), Options{})
			server.Faults.Nth(1, groq.Fault{After: 4, Break: b})
			text, usage, err := hear(t, c, conversation())
			known := failure(t, err)
			var broken *BrokenOff
			if !known.Retry || !errors.As(err, &broken) || broken.Delivered != len(text) || text == "" {
				t.Errorf("%q, then %v", text, err)
			}
			var refusal *dial.Refusal
			if !errors.As(err, &refusal) || refusal.Status != http.StatusServiceUnavailable || refusal.RetryAfter != 1500*time.Millisecond {
				t.Errorf("the refusal is %+v", refusal)
			}
			if !usage.Estimated || usage.Prompt == 0 || usage.Completion == 0 {
				t.Errorf("the usage is %+v", usage)
			}
		})
	}
	t.Run("the history does not grow until 413", func(t *testing.T) {
		t.Parallel()
		cfg := quick()
		cfg.TokensPerMinute = 3000
		c, _ := setup(t, cfg, Options{HistoryTokens: 20_000})
		r := conversation()
		for i := range 100 {
			r.History = append(r.History, providers.Message{Role: interview.RoleUser, Text: fmt.Sprint(i, strings.Repeat(" and then we measured it", 8))})
		}
		_, _, err := hear(t, c, r)
		var refusal *dial.Refusal
		if known := failure(t, err); known.Retry || !errors.As(err, &refusal) || refusal.Status != http.StatusRequestEntityTooLarge {
			t.Fatalf("the error is %v", err)
		}
		text, _, err := hear(t, c, r)
		whole(t, text, err)
		if st := c.Stats(); st.WindowTokens >= 20_000 || st.LinesLeftOut == 0 {
			t.Errorf("the counters are %+v", st)
		}
	})
	t.Run("markup, lists and pictures are not spoken", func(t *testing.T) {
		t.Parallel()
		c, server := setup(t, quick(), Options{})
		server.Faults.Always(groq.Fault{Markdown: true})
		ctx := t.Context()
		s, err := c.Reply(ctx, conversation())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		var said strings.Builder
		for {
			text, err := s.Recv(ctx)
			if err != nil {
				break
			}
			said.WriteString(Speakable(text))
		}
		if got := said.String(); strings.ContainsAny(got, "*_`\n😀") || !strings.Contains(got, asked) {
			t.Errorf("spoken: %q", got)
		}
	})
	t.Run("a pooled connection that is dead costs one more request", func(t *testing.T) {
		t.Parallel()
		c, server := setup(t, quick(), Options{})
		text, _, err := hear(t, c, conversation())
		whole(t, text, err)
		server.Faults.Next(groq.Fault{Reset: true})
		text, _, err = hear(t, c, conversation())
		whole(t, text, err)
		if st := c.Stats(); st.Reconnected != 1 || st.Requests != 3 {
			t.Errorf("the counters are %+v", st)
		}
	})
	t.Run("a fresh connection that is reset is an error at once", func(t *testing.T) {
		t.Parallel()
		c, server := setup(t, quick(), Options{})
		server.Faults.Always(groq.Fault{Reset: true})
		_, _, err := hear(t, c, conversation())
		if known := failure(t, err); !known.Retry || c.Stats().Requests != 1 {
			t.Errorf("%v after %d requests", err, c.Stats().Requests)
		}
	})
	t.Run("background jobs do not starve live replies", backgroundLeavesRoom)
	t.Run("a retired model is found at the start and refused for good", func(t *testing.T) {
		t.Parallel()
		c, _ := setup(t, quick(), Options{}, func(p *Profile) { p.Model = "llama-3.3-70b-versatile" })
		err := c.CheckModel(t.Context())
		if !errors.Is(err, ErrModelUnlisted) || failure(t, err).Retry {
			t.Errorf("the check says %v", err)
		}
		_, _, err = hear(t, c, conversation())
		var refusal *dial.Refusal
		if known := failure(t, err); known.Retry || !errors.As(err, &refusal) || refusal.Code != "model_not_found" {
			t.Errorf("the error is %v", err)
		}
	})
}

// backgroundLeavesRoom fills the background with jobs that never end.
func backgroundLeavesRoom(t *testing.T) {
	t.Parallel()
	c, server := setup(t, quick(), Options{Background: 2})
	server.Faults.Nth(1, groq.Fault{Mute: true})
	server.Faults.Nth(2, groq.Fault{Mute: true})
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error, 3)
	for range 3 {
		go func() {
			_, _, err := c.Complete(ctx, CompleteRequest{Prompt: "Sum it up."})
			ended <- err
		}()
	}
	until(t, "two jobs are with the server", func() bool { return server.Faults.Taken() == 2 })
	text, _, err := hear(t, c, conversation())
	whole(t, text, err)
	if n := server.Faults.Taken(); n != 3 {
		t.Errorf("%d requests came: the third job did not wait", n)
	}
	over := errors.New("enough")
	cancel(over)
	for range 3 {
		if err := <-ended; !errors.Is(err, over) {
			t.Errorf("a job ended with %v", err)
		}
	}
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

func TestBackgroundWaitsForTokens(t *testing.T) {
	t.Parallel()
	var l limits
	header := http.Header{}
	for name, value := range map[string]string{
		"x-ratelimit-limit-tokens": "1000", "x-ratelimit-remaining-tokens": "200", "x-ratelimit-reset-tokens": "48s",
		"x-ratelimit-limit-requests": "14400", "x-ratelimit-remaining-requests": "14399", "x-ratelimit-reset-requests": "2m59.56s",
	} {
		header.Set(name, value)
	}
	if l.hold(.3) != 0 {
		t.Error("waits without knowing a limit")
	}
	l.read(header)
	l.read(http.Header{}) // says nothing
	if d := l.hold(.3); d <= 0 || d > 48*time.Second {
		t.Errorf("waits %s", d)
	}
	if d := l.hold(.1); d != 0 {
		t.Errorf("waits %s although enough is left", d)
	}
	if got := l.last(); got.ResetRequestsIn != 2*time.Minute+59560*time.Millisecond || got.RemainingRequests != 14399 {
		t.Errorf("the limits are %+v", got)
	}
	header.Set("x-ratelimit-remaining-tokens", "many")
	header.Set("x-ratelimit-reset-tokens", "9999h")
	l.read(header)
	if d := l.hold(.3); d != longestHold {
		t.Errorf("waits %s for a limit that never renews", d)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault groq.Fault
		retry bool
		after time.Duration
	}{
		"400":                          {groq.Fault{Status: 400}, false, 0},
		"401":                          {groq.Fault{Status: 401}, false, 0},
		"402":                          {groq.Fault{Status: 402}, false, 0},
		"403":                          {groq.Fault{Status: 403}, false, 0},
		"404":                          {groq.Fault{Status: 404}, false, 0},
		"413":                          {groq.Fault{Status: 413}, false, 0},
		"422":                          {groq.Fault{Status: 422}, false, 0},
		"424":                          {groq.Fault{Status: 424}, false, 0},
		"429 with retry-after":         {groq.Fault{Status: 429, RetryAfter: 7 * time.Second}, true, 7 * time.Second},
		"429 with a pause in words":    {groq.Fault{Status: 429, Wait: 5289 * time.Millisecond}, true, 5289 * time.Millisecond},
		"429 with a pause of a minute": {groq.Fault{Status: 429, Wait: 61500 * time.Millisecond}, true, 61500 * time.Millisecond},
		"429 without retry-after":      {groq.Fault{Status: 429}, true, 0},
		"498":                          {groq.Fault{Status: 498}, true, 0},
		"500":                          {groq.Fault{Status: 500}, true, 0},
		"502 as a page":                {groq.Fault{Status: 502}, true, 0},
		"503":                          {groq.Fault{Status: 503}, true, 0},
		"504":                          {groq.Fault{Status: 504}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, server := setup(t, quick(), Options{})
			server.Faults.Always(tc.fault)
			_, _, err := hear(t, c, conversation())
			known := failure(t, err)
			var refusal *dial.Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("%v is no refusal", err)
			}
			if refusal.Status != tc.fault.Status || known.Retry != tc.retry || refusal.RetryAfter != tc.after {
				t.Errorf("retry %t, %+v", known.Retry, refusal)
			}
			if st := c.Stats(); st.Requests != 1 || st.Refused != 1 || st.Failed != 1 || (st.RateLimited == 1) != (tc.fault.Status == 429) {
				t.Errorf("the counters are %+v", st)
			}
		})
	}
}

func TestAPatientClientAsksOnceMore(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault    groq.Fault
		requests int64
	}{
		"after 503":                    {groq.Fault{Status: 503}, 2},
		"after 498":                    {groq.Fault{Status: 498}, 2},
		"after a short pause":          {groq.Fault{Status: 429, Wait: 10 * time.Millisecond}, 2},
		"not after a long pause":       {groq.Fault{Status: 429, RetryAfter: 30 * time.Second}, 1},
		"not after an unknown pause":   {groq.Fault{Status: 429}, 1},
		"not for what time can't mend": {groq.Fault{Status: 401}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, server := setup(t, quick(), Options{Patience: 2 * time.Second})
			server.Faults.Nth(1, tc.fault)
			text, _, err := hear(t, c, conversation())
			if tc.requests == 2 {
				whole(t, text, err)
			} else if failure(t, err).Retry != (tc.fault.Status == 429) {
				t.Errorf("the error is %v", err)
			}
			if n := c.Stats().Requests; n != tc.requests {
				t.Errorf("%d requests", n)
			}
		})
	}
}

func TestAStormOfRefusalsPasses(t *testing.T) {
	t.Parallel()
	c, server := setup(t, quick(), Options{})
	now := time.Now()
	server.Faults.During(now, now.Add(time.Hour), groq.Fault{Status: 429, RetryAfter: time.Second})
	for range 20 {
		if _, _, err := hear(t, c, conversation()); !failure(t, err).Retry {
			t.Errorf("the error is %v", err)
		}
	}
	if st := c.Stats(); st.RateLimited != 20 || st.Live != 0 {
		t.Errorf("the counters are %+v", st)
	}
	if server.Journal.Billed("completion") != 0 {
		t.Error("refusals were billed")
	}
}

func TestKeysStayOutOfErrors(t *testing.T) {
	t.Parallel()
	c := New(Groq(testKey), Options{})
	defer c.Close()
	if got := string(c.withoutKey([]byte("Incorrect API key provided: " + testKey))); strings.Contains(got, testKey) {
		t.Errorf("repeats %q", got)
	}
	if r := c.late([]byte(`"wrong key ` + testKey + `"`)); strings.Contains(r.Error(), testKey) {
		t.Errorf("repeats %q", r)
	}
}

func TestTheWrongKeyIsRefused(t *testing.T) {
	t.Parallel()
	c, _ := setup(t, quick(), Options{}, func(p *Profile) { p.Key = "gsk_wrong" })
	var refusal *dial.Refusal
	if err := c.Probe(t.Context()); !errors.As(err, &refusal) || refusal.Code != "invalid_api_key" || refusal.Status != 401 {
		t.Errorf("the probe says %v", err)
	}
}
