package turn

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// world answers the machine as the interview actor does, in an order and at a
// pace that chance decides, and puts in stale and senseless events. It holds
// every effect against what the package promises.
type world struct {
	t   *rapid.T
	s   State
	now time.Duration

	timers  map[TimerID]time.Duration
	segment interview.SegmentNo
	said    map[interview.SegmentNo]string
	kept    map[interview.SegmentNo]int
	conn    interview.ConnNo
	up      bool
	used    time.Duration

	open      interview.ReplyNo // asked for and not closed
	turn      interview.TurnNo  // the turn it answers
	revoked   bool
	sounded   bool
	voice     voiceState
	generated map[interview.ReplyNo]string
	reported  map[interview.ReplyNo]string
	closed    map[interview.ReplyNo]int
	asked     []interview.ReplyNo
	committed interview.TurnNo
	shown     Show
	ended     bool

	replays []replay
}

// replay is a step that must come out the same whenever it is done.
type replay struct {
	s       State
	now     time.Duration
	ev      Event
	effects []Effect
}

func newWorld(t *rapid.T) *world {
	return &world{
		t: t, s: New(Config{}, Resume{}), timers: map[TimerID]time.Duration{}, shown: Show{AgentStarting, UserAway},
		said: map[interview.SegmentNo]string{}, kept: map[interview.SegmentNo]int{},
		generated: map[interview.ReplyNo]string{}, reported: map[interview.ReplyNo]string{}, closed: map[interview.ReplyNo]int{},
	}
}

func (w *world) do(ev Event) {
	before := w.s
	s, effects := Next(before, w.now, ev)
	if len(w.replays) < 200 {
		w.replays = append(w.replays, replay{before, w.now, ev, effects})
	}
	if f, is := ev.(Fired); is && w.timers[f.Timer] == f.At {
		delete(w.timers, f.Timer)
	}
	w.s = s
	for _, e := range effects {
		w.check(e)
	}
	w.checkState()
}

func (w *world) fatal(format string, args ...any) {
	w.t.Helper()
	w.t.Fatalf("at %s: "+format, append([]any{w.now}, args...)...)
}

func (w *world) check(e Effect) {
	if w.ended {
		w.fatal("%#v after the end", e)
	}
	voice := func(no interview.ReplyNo, to voiceState, from ...voiceState) {
		if no != w.open || w.revoked {
			w.fatal("%#v for a reply that is revoked or closed", e)
		}
		if !slices.Contains(from, w.voice) {
			w.fatal("%#v while the voice is %d", e, w.voice)
		}
		w.voice = to
	}
	switch e := e.(type) {
	case Ask:
		if w.open != 0 {
			w.fatal("reply %d was asked for while reply %d is open", e.Reply, w.open)
		}
		if n := len(w.asked); n > 0 && e.Reply <= w.asked[n-1] {
			w.fatal("reply %d after reply %d", e.Reply, w.asked[n-1])
		}
		if e.Turn != 0 && e.Turn <= w.committed && e.Cause != AskApology {
			w.fatal("reply %d is to turn %d, which is a line already", e.Reply, e.Turn)
		}
		w.asked = append(w.asked, e.Reply)
		w.open, w.turn, w.revoked, w.sounded, w.voice = e.Reply, e.Turn, false, false, voiceFull
		w.generated[e.Reply] = "Thank you for that. What else did you do there?"
	case Duck:
		voice(e.Reply, voiceDucked, voiceFull)
	case Hold:
		voice(e.Reply, voiceHeld, voiceFull, voiceDucked)
	case Release:
		voice(e.Reply, voiceFull, voiceHeld)
	case Restore:
		voice(e.Reply, voiceFull, voiceDucked)
	case Cancel:
		if e.Reply != w.open || w.revoked {
			w.fatal("%#v for a reply that is revoked or closed", e)
		}
		w.revoked = true
	case CommitReply:
		if e.Reply != w.open || e.Turn != w.turn {
			w.fatal("%#v, but reply %d to turn %d is open", e, w.open, w.turn)
		}
		if e.Heard != w.reported[e.Reply] || !strings.HasPrefix(w.generated[e.Reply], e.Heard) {
			w.fatal("%q was committed, %q was reported of %q", e.Heard, w.reported[e.Reply], w.generated[e.Reply])
		}
		w.closed[e.Reply]++
		w.open = 0
	case CommitTurn:
		if e.Turn <= w.committed {
			w.fatal("turn %d is committed after turn %d", e.Turn, w.committed)
		}
		w.committed = e.Turn
		var texts []string
		for _, no := range e.Segments {
			w.kept[no]++
			texts = append(texts, w.said[no])
		}
		if strings.Join(texts, " ") != e.Text {
			w.fatal("turn %d is %q, its segments are %q", e.Turn, e.Text, texts)
		}
	case SetTimer:
		if e.At <= w.now {
			w.fatal("%#v is past", e)
		}
		w.timers[e.Timer] = e.At
	case StopTimer:
		if _, set := w.timers[e.Timer]; !set {
			w.fatal("%#v is not set", e)
		}
		delete(w.timers, e.Timer)
	case Show:
		if e == w.shown {
			w.fatal("%#v is shown twice", e)
		}
		w.shown = e
	case End:
		w.ended = true
	case Finalize, Processing, NoteGone, NoteBack, NotePaused:
	}
}

// checkState looks for dead ends: somebody has to act, or a timer is pending.
func (w *world) checkState() {
	used := w.s.Used(w.now)
	if used < w.used || used > w.now {
		w.fatal("%s of talk time after %s", used, w.used)
	}
	w.used = used
	if w.ended {
		if len(w.timers) > 0 {
			w.fatal("timers are left: %v", w.timers)
		}
		return
	}
	if (w.open == 0) != (w.s.reply.phase == replyNone) {
		w.fatal("reply %d is open in the world only, or not", w.open)
	}
	pending := func(ids ...TimerID) bool {
		return slices.ContainsFunc(ids, func(id TimerID) bool { _, set := w.timers[id]; return set })
	}
	if w.s.ending == "" && !pending(TimerHardCap) {
		w.fatal("nothing bounds the conversation")
	}
	switch s := &w.s; {
	case s.ending != "":
		if !pending(TimerClosing) {
			w.fatal("nothing bounds the end")
		}
	case !s.line.up || s.line.paused:
		if !pending(TimerGrace) {
			w.fatal("nothing bounds the absence")
		}
	case s.begun && s.reply.phase == replyNone && !s.ears.speaking && !s.desk.taken:
		if !pending(TimerEndOfTurn, TimerNudge, TimerFinal) {
			w.fatal("nobody will ever say anything: %v", w.timers)
		}
	case s.reply.phase != replyNone && !s.kept() && !pending(TimerReply):
		w.fatal("nothing bounds the reply")
	}
}

var phrases = []string{"", "", "mhm", "yes", "stop", "i build payment systems", "and then we", "Could you say that again?", "my number is five"}

// step lets chance choose what happens next.
func (w *world) step() {
	w.now += time.Duration(rapid.IntRange(0, 1500).Draw(w.t, "ms")) * ms
	no := w.open
	back := func(label string) time.Duration {
		return max(0, w.now-time.Duration(rapid.IntRange(0, 3000).Draw(w.t, label))*ms)
	}
	heard := func() string {
		if !w.sounded && rapid.IntRange(0, 5).Draw(w.t, "early frame") > 0 {
			return ""
		}
		words := strings.Fields(w.generated[no])
		return strings.Join(words[:rapid.IntRange(0, len(words)).Draw(w.t, "heard")], " ")
	}
	switch rapid.IntRange(0, 19).Draw(w.t, "event") {
	case 0, 1:
		w.do(SpeechStarted{From: back("from")})
	case 2, 3:
		w.do(SpeechEnded{To: back("to")})
	case 4, 5:
		to := back("final to")
		e := Final{Text: rapid.SampledFrom(phrases).Draw(w.t, "final"), From: max(0, to-sec), To: to}
		if e.Text != "" {
			w.segment++
			e.Segment = w.segment
			w.said[e.Segment] = e.Text
		}
		w.do(e)
	case 6:
		w.do(Partial{Text: rapid.SampledFrom(phrases).Draw(w.t, "partial"), From: back("partial from"), To: w.now})
	case 7, 8, 9:
		if no != 0 && !w.sounded { // also one that crosses its Cancel
			w.do(Planned{Reply: no, Patient: rapid.Bool().Draw(w.t, "patient"), Closing: rapid.IntRange(0, 9).Draw(w.t, "closing") == 0})
			w.sounded = true
			w.do(Sounding{Reply: no})
		}
	case 10:
		if no != 0 && w.sounded {
			w.reported[no] = w.generated[no]
			w.do(Spoken{Reply: no, Text: w.generated[no]})
		}
	case 11:
		if no != 0 && w.revoked {
			w.reported[no] = heard()
			w.do(Stopped{Reply: no, Heard: w.reported[no]})
		}
	case 12:
		if no != 0 && rapid.IntRange(0, 3).Draw(w.t, "fails") == 0 {
			w.reported[no] = heard()
			w.do(Failed{Reply: no, Stage: providers.StageLLM, Heard: w.reported[no]})
		}
	case 13:
		if rapid.IntRange(0, 2).Draw(w.t, "line") > 0 {
			break
		}
		if w.up && rapid.Bool().Draw(w.t, "down") {
			w.do(ConnectionDown{Conn: w.conn})
			w.up = false
			break
		}
		w.conn++
		w.up = true
		w.do(ConnectionUp{Conn: w.conn, Typing: rapid.IntRange(0, 5).Draw(w.t, "typing") == 0})
	case 14:
		w.do(rapid.SampledFrom([]Event{PauseAsked{}, ResumeAsked{}, ResumeAsked{}, RepeatAsked{}, SkipAsked{}, FinishSpeaking{}, FinishSpeaking{}, Backlog{true}, Backlog{false}}).Draw(w.t, "button"))
	case 15:
		w.segment++
		w.said[w.segment] = "typed"
		w.do(Typed{Segment: w.segment, Text: "typed"})
	case 16:
		w.do(rapid.SampledFrom([]Event{
			TakenOver{},
			HandedBack{},
			OperatorSaid{Text: "hello"},
			Whispered{Text: "psst"},
			StageChanged{providers.StageSTT, false},
			StageChanged{providers.StageSTT, true},
			StageChanged{providers.StageTTS, false},
			BudgetSpent{},
		}).Draw(w.t, "operator"))
	case 17: // stale or senseless
		w.do(rapid.SampledFrom([]Event{
			nil,
			Begin{},
			Sounding{Reply: no + 7},
			Planned{Reply: no + 1, Closing: true},
			Stopped{Reply: 1000},
			Spoken{Reply: 999},
			Failed{Reply: 998},
			Fired{TimerHold, 1},
			Fired{"unknown", 5},
			ConnectionDown{Conn: 900},
			Final{Segment: w.segment, Text: "again", To: w.now},
			Typed{Segment: 0, Text: "x"},
			SpeechStarted{From: 1 << 60},
			SpeechEnded{To: -1 << 60},
			Backlog{false},
		}).Draw(w.t, "stale"))
	default:
		w.fire()
	}
}

// fire lets the next timer run out.
func (w *world) fire() {
	var id TimerID
	for _, timer := range timerIDs {
		if at, set := w.timers[timer]; set && timer != TimerHardCap && (id == "" || at < w.timers[id]) {
			id = timer
		}
	}
	if id == "" {
		return
	}
	at := w.timers[id]
	w.now = max(w.now, at)
	w.do(Fired{id, at})
}

func TestThePromisesHoldWhateverHappens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		if rapid.IntRange(0, 5).Draw(t, "begin first") == 0 {
			w.do(Begin{})
		}
		w.conn, w.up = 1, true
		w.do(ConnectionUp{Conn: 1})
		w.do(Begin{})
		for range rapid.IntRange(1, 150).Draw(t, "steps") {
			if w.ended {
				break
			}
			w.step()
		}
		last := w.segment
		if w.ended {
			last = w.s.lastSegment
		}
		w.do(EndAsked{})
		for range 3 {
			w.fire()
		}
		if !w.ended {
			t.Fatalf("it does not end: %v", w.timers)
		}
		for no := interview.SegmentNo(1); no <= last; no++ {
			if w.kept[no] != 1 {
				t.Fatalf("segment %d %q is in %d lines", no, w.said[no], w.kept[no])
			}
		}
		for _, no := range w.asked {
			if w.closed[no] != 1 {
				t.Fatalf("reply %d was closed %d times", no, w.closed[no])
			}
		}
		for _, r := range w.replays {
			if _, effects := Next(r.s, r.now, r.ev); !reflect.DeepEqual(effects, r.effects) {
				t.Fatalf("%#v came out differently a second time: a state was changed", r.ev)
			}
		}
	})
}

// TestEveryConversationComesToItsEnd lets only timers run, from wherever a random
// conversation stands.
func TestEveryConversationComesToItsEnd(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.conn, w.up = 1, true
		w.do(ConnectionUp{Conn: 1})
		w.do(Begin{})
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if w.ended {
				return
			}
			w.step()
		}
		for range 10_000 {
			if w.ended {
				return
			}
			if at, set := w.timers[TimerHardCap]; set && len(w.timers) == 1 {
				w.now = at
				w.do(Fired{TimerHardCap, at})
				continue
			}
			w.fire()
		}
		t.Fatalf("it never ends: %v", w.timers)
	})
}
