package actors

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/actors/plan"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
)

// longReply takes about six seconds to say, so that something can happen meanwhile.
const longReply = "Thank you for that answer it was good. Now please tell me about the hardest problem you solved."

func TestACrashInTheMiddleOfAReplyLosesAtMostAWordOrTwoOfIt(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.chat.answer = func(r providers.ChatRequest) string {
			if r.Reply == 2 {
				return longReply
			}
			return "Shall we go on?"
		}
		s.connect(false)
		s.untilQuiet()
		first := directive(s.chat).Question
		s.speak("My first answer is about payments.", 2*time.Second)
		s.untilHeard(2, 1500*time.Millisecond)
		s.crash()
		s.connect(false)
		s.untilQuiet() // the one that was cut
		s.untilQuiet()
		lines := s.ledger.lines(t, s.id)
		if len(lines) != 4 || lines[1] != "user: My first answer is about payments." || !strings.HasPrefix("assistant: "+longReply, strings.TrimSuffix(lines[2], "--")) {
			t.Fatalf("transcript: %q", lines)
		}
		if n := len(strings.Fields(lines[2])) - 1; n < 2 || n > 6 { // 5 words fit in 1.5 s
			t.Errorf("%d words count as heard: %q", n, lines[2])
		}
		if d := directive(s.chat); d.Act == plan.ActGreet || d.Act == plan.ActResume && d.Question.ID == first.ID {
			t.Errorf("the answer that was given is asked for again: %+v", d)
		}
	})
}

func TestACrashBetweenAnAnswerAndItsReplyDoesNotForgetTheAnswer(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.voice.delay = 3 * time.Second
		s.speak("My first answer is about payments.", 2*time.Second)
		s.wait(1500 * time.Millisecond)
		if kinds := s.ledger.kinds(s.id); !slices.Contains(kinds[len(kinds)-4:], interview.KindReplyStarted) {
			t.Fatalf("events: %v", kinds)
		}
		s.crash()
		s.voice.delay = 50 * time.Millisecond
		s.connect(false)
		s.untilQuiet() // the one that was never heard
		s.untilQuiet()
		s.wantLines("assistant: This is reply 1.", "user: My first answer is about payments.", "assistant: This is reply 3.")
		if act := directive(s.chat).Act; act == plan.ActResume || act == plan.ActGreet {
			t.Errorf("the question is put again: %v", act)
		}
	})
}

func TestACrashInTheMiddleOfAnAnswerAsksTheSameQuestion(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		question := directive(s.chat).Question
		s.speak("My first answer begins here", 2*time.Second)
		_ = s.ear.last(t).Finalize(t.Context()) // the provider settles a piece of its own accord
		s.wait(40 * time.Millisecond)
		s.crash()
		s.connect(false)
		s.untilQuiet()
		if d := directive(s.chat); d.Act != plan.ActResume || d.Question.ID != question.ID {
			t.Errorf("it goes on with %v of %s, want %s again", d.Act, d.Question.ID, question.ID)
		}
		if !got[voiceproto.Ready](s.device)[0].Resumed {
			t.Error("not resumed")
		}
	})
}

// directive is what the plan ordered last.
func directive(f *fakeChat) plan.Directive {
	d, _ := f.last().Directive.(plan.Directive)
	return d
}

// untilHeard waits until so much of a reply was played.
func (s *scene) untilHeard(reply interview.ReplyNo, d time.Duration) {
	s.t.Helper()
	for range 100 {
		s.wait(100 * time.Millisecond)
		if ms, known := s.device.Played(reply); known && time.Duration(ms)*time.Millisecond >= d {
			return
		}
	}
	s.t.Fatalf("reply %d is not heard; messages: %v", reply, s.device.types())
}
