package turn

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

const (
	ms  = time.Millisecond
	sec = time.Second
)

// talk drives a conversation in a test: time is said, effects are kept.
type talk struct {
	t       *testing.T
	s       State
	now     time.Duration
	effects []Effect // of the last step
	log     []Effect // of all
	segment interview.SegmentNo
}

// start begins a conversation and lets the opening be spoken.
func start(t *testing.T, change ...func(*Config)) *talk {
	t.Helper()
	cfg := DefaultConfig()
	for _, f := range change {
		f(&cfg)
	}
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	k := &talk{t: t, s: New(cfg, Resume{})}
	k.do(ConnectionUp{Conn: 1})
	k.do(Begin{})
	k.reply("Hello. What do you do?")
	return k
}

func (k *talk) do(ev Event) {
	k.s, k.effects = Next(k.s, k.now, ev)
	k.log = append(k.log, k.effects...)
}

// wait lets time pass; timers fire when they are due.
func (k *talk) wait(d time.Duration) {
	end := k.now + d
	for {
		var id TimerID
		at := end + 1
		for i, due := range k.s.timers {
			if due > 0 && due < at {
				id, at = timerIDs[i], due
			}
		}
		if at > end {
			k.now = end
			return
		}
		k.now = max(k.now, at)
		k.do(Fired{Timer: id, At: at})
	}
}

// reply plays the reply that was asked for to its end.
func (k *talk) reply(text string) {
	k.t.Helper()
	no := k.s.Reply()
	k.do(Planned{Reply: no})
	k.wait(300 * ms)
	k.do(Sounding{Reply: no})
	k.wait(3 * sec)
	k.do(Spoken{Reply: no, Text: text, Played: 3 * sec})
}

// sounding lets the reply that was asked for set in.
func (k *talk) sounding() interview.ReplyNo {
	no := k.s.Reply()
	k.do(Planned{Reply: no})
	k.wait(300 * ms)
	k.do(Sounding{Reply: no})
	k.wait(sec)
	return no
}

// says talks for d; the detector is sure of the end 250 ms late and the final
// comes with it.
func (k *talk) says(text string, d time.Duration) {
	from := k.now
	k.do(SpeechStarted{From: from})
	k.wait(d)
	to := k.now
	k.wait(250 * ms)
	k.do(SpeechEnded{To: to})
	k.final(text, from, to)
}

func (k *talk) final(text string, from, to time.Duration) {
	e := Final{Text: text, From: from, To: to, Confidence: 0.9}
	if text != "" {
		k.segment++
		e.Segment = k.segment
	}
	k.do(e)
}

// has reports whether the last steps since mark gave an effect that renders so.
func (k *talk) since(mark int) string {
	var out []string
	for _, e := range k.log[mark:] {
		switch e.(type) {
		case SetTimer, StopTimer, Show, Processing, Finalize:
			continue
		}
		out = append(out, render(e))
	}
	return strings.Join(out, "; ")
}

func render(e Effect) string {
	switch e := e.(type) {
	case Ask:
		return fmt.Sprintf("ask %d %s turn %d %q", e.Reply, e.Cause, e.Turn, e.Text)
	case CommitTurn:
		kind := "turn"
		if e.Aside {
			kind = "aside"
		}
		return fmt.Sprintf("%s %d %q", kind, e.Turn, e.Text)
	case CommitReply:
		kind := "said"
		if e.Interrupted {
			kind = "cut off"
		}
		return fmt.Sprintf("%s %d %q", kind, e.Reply, e.Heard)
	case Cancel:
		return fmt.Sprintf("cancel %d %s", e.Reply, e.Cause)
	case Duck:
		return fmt.Sprintf("duck %d", e.Reply)
	case Hold:
		return fmt.Sprintf("hold %d", e.Reply)
	case Release:
		return fmt.Sprintf("release %d", e.Reply)
	case Restore:
		return fmt.Sprintf("restore %d", e.Reply)
	case End:
		return "end " + string(e.Reason)
	case NoteGone:
		return "gone"
	case NoteBack:
		return "back"
	case NotePaused:
		return fmt.Sprintf("paused %t", e.Paused)
	}
	return fmt.Sprintf("%T", e)
}

func (k *talk) want(mark int, want string) {
	k.t.Helper()
	if got := k.since(mark); got != want {
		k.t.Errorf("got  %s\nwant %s", got, want)
	}
}
