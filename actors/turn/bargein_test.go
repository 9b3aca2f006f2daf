package turn

import (
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/providers"
)

func TestNewWordsDropAReplyThatWasNotHeard(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	mark := len(k.log)
	k.says("For a small company.", sec)
	k.want(mark, "hold 2; cancel 2 superseded")
	k.do(Stopped{Reply: 2})
	k.wait(sec)
	k.do(Sounding{Reply: 2}) // stale
	k.do(Sounding{Reply: 3})
	k.want(mark, `hold 2; cancel 2 superseded; cut off 2 ""; ask 3 answer turn 1 "I build payment systems. For a small company."; turn 1 "I build payment systems. For a small company."`)
}

func TestACoughWhileTheReplyIsMadeCostsNothing(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"", "mhm", "um"} {
		k := start(t)
		k.says("I build payment systems.", sec)
		k.wait(sec)
		mark := len(k.log)
		k.says(words, 300*ms)
		k.want(mark, "hold 2; release 2")
		k.do(Sounding{Reply: 2})
		want := strings.TrimSpace("I build payment systems. " + words)
		k.want(mark, `hold 2; release 2; turn 1 "`+want+`"`)
	}
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
		"mhm":                {"mhm", 400 * ms, "duck 2; hold 2; release 2"},
		"okay, said quickly": {"Okay.", 300 * ms, "duck 2; hold 2; release 2"},
		"right right right":  {"right right right", 900 * ms, "duck 2; hold 2; release 2"},
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
		k.wait(2 * sec)
		mark = len(k.log)
		k.do(Spoken{Reply: 2, Text: "And so on."})
		want := `said 2 "And so on."`
		if c.text != "" {
			want = `aside 2 "` + c.text + `"; ` + want
		}
		k.want(mark, want)
	}
}

func TestAYesIntoTheLastWordsOfAQuestionAnswersIt(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	k.sounding()
	mark := len(k.log)
	k.says("Yes.", 400*ms)
	k.wait(300 * ms)
	k.do(Spoken{Reply: 2, Text: "Do you know Go?"})
	k.want(mark, `duck 2; hold 2; release 2; said 2 "Do you know Go?"; ask 3 answer turn 2 "Yes."`)
}

func TestBackchannelsThatGoOnAreGivenASecondTerm(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	k.sounding()
	mark := len(k.log)
	k.do(SpeechStarted{From: k.now})
	k.do(Partial{Text: "yeah okay right that makes"})
	k.wait(DefaultConfig().DecideAfter)
	k.want(mark, "duck 2; hold 2")
	k.wait(DefaultConfig().DecideAfter)
	k.want(mark, "duck 2; hold 2; cancel 2 barge_in")
}

func TestAQuestionCutByNoiseIsPutAgain(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	k.sounding()
	mark := len(k.log)
	k.do(SpeechStarted{From: k.now})
	k.wait(2 * sec)
	k.do(Stopped{Reply: 2, Heard: "What"})
	k.do(SpeechEnded{To: k.now})
	k.final("", k.now-2*sec, k.now)
	k.wait(DefaultConfig().CutAgain)
	k.want(mark, `duck 2; hold 2; cancel 2 barge_in; cut off 2 "What"; ask 3 repeat turn 0 ""`)
}

func TestABackchannelIsALineBeforeTheNextVoiceOverTheReply(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	k.sounding()
	mark := len(k.log)
	k.says("mhm", 300*ms)
	k.wait(5 * sec)
	k.says("Stop, I have a question.", sec)
	k.do(Stopped{Reply: 2, Heard: "So"})
	k.wait(sec)
	k.want(mark, `duck 2; hold 2; release 2; aside 2 "mhm"; duck 2; hold 2; cancel 2 barge_in; cut off 2 "So"; ask 3 answer turn 3 "Stop, I have a question."`)
}

func TestWithoutRecognitionSoundsAloneDoNotCut(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	k.sounding()
	mark := len(k.log)
	k.do(StageChanged{Stage: providers.StageSTT})
	k.do(SpeechStarted{From: k.now})
	k.wait(5 * sec)
	k.do(SpeechEnded{To: k.now})
	k.wait(sec)
	k.want(mark, "duck 2; hold 2; release 2")
}
