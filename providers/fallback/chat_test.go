package fallback

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
)

// model answers by script: each request takes the next act, the last for ever.
type model struct {
	name string
	acts []act

	mu       sync.Mutex
	asked    int
	canceled int
}

// act is what a model does with a request.
type act struct {
	refuse error         // from Reply
	after  time.Duration // to the first word
	words  string        // said a word each 20 ms
	stall  int           // stops for ever after so many words; 0 = does not
	fail   error         // instead of the end
	panics bool
}

func (m *model) Name() string { return m.name }

func (m *model) Reply(ctx context.Context, _ providers.ChatRequest) (providers.TokenStream, error) {
	m.mu.Lock()
	a := m.acts[min(m.asked, len(m.acts)-1)]
	m.asked++
	m.mu.Unlock()
	if a.panics {
		panic("a defect")
	}
	if a.refuse != nil {
		return nil, a.refuse
	}
	return &script{model: m, act: a, ctx: ctx, words: strings.SplitAfter(a.words, " ")}, nil
}

func (m *model) counts() (asked, canceled int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.asked, m.canceled
}

type script struct {
	model *model
	act   act
	ctx   context.Context //nolint:containedctx // as a real stream does
	words []string
	said  int
}

func (s *script) Recv(ctx context.Context) (string, error) {
	pause := 20 * time.Millisecond
	if s.said == 0 {
		pause = s.act.after
	}
	if s.act.stall > 0 && s.said == s.act.stall {
		pause = time.Hour
	}
	select {
	case <-time.After(pause):
	case <-ctx.Done():
		s.model.mu.Lock()
		s.model.canceled++
		s.model.mu.Unlock()
		return "", context.Cause(ctx)
	}
	if s.said == len(s.words) || s.act.words == "" {
		if s.act.fail != nil {
			return "", s.act.fail
		}
		return "", io.EOF
	}
	s.said++
	return s.words[s.said-1], nil
}

func (s *script) Close() error { return nil }

// team makes a Chat of models with fresh circuits.
func team(losses *atomic.Int64, models ...*model) *Chat {
	var members []ChatMember
	for _, m := range models {
		members = append(members, ChatMember{Provider: m, Circuit: NewCircuit(providers.StageLLM, m.name, nil)})
	}
	return NewChat(ChatConfig{Losses: losses}, members...)
}

// reply reads a whole reply: its text, when its first word came, and how it ended.
func reply(ctx context.Context, t *testing.T, c *Chat) (text string, first time.Duration, err error) {
	t.Helper()
	began := time.Now()
	stream, err := c.Reply(ctx, providers.ChatRequest{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := stream.Close(); err != nil {
			t.Error(err)
		}
		_ = stream.Close() // twice is harmless
	}()
	for {
		piece, err := stream.Recv(ctx)
		if errors.Is(err, io.EOF) {
			return text, first, nil
		}
		if err != nil {
			return text, first, err
		}
		if piece != "" && text == "" {
			first = time.Since(began)
		}
		text += piece
	}
}

const question = "Thank you. What did you build last?"

func ok(after time.Duration) act { return act{after: after, words: question} }

func TestWhoAnswersAndWhen(t *testing.T) {
	t.Parallel()
	down := failure(true, errBroken)
	for name, c := range map[string]struct {
		models []*model
		text   string
		by     time.Duration // the first words, held back to the end of a sentence
		asked  []int
		losses int64
	}{
		"the preferred one":                     {[]*model{{acts: []act{ok(200 * time.Millisecond)}}, {acts: []act{ok(0)}}}, question, 220 * time.Millisecond, []int{1, 0}, 0},
		"a silent one is hedged":                {[]*model{{acts: []act{ok(time.Hour)}}, {acts: []act{ok(100 * time.Millisecond)}}}, question, 720 * time.Millisecond, []int{1, 1}, 1},
		"a slow one still wins":                 {[]*model{{acts: []act{ok(650 * time.Millisecond)}}, {acts: []act{ok(300 * time.Millisecond)}}}, question, 670 * time.Millisecond, []int{1, 1}, 1},
		"a refusal is passed on at once":        {[]*model{{acts: []act{{refuse: down}}}, {acts: []act{ok(100 * time.Millisecond)}}}, question, 120 * time.Millisecond, []int{1, 1}, 0},
		"a defect as well":                      {[]*model{{acts: []act{{panics: true}}}, {acts: []act{ok(100 * time.Millisecond)}}}, question, 120 * time.Millisecond, []int{1, 1}, 0},
		"an empty reply as well":                {[]*model{{acts: []act{{}}}, {acts: []act{ok(100 * time.Millisecond)}}}, question, 120 * time.Millisecond, []int{1, 1}, 0},
		"broken off within its first sentence":  {[]*model{{acts: []act{{words: "Thank ", fail: down}}}, {acts: []act{ok(100 * time.Millisecond)}}}, question, 160 * time.Millisecond, []int{1, 1}, 0},
		"stalled within its first sentence":     {[]*model{{acts: []act{{words: question, stall: 1}}}, {acts: []act{ok(100 * time.Millisecond)}}}, question, 2120 * time.Millisecond, []int{1, 1}, 0},
		"alone and silent, asked once more":     {[]*model{{acts: []act{ok(time.Hour), ok(100 * time.Millisecond)}}}, question, 720 * time.Millisecond, []int{2}, 1},
		"alone and failing, asked once more":    {[]*model{{acts: []act{{refuse: down}, ok(100 * time.Millisecond)}}}, question, 370 * time.Millisecond, []int{2}, 0},
		"both fail and are well a second later": {[]*model{{acts: []act{{refuse: down}, {refuse: down}, ok(0)}}, {acts: []act{{refuse: down}, {refuse: down}, ok(0)}}}, question, 1270 * time.Millisecond, []int{3, 2}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var losses atomic.Int64
				text, first, err := reply(t.Context(), t, team(&losses, c.models...))
				if err != nil || text != c.text {
					t.Fatalf("%q, %v", text, err)
				}
				if first != c.by {
					t.Errorf("the first words came after %s, want %s", first, c.by)
				}
				for i, m := range c.models {
					if asked, _ := m.counts(); asked != c.asked[i] {
						t.Errorf("model %d was asked %d times, want %d", i, asked, c.asked[i])
					}
				}
				if losses.Load() != c.losses {
					t.Errorf("%d answers were thrown away, want %d", losses.Load(), c.losses)
				}
			})
		})
	}
}

func TestASpokenSentenceIsNotUnsaid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		second := &model{acts: []act{ok(0)}}
		text, _, err := reply(t.Context(), t, team(nil, &model{acts: []act{{words: "Thank you. What ", fail: failure(true, errBroken)}}}, second))
		if !errors.Is(err, errBroken) || !strings.HasPrefix(text, "Thank you. ") {
			t.Errorf("%q, %v", text, err)
		}
		if asked, _ := second.counts(); asked != 0 {
			t.Error("another model was asked to go on with a sentence it does not know")
		}
	})
}

func TestNobodyAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		acts []act
		want error
		by   time.Duration
	}{
		"all fail":            {[]act{{refuse: failure(true, errBroken)}}, errBroken, 1250 * time.Millisecond},
		"a wrong request":     {[]act{{refuse: failure(false, &dial.Refusal{Status: 400})}}, nil, 0},
		"all silent for ever": {[]act{ok(time.Hour)}, providers.ErrNoProgress, 3600 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				_, _, err := reply(t.Context(), t, team(nil, &model{acts: c.acts}, &model{acts: c.acts}))
				if err == nil || c.want != nil && !errors.Is(err, c.want) {
					t.Errorf("%v", err)
				}
				if took := time.Since(began); took > c.by {
					t.Errorf("it took %s to give up, want at most %s", took, c.by)
				}
			})
		})
	}
}

func TestACandidateWhoCutsInCancelsEveryRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, two := &model{acts: []act{ok(time.Hour)}}, &model{acts: []act{ok(time.Hour)}}
		ctx, cancel := context.WithCancelCause(t.Context())
		cut := errors.New("cut")
		time.AfterFunc(time.Second, func() { cancel(cut) })
		chat := team(nil, one, two)
		if _, _, err := reply(ctx, t, chat); !errors.Is(err, cut) {
			t.Errorf("%v", err)
		}
		for _, m := range []*model{one, two} {
			if asked, canceled := m.counts(); asked != 1 || canceled != 1 {
				t.Errorf("asked %d times, %d of them canceled", asked, canceled)
			}
		}
		for _, m := range chat.members {
			if s := m.Circuit.Stats(); s.State != Closed || s.Failed != 0 {
				t.Errorf("an interruption counts against the provider: %+v", s)
			}
		}
	})
}

func TestARestingModelIsNotAskedUnlessItIsTheLast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one, two := &model{acts: []act{ok(0)}}, &model{acts: []act{ok(0), ok(0), {refuse: failure(true, errBroken)}}}
		chat := team(nil, one, two)
		for range failuresToOpen {
			chat.members[0].Circuit.Failed(failure(true, errBroken))
		}
		for range 2 {
			if _, _, err := reply(t.Context(), t, chat); err != nil {
				t.Fatal(err)
			}
		}
		if asked, _ := one.counts(); asked != 0 {
			t.Errorf("a resting model was asked %d times", asked)
		}
		if _, _, err := reply(t.Context(), t, chat); err != nil {
			t.Errorf("the other one fails and the resting one is well: %v", err)
		}
		chat.members[0].Circuit.Failed(failure(false, &dial.Refusal{Status: 401}))
		two.acts = []act{{refuse: failure(true, errBroken)}}
		before, _ := one.counts()
		if _, _, err := reply(t.Context(), t, chat); !errors.Is(err, errBroken) {
			t.Errorf("%v", err)
		}
		if asked, _ := one.counts(); asked != before {
			t.Error("a model whose key is wrong was asked again")
		}
	})
}

func TestTheHedgeFollowsTheModelsOwnPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		one := &model{acts: []act{ok(300 * time.Millisecond)}}
		two := &model{acts: []act{ok(50 * time.Millisecond)}}
		chat := team(nil, one, two)
		for range 20 {
			if _, _, err := reply(t.Context(), t, chat); err != nil {
				t.Fatal(err)
			}
		}
		if got := chat.hedge(0); got != 300*time.Millisecond {
			t.Errorf("it is hedged after %s", got)
		}
		one.acts = []act{ok(time.Hour)}
		if _, first, _ := reply(t.Context(), t, chat); first != 370*time.Millisecond {
			t.Errorf("the other answer came after %s", first)
		}
		if chat.Name() != one.name {
			t.Errorf("it is called %q", chat.Name())
		}
	})
}

func TestTheLastResortAnswersWhenTheOthersHaveFailed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first  act
		asked  bool          // the last resort
		within time.Duration // until its first word, when asked
	}{
		"slow, and no more than that": {act{after: 2 * time.Second, words: "a good answer."}, false, 0},
		"silent":                      {act{after: time.Hour}, true, 3100 * time.Millisecond},
		"refused":                     {act{refuse: failure(false, &dial.Refusal{Status: 401})}, true, 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				first, last := &model{name: "first", acts: []act{c.first}}, &model{name: "last", acts: []act{{words: "well then."}}}
				chat := NewChat(ChatConfig{},
					ChatMember{Provider: first, Circuit: NewCircuit(providers.StageLLM, "first", nil)},
					ChatMember{Provider: last, Circuit: NewCircuit(providers.StageLLM, "last", nil), LastResort: true})
				began := time.Now()
				text, _, err := reply(t.Context(), t, chat)
				if err != nil {
					t.Fatal(err)
				}
				if asked, _ := last.counts(); (asked > 0) != c.asked {
					t.Errorf("the last resort was asked %d times, the reply is %q", asked, text)
				}
				if c.asked && time.Since(began) > c.within+time.Second {
					t.Errorf("the reply took %s", time.Since(began))
				}
			})
		})
	}
}

func TestWhatAReplyCostIncludesWhoWasAskedInVain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow, quick := &model{name: "slow", acts: []act{{after: time.Hour}}}, &model{name: "quick", acts: []act{{words: "here I am."}}}
		chat := team(nil, slow, quick)
		stream, err := chat.Reply(t.Context(), providers.ChatRequest{System: strings.Repeat("x", 400)})
		if err != nil {
			t.Fatal(err)
		}
		for err == nil {
			_, err = stream.Recv(t.Context())
		}
		_ = stream.Close()
		u := stream.(providers.Metered).Usage()
		if want := (providers.Usage{Prompt: 200, Completion: len("here I am.") / 4, Estimated: true}); u != want {
			t.Errorf("%+v, want %+v", u, want)
		}
	})
}
