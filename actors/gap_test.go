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

func TestAnAnswerThatTakesLongIsAskedPatienceForOnce(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.chat.mu.Lock()
		s.chat.delay = 5 * time.Second
		s.chat.mu.Unlock()
		s.speak("I build payment systems in a small team.", 3*time.Second)
		end := time.Now()
		for s.sounding() < 2 {
			s.wait(20 * time.Millisecond)
		}
		if gap := time.Since(end); gap > gapPatience+200*time.Millisecond {
			t.Errorf("the candidate heard nothing for %s", gap)
		}
		s.untilQuiet()
		s.wantLines(
			"assistant: This is reply 1.",
			"user: I build payment systems in a small team.",
			"assistant: One moment, please. This is reply 2.",
		)
	})
}

func TestAQuickAnswerNeedsNoPatience(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.speak("I build payment systems in a small team.", 3*time.Second)
		s.untilQuiet()
		s.wait(5 * time.Second)
		for _, line := range s.ledger.lines(t, s.id) {
			if strings.Contains(line, "moment") {
				t.Errorf("patience was asked for: %q", line)
			}
		}
	})
}

func TestAReplyWhoseVoiceFailsIsReadAndTheVoiceComesBack(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.fail(errFake)
		s.speak("The first answer.", 2*time.Second)
		s.untilQuiet()
		s.speak("The second answer.", 2*time.Second)
		s.untilQuiet()
		s.fail(nil)
		s.speak("The third answer.", 2*time.Second)
		s.untilQuiet() // the voice is well but is not tried yet
		if n := s.meter.degraded; n[providers.StageTTS] != 1 {
			t.Errorf("degraded: %v", n)
		}
		s.wait(5 * time.Second)
		s.speak("The fourth answer.", voiceRetryPause)
		s.untilQuiet()
		s.wantLines(
			"assistant: This is reply 1.", "user: The first answer.", "assistant: This is reply 2.", "user: The second answer.", "assistant: This is reply 3.",
			"user: The third answer.", "assistant: This is reply 4.", "user: The fourth answer.", "assistant: This is reply 5.",
		)
		var codes []voiceproto.ErrorCode
		for _, n := range got[voiceproto.Notice](s.device) {
			codes = append(codes, n.Code)
		}
		if want := []voiceproto.ErrorCode{voiceproto.CodeNoVoice, voiceproto.CodeRecovered}; !slices.Equal(codes, want) {
			t.Errorf("notices %v, want %v", codes, want)
		}
		if !slices.Contains(s.ledger.kinds(s.id), interview.KindDegraded) {
			t.Error("the loss of the voice is not stored")
		}
	})
}

// sounding is how many replies the client was told of.
func (s *scene) sounding() int {
	n := 0
	for _, m := range got[voiceproto.State](s.device) {
		if m.Agent == "speaking" {
			n++
		}
	}
	return n
}

func (s *scene) fail(err error) {
	s.voice.mu.Lock()
	defer s.voice.mu.Unlock()
	s.voice.fail = err
}

func TestAQuestionIsPutAlthoughTheModelBrokeOffBeforeIt(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.chat.mu.Lock()
		s.chat.answer = func(providers.ChatRequest) string { return "Thank you for telling me that. And now" }
		s.chat.breaks = 7
		s.chat.mu.Unlock()
		s.speak("I build payment systems in a small team with four people and we deploy every day.", 4*time.Second)
		s.untilQuiet()
		lines := s.ledger.lines(t, s.id)
		asked := s.chat.last().Directive.(plan.Directive)
		if want := asked.Rest("Thank you for telling me that."); want == "" || !strings.Contains(lines[len(lines)-1], want) {
			t.Errorf("the question %q was not put: %q", want, lines)
		}
	})
}

func TestAReplyThatIsHeldAtItsVeryEndIsLetGo(t *testing.T) {
	t.Parallel()
	for before := 20 * time.Millisecond; before < 900*time.Millisecond; before += 20 * time.Millisecond {
		play(t, func(s *scene) {
			s.connect(false)
			for s.sounding() == 0 {
				s.wait(20 * time.Millisecond)
			}
			s.wait(4*s.voice.wordTime - before) // "This is reply 1." without its last moment
			s.mic(400*time.Millisecond, 0.3)
			s.wait(6 * time.Second)
			held, released, flushed := len(got[voiceproto.Hold](s.device)), len(got[voiceproto.Release](s.device)), len(got[voiceproto.Flush](s.device))
			if held > released+flushed {
				t.Errorf("a sound %s before the end: %d times held, %d times released, %d times flushed", before, held, released, flushed)
			}
		})
	}
}
