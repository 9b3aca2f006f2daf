package turn

import (
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

func TestATurnEndsAfterThePauseItsWordsAskFor(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	for text, pause := range map[string]time.Duration{
		"I build payment systems.":       cfg.EndComplete,
		"i build payment systems":        cfg.EndComplete,
		"i build payment systems and":    cfg.EndDangling,
		"my number is five five":         cfg.EndOpen,
		"payment systems":                cfg.EndUnsure,
		"let me think":                   cfg.EndOpen,
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
	k.says("It depends on the queue.", sec)
	k.wait(DefaultConfig().PatientComplete - 251*ms)
	k.want(mark, "")
	k.wait(2 * ms)
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

func TestALateFinalAmendsItsTurnUntilTheReplyIsHeard(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	to := k.now - 250*ms
	k.wait(sec)
	mark := len(k.log)
	k.final("In Go.", to, to)
	k.do(Stopped{Reply: 2})
	k.want(mark, `cancel 2 superseded; cut off 2 ""; ask 3 answer turn 1 "I build payment systems. In Go."`)
	k.do(Sounding{Reply: 3})
	mark = len(k.log)
	k.final("mostly at night", to, to)
	k.want(mark, `aside 2 "mostly at night"`)
	k.do(Spoken{Reply: 3, Text: "Good."})
	k.final("and at home", to, to)
	k.wait(sec)
	k.want(mark, `aside 2 "mostly at night"; said 3 "Good."; aside 3 "and at home"`)
}

func TestAFinalThatNeverComesIsAskedForOnceMoreAndGivenUp(t *testing.T) {
	t.Parallel()
	k := start(t)
	k.says("I build payment systems.", sec)
	k.do(SpeechStarted{From: k.now})
	k.do(Partial{Text: "for a bank"})
	k.wait(sec)
	finalizes := func() (n int) {
		for _, e := range k.log {
			if _, is := e.(Finalize); is {
				n++
			}
		}
		return n
	}
	before, mark := finalizes(), len(k.log)
	k.do(SpeechEnded{To: k.now})
	k.wait(DefaultConfig().FinalWait)
	if got := finalizes() - before; got != 2 {
		t.Errorf("recognition was asked %d times", got)
	}
	k.want(mark, "")
	k.wait(DefaultConfig().FinalRetry)
	k.want(mark, `ask 2 answer turn 1 "I build payment systems."`) // a partial is no line
}

func TestWordsTheDetectorMissedHoldTheTurn(t *testing.T) {
	t.Parallel()
	k := start(t)
	mark := len(k.log)
	k.do(Partial{Text: "hello", From: k.now, To: k.now + 200*ms})
	k.wait(sec)
	k.final("hello there my friend", k.now-sec, k.now-500*ms)
	k.want(mark, `ask 2 answer turn 1 "hello there my friend"`)
}

func TestSpeechWithoutNewWordsDoesNotHoldTheTurnForever(t *testing.T) {
	t.Parallel()
	k := start(t)
	mark := len(k.log)
	from := k.now
	k.do(SpeechStarted{From: from})
	k.wait(2 * sec)
	k.do(Partial{Text: "i build payment systems"})
	heard := k.now
	k.wait(DefaultConfig().StuckAfter) // a fan goes on
	k.final("i build payment systems", from, heard)
	k.want(mark, `ask 2 answer turn 1 "i build payment systems"`)
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

func TestATurnWithoutEndIsCutIntoLines(t *testing.T) {
	t.Parallel()
	k := start(t)
	line := strings.Repeat("and so it goes on ", 200)
	said := 0
	for k.segment < 40 {
		k.segment++
		k.do(Typed{Segment: k.segment, Text: line})
		said++
	}
	for _, e := range k.log {
		if c, ok := e.(CommitTurn); ok && len(c.Text) > maxTurn+len(line) {
			t.Errorf("turn %d has %d bytes", c.Turn, len(c.Text))
		}
	}
	kept := map[interview.SegmentNo]int{}
	for _, e := range k.log {
		if c, ok := e.(CommitTurn); ok {
			for _, s := range c.Segments {
				kept[s]++
			}
		}
	}
	for _, s := range k.s.turn.segments {
		kept[s]++
	}
	for no, n := range kept {
		if n != 1 {
			t.Errorf("segment %d is in %d turns", no, n)
		}
	}
	if len(kept) != said || len(k.s.turn.text) > maxTurn {
		t.Errorf("%d of %d lines are kept; %d bytes are open", len(kept), said, len(k.s.turn.text))
	}
}
