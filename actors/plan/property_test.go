package plan

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// said draws one input of a candidate: an answer of every kind, a button, a
// silence.
func said(t *rapid.T) Input {
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		return RepeatAsked{}
	case 1:
		return SkipAsked{}
	case 2:
		return Silence{Nth: rapid.IntRange(-1, 9).Draw(t, "nth")}
	case 3:
		return ReplyFailed{}
	case 4:
		return heard(rapid.String().Draw(t, "noise"))
	case 5:
		return heard(goodAnswer)
	case 6, 7:
		return heard(rapid.SampledFrom(utterances).Draw(t, "utterance").text)
	default:
		words := rapid.SliceOfN(rapid.SampledFrom([]string{
			"i", "we", "the", "system", "team", "pizza", "cat", "built", "because", "not", "know", "question", "stop",
			"next", "again", "think", "ledger", "go", "you", "what", "is", "salary", "no", "yes", "um", "stupid", "ignore", "your", "rules",
		}), 0, 30).Draw(t, "words")
		text := ""
		for _, w := range words {
			text += w + " "
		}
		return heard(text)
	}
}

func somePlan(t *rapid.T) (Plan, time.Duration) {
	limit := time.Duration(rapid.IntRange(5, 120).Draw(t, "minutes")) * time.Minute
	role := rapid.SampledFrom([]string{"Backend Engineer", "Nurse", "Sales Manager", "Data Scientist", ""}).Draw(t, "role")
	p := Default(role, limit)
	for i := range p.Questions {
		p.Questions[i].Must = rapid.Bool().Draw(t, "must")
		p.Questions[i].MaxFollowUps = rapid.IntRange(0, 3).Draw(t, "followUps")
	}
	return p, limit
}

// TestPlanHoldsItsPromises runs whole interviews of random candidates on random
// clocks and checks what the package promises after every step.
func TestPlanHoldsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, limit := somePlan(t)
		index := map[string]int{}
		for i, q := range p.Questions {
			index[q.ID] = i
		}
		s, in, used := Start(p), Input(Opened{}), time.Duration(0)
		first, followUps, helps := map[string]bool{}, map[string]int{}, map[string]int{}
		open, last := "", -1
		for replies := 1; ; replies++ {
			if replies > len(p.Questions)*(maxReplies+1)+3 {
				t.Fatalf("%d replies and no end", replies)
			}
			c := Clock{Used: used, Left: limit - used}
			next, d := Next(p, s, in, c)
			checkPure(t, p, s, in, c, next, d)
			s = next

			if d.Act == ActNone {
				t.Fatalf("nothing is said to %#v", in)
			}
			if d.Act == ActClose {
				if !d.Closing || d.Question.ID != "" || d.Farewell == "" || d.NextSteps == "" {
					t.Fatalf("closing: %+v", d)
				}
				musts(t, p, s, c, d)
				return
			}
			if id := d.Question.ID; id != "" {
				switch i := index[id]; {
				case !first[id]:
					if d.Again || i <= last {
						t.Fatalf("%s asks %q behind question %d (again: %t)", d.Act, id, last, d.Again)
					}
					if open != "" && s.Questions[index[open]].Status == StatusOpen {
						t.Fatalf("%q is asked while %q is open", id, open)
					}
					first[id], last, open = true, i, id
				case !d.Again || id != open:
					t.Fatalf("%s puts %q once more; open is %q, again is %t", d.Act, id, open, d.Again)
				}
				if d.Act == ActFollowUp {
					followUps[id]++
				}
				if d.Act == ActHelp {
					helps[id]++
				}
				if n := d.Question.MaxFollowUps; followUps[id] > n || helps[id] > 1 {
					t.Fatalf("%q: %d follow-ups of %d, %d times help", id, followUps[id], n, helps[id])
				}
			}
			used += time.Duration(rapid.IntRange(1, 240).Draw(t, "seconds")) * time.Second
			in = said(t)
			if used >= limit {
				in = TimeUp{}
			}
		}
	})
}

// checkPure checks that Next is deterministic, also behind a round trip of its
// state through JSON.
func checkPure(t *rapid.T, p Plan, s State, in Input, c Clock, next State, d Directive) {
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var stored State
	if err := json.Unmarshal(b, &stored); err != nil {
		t.Fatal(err)
	}
	again, same := Next(p, stored, in, c)
	if !reflect.DeepEqual(again, next) || !reflect.DeepEqual(same, d) {
		t.Fatalf("Next differs behind a round trip: %+v, %+v", again, next)
	}
}

// musts checks that no must was dropped while there was time for it.
func musts(t *rapid.T, p Plan, s State, c Clock, d Directive) {
	if d.Reason == ReasonTimeUp || d.Reason == ReasonCandidateEnded || d.Reason == ReasonAbsent {
		if d.Reason != ReasonTimeUp || c.Left < closeTime+answerTime {
			return
		}
	}
	for i, q := range p.Questions {
		if q.Must && s.Questions[i].Status == StatusDropped {
			t.Fatalf("must %q was never asked, with %s left (%s)", q.ID, c.Left, d.Reason)
		}
	}
}

// TestMustsAreAskedInTime lets a candidate talk four times as long as planned:
// the musts are reached all the same.
func TestMustsAreAskedInTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		limit := time.Duration(rapid.IntRange(10, 60).Draw(t, "minutes")) * time.Minute
		p := Default("Backend Engineer", limit)
		must := rapid.IntRange(0, len(p.Questions)-1).Draw(t, "must")
		for i := range p.Questions {
			p.Questions[i].Must = i == must
		}
		s, d := Next(p, Start(p), Opened{}, Clock{Left: limit})
		asked := d.Question.ID == p.Questions[must].ID
		for used := time.Duration(0); !d.Closing; {
			// At most what is kept free for one must: a longer answer can use up any
			// time there is.
			used += time.Duration(rapid.IntRange(5, 40).Draw(t, "seconds")) * time.Second
			s, d = Next(p, s, heard(goodAnswer), Clock{Used: used, Left: limit - used})
			asked = asked || d.Question.ID == p.Questions[must].ID
		}
		if !asked {
			t.Fatalf("must %d of %d in %s was never asked", must, len(p.Questions), limit)
		}
	})
}

func FuzzUnderstand(f *testing.F) {
	for _, u := range utterances {
		f.Add(u.text)
	}
	f.Add("\xff\xfe \x00 ’’’ ??? ... 3.5 node.js C++")
	p := engineer()
	q := p.Questions[0]
	f.Fuzz(func(t *testing.T, text string) {
		Understand(text)
		Protected(text)
		words := split(text)
		if len(words) > maxJudged {
			t.Errorf("%d words", len(words))
		}
		judge(words, &q, &p, false)
		quote(words, &q)
		s, _ := Next(p, State{}, Opened{}, half)
		if _, d := Next(p, s, heard(text), half); d.Act == ActNone {
			t.Errorf("nothing is said to %q", text)
		}
		Next(p, s, OperatorSaid{Text: text}, half)
		s, _ = Next(p, s, Whispered{Text: text}, half)
		Next(p, s, heard(goodAnswer), half)
	})
}

func BenchmarkNext(b *testing.B) {
	p := engineer()
	s, _ := Next(p, Start(p), Opened{}, half)
	long := ""
	for range 60 {
		long += goodAnswer + " "
	}
	for name, text := range map[string]string{"answer-of-25-words": goodAnswer, "answer-of-1500-words": long, "short": "in a ledger", "wish": "could you repeat the question please"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			in := heard(text)
			for b.Loop() {
				Next(p, s, in, half)
			}
		})
	}
}
