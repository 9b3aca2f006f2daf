package actors

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
)

func TestAConversationIsHeldAndEveryLineIsStored(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.speak("I build payment systems in a small team.", 3*time.Second)
		s.untilQuiet()
		s.speak("We moved everything to a message queue last year.", 3*time.Second)
		s.untilQuiet()
		s.conn.OnMessage(voiceproto.End{})
		s.wait(time.Second)
		s.wantLines(
			"assistant: This is reply 1.",
			"user: I build payment systems in a small team.",
			"assistant: This is reply 2.",
			"user: We moved everything to a message queue last year.",
			"assistant: This is reply 3.",
		)
		if s.device.closeCode() != voiceproto.CloseCompleted {
			t.Errorf("closed with %d", s.device.closeCode())
		}
		if got := s.lifecycle.reasons(); !slices.Equal(got, []interview.EndReason{interview.EndCandidate}) {
			t.Errorf("ended: %v", got)
		}
		order := strings.Join(s.device.types(), " ")
		for _, want := range []string{"ready", "processing", "response", "ended"} {
			if !strings.Contains(order, want) {
				t.Errorf("the client was not sent %q: %s", want, order)
			}
		}
		if i, j := strings.Index(order, "ready"), strings.Index(order, "response"); i > j {
			t.Errorf("ready came after response: %s", order)
		}
		var named []string
		for _, e := range s.published.events {
			if line, ok := e.Payload.(liveLine); ok {
				named = append(named, string(line.Message.Role))
			}
		}
		if want := []string{"assistant", "user", "assistant", "user", "assistant"}; !slices.Equal(named, want) {
			t.Errorf("published lines are of %v, want %v", named, want)
		}
		if kinds := s.ledger.kinds(s.id); kinds[len(kinds)-1] != interview.KindEnded {
			t.Errorf("the last event is %s", kinds[len(kinds)-1])
		}
	})
}

func TestFinalsAndResponsesGoOutOnlyWhenDurable(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.ledger.set(0, errFake) // the database is away
		s.speak("Nothing of this may be called final yet.", 2*time.Second)
		s.wait(2 * time.Second)
		before := len(got[voiceproto.Response](s.device))
		for _, m := range got[voiceproto.Transcript](s.device) {
			if m.IsFinal {
				t.Errorf("%q was called final without being durable", m.Text)
			}
		}
		s.ledger.set(0, nil)
		s.wait(4 * time.Second)
		final := 0
		for _, m := range got[voiceproto.Transcript](s.device) {
			if m.IsFinal {
				final++
			}
		}
		if final != 1 || len(got[voiceproto.Response](s.device)) != before+1 {
			t.Errorf("%d finals, %d responses after the database is back", final, len(got[voiceproto.Response](s.device)))
		}
	})
}

func TestABargeInStopsTheVoiceAndKeepsWhatWasHeard(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.chat.answer = func(r providers.ChatRequest) string {
			if r.Reply == 1 {
				return "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen."
			}
			return "I see."
		}
		s.connect(false)
		s.wait(1700 * time.Millisecond) // some five words of 300 ms
		s.speak("sorry could you stop there please", 1500*time.Millisecond)
		s.untilQuiet()
		s.untilQuiet()
		types := strings.Join(s.device.types(), " ")
		for _, want := range []string{"gain", "hold", "flush"} {
			if !strings.Contains(types, want) {
				t.Errorf("the client was not sent %q: %s", want, types)
			}
		}
		if s.device.late != 0 {
			t.Errorf("%d frames of the revoked reply came after the flush", s.device.late)
		}
		lines := s.ledger.lines(t, s.id)
		if len(lines) < 3 || !strings.HasSuffix(lines[0], "--") || !strings.HasPrefix("assistant: One two three four five six seven eight nine ten", strings.TrimSuffix(lines[0], "--")) {
			t.Fatalf("transcript: %q", lines)
		}
		words := len(strings.Fields(strings.TrimSuffix(lines[0], "--"))) - 1
		heard := playTime(s.device.lastSeen[1]) / s.voice.wordTime
		if diff := words - int(heard); diff < 0 || diff > 0 {
			t.Errorf("%d words were committed, %d were heard", words, heard)
		}
		if lines[1] != "user: sorry could you stop there please" || lines[2] != "assistant: I see." {
			t.Errorf("transcript: %q", lines)
		}
	})
}

func TestACoughLosesNothing(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.chat.answer = func(providers.ChatRequest) string { return "One two three four five six seven eight nine ten." }
		s.connect(false)
		s.wait(1500 * time.Millisecond)
		s.speak("", 400*time.Millisecond)
		s.untilQuiet()
		s.wantLines("assistant: One two three four five six seven eight nine ten.")
		if len(got[voiceproto.Flush](s.device)) != 0 {
			t.Error("the reply was flushed")
		}
		if n := samplesOf(10 * s.voice.wordTime); s.device.samples < n || s.device.samples > n+480 {
			t.Errorf("%d samples arrived, want %d", s.device.samples, n)
		}
		if len(got[voiceproto.Gain](s.device)) < 2 {
			t.Errorf("the voice was not lowered and brought back: %v", s.device.types())
		}
	})
}

func TestALostConnectionWaitsAndGoesOnAtTheSameWord(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.chat.answer = func(providers.ChatRequest) string { return "One two three four five six seven eight nine ten." }
		s.connect(false)
		s.wait(1500 * time.Millisecond)
		first := s.device
		s.disconnect()
		time.Sleep(15 * time.Second)
		s.connect(false)
		if !got[voiceproto.Ready](s.device)[0].Resumed {
			t.Error("the second connection was not told that the call goes on")
		}
		s.untilQuiet()
		s.wantLines("assistant: One two three four five six seven eight nine ten.")
		if s.device.from > first.from+first.samples {
			t.Errorf("speech was skipped: the second connection began at %d, the first had %d", s.device.from, first.from+first.samples)
		}
		if n := s.chat.count(); n != 1 {
			t.Errorf("the model was asked %d times", n)
		}
		kinds := s.ledger.kinds(s.id)
		if !slices.Contains(kinds, interview.KindConnectionLost) {
			t.Errorf("events: %v", kinds)
		}
	})
}

func TestAnotherDeviceTakesOver(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		first := s.connect(false)
		s.untilQuiet()
		s.speak("I was in the middle of", time.Second)
		old := s.conn
		s.connect(false)
		if first.closeCode() != voiceproto.CloseTakenOver {
			t.Errorf("the first device was closed with %d", first.closeCode())
		}
		old.OnAudio(make([]byte, 640)) // what it still sends is dropped
		old.OnMessage(voiceproto.End{})
		old.OnClosed(voiceproto.CloseTakenOver, nil)
		s.speak("explaining our message queue.", time.Second)
		s.untilQuiet()
		s.wantLines(
			"assistant: This is reply 1.",
			"user: I was in the middle of explaining our message queue.",
			"assistant: This is reply 2.",
		)
	})
}

func TestACandidateWhoNeverComesBackEndsTheInterview(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.disconnect()
		time.Sleep(turn.DefaultConfig().GraceEach + time.Second)
		if got := s.lifecycle.reasons(); !slices.Equal(got, []interview.EndReason{interview.EndGone}) {
			t.Errorf("ended: %v", got)
		}
		if len(s.calls.Live()) != 0 {
			t.Error("the interview is still live")
		}
	})
}

func TestWithoutRecognitionTheInterviewStaysPending(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.ear.refuse = &providers.Error{Stage: providers.StageSTT, Provider: "fake", Err: providers.ErrUnavailable}
		s.connect(false)
		time.Sleep(time.Second)
		if s.device.closeCode() != voiceproto.CloseNoSpeech {
			t.Errorf("closed with %d", s.device.closeCode())
		}
		if s.lifecycle.started != 0 || len(s.ledger.kinds(s.id)) != 0 {
			t.Errorf("started %d times, events %v", s.lifecycle.started, s.ledger.kinds(s.id))
		}
		s.connect(true) // who types needs no recognition
		s.untilQuiet()
		s.conn.OnMessage(voiceproto.Text{Content: "I would rather type."})
		s.untilQuiet()
		s.wantLines("assistant: This is reply 1.", "user: I would rather type.", "assistant: This is reply 2.")
	})
}

func TestRecognitionIsRedialledAndHearsWhatItMissed(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		first := s.ear.last(t)
		s.speak("", time.Second)
		first.breaks(errFake)
		s.wait(200 * time.Millisecond)
		second := s.ear.last(t)
		if second == first {
			t.Fatal("recognition was not redialled")
		}
		if second.offset+interview.Sample(time.Second.Seconds()*interview.MicRate) > first.offset+first.written {
			t.Errorf("the second stream began at %s, the first had got to %s", second.offset.Duration(), (first.offset + first.written).Duration())
		}
	})
}

func TestAModelThatFailsIsApologisedFor(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.chat.mu.Lock()
		s.chat.fail = errFake
		s.chat.mu.Unlock()
		s.speak("This answer meets a broken model.", 2*time.Second)
		s.wait(5 * time.Second) // beyond the llm actor's own patience
		s.chat.mu.Lock()
		s.chat.fail = nil
		s.chat.mu.Unlock()
		s.untilQuiet()
		if len(got[voiceproto.Error](s.device)) == 0 {
			t.Error("the candidate was not told")
		}
		s.untilQuiet() // the failed reply is closed first, then the apology is spoken
		lines := s.ledger.lines(t, s.id)
		if len(lines) != 4 || lines[1] != "user: This answer meets a broken model." {
			t.Fatalf("transcript: %q", lines)
		}
		if !strings.Contains(lines[2], "One moment, please.") || !strings.HasSuffix(lines[3], "This is reply 3.") {
			t.Errorf("transcript: %q", lines)
		}
	})
}

func TestAVoiceThatFailsTwiceBecomesText(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.voice.fail = errFake
		s.connect(false)
		s.wait(8 * time.Second)
		lines := s.ledger.lines(t, s.id)
		if len(lines) != 1 || !strings.HasPrefix(lines[0], "assistant: This is reply") {
			t.Errorf("transcript: %q", lines)
		}
		if n := got[voiceproto.Notice](s.device); len(n) == 0 || n[len(n)-1].Code != voiceproto.CodeNoVoice {
			t.Errorf("notices: %v", n)
		}
	})
}

func TestAStaleOwnerStops(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		if _, err := s.ledger.Claim(t.Context(), s.id, "another process"); err != nil {
			t.Fatal(err)
		}
		s.speak("Who writes this down now?", 2*time.Second)
		s.wait(time.Second)
		if s.device.closeCode() != voiceproto.CloseTryAgain {
			t.Errorf("closed with %d", s.device.closeCode())
		}
		if len(s.lifecycle.reasons()) != 0 {
			t.Errorf("the interview's row was moved: %v", s.lifecycle.reasons())
		}
	})
}

func TestARestartedProcessGoesOnAtTheSameQuestion(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.speak("My first answer is about payments.", 2*time.Second)
		s.untilQuiet()
		s.close()
		if s.device.closeCode() != voiceproto.CloseGoingAway {
			t.Errorf("closed with %d", s.device.closeCode())
		}
		s.open(Config{})
		s.connect(false)
		if !got[voiceproto.Ready](s.device)[0].Resumed {
			t.Error("not resumed")
		}
		s.untilQuiet()
		if r := s.chat.last(); r.Reply != 3 || len(r.History) != 3 {
			t.Errorf("the model was asked for reply %d with %d lines of history", r.Reply, len(r.History))
		}
		s.wantLines("assistant: This is reply 1.", "user: My first answer is about payments.", "assistant: This is reply 2.", "assistant: This is reply 3.")
	})
}

func TestARecruitersForbiddenQuestionIsNotSaid(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		for _, act := range []func() error{
			func() error { return s.calls.TakeOver(s.id, "anna") },
			func() error { return s.calls.Say(s.id, "anna", "How old are you?") },
			func() error { return s.calls.Say(s.id, "anna", "Thank you for your time.") },
			func() error { return s.calls.HandBack(s.id, "anna") },
		} {
			if err := act(); err != nil {
				t.Fatal(err)
			}
			s.wait(4 * time.Second)
		}
		for _, line := range s.ledger.lines(t, s.id) {
			if strings.Contains(line, "old") {
				t.Errorf("it was said: %q", line)
			}
		}
		if !slices.Contains(s.ledger.lines(t, s.id), "assistant: Thank you for your time.") {
			t.Errorf("the allowed line was not said: %q", s.ledger.lines(t, s.id))
		}
	})
}

func TestAFullHouseRefusesNewInterviewsOnly(t *testing.T) {
	t.Parallel()
	play(t, func(s *scene) {
		s.close()
		s.open(Config{MaxCalls: 1})
		s.connect(false)
		other := s.info()
		other.ID = "another"
		if _, err := s.calls.Connect(t.Context(), other, newDevice(true), false); err == nil {
			t.Error("a second interview was admitted")
		}
		if err := s.calls.Admits(t.Context(), s.id); err != nil {
			t.Errorf("the live interview is closed to its candidate: %v", err)
		}
	})
}
