package turn

import (
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

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

func TestWhoNeverBeganIsNotCountedAsGone(t *testing.T) {
	t.Parallel()
	k := &talk{t: t, s: New(Config{}, Resume{})}
	k.do(ConnectionUp{Conn: 1})
	k.do(ConnectionDown{Conn: 1})
	k.wait(DefaultConfig().GraceEach)
	k.want(0, "gone; end never_started")
}

func TestAResumedInterviewCountsOn(t *testing.T) {
	t.Parallel()
	k := &talk{t: t, segment: 9, s: New(Config{}, Resume{Turn: 4, Reply: 6, Segment: 9, Conn: 2, Used: 10 * time.Minute})}
	k.do(ConnectionUp{Conn: 3})
	k.do(Begin{Resumed: true})
	k.reply("Where were we?")
	k.do(Final{Segment: 9, Text: "an old one"})
	k.says("I build payment systems.", sec)
	k.wait(sec)
	k.want(0, `ask 7 resume turn 0 ""; said 7 "Where were we?"; ask 8 answer turn 5 "I build payment systems."`)
	if used := k.s.Used(k.now); used < 10*time.Minute {
		t.Errorf("%s of talk time", used)
	}
}

func TestABreakIsBounded(t *testing.T) {
	t.Parallel()
	k := start(t)
	mark := len(k.log)
	k.do(PauseAsked{})
	k.wait(DefaultConfig().PauseLimit)
	k.want(mark, "paused true; end idle")
}
