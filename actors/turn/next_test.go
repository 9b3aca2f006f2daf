package turn

import (
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

func TestATurnEndsAfterThePauseItsWordsAskFor(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	for text, pause := range map[string]time.Duration{
		"I build payment systems.":       cfg.EndComplete,
		"i build payment systems":        cfg.EndComplete,
		"i build payment systems and":    cfg.EndDangling,
		"my number is five five":         cfg.EndDangling,
		"payment systems":                cfg.EndUnsure,
		"let me think":                   cfg.EndDangling,
		"yes":                            cfg.EndComplete,
		"We use Go, and also, you know,": cfg.EndDangling,
	} {
		k := start(t)
		mark := len(k.log)
		k.says(text, 2*sec) // 250 ms of the pause are over when the final comes
		if pause > 250*ms {
			k.wait(pause - 251*ms)
			if got := k.since(mark); got != "" {
				t.Errorf("%q: too early: %s", text, got)
			}
			k.wait(2 * ms)
		}
		if got := k.since(mark); !strings.HasPrefix(got, "ask 2 answer turn 1") {
			t.Errorf("%q: after its pause of %s: %s", text, pause, got)
		}
	}
}

func TestALateFinalDoesNotAddToTheWait(t *testing.T) {
	t.Parallel()
	k := start(t)
	from := k.now
	k.do(SpeechStarted{From: from})
	k.wait(2 * sec)
	to := k.now
	k.wait(250 * ms)
	k.do(SpeechEnded{To: to})
	k.wait(sec)
	mark := len(k.log)
	k.final("I build payment systems.", from, to)
	k.want(mark, `ask 2 answer turn 1 "I build payment systems."`)
}

func TestWhileRecognitionIsBehindNoTurnEnds(t *testing.T) {
	t.Parallel()
	k := start(t)
	mark := len(k.log)
	k.do(Backlog{Behind: true})
	k.says("I build payment systems.", 2*sec)
	k.wait(5 * sec)
	k.want(mark, "")
	k.do(Backlog{Behind: false})
	k.want(mark, `ask 2 answer turn 1 "I build payment systems."`)
}

func TestAPatientQuestionWaitsLonger(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	no := k.s.Reply()
	k.do(Planned{Reply: no, Patient: true})
	k.do(Sounding{Reply: no})
	k.do(Spoken{Reply: no, Text: "Think about it."})
	mark := len(k.log)
	k.says("the first thing is the queue.", sec)
	k.wait(300 * ms)
	k.want(mark, "")
	k.wait(300 * ms)
	if !strings.HasPrefix(k.since(mark), "ask 3 answer") {
		t.Errorf("got %s", k.since(mark))
	}
}

func TestFinishSpeakingPassesTheTurnAtOnce(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("my number is five five", sec)
	mark := len(k.log)
	k.do(FinishSpeaking{})
	k.want(mark, `ask 2 answer turn 1 "my number is five five"`)
}

func TestNewSpeechDropsAReplyThatWasNotHeard(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	mark := len(k.log)
	k.do(SpeechStarted{From: k.now})
	k.want(mark, "cancel 2 superseded")
	k.do(Stopped{Reply: 2})
	from := k.now
	k.wait(sec)
	to := k.now
	k.wait(250 * ms)
	k.do(SpeechEnded{To: to})
	k.final("For a small company.", from, to)
	k.wait(sec)
	k.do(Sounding{Reply: 2}) // stale
	k.do(Sounding{Reply: 3})
	k.want(mark, `cancel 2 superseded; cut off 2 ""; ask 3 answer turn 1 "I build payment systems. For a small company."; turn 1 "I build payment systems. For a small company."`)
}

func TestABargeInDucksHoldsAndCutsOnWords(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	no := k.sounding()
	mark := len(k.log)
	from := k.now
	k.wait(70 * ms)
	k.do(SpeechStarted{From: from})
	k.want(mark, "duck 2")
	k.wait(DefaultConfig().HoldAfter)
	k.want(mark, "duck 2; hold 2")
	k.do(Partial{Text: "uh"})
	k.want(mark, "duck 2; hold 2")
	k.do(Partial{Text: "uh could you"})
	k.want(mark, "duck 2; hold 2; cancel 2 barge_in")
	k.do(Stopped{Reply: no, Heard: "What is"})
	k.wait(sec)
	to := k.now
	k.wait(250 * ms)
	k.do(SpeechEnded{To: to})
	k.final("could you repeat that?", from, to)
	k.wait(sec)
	k.want(mark, `duck 2; hold 2; cancel 2 barge_in; cut off 2 "What is"; ask 3 answer turn 2 "could you repeat that?"`)
}

func TestAStopWordCutsAtItsArrival(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"stop", "wait", "Hold on.", "excuse me", "sorry"} {
		k := start(t)
		k.says("I build payment systems.", sec)
		k.wait(sec)
		k.sounding()
		k.do(SpeechStarted{From: k.now})
		mark := len(k.log)
		k.do(Partial{Text: word})
		k.want(mark, "cancel 2 barge_in")
	}
}

func TestLongSpeechCutsWithoutWords(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	k.sounding()
	mark := len(k.log)
	k.do(SpeechStarted{From: k.now})
	k.wait(DefaultConfig().DecideAfter)
	k.want(mark, "duck 2; hold 2; cancel 2 barge_in")
}

func TestCoughsAndBackchannelsLetTheReplyGoOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		length time.Duration
		want   string
	}{
		"a cough":            {"", 400 * ms, "duck 2; hold 2; release 2"},
		"a short cough":      {"", 100 * ms, "duck 2; hold 2; release 2"},
		"mhm":                {"mhm", 400 * ms, `duck 2; hold 2; aside 2 "mhm"; release 2`},
		"okay, said quickly": {"Okay.", 300 * ms, `duck 2; hold 2; aside 2 "Okay."; release 2`},
	} {
		k := start(t)
		k.says("I build payment systems.", sec)
		k.wait(sec)
		k.sounding()
		mark := len(k.log)
		k.says(c.text, c.length)
		k.wait(sec)
		if got := k.since(mark); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
		k.do(Spoken{Reply: 2, Text: "And so on."})
		if !strings.HasSuffix(k.since(mark), `said 2 "And so on."`) {
			t.Errorf("%s: the reply was not said to its end: %s", name, k.since(mark))
		}
	}
}

func TestALostConnectionFreezesAndGoesOn(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	k.sounding()
	used := k.s.Used(k.now)
	mark := len(k.log)
	k.do(ConnectionDown{Conn: 1})
	k.wait(15 * sec)
	if k.s.Used(k.now) != used {
		t.Errorf("the clock ran on from %s to %s", used, k.s.Used(k.now))
	}
	k.do(ConnectionUp{Conn: 2})
	k.want(mark, "gone; hold 2; back; release 2")
	k.do(ConnectionDown{Conn: 1}) // stale
	k.do(Spoken{Reply: 2, Text: "Good."})
	k.want(mark, `gone; hold 2; back; release 2; said 2 "Good."`)
}

func TestWhoSpeaksWhenTheConnectionBreaksGoesOnInTheSameTurn(t *testing.T) {
	t.Parallel()
	k := start(t)
	mark := len(k.log)
	from := k.now
	k.do(SpeechStarted{From: from})
	k.wait(sec)
	k.do(ConnectionDown{Conn: 1})
	k.final("I was in the middle of.", from, k.now)
	k.wait(15 * sec)
	k.do(ConnectionUp{Conn: 2})
	k.says("explaining our queue.", sec)
	k.wait(sec)
	k.want(mark, `gone; back; ask 2 answer turn 1 "I was in the middle of. explaining our queue."`)
}

func TestAbsencesAreBoundedEachAndInAll(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.do(ConnectionDown{Conn: 1})
	k.wait(DefaultConfig().GraceEach)
	if !k.s.Ended() || !strings.HasSuffix(k.since(0), "end gone") {
		t.Errorf("after one long absence: %s", k.since(0))
	}
	k = start(t)
	conn := interview.ConnNo(1)
	for !k.s.Ended() && conn < 20 {
		k.do(ConnectionDown{Conn: conn})
		k.wait(100 * sec)
		conn++
		k.do(ConnectionUp{Conn: conn})
		k.wait(sec)
	}
	if conn != 4 { // 100 + 100 + 40 of 240 s
		t.Errorf("absences of 100 s were allowed %d times", conn-1)
	}
}

func TestPauseStopsTheClockAndTheVoice(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	k.sounding()
	used := k.s.Used(k.now)
	mark := len(k.log)
	k.do(PauseAsked{})
	k.wait(60 * sec)
	k.do(SpeechStarted{From: k.now}) // talks to somebody else
	k.do(ResumeAsked{})
	if k.s.Used(k.now) != used {
		t.Errorf("the clock ran on by %s", k.s.Used(k.now)-used)
	}
	k.want(mark, "paused true; hold 2; paused false; release 2")
}

func TestButtonsCutTheReply(t *testing.T) {
	t.Parallel()
	for ev, cause := range map[Event]AskCause{RepeatAsked{}: AskRepeat, SkipAsked{}: AskSkip} {
		k := start(t)
		k.says("I build payment systems.", sec)
		k.wait(sec)
		k.sounding()
		mark := len(k.log)
		k.do(ev)
		k.do(Stopped{Reply: 2, Heard: "What"})
		k.want(mark, `cancel 2 button; cut off 2 "What"; ask 3 `+string(cause)+` turn 0 ""`)
	}
}

func TestTypedTextIsATurnAtOnce(t *testing.T) {
	t.Parallel()
	k := start(t)
	mark := len(k.log)
	k.do(Typed{Segment: 1, Text: "and i would rather type and"})
	k.want(mark, `ask 2 answer turn 1 "and i would rather type and"`)
	k.sounding()
	mark = len(k.log)
	k.do(Typed{Segment: 2, Text: "one more thing"})
	k.do(Stopped{Reply: 2, Heard: "I"})
	k.want(mark, `cancel 2 button; cut off 2 "I"; ask 3 answer turn 2 "one more thing"`)
}

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
	k.reply("Thank you.")
	if got := k.since(mark); !strings.Contains(got, "ask 2 answer") || !strings.Contains(got, "ask 3 wrap_up") {
		t.Fatalf("got %s", got)
	}
	no := k.s.Reply()
	k.do(Planned{Reply: no, Closing: true})
	k.do(Sounding{Reply: no})
	k.do(Spoken{Reply: no, Text: "Goodbye."})
	if !strings.HasSuffix(k.since(mark), `said 3 "Goodbye."; end time_limit`) {
		t.Errorf("got %s", k.since(mark))
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

func TestFailedRepliesAreApologisedForAndThenEndTheInterview(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	mark := len(k.log)
	for no := interview.ReplyNo(2); no <= 4; no++ {
		k.do(Failed{Reply: no, Stage: providers.StageLLM})
	}
	k.want(mark, `cut off 2 ""; ask 3 apology turn 1 "I build payment systems."; cut off 3 ""; ask 4 apology turn 1 "I build payment systems."; cut off 4 ""; aside 1 "I build payment systems."; end providers`)
}

func TestAReplyThatNeverSoundsIsReplaced(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	mark := len(k.log)
	k.wait(DefaultConfig().ReplyDeadline)
	k.do(Stopped{Reply: 2})
	if got := k.since(mark); !strings.HasPrefix(got, `cancel 2 failed; cut off 2 ""; ask 3 apology`) {
		t.Errorf("got %s", got)
	}
}

func TestARecruiterTakesOverAndHandsBack(t *testing.T) {
	t.Parallel()
	k := start(t)
	mark := len(k.log)
	k.do(TakenOver{User: "u"})
	k.do(OperatorSaid{User: "u", Text: "Hi, I am Anna."})
	k.want(mark, `ask 2 operator turn 0 "Hi, I am Anna."`)
	k.reply("Hi, I am Anna.")
	k.says("Nice to meet you.", sec)
	k.wait(5 * sec)
	k.do(HandedBack{User: "u"})
	k.wait(sec)
	if got := k.since(mark); !strings.Contains(got, `ask 3 answer turn 1 "Nice to meet you."`) || strings.Count(got, "ask") != 2 {
		t.Errorf("got %s", got)
	}
}

func TestEndingCommitsWhatWasSaid(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems and", sec)
	mark := len(k.log)
	k.do(EndAsked{})
	k.want(mark, `aside 1 "I build payment systems and"; end candidate`)
	k.do(SpeechStarted{From: k.now})
	k.do(Begin{})
	k.want(mark, `aside 1 "I build payment systems and"; end candidate`)
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
