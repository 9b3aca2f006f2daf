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
// pace that chance decides, and puts in stale and senseless events.
type world struct {
	t       *rapid.T
	s       State
	now     time.Duration
	segment interview.SegmentNo
	conn    interview.ConnNo
	up      bool
	open    interview.ReplyNo // asked for and not closed
	cut     bool              // its Stopped is owed
	sounded bool
	said    map[interview.SegmentNo]string
	kept    map[interview.SegmentNo]int
	closed  map[interview.ReplyNo]int
	asked   []interview.ReplyNo
	revoked map[interview.ReplyNo]bool
	heard   map[interview.ReplyNo]string
	ended   bool
}

func (w *world) do(ev Event) {
	before := w.s
	again, twice := Next(before, w.now, ev)
	s, effects := Next(w.s, w.now, ev)
	if !reflect.DeepEqual(again, s) || !reflect.DeepEqual(twice, effects) {
		w.t.Fatalf("%#v is not decided the same way twice", ev)
	}
	w.s = s
	for _, e := range effects {
		w.check(e)
	}
}

// check holds each effect against the promises.
func (w *world) check(e Effect) {
	if w.ended {
		w.t.Fatalf("%#v after the end", e)
	}
	touch := func(no interview.ReplyNo) {
		if w.revoked[no] || no != w.open {
			w.t.Fatalf("%#v for a reply that is revoked or closed", e)
		}
	}
	switch e := e.(type) {
	case Ask:
		if w.open != 0 {
			w.t.Fatalf("reply %d was asked for while reply %d is open", e.Reply, w.open)
		}
		if n := len(w.asked); n > 0 && e.Reply <= w.asked[n-1] {
			w.t.Fatalf("reply %d after reply %d", e.Reply, w.asked[n-1])
		}
		w.asked = append(w.asked, e.Reply)
		w.open, w.cut, w.sounded = e.Reply, false, false
	case Duck:
		touch(e.Reply)
	case Hold:
		touch(e.Reply)
	case Release:
		touch(e.Reply)
	case Restore:
		touch(e.Reply)
	case Cancel:
		touch(e.Reply)
		w.revoked[e.Reply], w.cut = true, true
	case CommitReply:
		w.closed[e.Reply]++
		if w.heard[e.Reply] != e.Heard {
			w.t.Fatalf("reply %d was heard as %q and committed as %q", e.Reply, w.heard[e.Reply], e.Heard)
		}
		if e.Reply == w.open {
			w.open = 0
		}
	case CommitTurn:
		var texts []string
		for _, no := range e.Segments {
			w.kept[no]++
			texts = append(texts, w.said[no])
		}
		if strings.Join(texts, " ") != e.Text {
			w.t.Fatalf("turn %d is %q, its segments are %q", e.Turn, e.Text, texts)
		}
	case End:
		w.ended = true
	}
}

var phrases = []string{"", "mhm", "yes", "stop", "i build payment systems", "and then we", "Could you say that again?", "my number is five"}

// step lets chance choose what happens next.
func (w *world) step() {
	w.now += time.Duration(rapid.IntRange(0, 1500).Draw(w.t, "ms")) * time.Millisecond
	no := w.open
	switch rapid.IntRange(0, 17).Draw(w.t, "event") {
	case 0:
		w.do(SpeechStarted{From: w.now})
	case 1:
		w.do(SpeechEnded{To: max(0, w.now-250*time.Millisecond)})
	case 2, 3:
		e := Final{Text: rapid.SampledFrom(phrases).Draw(w.t, "final"), From: max(0, w.now-2*time.Second), To: w.now}
		if e.Text != "" {
			w.segment++
			e.Segment = w.segment
			w.said[e.Segment] = e.Text
		}
		w.do(e)
	case 4:
		w.do(Partial{Text: rapid.SampledFrom(phrases).Draw(w.t, "partial")})
	case 5, 6:
		if no != 0 && !w.cut {
			w.do(Planned{Reply: no, Patient: rapid.Bool().Draw(w.t, "patient")})
			w.do(Sounding{Reply: no})
			w.sounded = true
		}
	case 7:
		if no != 0 && !w.cut && w.sounded {
			w.heard[no] = "all of it"
			w.do(Spoken{Reply: no, Text: "all of it"})
		}
	case 8:
		if no != 0 && w.cut {
			if w.sounded {
				w.heard[no] = "all"
			}
			w.do(Stopped{Reply: no, Heard: w.heard[no]})
		}
	case 9:
		if no != 0 && !w.cut && rapid.IntRange(0, 3).Draw(w.t, "fails") == 0 {
			w.do(Failed{Reply: no, Stage: providers.StageLLM})
		}
	case 10:
		if w.up {
			w.do(ConnectionDown{Conn: w.conn})
		} else {
			w.conn++
			w.do(ConnectionUp{Conn: w.conn})
		}
		w.up = !w.up
	case 11:
		w.do(rapid.SampledFrom([]Event{PauseAsked{}, ResumeAsked{}, RepeatAsked{}, SkipAsked{}, FinishSpeaking{}, Backlog{true}, Backlog{false}}).Draw(w.t, "button"))
	case 12:
		w.segment++
		w.said[w.segment] = "typed"
		w.do(Typed{Segment: w.segment, Text: "typed"})
	case 13:
		w.do(rapid.SampledFrom([]Event{TakenOver{}, HandedBack{}, OperatorSaid{Text: "hello"}, StageChanged{providers.StageSTT, false}, StageChanged{providers.StageSTT, true}}).Draw(w.t, "operator"))
	case 14: // stale or senseless
		w.do(rapid.SampledFrom([]Event{Sounding{Reply: no + 7}, Stopped{Reply: 1000}, Spoken{Reply: 999}, Fired{TimerHold, 1}, Begin{}, ConnectionDown{Conn: 900}, Failed{Reply: 998}}).Draw(w.t, "stale"))
	default:
		w.fire()
	}
}

// fire lets the next timer run out.
func (w *world) fire() {
	var id TimerID
	var at time.Duration
	for timer, due := range w.s.timers {
		if id == "" || due < at || due == at && timer < id {
			id, at = timer, due
		}
	}
	if id != "" && id != TimerHardCap {
		w.now = max(w.now, at)
		w.do(Fired{id, at})
	}
}

func TestPromisesHoldWhateverHappens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &world{
			t: t, s: New(DefaultConfig(), Resume{}), conn: 1, up: true, said: map[interview.SegmentNo]string{}, kept: map[interview.SegmentNo]int{},
			closed: map[interview.ReplyNo]int{}, revoked: map[interview.ReplyNo]bool{}, heard: map[interview.ReplyNo]string{},
		}
		w.do(ConnectionUp{Conn: 1})
		w.do(Begin{})
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			if w.ended {
				break
			}
			// Somebody must act: the machine, a party, or a timer.
			if w.open == 0 && len(w.s.timers) == 0 {
				t.Fatal("nothing will ever happen again")
			}
			w.step()
		}
		before := w.segment
		if !w.ended {
			w.heard[w.open] = ""
			w.do(EndAsked{})
		} else {
			before = 0
			for no := range w.kept {
				before = max(before, no)
			}
		}
		if !w.ended {
			t.Fatal("EndAsked did not end it")
		}
		for no := interview.SegmentNo(1); no <= before; no++ {
			if w.kept[no] != 1 {
				t.Fatalf("segment %d %q is in %d lines", no, w.said[no], w.kept[no])
			}
		}
		for _, no := range w.asked {
			if w.closed[no] != 1 {
				t.Fatalf("reply %d was closed %d times", no, w.closed[no])
			}
		}
		if len(w.asked) != len(slices.Compact(slices.Clone(w.asked))) {
			t.Fatal("a reply number was used twice")
		}
	})
}

func TestPiecesJoinedAreTheText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tokens := rapid.SliceOfN(rapid.StringMatching(`[a-zA-Z0-9 .,!?;:äé\n]{0,12}`), 0, 60).Draw(t, "tokens")
		var c Chunker
		var out []string
		for _, token := range tokens {
			out = append(out, c.Add(token)...)
		}
		out = append(out, c.Flush()...)
		whole := strings.Join(tokens, "")
		if got := strings.Join(out, ""); got != whole && strings.TrimSpace(strings.TrimPrefix(whole, got)) != "" {
			t.Fatalf("%q became %q", whole, out)
		}
		for _, piece := range out {
			if len(piece) > maxSentence+4 {
				t.Fatalf("a piece of %d bytes", len(piece))
			}
		}
	})
}

func TestHeardTextIsAPrefixThatGrows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := NewScript(1)
		exact := rapid.Bool().Draw(t, "exact")
		var total time.Duration
		for i := range rapid.IntRange(1, 4).Draw(t, "sentences") {
			words := rapid.SliceOfN(rapid.StringMatching(`[a-z]{1,9}`), 1, 8).Draw(t, "words")
			text := strings.Join(words, " ") + ". "
			s.AddText(text)
			s.AddSentence(text)
			for _, word := range words {
				d := time.Duration(rapid.IntRange(80, 600).Draw(t, "ms")) * time.Millisecond
				if exact {
					s.AddWords([]providers.Word{{Text: word, From: total, To: total + d}})
				}
				total += d
				s.AddAudio(i, d)
			}
			s.EndSentence(i)
		}
		before := ""
		for played := time.Duration(0); played <= total; played += 37 * time.Millisecond {
			heard := s.Heard(played)
			if !strings.HasPrefix(s.Text(), heard) || !strings.HasPrefix(heard, before) {
				t.Fatalf("after %s: %q, before it %q, of %q", played, heard, before, s.Text())
			}
			before = heard
		}
		if got := s.Heard(total); got != strings.TrimSpace(s.Text()) {
			t.Fatalf("played out, %q was heard of %q", got, s.Text())
		}
	})
}

func FuzzChunker(f *testing.F) {
	f.Add("Hello there. How are you? Fine, e.g. today at 3.5 p.m.")
	f.Fuzz(func(t *testing.T, text string) {
		var c Chunker
		joined := strings.Join(append(c.Add(text), c.Flush()...), "")
		if rest, ok := strings.CutPrefix(text, joined); !ok || strings.TrimSpace(rest) != "" {
			t.Fatalf("%q became %q", text, joined)
		}
	})
}

func BenchmarkNext(b *testing.B) {
	s := New(DefaultConfig(), Resume{})
	s, _ = Next(s, 0, ConnectionUp{Conn: 1})
	s, _ = Next(s, 0, Begin{})
	b.ReportAllocs()
	for b.Loop() {
		_, _ = Next(s, time.Second, SpeechStarted{From: time.Second})
	}
}
