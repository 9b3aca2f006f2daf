package turn

import (
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// writing is a conversation in writing.
func writing(c *Config) { c.Written, c.TimeLimit = true, 10*time.Minute }

func (k *talk) types(text string) {
	k.segment++
	k.do(Typed{Segment: k.segment, Text: text})
}

func TestInWritingNobodyIsSpokenToUnasked(t *testing.T) {
	t.Parallel()
	k := start(t, writing)
	mark := len(k.log)
	k.wait(2 * time.Hour)
	k.want(mark, "")
	if !k.s.Idle() {
		t.Error("not idle")
	}
}

func TestInWritingClosingWordsEndNothing(t *testing.T) {
	t.Parallel()
	k := start(t, writing)
	for range 5 {
		k.types("I have more to say.")
		no := k.s.Reply()
		k.do(Planned{Reply: no, Closing: true})
		k.do(Sounding{Reply: no})
		k.do(Spoken{Reply: no, Text: "Goodbye."})
		k.wait(3 * time.Minute) // also beyond the time
	}
	if k.s.Ended() || !k.s.Idle() {
		t.Errorf("ended %t, idle %t", k.s.Ended(), k.s.Idle())
	}
	mark := len(k.log)
	k.types("Are you there?")
	k.want(mark, `ask 7 answer turn 6 "Are you there?"`)
}

func TestInWritingARestartSaysNothing(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	writing(&cfg)
	k := &talk{t: t, s: New(cfg, Resume{Reply: 3, Turn: 2, Segment: 2}), segment: 2}
	k.do(ConnectionUp{Conn: 2, Typing: true})
	k.do(Begin{Resumed: true})
	k.wait(5 * time.Minute)
	k.types("Here I am again.")
	k.want(0, `ask 4 answer turn 3 "Here I am again."`)
	k.do(Terminated{Reason: interview.EndParked})
	k.do(Stopped{Reply: 4})
	k.want(0, `ask 4 answer turn 3 "Here I am again."; cancel 4 end; cut off 4 ""; turn 3 "Here I am again."; end parked`)
}

func TestInWritingAFailedReplyIsNotTriedAgainButTheOpeningIs(t *testing.T) {
	t.Parallel()
	cfg := DefaultConfig()
	writing(&cfg)
	k := &talk{t: t, s: New(cfg, Resume{})}
	k.do(ConnectionUp{Conn: 1, Typing: true})
	k.do(Begin{})
	k.do(Failed{Reply: 1})
	k.want(0, `ask 1 opening turn 0 ""; cut off 1 ""; ask 2 opening turn 0 ""`)
	k.do(Spoken{Reply: 2, Text: "Hello."})
	k.types("Hello to you.")
	mark := len(k.log)
	k.do(Failed{Reply: 3})
	k.want(mark, `turn 1 "Hello to you."; cut off 3 ""`)
	if !k.s.Idle() {
		t.Error("not idle")
	}
}
