package turn

import (
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

func TestTimeLimitLetsTheCandidateFinish(t *testing.T) {
	t.Parallel()
	k := start(t, func(c *Config) {
		c.TimeLimit = 2 * time.Minute
		c.NudgeAfter = 4 * time.Minute
		c.NudgePatient = 5 * time.Minute
	})
	mark := len(k.log)
	k.wait(2*time.Minute - k.s.Used(k.now) - 2*sec)
	k.says("I am not done yet but now I am.", 5*sec)
	k.wait(sec)
	no := k.s.Reply()
	k.do(Planned{Reply: no, Closing: true})
	k.do(Sounding{Reply: no})
	k.do(Spoken{Reply: no, Text: "Goodbye."})
	k.want(mark, `ask 2 wrap_up turn 1 "I am not done yet but now I am."; turn 1 "I am not done yet but now I am."; said 2 "Goodbye."; end time_limit`)
}

func TestWhoIsBeingAskedAtTheTimeLimitMayAnswer(t *testing.T) {
	t.Parallel()
	k := start(t, func(c *Config) { c.TimeLimit = time.Minute; c.NudgeAfter = time.Minute; c.NudgePatient = time.Minute })
	k.wait(50 * sec)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	k.sounding()
	k.wait(5 * sec)
	mark := len(k.log)
	k.do(Spoken{Reply: 2, Text: "What else?"})
	k.wait(10 * sec)
	k.want(mark, `said 2 "What else?"`)
	k.says("Nothing else.", sec)
	k.wait(sec)
	k.want(mark, `said 2 "What else?"; ask 3 wrap_up turn 2 "Nothing else."`)
	k.reply("Goodbye.")
	if !strings.HasSuffix(k.since(mark), "end time_limit") {
		t.Errorf("got %s", k.since(mark))
	}
}

func TestAtTheTimeLimitAnUnheardReplyGivesWayToTheClosing(t *testing.T) {
	t.Parallel()
	k := start(t, func(c *Config) { c.TimeLimit = time.Minute; c.NudgeAfter = time.Minute; c.NudgePatient = time.Minute })
	k.wait(57*sec - k.now)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	mark := len(k.log)
	k.wait(10 * sec)
	k.do(Stopped{Reply: 2})
	k.want(mark, `cancel 2 superseded; cut off 2 ""; ask 3 wrap_up turn 1 "I build payment systems."`)
}

func TestInterruptedClosingWordsAreSaidAgainTwiceAtMost(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("That is all.", sec)
	k.wait(sec)
	k.do(Planned{Reply: 2, Closing: true})
	for n := 0; n < 5 && !k.s.Ended(); n++ {
		no := k.s.Reply()
		k.wait(300 * ms)
		k.do(Sounding{Reply: no})
		k.says("Wait, one more thing about that.", sec)
		k.do(Stopped{Reply: no, Heard: "Thank"})
		k.wait(sec)
	}
	got := k.since(0)
	if strings.Count(got, "wrap_up") != 2 || !strings.HasSuffix(got, `turn 4 "Wait, one more thing about that."; end finished`) {
		t.Errorf("got %s", got)
	}
}

func TestWhoNeverStopsIsEndedByOvertimeAndHardCap(t *testing.T) {
	t.Parallel()
	k := start(t, func(c *Config) {
		c.TimeLimit = time.Minute
		c.HardCap = 5 * time.Minute
		c.NudgeAfter = time.Minute * 4
		c.NudgePatient = time.Minute * 5
	})
	k.do(SpeechStarted{From: k.now})
	mark := len(k.log)
	k.wait(100 * sec)
	if got := k.since(mark); !strings.Contains(got, "wrap_up") {
		t.Errorf("after the overtime: %s", got)
	}
	k.wait(5 * time.Minute)
	if !k.s.Ended() {
		t.Error("the hard cap did not end it")
	}
}

func TestSilenceIsMetWithNudgesAndEndsIdle(t *testing.T) {
	t.Parallel()
	k := start(t)
	mark := len(k.log)
	for range 3 {
		k.wait(10 * sec)
		k.reply("Are you there?")
	}
	k.wait(10 * sec)
	want := `ask 2 nudge turn 0 ""; said 2 "Are you there?"; ask 3 nudge turn 0 ""; said 3 "Are you there?"; ask 4 nudge turn 0 ""; said 4 "Are you there?"; end idle`
	k.want(mark, want)
}

func TestEndingCommitsWhatWasSaid(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems and", sec)
	mark := len(k.log)
	k.do(EndAsked{})
	k.want(mark, `turn 1 "I build payment systems and"; end candidate`)
	k.do(SpeechStarted{From: k.now})
	k.do(Begin{})
	k.want(mark, `turn 1 "I build payment systems and"; end candidate`)
}

func TestTheEndWaitsForTheLastWordsOfBothButNotLong(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	k.sounding()
	mark := len(k.log)
	from := k.now
	k.do(SpeechStarted{From: from})
	k.wait(100 * ms)
	k.do(Terminated{Reason: interview.EndRevoked})
	k.want(mark, "duck 2; cancel 2 end")
	k.do(Stopped{Reply: 2, Heard: "What"})
	k.final("goodbye then", from, k.now)
	k.want(mark, `duck 2; cancel 2 end; cut off 2 "What"; turn 2 "goodbye then"; end revoked`)

	k = start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	k.sounding()
	mark = len(k.log)
	k.do(EndAsked{})
	k.wait(DefaultConfig().EndWait) // nobody reports
	k.want(mark, `cancel 2 end; cut off 2 ""; end candidate`)
}

func TestTheClosingReplyEndsTheInterview(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("That is all.", sec)
	k.wait(sec)
	mark := len(k.log)
	k.do(Planned{Reply: 2, Closing: true})
	k.do(Sounding{Reply: 2})
	k.do(Spoken{Reply: 2, Text: "Thank you and goodbye."})
	k.want(mark, `turn 1 "That is all."; said 2 "Thank you and goodbye."; end finished`)
}

func TestAStateThatIsOverTakesNothing(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]State{"the zero value": {}} {
		if got, effects := Next(s, sec, Begin{}); effects != nil || !got.Ended() {
			t.Errorf("%s does %v", name, effects)
		}
	}
	if s, effects := Next(New(Config{}, Resume{}), sec, nil); s.Ended() || len(effects) == 0 {
		t.Errorf("no event at all: %v", effects) // the timers are set
	}
}

func TestASpentBudgetLetsWhoWasAskedAnswerAndThenCloses(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	mark := len(k.log)
	k.do(BudgetSpent{}) // while the reply is being made: it is paid already
	k.sounding()
	k.do(Spoken{Reply: 2, Text: "What else?"})
	k.says("Nothing else.", sec)
	k.wait(sec)
	k.reply("Goodbye.")
	k.want(mark, `turn 1 "I build payment systems."; said 2 "What else?"; ask 3 wrap_up turn 2 "Nothing else."; turn 2 "Nothing else."; said 3 "Goodbye."; end budget`)
}
