package interviewer

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/actors/plan"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// chat is the port the live interview uses.
type chat interface {
	Name() string
	Reply(ctx context.Context, r providers.ChatRequest) (providers.TokenStream, error)
}

var _ chat = (*Interviewer)(nil)

var ask = plan.Directive{Act: plan.ActAsk, Reason: plan.ReasonAnswered, Quote: "payments ledger", Question: plan.Question{ID: "q", Text: "How do you test your work?"}}

func TestReplyRefusesWhatItCanNotWord(t *testing.T) {
	t.Parallel()
	for name, directive := range map[string]any{
		"no directive":             nil,
		"something else":           "ask a question",
		"a directive with nothing": plan.Directive{},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := quick().Reply(t.Context(), providers.ChatRequest{Interview: "x", Reply: 3, Directive: directive})
			var failed *providers.Error
			if !errors.Is(err, ErrNoDirective) || !errors.As(err, &failed) || failed.Retry || failed.Stage != providers.StageLLM {
				t.Errorf("err = %v", err)
			}
		})
	}
}

var errBargeIn = errors.New("barge-in")

func TestTheEndOfTheContextStopsAReplyAtOnce(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(stream providers.TokenStream, cancel context.CancelCauseFunc, stop func()) error{
		"the reply is cancelled": func(_ providers.TokenStream, cancel context.CancelCauseFunc, _ func()) error {
			cancel(errBargeIn)
			return errBargeIn
		},
		"the reader gives up": func(_ providers.TokenStream, _ context.CancelCauseFunc, stop func()) error {
			stop()
			return context.Canceled
		},
		"the stream is closed": func(s providers.TokenStream, _ context.CancelCauseFunc, _ func()) error {
			_ = s.Close()
			_ = s.Close()
			return io.ErrClosedPipe
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				reading, stop := context.WithCancel(t.Context())
				defer stop()
				s, err := New(Config{FirstToken: time.Hour}).Reply(ctx, providers.ChatRequest{Interview: "x", Reply: 1, Directive: ask})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = s.Close() }()
				got := make(chan error, 1)
				begun := time.Now()
				go func() {
					_, err := s.Recv(reading)
					got <- err
				}()
				synctest.Wait()
				want := end(s, cancel, stop)
				if err := <-got; !errors.Is(err, want) {
					t.Errorf("Recv = %v, want %v", err, want)
				}
				if d := time.Since(begun); d != 0 {
					t.Errorf("it took %s", d)
				}
			})
		})
	}
}

func TestNothingIsDeliveredBehindACancel(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	s, err := quick().Reply(ctx, providers.ChatRequest{Interview: "x", Reply: 1, Directive: ask})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := s.Recv(t.Context()); err != nil {
		t.Fatal(err)
	}
	cancel(errBargeIn)
	if token, err := s.Recv(t.Context()); token != "" || !errors.Is(err, errBargeIn) {
		t.Errorf("Recv = %q, %v; want the cause of the cancel", token, err)
	}
	if _, err := quick().Reply(ctx, providers.ChatRequest{Directive: ask}); !errors.Is(err, errBargeIn) {
		t.Errorf("Reply = %v, want the cause of the cancel", err)
	}
}

func TestASlowReaderCatchesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Config{Spread: -1}).Reply(t.Context(), providers.ChatRequest{Interview: "x", Reply: 1, Directive: ask})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		time.Sleep(time.Minute)
		begun := time.Now()
		for err == nil {
			_, err = s.Recv(t.Context())
		}
		if !errors.Is(err, io.EOF) || time.Since(begun) != 0 {
			t.Errorf("%v after %s, want all at once", err, time.Since(begun))
		}
		if _, err := s.Recv(t.Context()); !errors.Is(err, io.EOF) {
			t.Errorf("behind the end: %v", err)
		}
	})
}

func TestManyInterviewsAtOnce(t *testing.T) {
	t.Parallel()
	i := quick()
	want := map[interview.ReplyNo]string{}
	for n := range interview.ReplyNo(50) {
		want[n] = read(t, i, providers.ChatRequest{Interview: "x", Reply: n, Directive: ask})
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for n := range interview.ReplyNo(50) {
				if got := read(t, i, providers.ChatRequest{Interview: "x", Reply: n, Directive: ask}); got != want[n] {
					t.Errorf("reply %d differs: %q, %q", n, got, want[n])
				}
			}
		})
	}
	wg.Wait()
}

func TestAShortBudgetLeavesOutTheCourtesies(t *testing.T) {
	t.Parallel()
	got := read(t, quick(), providers.ChatRequest{Interview: "x", Reply: 1, Directive: ask, MaxTokens: 8})
	if got != "How do you test your work?" {
		t.Errorf("%q, want the bare question", got)
	}
}

func TestARecruitersWordsAreSaidExactly(t *testing.T) {
	t.Parallel()
	say := "This is Anna & I'd like 2 minutes."
	if got := read(t, quick(), providers.ChatRequest{Directive: plan.Directive{Act: plan.ActRelay, Say: say}}); got != say {
		t.Errorf("%q, want %q", got, say)
	}
}

func TestPiecesJoinToTheText(t *testing.T) {
	t.Parallel()
	text := "You mentioned reconciliation, thank you. How do you test it?"
	tokens := cut(text)
	if strings.Join(tokens, "") != text || len(tokens) < 12 {
		t.Errorf("%q", tokens)
	}
}

func TestEveryLineOfTheGrammarCanBeSaid(t *testing.T) {
	t.Parallel()
	words := map[string]bool{"quote": true, "angle": true, "topic": true, "answer": true, "minutes": true}
	for rule, lines := range grammar {
		for _, l := range lines {
			if strings.Count(l, "?") > 1 {
				t.Errorf("%s asks twice: %q", rule, l)
			}
			for rest := l; ; {
				at := strings.IndexAny(rest, "<{")
				if at < 0 {
					break
				}
				end := at + strings.IndexAny(rest[at:], ">}")
				name := rest[at+1 : end]
				if rest[at] == '<' && len(grammar[name]) == 0 || rest[at] == '{' && !words[name] {
					t.Errorf("%s names %q, which is not there", rule, name)
				}
				rest = rest[end+1:]
			}
		}
	}
}

func TestSpeakable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"C++ & C# at 50%":                   "C plus plus and C sharp at fifty percent",
		"the 2nd of 3 teams":                "the second of three teams",
		"from 2019 to 2005":                 "from twenty nineteen to two thousand five",
		"1,250,000 users, 3.5 seconds.":     "one million two hundred fifty thousand users, three point five seconds.",
		"$5 or €60,000?":                    "five dollars or sixty thousand euros?",
		"* **bold** _list_ (`code`)":        "bold list code",
		"call 0049 now":                     "call zero zero four nine now",
		"e.g. and/or etc.":                  "for example or and so on",
		"it’s “quoted” – twice":             "it's quoted, twice",
		"the 12th, 20th and 101st":          "the twelfth, twentieth and one hundred first",
		"99999999999 of them":               "nine nine nine nine nine nine nine nine nine nine nine of them",
		"plain words, as they are. Really?": "plain words, as they are. Really?",
		"":                                  "",
	} {
		if got := speakable(text); got != want {
			t.Errorf("speakable(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzSpeakable(f *testing.F) {
	f.Add("C++ & 3.5% of $1,000,000.00 e.g. 2nd ... ?!")
	f.Add("\xff٣٤٥ 0.0.0,, ,1 1, $ €")
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range speakable(text) {
			if r >= '0' && r <= '9' || strings.ContainsRune("*_`#<>{}[]|~^\\\"", r) {
				t.Fatalf("speakable(%q) = %q", text, speakable(text))
			}
		}
		d := plan.Directive{Act: plan.ActFollowUp, Reason: plan.ReasonVague, Quote: text, Angle: text, Question: plan.Question{ID: "q", Text: text, Topic: text}}
		compose(d, []providers.Message{{Role: interview.RoleAssistant, Text: text}}, draw("x", 1, 0), 5)
		strings.Join(cut(text), "")
	})
}

func TestReworded(t *testing.T) {
	t.Parallel()
	withSimpler := plan.Question{Text: "Tell me about your work.", Simpler: "What do you do?"}
	without := plan.Question{Text: "Could you explain how you test?"}
	plain := plan.Question{Text: "Why?"}
	for _, tc := range []struct {
		q    plan.Question
		nth  int
		want string
	}{
		{withSimpler, 1, "What do you do?"},
		{withSimpler, 2, "I would like to hear about your work."},
		{withSimpler, 3, "Tell me about your work."},
		{withSimpler, 4, "What do you do?"},
		{without, 1, "Please explain how you test."},
		{without, 2, "Could you explain how you test?"},
		{plain, 1, "Why?"},
		{plain, 0, "Why?"},
	} {
		if got := reworded(tc.q, tc.nth); got != tc.want {
			t.Errorf("reworded(%q, %d) = %q, want %q", tc.q.Text, tc.nth, got, tc.want)
		}
	}
}

func BenchmarkReply(b *testing.B) {
	i := quick()
	r := providers.ChatRequest{Interview: "x", Directive: ask}
	for n := range 12 {
		r.History = append(r.History, providers.Message{Role: interview.RoleAssistant, Text: strings.Repeat("You mentioned this and that. ", n+1)})
	}
	b.ReportAllocs()
	for b.Loop() {
		s, err := i.Reply(b.Context(), r)
		if err != nil {
			b.Fatal(err)
		}
		for err == nil {
			_, err = s.Recv(b.Context())
		}
		_ = s.Close()
	}
}
