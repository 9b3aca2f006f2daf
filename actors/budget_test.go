package actors

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
)

func TestAnInterviewThatHasCostEnoughClosesPolitely(t *testing.T) {
	t.Parallel()
	for name, budget := range map[string]Budget{
		"tokens of the model":     {Tokens: 30},
		"characters of the voice": {Characters: 30},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				s.close()
				s.chat.usage = &providers.Usage{Prompt: 10, Completion: 5}
				s.spare = &fakeChat{answer: func(providers.ChatRequest) string { return "Thank you and goodbye." }}
				s.open(Config{Budget: budget})
				s.connect(false)
				s.untilQuiet()
				s.speak("My first answer is about payments.", 2*time.Second)
				s.untilQuiet() // the second reply uses the budget up, and is heard
				s.speak("My second answer may still be given.", 2*time.Second)
				s.untilQuiet()
				s.wait(3 * time.Second)
				s.wantLines(
					"assistant: This is reply 1.", "user: My first answer is about payments.", "assistant: This is reply 2.",
					"user: My second answer may still be given.", "assistant: Thank you and goodbye.",
				)
				if s.chat.count() != 2 {
					t.Errorf("the model was asked %d times", s.chat.count())
				}
				if got := s.lifecycle.reasons(); !slices.Equal(got, []interview.EndReason{interview.EndBudget}) {
					t.Errorf("ended: %v", got)
				}
				kinds := s.ledger.kinds(s.id)
				n := 0
				for _, k := range kinds {
					if k == interview.KindBudgetSpent {
						n++
					}
				}
				if n != 1 {
					t.Errorf("the end of the budget is stored %d times", n)
				}
			})
		})
	}
}

func TestWithoutABudgetNothingIsRefused(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.chat.usage = &providers.Usage{Prompt: 1 << 20, Completion: 1 << 20}
		s.connect(false)
		s.untilQuiet()
		s.speak("My first answer is about payments.", 2*time.Second)
		s.untilQuiet()
		s.wantLines("assistant: This is reply 1.", "user: My first answer is about payments.", "assistant: This is reply 2.")
	})
}

func TestWhatWasSpentSurvivesTheProcess(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.close()
		s.chat.usage = &providers.Usage{Prompt: 40}
		s.open(Config{Budget: Budget{Tokens: 70}})
		s.connect(false)
		s.untilQuiet()
		s.wait(tickEvery)
		s.close()
		s.open(Config{Budget: Budget{Tokens: 30}})
		s.connect(false)
		s.untilQuiet()
		s.wait(30 * time.Second) // the candidate, who was just asked, may answer
		if got := s.lifecycle.reasons(); !slices.Equal(got, []interview.EndReason{interview.EndShutdown, interview.EndBudget}) {
			t.Errorf("ended: %v, transcript %q", got, s.ledger.lines(t, s.id))
		}
	})
}

func TestWorkThatNobodyHeardIsCounted(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.chat.usage = &providers.Usage{Prompt: 10, Completion: 5}
		s.chat.answer = func(r providers.ChatRequest) string {
			if r.Reply == 1 {
				return strings.Repeat("a rather long story goes on ", 8) + "until here."
			}
			return "I see."
		}
		s.connect(false)
		s.wait(1700 * time.Millisecond)
		s.speak("sorry could you stop there please", 1500*time.Millisecond)
		s.untilQuiet()
		s.untilQuiet()
		s.meter.mu.Lock()
		defer s.meter.mu.Unlock()
		heard := len(strings.TrimSuffix(strings.TrimPrefix(s.ledger.lines(t, s.id)[0], "assistant: "), "--"))
		if want := len(strings.Repeat("a rather long story goes on ", 8)+"until here.") - heard; s.meter.wasted[providers.StageTTS] != want {
			t.Errorf("%d characters are counted as wasted, want %d", s.meter.wasted[providers.StageTTS], want)
		}
		if s.meter.spent[providers.StageLLM] != 30 {
			t.Errorf("%d tokens are counted as spent, want 30", s.meter.spent[providers.StageLLM])
		}
	})
}

func TestAReplyThatWasGivenUpStillCosts(t *testing.T) {
	t.Parallel()
	var reports []interviewMsg
	chat := &fakeChat{delay: time.Hour, usage: &providers.Usage{Prompt: 7}}
	a := newLLMActor(chat, nil, func(m interviewMsg) { reports = append(reports, m) })
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errSuperseded)
	cost, err := a.write(ctx, cancel, chat, providers.ChatRequest{})
	if err == nil || cost == nil || cost.Prompt != 7 {
		t.Errorf("cost %+v, error %v", cost, err)
	}
}

func TestATurnsStagesSumUpToTheMomentItPlays(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		for _, answer := range []string{"I build payment systems.", "We moved to a message queue.", "I test everything first."} {
			s.speak(answer, 2*time.Second)
			s.untilQuiet()
		}
		turns := got[voiceproto.Turn](s.device)
		if len(turns) != 3 || len(s.meter.turns) != 3 {
			t.Fatalf("%d turns were told, %d counted", len(turns), len(s.meter.turns))
		}
		for _, m := range turns {
			sum := 0.0
			for stage, ms := range m.Stages {
				if ms < 0 {
					t.Errorf("%s is %f", stage, ms)
				}
				if stage != voiceproto.StageTotal {
					sum += ms
				}
			}
			if diff := sum - m.Stages[voiceproto.StageTotal]; diff > .01 || diff < -.01 || len(m.Stages) != 8 {
				t.Errorf("the stages of turn %d sum to %f: %v", m.Turn, sum, m.Stages)
			}
		}
		stored := 0
		for _, e := range s.ledger.events[s.id] {
			if e.Kind == interview.KindTurnMeasured {
				m := payload[interview.TurnMeasured](t, e)
				if m.Stages["total"] != turns[stored].Stages[voiceproto.StageTotal] {
					t.Errorf("stored %v, told %v", m.Stages, turns[stored].Stages)
				}
				stored++
			}
		}
		if stored != 3 {
			t.Errorf("%d turns are stored", stored)
		}
	})
}
