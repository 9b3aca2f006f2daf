package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/actors/plan"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// writes posts a message and waits for its reply.
func (s *scene) writes(content string) Answer {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	answer, err := s.calls.Converse(ctx, s.info(), content)
	if err != nil {
		s.t.Errorf("%q: %v", content, err)
	}
	synctest.Wait()
	return answer
}

// idles lets time pass in which the candidate thinks.
func (s *scene) idles(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestAnInterviewInWritingOpensAndAnswersEveryMessage(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		opening := s.writes("")
		if opening != (Answer{Reply: "This is reply 1."}) {
			t.Errorf("opening: %+v", opening)
		}
		if again := s.writes("  "); again != opening {
			t.Errorf("the opening is another one: %+v", again)
		}
		began := time.Now()
		if a := s.writes("I build payment systems."); a != (Answer{"I build payment systems.", "This is reply 2."}) {
			t.Errorf("answer: %+v", a)
		}
		if took := time.Since(began); took > 500*time.Millisecond {
			t.Errorf("the reply took %s: nothing is spoken", took)
		}
		s.writes("In a small\nteam.")
		s.wantLines("assistant: This is reply 1.", "user: I build payment systems.", "assistant: This is reply 2.", "user: In a small team.", "assistant: This is reply 3.")
		if n := len(s.ear.streams); n != 0 {
			t.Errorf("%d recognition streams", n)
		}
		for _, e := range s.published.events {
			if line, ok := e.Payload.(liveLine); ok && line.Message.Role != interview.RoleAssistant {
				t.Errorf("a line of %s is published", line.Message.Role)
			}
		}
		if started := payload[interview.Started](t, s.ledger.events[s.id][0]); started.Mode != interview.ModeText {
			t.Errorf("mode %s", started.Mode)
		}
	})
}

func TestAMessageWithoutAnOpeningIsAnsweredAfterIt(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		if a := s.writes("Hello there."); a.Reply != "This is reply 2." {
			t.Errorf("%+v", a)
		}
		s.wantLines("assistant: This is reply 1.", "user: Hello there.", "assistant: This is reply 2.")
	})
}

func TestMessagesAtOnceAreAnsweredInOrderEachWithItsOwnReply(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.chat.answer = func(r providers.ChatRequest) string {
			if len(r.History) == 0 {
				return "Welcome."
			}
			return "You said: " + r.History[len(r.History)-1].Text
		}
		s.writes("")
		type result struct {
			answer Answer
			err    error
		}
		results := make(chan result, 5)
		for n := range 5 {
			go func() {
				a, err := s.calls.Converse(s.t.Context(), s.info(), fmt.Sprintf("Message %d.", n))
				results <- result{a, err}
			}()
		}
		for range 5 {
			r := <-results
			if r.err != nil || r.answer.Reply != "You said: "+r.answer.Said {
				t.Errorf("%+v, %v", r.answer, r.err)
			}
		}
		lines := s.ledger.lines(t, s.id)
		if len(lines) != 11 {
			t.Fatalf("lines: %q", lines)
		}
		for i := 1; i < len(lines); i += 2 {
			said, is := strings.CutPrefix(lines[i], "user: ")
			if !is || lines[i+1] != "assistant: You said: "+said {
				t.Errorf("%q is followed by %q", lines[i], lines[i+1])
			}
		}
	})
}

func TestACandidateWhoThinksForMinutesFindsTheInterviewAsItWas(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.writes("")
		first := directive(s.chat).Question
		s.idles(s.calls.cfg.ParkAfter + time.Second)
		if s.calls.IsLive(s.id) {
			t.Error("an interview nobody writes to stays live")
		}
		s.idles(10 * time.Minute)
		if s.writes("") != (Answer{Reply: "This is reply 1."}) {
			t.Error("another opening after a reload")
		}
		s.idles(2 * time.Minute)
		s.writes("My first answer is about payments, which I have built for six years in a small team with Go and PostgreSQL.")
		if d := directive(s.chat); d.Act == plan.ActGreet || d.Act == plan.ActResume {
			t.Errorf("it goes on with %v of %s, first was %s", d.Act, d.Question.ID, first.ID)
		}
		s.wantLines("assistant: This is reply 1.", "user: My first answer is about payments, which I have built for six years in a small team with Go and PostgreSQL.", "assistant: This is reply 2.")
		if got := s.lifecycle.reasons(); slices.ContainsFunc(got, interview.EndReason.Final) {
			t.Errorf("ended: %v", got)
		}
	})
}

func TestTheTimeRunsWhileTheCandidateThinks(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		began := time.Now()
		ask := func(content string) Answer {
			info := s.info()
			info.StartedAt = began
			a, err := s.calls.Converse(s.t.Context(), info, content)
			if err != nil {
				t.Error(err)
			}
			return a
		}
		ask("")
		s.idles(29*time.Minute + 45*time.Second)
		ask("Something about payments.")
		if d := directive(s.chat); d.Act != plan.ActClose {
			t.Errorf("seconds before the end it goes on with %v", d.Act)
		}
		s.idles(2 * time.Minute)
		for range 4 { // the page ends it, nobody else does
			if a := ask("I have more to say."); a.Reply == "" {
				t.Error("no reply after the end of the time")
			}
			if d := directive(s.chat); d.Act != plan.ActClose {
				t.Errorf("beyond its time it goes on with %v", d.Act)
			}
		}
		if got := s.lifecycle.reasons(); slices.ContainsFunc(got, interview.EndReason.Final) {
			t.Errorf("ended: %v", got)
		}
	})
}

func TestARestartLosesNothingOfAnInterviewInWriting(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.writes("")
		s.writes("My first answer is about payments.")
		s.kill(Config{})
		s.writes("My second answer comes after a restart.")
		s.close()
		s.open(Config{})
		s.writes("My third after a stop in good order.")
		s.wantLines("assistant: This is reply 1.", "user: My first answer is about payments.", "assistant: This is reply 2.",
			"user: My second answer comes after a restart.", "assistant: This is reply 3.",
			"user: My third after a stop in good order.", "assistant: This is reply 4.")
	})
}

func TestAStopGivesTheReplyThatIsOnItsWayAndNoFurtherOne(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.writes("")
		s.chat.delay = 5 * time.Second
		type result struct {
			Answer
			err error
		}
		first, second := make(chan result, 1), make(chan result, 1)
		ask := func(content string, to chan result) {
			a, err := s.calls.Converse(s.t.Context(), s.info(), content)
			to <- result{a, err}
		}
		go ask("My first answer.", first)
		synctest.Wait()
		go ask("My second answer.", second)
		s.idles(time.Second)
		s.close()
		if r := <-first; r.err != nil || r.Said != "My first answer." || r.Reply == "" {
			t.Errorf("first: %+v", r)
		}
		if r := <-second; !errors.Is(r.err, ErrClosed) {
			t.Errorf("second: %+v", r)
		}
		s.chat.delay = 0
		s.open(Config{})
		s.writes("My second answer.")
		lines := s.ledger.lines(t, s.id)
		if len(lines) != 5 || lines[3] != "user: My second answer." {
			t.Errorf("lines: %q", lines)
		}
	})
}

func TestWithoutAModelTheInterviewIsWordedAllTheSame(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		spare *fakeChat
		fail  error
		delay time.Duration
		first string // how the first reply begins
	}{
		"refused, with a spare one":        {spare: &fakeChat{answer: func(providers.ChatRequest) string { return "A spare word." }}, fail: errFake, first: "A spare word."},
		"refused, with nobody":             {fail: errFake, first: "Hello"},
		"it hangs, and the spare one does": {spare: &fakeChat{delay: time.Hour}, delay: time.Hour, first: "Hello"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.close()
				s.spare, s.chat.fail, s.chat.delay = tc.spare, tc.fail, tc.delay
				s.open(Config{})
				began := time.Now()
				if a := s.writes(""); !strings.HasPrefix(a.Reply, tc.first) {
					t.Errorf("opening: %+v", a)
				}
				for n := range 3 {
					if a := s.writes(fmt.Sprintf("Answer %d is about payments.", n)); a.Reply == "" {
						t.Errorf("no reply to answer %d", n)
					}
				}
				if took := time.Since(began); took > 50*time.Second {
					t.Errorf("four replies took %s", took)
				}
			})
		})
	}
}

func TestAModelThatStallsInASentenceIsBroughtToItsEnd(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.writes("")
		s.tells("Thank you for that. And now")
		s.chat.breaks = 5
		a := s.writes("I build payment systems.")
		if !strings.HasPrefix(a.Reply, "Thank you for that.") || !strings.HasSuffix(a.Reply, "?") {
			t.Errorf("%+v", a)
		}
	})
}

func TestAnEndElsewhereCutsTheReplyAndTellsItsWriter(t *testing.T) {
	t.Parallel()
	for reason, want := range map[interview.EndReason]error{interview.EndElsewhere: ErrNotActive, interview.EndRevoked: ErrInterrupted} {
		play(t, func(s *scene) {
			s.writes("")
			s.chat.delay = 5 * time.Second
			failed := make(chan error, 1)
			go func() {
				_, err := s.calls.Converse(s.t.Context(), s.info(), "My answer.")
				failed <- err
			}()
			s.idles(time.Second)
			if err := s.calls.End(s.id, reason); err != nil {
				t.Error(err)
			}
			began := time.Now()
			if err := <-failed; !errors.Is(err, want) || time.Since(began) > time.Second {
				t.Errorf("%s: %v after %s", reason, err, time.Since(began))
			}
			synctest.Wait()
			if s.calls.IsLive(s.id) {
				t.Errorf("%s: it is still live", reason)
			}
			s.wantLines("assistant: This is reply 1.", "user: My answer.")
		})
	}
}

func TestMoreMessagesThanAnybodyWritesAreRefused(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.writes("")
		s.chat.delay = time.Second
		outcomes := make(chan error, maxWaiting+3)
		for range cap(outcomes) {
			go func() {
				_, err := s.calls.Converse(s.t.Context(), s.info(), "Hello.")
				outcomes <- err
			}()
		}
		refused := 0
		for range cap(outcomes) {
			switch err := <-outcomes; {
			case errors.Is(err, ErrInterrupted):
				refused++
			case err != nil:
				t.Error(err)
			}
		}
		if refused != 2 { // one is being answered, maxWaiting wait
			t.Errorf("%d were refused", refused)
		}
	})
}

func TestAWriterWhoLeavesStillHasAReply(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.writes("")
		ctx, cancel := context.WithCancel(s.t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := s.calls.Converse(ctx, s.info(), "I close the page.")
			left <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		s.idles(time.Second)
		s.wantLines("assistant: This is reply 1.", "user: I close the page.", "assistant: This is reply 2.")
	})
}

func TestAnInterviewHeldElsewhereIsWaitedForAndThenRefused(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		hold := func(on bool) {
			s.ledger.mu.Lock()
			defer s.ledger.mu.Unlock()
			s.ledger.other = on
		}
		hold(true)
		began := time.Now()
		var elsewhere *interview.OwnedElsewhereError
		if _, err := s.calls.Converse(s.t.Context(), s.info(), ""); !errors.As(err, &elsewhere) {
			t.Errorf("held elsewhere: %v", err)
		}
		if took := time.Since(began); took < ownerWait || took > ownerWait+time.Second {
			t.Errorf("it was waited for %s", took)
		}
		time.AfterFunc(2*time.Second, func() { hold(false) })
		s.writes("")
	})
}

func TestTextsHaveTheirOwnLimitAndADrainLetsThemGo(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.close()
		s.open(Config{MaxCalls: 1, MaxTexts: 1, ParkAfter: time.Hour})
		s.writes("")
		other := s.info()
		other.ID = "00000000-0000-4000-8000-000000000033"
		if _, err := s.calls.Converse(s.t.Context(), other, ""); !errors.Is(err, ErrFull) {
			t.Errorf("a second text: %v", err)
		}
		if err := s.calls.Admits(s.t.Context(), other.ID); err != nil {
			t.Errorf("a call beside a text: %v", err)
		}
		s.chat.delay = time.Second
		answered := make(chan Answer, 1)
		go func() {
			a, err := s.calls.Converse(s.t.Context(), s.info(), "My answer.")
			if err != nil {
				t.Error(err)
			}
			answered <- a
		}()
		synctest.Wait()
		s.calls.Drain()
		if a := <-answered; a.Reply != "This is reply 2." {
			t.Errorf("%+v", a)
		}
		synctest.Wait()
		if s.calls.IsLive(s.id) {
			t.Error("a drained text stays live")
		}
		if _, err := s.calls.Converse(s.t.Context(), s.info(), "More."); !errors.Is(err, ErrClosed) {
			t.Errorf("after the drain: %v", err)
		}
	})
}
