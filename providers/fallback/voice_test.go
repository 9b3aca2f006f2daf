package fallback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
)

const (
	testRate = 1000                   // samples per second
	wordTime = 200 * time.Millisecond // of every word
)

// speaker is a scripted voice: every word takes wordTime.
type speaker struct {
	name   string
	times  bool // it tells its words' times
	mu     sync.Mutex
	opened int
	said   []string // sentences, over all replies
	refuse error    // Open fails with it
	hang   bool     // Open never returns by itself
	after  int      // words of a reply after which fault comes; with fault only
	fault  func(ctx context.Context) error
}

func (s *speaker) Name() string { return s.name }

func (s *speaker) Open(ctx context.Context, _ providers.VoiceOptions) (providers.SpeechStream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened++
	if s.hang {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	if s.refuse != nil {
		return nil, s.refuse
	}
	return &speakerStream{speaker: s, ctx: ctx, sentences: make(chan string, 64), done: make(chan struct{}), after: s.after, fault: s.fault}, nil
}

type speakerStream struct {
	speaker   *speaker
	ctx       context.Context //nolint:containedctx // a stream's life is its context's
	sentences chan string
	done      chan struct{}
	once      sync.Once
	after     int
	fault     func(ctx context.Context) error

	words []string // of the sentence in progress
	index int
	spoke int
	at    time.Duration
}

func (s *speakerStream) Say(ctx context.Context, sentence string) error {
	s.speaker.mu.Lock()
	s.speaker.said = append(s.speaker.said, sentence)
	s.speaker.mu.Unlock()
	select {
	case s.sentences <- sentence:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *speakerStream) Finish() error { close(s.sentences); return nil }

func (s *speakerStream) Recv(ctx context.Context) (providers.Chunk, error) {
	if s.fault != nil && s.spoke == s.after {
		return providers.Chunk{SentenceEnd: -1}, s.fault(ctx)
	}
	for len(s.words) == 0 {
		select {
		case sentence, more := <-s.sentences:
			if !more {
				return providers.Chunk{SentenceEnd: -1}, io.EOF
			}
			s.words = strings.Fields(sentence)
		case <-ctx.Done():
			return providers.Chunk{SentenceEnd: -1}, context.Cause(ctx)
		case <-s.done:
			return providers.Chunk{SentenceEnd: -1}, errFinished
		}
	}
	c := providers.Chunk{PCM: make([]int16, testRate*wordTime/time.Second), Rate: testRate, SentenceEnd: -1}
	if s.speaker.times {
		c.Words = []providers.Word{{Text: s.words[0], From: s.at, To: s.at + wordTime}}
	}
	s.at += wordTime
	s.spoke++
	if s.words = s.words[1:]; len(s.words) == 0 {
		c.SentenceEnd = s.index
		s.index++
	}
	return c, nil
}

func (s *speakerStream) Close() error { s.once.Do(func() { close(s.done) }); return nil }

// faults of a voice in the middle of a reply.
var errVoice = errors.New("broken")

func breaks(context.Context) error {
	return &providers.Error{Stage: providers.StageTTS, Retry: true, Err: errVoice}
}

func stalls(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }

func endsEarly(context.Context) error { return io.EOF }

func panics(context.Context) error { panic("a defect") }

// heard is a reply as its listener got it.
type heard struct {
	length time.Duration
	words  []providers.Word
	ends   []int
	err    error
}

func listen(t rapid.TB, s *Synthesizer, sentences ...string) heard {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var h heard
	stream, err := s.Open(ctx, providers.VoiceOptions{})
	if err != nil {
		h.err = err
		return h
	}
	defer func() { _ = stream.Close() }()
	for _, sentence := range sentences {
		if err := stream.Say(ctx, sentence); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.Finish(); err != nil {
		t.Fatal(err)
	}
	for {
		c, err := stream.Recv(ctx)
		if errors.Is(err, io.EOF) {
			return h
		}
		if err != nil {
			h.err = err
			return h
		}
		h.length += time.Duration(len(c.PCM)) * time.Second / testRate
		h.words = append(h.words, c.Words...)
		if c.SentenceEnd >= 0 {
			h.ends = append(h.ends, c.SentenceEnd)
		}
	}
}

func choir(speakers ...*speaker) (*Synthesizer, []*Circuit) {
	var (
		members  []VoiceMember
		circuits []*Circuit
	)
	for _, s := range speakers {
		c := NewCircuit(providers.StageTTS, s.name, nil)
		members, circuits = append(members, VoiceMember{s, c}), append(circuits, c)
	}
	return NewSynthesizer(VoiceConfig{}, members...), circuits
}

func TestAVoiceThatFailsIsFollowedByTheNextWhereItStopped(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first *speaker
		want  string // what the second voice is given
		words int    // heard in all, of nine
	}{
		"a voice that can't be had":        {&speaker{refuse: errVoice}, "one two three four|five six seven eight nine", 9},
		"a voice that does not answer":     {&speaker{hang: true}, "one two three four|five six seven eight nine", 9},
		"silence from the start":           {&speaker{times: true, fault: stalls}, "one two three four|five six seven eight nine", 9},
		"an end without a sound":           {&speaker{times: true, fault: endsEarly}, "one two three four|five six seven eight nine", 9},
		"an error within a sentence":       {&speaker{times: true, after: 2, fault: breaks}, "three four|five six seven eight nine", 9},
		"a stall within a sentence":        {&speaker{times: true, after: 6, fault: stalls}, "seven eight nine", 9},
		"an error between two sentences":   {&speaker{times: true, after: 4, fault: breaks}, "five six seven eight nine", 9},
		"a panic within a sentence":        {&speaker{times: true, after: 3, fault: panics}, "four|five six seven eight nine", 9},
		"an error, without word times":     {&speaker{after: 2, fault: breaks}, "two three four|five six seven eight nine", 10},
		"an error behind the last word":    {&speaker{times: true, after: 9, fault: breaks}, "", 9},
		"nothing goes wrong":               {&speaker{times: true}, "", 9},
		"a stall without word times, late": {&speaker{after: 8, fault: stalls}, "seven eight nine", 11},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c.first.name = "first"
				second := &speaker{name: "second", times: true}
				s, _ := choir(c.first, second)
				began := time.Now()
				h := listen(t, s, "one two three four", "five six seven eight nine")
				if h.err != nil {
					t.Fatal(h.err)
				}
				if got := strings.Join(second.said, "|"); got != c.want {
					t.Errorf("the second voice was given %q, want %q", got, c.want)
				}
				if h.length != time.Duration(c.words)*wordTime {
					t.Errorf("%s of sound, want %d words", h.length, c.words)
				}
				if fmt.Sprint(h.ends) != "[0 1]" {
					t.Errorf("sentence ends %v", h.ends)
				}
				for i := 1; i < len(h.words); i++ {
					if h.words[i].From < h.words[i-1].To {
						t.Errorf("%v begins before the end of %v", h.words[i], h.words[i-1])
					}
				}
				if gap := time.Since(began); gap > 2*time.Second {
					t.Errorf("the change took %s", gap)
				}
			})
		})
	}
}

func TestWhenNoVoiceIsLeftTheReplyFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := choir(&speaker{name: "a", times: true, after: 1, fault: breaks}, &speaker{name: "b", times: true, fault: stalls})
		if h := listen(t, s, "one two three"); !errors.Is(h.err, providers.ErrNoProgress) || h.length != wordTime {
			t.Errorf("%v after %s", h.err, h.length)
		}
		s, _ = choir(&speaker{name: "a", refuse: errVoice})
		if h := listen(t, s, "one"); !errors.Is(h.err, errVoice) {
			t.Errorf("%v", h.err)
		}
	})
}

func TestAVoiceThatIsBackIsUsedForTheNextReply(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := &speaker{name: "first", times: true, refuse: errVoice}, &speaker{name: "second", times: true}
		s, circuits := choir(first, second)
		for range failuresToOpen {
			listen(t, s, "one two")
		}
		if circuits[0].Stats().State != Open {
			t.Fatalf("the circuit is %s", circuits[0].Stats().State)
		}
		opened := first.opened
		listen(t, s, "one two")
		if first.opened != opened {
			t.Error("a resting voice was asked")
		}
		first.refuse = nil
		time.Sleep(firstRest)
		second.said = nil
		listen(t, s, "one two")
		if len(second.said) != 0 || circuits[0].Stats().State != Closed {
			t.Errorf("the second voice said %v, the circuit of the first is %s", second.said, circuits[0].Stats().State)
		}
	})
}

func TestARefusedAccountIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refusal dial.Refusal
		rest    time.Duration // until it is asked again
	}{
		"a wrong key":   {dial.Refusal{Status: http.StatusUnauthorized}, barredRest},
		"no money":      {dial.Refusal{Status: http.StatusPaymentRequired}, barredRest},
		"no permission": {dial.Refusal{Status: http.StatusForbidden}, barredRest},
		"too many":      {dial.Refusal{Status: http.StatusTooManyRequests, RetryAfter: 7 * time.Second}, 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				first := &speaker{name: "first", refuse: &providers.Error{Stage: providers.StageTTS, Retry: c.refusal.Retry(), Err: &c.refusal}}
				s, _ := choir(first, &speaker{name: "second", times: true})
				for range 3 {
					listen(t, s, "one")
				}
				time.Sleep(c.rest - time.Second)
				listen(t, s, "one")
				if first.opened != 1 {
					t.Errorf("it was asked %d times", first.opened)
				}
				time.Sleep(time.Second)
				listen(t, s, "one")
				if first.opened != 2 {
					t.Errorf("after its rest it was asked %d times", first.opened)
				}
			})
		})
	}
}

func TestAListenerWhoDoesNotReadIsNotHeldAgainstTheVoice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := &speaker{name: "first", times: true}, &speaker{name: "second", times: true}
		s, circuits := choir(first, second)
		stream, err := s.Open(t.Context(), providers.VoiceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = stream.Close() }()
		if err := stream.Say(t.Context(), "one two three"); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			time.Sleep(time.Minute) // the playout buffer is full
			if _, err := stream.Recv(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute) // the model is slow: nothing is owed
		if second.opened != 0 || circuits[0].Stats().Failed != 0 {
			t.Errorf("the second voice was opened %d times", second.opened)
		}
	})
}

func TestAReplyMayBeCutAtAnyMoment(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		first := &speaker{name: "first", times: rapid.Bool().Draw(t, "times"), after: rapid.IntRange(0, 6).Draw(t, "after")}
		first.fault = []func(context.Context) error{nil, breaks, stalls, endsEarly, panics}[rapid.IntRange(0, 4).Draw(t, "fault")]
		s, _ := choir(first, &speaker{name: "second", times: true})
		ctx, cancel := context.WithCancelCause(context.Background())
		defer cancel(nil)
		stream, err := s.Open(ctx, providers.VoiceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, sentence := range []string{"one two three", "four five six"} {
			_ = stream.Say(ctx, sentence)
		}
		reads, byContext := rapid.IntRange(0, 8).Draw(t, "reads"), rapid.Bool().Draw(t, "by context")
		read := make(chan struct{})
		go func() {
			defer close(read)
			for range reads {
				if _, err := stream.Recv(ctx); err != nil {
					return
				}
			}
		}()
		if byContext {
			cancel(errVoice)
		}
		_ = stream.Close()
		_ = stream.Close()
		cancel(errVoice)
		<-read
		if err := stream.Say(context.Background(), "late"); !errors.Is(err, errReplyOver) {
			t.Fatalf("a cut reply takes a sentence: %v", err)
		}
	})
}

func TestAReplyIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, _ := choir(&speaker{name: "first"})
		stream, err := s.Open(t.Context(), providers.VoiceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = stream.Close() }()
		var refused error
		for i := 0; i <= maxSentences && refused == nil; i++ {
			refused = stream.Say(t.Context(), "")
		}
		if !errors.Is(refused, errTooLong) {
			t.Errorf("%v", refused)
		}
		_ = stream.Finish()
		if err := stream.Say(t.Context(), "late"); !errors.Is(err, errFinished) {
			t.Errorf("%v", err)
		}
	})
}
