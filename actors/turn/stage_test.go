package turn

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// The pace of the stage's providers.
const (
	stageOnset   = 70 * ms  // the detector is sure of an onset
	stageSilence = 250 * ms // and of a silence
	stageSTT     = 40 * ms  // from Finalize to the final
	stageLLM     = 450 * ms // from Ask to the first frame
	stageStop    = 20 * ms  // from Cancel to the client's last word
	stageWord    = 300 * ms // a spoken word of the interviewer
)

// stage plays a whole conversation on virtual time: a candidate who follows a
// script, and recognition, model, voice and client as the interview actor has
// them. It writes down every event and effect, and the transcript.
type stage struct {
	t   *testing.T
	s   State
	now time.Duration
	log strings.Builder

	later  []happening
	timers map[TimerID]time.Duration

	lines   []string        // what the interviewer says next; "fail" fails
	plan    map[int]Planned // decisions for the nth reply
	replies int
	segment interview.SegmentNo
	conn    interview.ConnNo

	unsettled string // said, and not settled by recognition
	from      time.Duration
	mute      bool // it does not answer

	reply   interview.ReplyNo
	script  *Script
	length  time.Duration
	played  time.Duration
	since   time.Duration // when the present stretch of playing began
	playing bool
	held    bool
	ready   bool // its audio is there

	transcript []string
}

type happening struct {
	at   time.Duration
	what func()
}

func newStage(t *testing.T, cfg Config, lines ...string) *stage {
	return &stage{t: t, s: New(cfg, Resume{}), timers: map[TimerID]time.Duration{}, lines: lines, plan: map[int]Planned{}}
}

// open brings the candidate in and begins.
func (st *stage) open() {
	st.join()
	st.do(Begin{})
}

func (st *stage) join() {
	st.conn++
	st.do(ConnectionUp{Conn: st.conn})
}

func (st *stage) after(d time.Duration, what func()) {
	st.later = append(st.later, happening{st.now + d, what})
}

// run lets time pass.
func (st *stage) run(d time.Duration) {
	end := st.now + d
	for {
		next, at := -1, end+1
		for i, h := range st.later {
			if h.at < at {
				next, at = i, h.at
			}
		}
		var timer TimerID
		for _, id := range timerIDs {
			if due, set := st.timers[id]; set && due < at {
				timer, at = id, due
			}
		}
		switch {
		case at > end:
			st.now = end
			return
		case timer != "":
			st.now = max(st.now, at)
			delete(st.timers, timer)
			st.do(Fired{timer, at})
		default:
			h := st.later[next]
			st.later = append(st.later[:next], st.later[next+1:]...)
			st.now = max(st.now, h.at)
			h.what()
		}
	}
}

// say lets the candidate talk for d; recognition shows the words growing.
func (st *stage) say(text string, d time.Duration) {
	from := st.now
	st.after(stageOnset, func() { st.do(SpeechStarted{From: from}) })
	words := strings.Fields(text)
	for i := 1; i <= 3 && len(words) > 0; i++ {
		part := strings.Join(words[:max(1, len(words)*i/3)], " ")
		st.after(d*time.Duration(i)/3+100*ms, func() {
			if st.unsettled != "" && !st.mute {
				st.do(Partial{Text: part, From: from, To: st.now})
			}
		})
	}
	st.after(0, func() { st.unsettled, st.from = strings.TrimSpace(st.unsettled+" "+text), from })
	to := from + d
	st.after(d+stageSilence, func() { st.do(SpeechEnded{To: to}) })
	st.run(d)
}

// late settles a further piece of what was said before the given moment.
func (st *stage) late(text string, to time.Duration) {
	st.segment++
	st.do(Final{Segment: st.segment, Text: text, Confidence: 0.9, From: to - 500*ms, To: to})
}

// cough is a sound without words.
func (st *stage) cough(d time.Duration) { st.say("", d) }

func (st *stage) settle() {
	to := st.now
	st.after(stageSTT, func() {
		if st.mute {
			return
		}
		e := Final{Text: st.unsettled, From: st.from, To: to}
		if e.Text != "" {
			st.segment++
			e.Segment, e.Confidence = st.segment, 0.9
		}
		st.unsettled = ""
		st.do(e)
	})
}

func (st *stage) do(ev Event) {
	if _, is := ev.(Fired); !is || st.now > 0 {
		st.note("<", ev)
	}
	var effects []Effect
	st.s, effects = Next(st.s, st.now, ev)
	for _, e := range effects {
		switch e := e.(type) {
		case SetTimer:
			st.timers[e.Timer] = e.At
			continue
		case StopTimer:
			delete(st.timers, e.Timer)
			continue
		case CommitTurn:
			kind := "candidate"
			if e.Aside {
				kind = "(candidate)"
			}
			st.transcript = append(st.transcript, fmt.Sprintf("%s: %s", kind, e.Text))
		case CommitReply:
			if e.Heard != "" {
				line := "interviewer: " + e.Heard
				if e.Interrupted {
					line += " —"
				}
				st.transcript = append(st.transcript, line)
			}
		}
		st.note("  >", e)
	}
	for _, e := range effects {
		st.carryOut(e)
	}
}

func (st *stage) note(mark string, v any) {
	name := strings.TrimPrefix(fmt.Sprintf("%T", v), "turn.")
	fmt.Fprintf(&st.log, "%8.3f %s %s %s\n", st.now.Seconds(), mark, name, strings.TrimPrefix(fmt.Sprintf("%+v", v), name))
}

func (st *stage) carryOut(e Effect) {
	switch e := e.(type) {
	case Ask:
		st.ask(e)
	case Finalize:
		st.settle()
	case Hold:
		st.stop()
		st.held = true
	case Release:
		st.held = false
		st.play()
	case Cancel:
		st.stop()
		no, script, played := st.reply, st.script, st.played
		st.reply, st.ready = 0, false
		st.after(stageStop, func() { st.do(Stopped{Reply: no, Heard: script.Heard(played), Played: played}) })
	}
}

func (st *stage) ask(e Ask) {
	text := fmt.Sprintf("This is reply %d.", e.Reply)
	if e.Cause == AskOperator {
		text = e.Text
	} else if len(st.lines) > 0 {
		text, st.lines = st.lines[0], st.lines[1:]
	}
	st.replies++
	st.reply, st.script, st.length, st.played, st.playing, st.held, st.ready = e.Reply, NewScript(e.Reply), 0, 0, false, false, false
	planned, decided := st.plan[st.replies]
	planned.Reply = e.Reply
	if decided {
		st.after(0, func() { st.do(planned) })
	}
	st.after(stageLLM, func() {
		if st.reply != e.Reply {
			return
		}
		if text == "fail" {
			st.reply = 0
			st.do(Failed{Reply: e.Reply, Stage: providers.StageLLM})
			return
		}
		var ch Chunker
		st.script.AddText(text)
		for i, piece := range append(ch.Add(text), ch.Flush()...) {
			st.script.AddSentence(piece)
			for _, word := range strings.Fields(piece) {
				st.script.AddWords([]providers.Word{{Text: word, From: st.length, To: st.length + stageWord}})
				st.length += stageWord
				st.script.AddAudio(i, stageWord)
			}
			st.script.EndSentence(i)
		}
		st.ready = true
		st.play()
	})
}

// play lets the voice begin or go on.
func (st *stage) play() {
	if st.held || !st.ready || st.playing {
		return
	}
	no, script := st.reply, st.script
	st.playing, st.since = true, st.now
	if st.played == 0 {
		st.do(Sounding{Reply: no})
	}
	began := st.since
	st.after(st.length-st.played, func() {
		if st.reply == no && st.playing && st.since == began {
			st.playing, st.played = false, st.length
			st.do(Spoken{Reply: no, Text: script.Text(), Played: st.length})
		}
	})
}

func (st *stage) stop() {
	if st.playing {
		st.played += st.now - st.since
		st.playing = false
	}
}

func (st *stage) record() string {
	return st.log.String() + "\n" + strings.Join(st.transcript, "\n") + "\n"
}
