package actors

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
)

// kill ends the process without a word: only what is stored by now is left. Another
// one comes up.
func (s *scene) kill(cfg Config) {
	s.t.Helper()
	s.ledger.mu.Lock()
	left := slices.Clone(s.ledger.events[s.id])
	s.ledger.mu.Unlock()
	s.close() // nobody sees what this still stores
	s.ledger.mu.Lock()
	s.ledger.events[s.id] = left
	s.ledger.mu.Unlock()
	s.open(cfg)
}

func (s *scene) end() {
	s.conn.OnMessage(voiceproto.End{})
	s.wait(2 * time.Second)
}

// tells makes the interviewer's replies long enough to talk over.
func (s *scene) tells(text string) {
	s.chat.answer = func(providers.ChatRequest) string { return text }
}

// goesOn fails the story when the recruiter can't do something.
func (s *scene) goesOn(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Error(err)
	}
	s.wait(4 * time.Second)
}

const count = "One two three four five six seven eight nine ten eleven twelve."

// corpus are the stories whose records are kept in testdata/records.
var corpus = map[string]func(s *scene){
	"talk": func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		for _, answer := range []string{
			"I build payment systems in a small team.", "We moved everything to a message queue last year.",
			"It took us three months and one very long weekend.", "I would test the failures first.",
		} {
			s.speak(answer, 4*time.Second)
			s.untilQuiet()
		}
		s.end()
	},
	"barge_in": func(s *scene) {
		s.tells(count)
		s.connect(false)
		s.wait(1700 * time.Millisecond)
		s.speak("sorry could you stop there please", 1500*time.Millisecond)
		s.untilQuiet()
		s.untilQuiet()
		s.end()
	},
	"cough": func(s *scene) {
		s.tells(count)
		s.connect(false)
		s.wait(1500 * time.Millisecond)
		s.speak("", 400*time.Millisecond)
		s.untilQuiet()
		s.speak("mhm yes that is what I would do.", 2*time.Second)
		s.wait(2 * time.Second)
		s.speak("mhm", 300*time.Millisecond) // over the reply
		s.untilQuiet()
		s.end()
	},
	"connection_lost": func(s *scene) {
		s.tells(count)
		s.connect(false)
		s.wait(1500 * time.Millisecond)
		s.disconnect()
		time.Sleep(15 * time.Second)
		s.connect(false)
		s.untilQuiet()
		s.speak("I was cut off for a moment.", 2*time.Second)
		s.untilQuiet()
		s.end()
	},
	"gone": func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.mic(time.Second, 0.3)
		s.disconnect()
		time.Sleep(turn.DefaultConfig().GraceEach + time.Second)
		synctest.Wait()
	},
	"another_device": func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.speak("I was in the middle of", time.Second)
		s.connect(false)
		s.speak("explaining our message queue.", time.Second)
		s.untilQuiet()
		s.end()
	},
	"pause": func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.conn.OnMessage(voiceproto.Pause{})
		s.wait(20 * time.Second)
		s.conn.OnMessage(voiceproto.Resume{})
		s.wait(500 * time.Millisecond)
		s.speak("Thank you for waiting.", 2*time.Second)
		s.untilQuiet()
		s.end()
	},
	"typing": func(s *scene) {
		s.connect(true)
		s.untilQuiet()
		s.conn.OnMessage(voiceproto.Text{Content: "I would rather type."})
		s.untilQuiet()
		s.conn.OnMessage(voiceproto.Text{Content: "And this is my second line."})
		s.conn.OnMessage(voiceproto.Text{Content: "This one follows at once."})
		s.wait(6 * time.Second)
		s.end()
	},
	"writing": func(s *scene) {
		s.writes("")
		for _, answer := range []string{
			"I build payment systems in a small team.", "We moved everything to a message queue last year.", "It took us three months.",
		} {
			s.writes(answer)
			s.idles(time.Minute) // a life for every message
		}
		s.writes("This one and the next come quickly.")
		s.writes("And this is the next.")
		s.idles(time.Minute)
	},
	"writing_killed": func(s *scene) {
		s.writes("")
		s.chat.delay = 5 * time.Second
		go func() { _, _ = s.calls.Converse(s.t.Context(), s.info(), "My first answer is about payments.") }()
		s.idles(time.Second)
		s.kill(Config{})
		s.chat.delay = 0
		s.writes("My first answer was about payments.")
		s.writes("My second answer comes after the restart.")
		if err := s.calls.End(s.id, interview.EndOperator); err != nil {
			s.t.Error(err)
		}
		s.idles(time.Second)
	},
	"buttons": func(s *scene) {
		s.tells(count)
		s.connect(false)
		s.untilQuiet()
		s.conn.OnMessage(voiceproto.Repeat{})
		s.wait(2 * time.Second)
		s.conn.OnMessage(voiceproto.Skip{})
		s.wait(8 * time.Second)
		s.speak("I have nothing more to say", time.Second)
		s.conn.OnMessage(voiceproto.FinishSpeaking{})
		s.wait(6 * time.Second)
		s.end()
	},
	"recruiter": func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.goesOn(s.calls.Whisper(s.id, "anna", "Ask about the queue."))
		s.goesOn(s.calls.TakeOver(s.id, "anna"))
		s.goesOn(s.calls.Say(s.id, "anna", "Thank you for your time so far."))
		s.speak("You are welcome.", 2*time.Second)
		s.goesOn(s.calls.HandBack(s.id, "anna"))
		s.speak("We use queues for everything.", 2*time.Second)
		s.wait(6 * time.Second)
		s.goesOn(s.calls.End(s.id, interview.EndOperator))
	},
	"time_limit": func(s *scene) {
		s.limit = 20 * time.Second
		s.connect(false)
		s.untilQuiet()
		for range 8 { // one answer that does not end
			s.speak("I keep talking about payments and", 2*time.Second)
			s.wait(500 * time.Millisecond)
		}
		s.wait(15 * time.Second)
	},
	"silence": func(s *scene) {
		s.connect(false)
		s.wait(2 * time.Minute)
	},
	"budget": func(s *scene) {
		s.close()
		s.chat.usage = &providers.Usage{Prompt: 10, Completion: 5}
		s.spare = &fakeChat{answer: func(providers.ChatRequest) string { return "Thank you and goodbye." }}
		s.open(Config{Budget: Budget{Tokens: 30}})
		s.connect(false)
		s.untilQuiet()
		s.speak("My first answer is about payments.", 2*time.Second)
		s.untilQuiet()
		s.speak("My second answer may still be given.", 2*time.Second)
		s.wait(10 * time.Second)
	},
	"model_fails": func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.chat.set(errFake)
		s.speak("This answer meets a broken model.", 2*time.Second)
		s.wait(5 * time.Second)
		s.chat.set(nil)
		s.untilQuiet()
		s.untilQuiet()
		s.end()
	},
	"voice_fails": func(s *scene) {
		s.voice.fail = errFake
		s.connect(false)
		s.wait(8 * time.Second)
		s.speak("I read what you write.", 2*time.Second)
		s.wait(8 * time.Second)
		s.end()
	},
	"recognition_fails": func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		first := s.ear.last(s.t)
		s.speak("", time.Second)
		s.ear.mu.Lock()
		s.ear.pending = "All of this was said before recognition broke."
		s.ear.mu.Unlock()
		first.breaks(errFake)
		s.wait(3 * time.Second)
		s.wait(8 * time.Second)
		s.end()
	},
	"killed_in_reply": func(s *scene) {
		s.tells(count)
		s.connect(false)
		s.untilQuiet()
		s.speak("My first answer is about payments.", 2*time.Second)
		s.wait(6 * time.Second) // the reply is heard, and a position of it is stored
		s.kill(Config{})
		s.connect(false)
		s.untilQuiet()
		s.speak("My second answer comes after the restart.", 2*time.Second)
		s.untilQuiet()
		s.end()
	},
	"killed_in_turn": func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.speak("I was about to say", 2*time.Second)
		s.wait(400 * time.Millisecond) // recognition has settled it, the turn is open
		s.kill(Config{})
		s.connect(false)
		s.untilQuiet()
		s.kill(Config{}) // a life in which nobody says anything
		s.connect(false)
		s.untilQuiet()
		s.speak("So as I was saying we use queues.", 2*time.Second)
		s.untilQuiet()
		s.end()
	},
	"shut_down": func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.speak("My first answer is about payments.", 2*time.Second)
		s.untilQuiet()
		s.close()
		s.open(Config{})
		s.connect(false)
		s.untilQuiet()
		s.end()
	},
	"quarantine": func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.ledger.mu.Lock()
		s.ledger.poison = interview.KindSegmentFinal
		s.ledger.mu.Unlock()
		s.speak("This can't be kept as it is.", 2*time.Second)
		s.wait(4 * time.Second)
		s.end()
	},
	"unfinished": func(s *scene) {
		s.connect(false)
		s.untilQuiet()
		s.speak("Nobody knows how this goes on", 2*time.Second)
		s.wait(time.Second)
		s.kill(Config{})
	},
}

func (f *fakeChat) set(fail error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

// TestEveryStoryOfTheCorpusCanBeToldAnew plays the stories: each proves its own
// record, and with -update their files are written.
func TestEveryStoryOfTheCorpusCanBeToldAnew(t *testing.T) {
	t.Parallel()
	for name, story := range corpus {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var left []interview.Event
			var id interview.ID
			play(t, func(s *scene) {
				story(s)
				s.ledger.mu.Lock()
				defer s.ledger.mu.Unlock()
				id, left = s.id, slices.Clone(s.ledger.events[s.id])
			})
			r := sealedRecord(t, id, left)
			checkRecord(t, r)
			// Whatever moment the process is killed at, what is stored by then fits together.
			for n := range left {
				report, err := Replay(left[:n+1])
				if err != nil && !errors.Is(err, ErrNotReplayable) || report.Difference != nil {
					t.Fatalf("killed behind event %d: %v, %+v", n+1, err, report.Difference)
				}
			}
			if *update {
				writeRecord(t, name, r)
			}
		})
	}
}
