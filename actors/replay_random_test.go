package actors

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
)

// TestWhateverHappensInACallCanBeReplayed plays scenes that chance writes, with
// processes killed in them; each scene verifies and replays its own record when a
// process closes.
func TestWhateverHappensInACallCanBeReplayed(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			play(t, func(s *scene) {
				r := rand.New(rand.NewPCG(seed, 7))
				s.limit = 30*time.Second + time.Duration(r.Int64N(int64(5*time.Minute)))
				s.chat.answer = func(req providers.ChatRequest) string {
					return []string{"I see.", count, "Thank you. And how do you test all of this in your team?", "One two three."}[int(req.Reply)%4]
				}
				s.connect(r.IntN(6) == 0)
				acts := actions(s, r)
				for range 12 {
					acts[r.IntN(len(acts))]()
					s.wait(time.Duration(r.Int64N(int64(3 * time.Second))))
				}
				if r.IntN(2) == 0 {
					s.end()
				}
			})
		})
	}
}

// actions are what may happen in a call.
func actions(s *scene, r *rand.Rand) []func() {
	words := []string{"I build payment systems.", "and then", "mhm", "sorry could you stop", "my number is zero one two", "yes", "", "let me think"}
	speak := func() {
		// Recognition may not have been opened: the candidate types, or the call is over.
		s.ear.mu.Lock()
		heard := len(s.ear.streams) > 0
		s.ear.mu.Unlock()
		d := time.Duration(r.Int64N(int64(3*time.Second))) + 100*time.Millisecond
		if !heard {
			s.mic(d, 0.3)
			return
		}
		s.speak(words[r.IntN(len(words))], d)
	}
	say := func(m voiceproto.ClientMessage) func() { return func() { s.conn.OnMessage(m) } }
	try := func(do func() error) func() {
		return func() { _ = do() } // the interview may be over
	}
	away := func() {
		s.disconnect()
		time.Sleep(time.Duration(r.Int64N(int64(20 * time.Second))))
		s.connect(false)
	}
	return []func(){
		speak, speak, speak, speak, speak, speak,
		say(voiceproto.Pause{}), say(voiceproto.Resume{}), say(voiceproto.Skip{}), say(voiceproto.Repeat{}), say(voiceproto.FinishSpeaking{}),
		say(voiceproto.Text{Content: "I would rather type this."}),
		away,
		func() { s.connect(false) },
		func() { s.kill(Config{}); s.connect(false) },
		func() { s.kill(Config{}); s.kill(Config{}); s.connect(false) },
		func() { s.close(); s.open(Config{}); s.connect(false) },
		func() { s.chat.set(errFake); s.wait(time.Second); s.chat.set(nil) },
		func() { s.ledger.set(time.Duration(r.IntN(300))*time.Millisecond, nil) },
		func() { s.ledger.set(0, errFake); s.wait(time.Second); s.ledger.set(0, nil) },
		func() {
			s.ear.mu.Lock()
			defer s.ear.mu.Unlock()
			if n := len(s.ear.streams); n > 0 {
				s.ear.streams[n-1].breaks(errFake)
			}
		},
		try(func() error { return s.calls.Whisper(s.id, "anna", "Ask about the queue.") }),
		try(func() error { return s.calls.TakeOver(s.id, "anna") }),
		try(func() error { return s.calls.Say(s.id, "anna", "Thank you for your time.") }),
		try(func() error { return s.calls.HandBack(s.id, "anna") }),
	}
}
