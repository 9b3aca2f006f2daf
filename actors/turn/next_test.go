package turn

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

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

func TestFailedRepliesAreApologisedForAndThenEndTheInterview(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	mark := len(k.log)
	for no := interview.ReplyNo(2); no <= 4; no++ {
		k.do(Failed{Reply: no, Stage: providers.StageLLM})
	}
	k.want(mark, `turn 1 "I build payment systems."; cut off 2 ""; ask 3 apology turn 1 "I build payment systems."; cut off 3 ""; ask 4 apology turn 1 "I build payment systems."; cut off 4 ""; end providers`)
}

func TestAReplyThatNeverSoundsIsReplaced(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	mark := len(k.log)
	k.wait(DefaultConfig().ReplyDeadline)
	k.do(Stopped{Reply: 2})
	if got := k.since(mark); !strings.HasPrefix(got, `cancel 2 failed; turn 1 "I build payment systems."; cut off 2 ""; ask 3 apology`) {
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
	if got := k.since(mark); !strings.Contains(got, `turn 1 "Nice to meet you."; ask 3 resume`) || strings.Count(got, "ask") != 2 {
		t.Errorf("got %s", got)
	}
}

func TestAWhisperGoesWithTheNextReplyThatIsHeard(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.do(Whispered{Text: "ask about Go"})
	k.says("I build payment systems.", sec)
	k.wait(sec)
	k.says("For a bank.", sec)
	k.do(Stopped{Reply: 2})
	k.wait(sec)
	k.do(Sounding{Reply: 3})
	k.do(Spoken{Reply: 3, Text: "Good."})
	k.says("Thanks for asking about it.", sec)
	k.wait(sec)
	var whispers []string
	for _, e := range k.log {
		if a, is := e.(Ask); is {
			whispers = append(whispers, a.Whisper)
		}
	}
	if !slices.Equal(whispers, []string{"", "ask about Go", "ask about Go", ""}) {
		t.Errorf("got %q", whispers)
	}
}

func TestARecruiterCutsTheInterviewerAndIsNotCutByButtons(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.wait(sec)
	k.sounding()
	mark := len(k.log)
	k.do(TakenOver{User: "u"})
	k.do(Stopped{Reply: 2, Heard: "What"})
	k.do(OperatorSaid{User: "u", Text: "Hello,"})
	k.do(OperatorSaid{User: "u", Text: "I am Anna."})
	k.do(SkipAsked{})
	k.reply("Hello,")
	k.reply("I am Anna.")
	k.wait(60 * sec) // no nudges
	k.want(mark, `cancel 2 takeover; cut off 2 "What"; ask 3 operator turn 0 "Hello,"; said 3 "Hello,"; ask 4 operator turn 0 "I am Anna."; said 4 "I am Anna."`)
}

func TestSkippingTakesTheUnfinishedWordsAlong(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("i don't know and", sec)
	mark := len(k.log)
	k.do(SkipAsked{})
	k.do(SkipAsked{}) // a double click
	k.do(Sounding{Reply: 2})
	k.want(mark, `ask 2 skip turn 1 "i don't know and"; turn 1 "i don't know and"`)
}

func TestWhatIsSaidBeforeTheGreetingDoesNotReplaceIt(t *testing.T) {
	t.Parallel()
	k := &talk{t: t, s: New(Config{}, Resume{})}
	k.do(ConnectionUp{Conn: 1})
	k.do(Begin{})
	k.says("Hello? Can you hear me?", sec)
	k.do(Sounding{Reply: 1})
	k.want(0, `ask 1 opening turn 0 ""; hold 1; release 1; aside 1 "Hello? Can you hear me?"`)
}

func TestTwoFuturesOfAStateShareNothing(t *testing.T) {
	t.Parallel()
	k := start(t)
	for _, text := range []string{"and one", "and two", "and three"} {
		k.says(text, 500*ms)
	}
	s, _ := Next(k.s, k.now, Final{Segment: 4, Text: "and four"})
	Next(k.s, k.now, Final{Segment: 77, Text: "and five"})
	_, effects := Next(s, k.now, EndAsked{})
	for _, e := range effects {
		if c, is := e.(CommitTurn); is && !slices.Equal(c.Segments, []interview.SegmentNo{1, 2, 3, 4}) {
			t.Errorf("segments %d are those of another future", c.Segments)
		}
	}
}

func TestStaleTimersAreIgnored(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	for _, id := range append(timerIDs[:], "unknown") {
		before := k.s
		k.do(Fired{Timer: id, At: 17})
		if k.effects != nil || !reflect.DeepEqual(before, k.s) {
			t.Errorf("stale %s: %v", id, k.effects)
		}
	}
}
