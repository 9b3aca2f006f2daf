package turn

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vantahire/vantahire/providers"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	greeting = "Hello. What did you build in your last job?"
	second   = "Thank you. What was the hardest part of it?"
	third    = "I see. How did you test it?"
	goodbye  = "Thank you for your time. Goodbye."
)

// TestScriptedConversations plays whole conversations and compares every event,
// effect and line with testdata/*.golden; -update rewrites those.
func TestScriptedConversations(t *testing.T) {
	t.Parallel()
	short := Config{TimeLimit: time.Minute, NudgeAfter: time.Minute, NudgePatient: time.Minute}
	for name, tc := range map[string]struct {
		cfg   Config
		lines []string
		story func(st *stage)
	}{
		"plain": {Config{}, []string{greeting, second, goodbye}, func(st *stage) {
			st.plan[3] = Planned{Closing: true}
			st.open()
			st.run(4 * sec)
			st.say("I built a payment system for a bank.", 2500*ms)
			st.run(5 * sec)
			st.say("The hardest part was the migration.", 2*sec)
			st.run(4 * sec)
		}},
		"barge-in": {Config{}, []string{greeting, second, third}, func(st *stage) {
			st.open()
			st.run(4 * sec)
			st.say("I built a payment system for a bank.", 2500*ms)
			st.run(1600 * ms)
			st.say("Sorry, I forgot to say that it was in Go.", 2*sec)
			st.run(5 * sec)
		}},
		"cough": {Config{}, []string{greeting, second}, func(st *stage) {
			st.open()
			st.run(1500 * ms)
			st.cough(350 * ms)
			st.run(5 * sec)
		}},
		"backchannel": {Config{}, []string{greeting, second}, func(st *stage) {
			st.open()
			st.run(1200 * ms)
			st.say("mhm", 300*ms)
			st.run(6 * sec)
		}},
		"thinking-pause": {Config{}, []string{greeting, second, third}, func(st *stage) {
			st.plan[1] = Planned{Patient: true}
			st.open()
			st.run(4 * sec)
			st.say("Well, let me think about that.", 1500*ms)
			st.run(8 * sec)
			st.say("I built a payment system for a bank.", 2500*ms)
			st.run(4 * sec)
		}},
		"dangling": {Config{}, []string{greeting, second}, func(st *stage) {
			st.open()
			st.run(4 * sec)
			st.say("i built a payment system and", 2*sec)
			st.run(900 * ms)
			st.say("a small app for nurses", 1500*ms)
			st.run(2 * sec)
		}},
		"goes-on-before-the-answer": {Config{}, []string{greeting, second, third}, func(st *stage) {
			st.open()
			st.run(4 * sec)
			st.say("I built a payment system.", 2*sec)
			st.run(600 * ms)
			st.say("For a bank in Berlin.", 1500*ms)
			st.run(3 * sec)
		}},
		"disconnect": {Config{}, []string{greeting, second}, func(st *stage) {
			st.open()
			st.run(1500 * ms)
			st.do(ConnectionDown{Conn: st.conn, Reason: "network"})
			st.run(15 * sec)
			st.join()
			st.run(4 * sec)
			st.say("I built a payment", sec)
			st.do(ConnectionDown{Conn: st.conn, Reason: "network"})
			st.run(15 * sec)
			st.join()
			st.run(sec)
			st.say("system for a bank.", sec)
			st.run(2 * sec)
		}},
		"another-device": {Config{}, []string{greeting, second}, func(st *stage) {
			st.open()
			st.run(4 * sec)
			st.say("I built a payment system", 1500*ms)
			st.join()
			st.run(500 * ms)
			st.say("for a bank.", sec)
			st.run(1500 * ms)
			st.join() // in the middle of the reply
			st.run(3 * sec)
		}},
		"pause": {Config{}, []string{greeting, second}, func(st *stage) {
			st.open()
			st.run(1500 * ms)
			st.do(PauseAsked{})
			st.cough(sec)
			st.run(30 * sec)
			st.do(ResumeAsked{})
			st.run(5 * sec)
		}},
		"skip-and-repeat": {Config{}, []string{greeting, greeting, second, third}, func(st *stage) {
			st.open()
			st.run(1500 * ms)
			st.do(RepeatAsked{})
			st.run(4 * sec)
			st.say("I don't know", sec)
			st.do(SkipAsked{})
			st.run(2 * sec)
			st.do(SkipAsked{})
			st.run(4 * sec)
		}},
		"typed": {Config{}, []string{greeting, second}, func(st *stage) {
			st.open()
			st.run(2 * sec)
			st.segment++
			st.do(Typed{Segment: st.segment, Text: "I built a payment system"})
			st.run(5 * sec)
		}},
		"time-limit": {short, []string{greeting, second, goodbye, goodbye}, func(st *stage) {
			st.plan[3] = Planned{Closing: true}
			st.open()
			st.run(4 * sec)
			st.say("I built a payment system for a bank.", 2500*ms)
			st.run(57*sec - st.now)
			st.say("The hardest part was the migration, because the old system had no tests at all.", 8*sec)
			st.run(2 * sec)
			st.say("Wait, one more thing.", sec)
			st.run(6 * sec)
		}},
		"operator": {Config{}, []string{greeting, second}, func(st *stage) {
			st.open()
			st.run(1500 * ms)
			st.do(TakenOver{User: "anna"})
			st.run(sec)
			st.do(OperatorSaid{User: "anna", Text: "Hi, I am Anna. Where do you live?"})
			st.run(5 * sec)
			st.say("In Berlin.", sec)
			st.run(3 * sec)
			st.do(Whispered{User: "anna", Text: "ask about testing"})
			st.do(HandedBack{User: "anna"})
			st.run(5 * sec)
		}},
		"late-final": {Config{}, []string{greeting, second, third}, func(st *stage) {
			st.open()
			st.run(4 * sec)
			st.say("I built a payment system for a bank.", 2*sec)
			said := st.now
			st.run(400 * ms) // the answer is being made
			st.late("In Go and Java.", said)
			st.run(1500 * ms) // and is heard
			st.late("Mostly.", said)
			st.run(6 * sec)
		}},
		"backlog": {Config{}, []string{greeting, second}, func(st *stage) {
			st.open()
			st.run(4 * sec)
			st.mute = true
			st.do(Backlog{Behind: true})
			st.say("I built a payment system for a bank.", 2*sec)
			st.run(4 * sec)
			st.mute = false
			st.do(Backlog{Behind: false})
			st.run(2 * sec)
		}},
		"failing-model": {Config{}, []string{greeting, "fail", "Sorry, I lost the thread. What was the hardest part?", "fail", "fail", "fail"}, func(st *stage) {
			st.open()
			st.run(4 * sec)
			st.say("I built a payment system for a bank.", 2*sec)
			st.run(6 * sec)
			st.say("The migration was hard.", 2*sec)
			st.run(4 * sec)
		}},
		"no-recognition": {Config{}, []string{greeting, second}, func(st *stage) {
			st.open()
			st.run(sec)
			st.do(StageChanged{Stage: providers.StageSTT})
			st.cough(sec)
			st.run(4 * sec)
			st.segment++
			st.do(Typed{Segment: st.segment, Text: "I built a payment system"})
			st.run(5 * sec)
		}},
		"silence": {Config{}, []string{greeting, "Are you still there?", "Take your time.", "Hello?"}, func(st *stage) {
			st.open()
			st.run(60 * sec)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, tc.cfg, tc.lines...)
			tc.story(st)
			st.run(3 * sec)
			if !st.s.Ended() {
				st.do(EndAsked{})
				st.run(2 * sec)
			}
			if !st.s.Ended() {
				t.Error("it did not end")
			}
			got, path := st.record(), filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the conversation goes differently (-want +got):\n%s", diff)
			}
		})
	}
}
