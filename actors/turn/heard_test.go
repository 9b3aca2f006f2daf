package turn

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vantahire/vantahire/providers"
)

// spokenAs gives a script its text as sentences and, per spoken word, 300 ms.
func spokenAs(sentences []string, words []string) *Script {
	s := NewScript(1)
	for _, text := range sentences {
		s.AddText(text)
	}
	var at time.Duration
	per := len(words) / len(sentences)
	for i, text := range sentences {
		s.AddSentence(text)
		own := words[i*per : (i+1)*per]
		if i == len(sentences)-1 {
			own = words[i*per:]
		}
		for _, w := range own {
			s.AddWords([]providers.Word{{Text: w, From: at, To: at + 300*ms}})
			at += 300 * ms
			s.AddAudio(i, 300*ms)
		}
		s.EndSentence(i)
	}
	return s
}

func TestHeardWithWordTimesIsExact(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text   string
		words  string
		played time.Duration
		want   string
	}{
		"nothing was played":                   {"Hello there.", "hello there", 0, ""},
		"the middle of the first word":         {"Hello there.", "hello there", 150 * ms, ""},
		"the end of the first word":            {"Hello there.", "hello there", 300 * ms, "Hello"},
		"a few milliseconds before it":         {"Hello there.", "hello there", 270 * ms, "Hello"},
		"well before it":                       {"Hello there.", "hello there", 250 * ms, ""},
		"all of it":                            {"Hello there.", "hello there", 600 * ms, "Hello there."},
		"punctuation and case differ":          {"Well, I see! (Good.) Next?", "well i see good next", 900 * ms, "Well, I see!"},
		"a number said in three words":         {"About 3.5 million users came.", "about three point five million users came", 1500 * ms, "About 3.5 million"},
		"the middle of that number":            {"About 3.5 million users came.", "about three point five million users came", 900 * ms, "About"},
		"an abbreviation written out":          {"Dr. Smith from St. Gallen called.", "doctor smith from saint gallen called", 1200 * ms, "Dr. Smith from St."},
		"two words said as one":                {"I like New York best.", "i like newyork best", 900 * ms, "I like New York"},
		"a dash is not said":                   {"I see - go on please.", "i see go on please", 900 * ms, "I see - go"},
		"a word is repeated":                   {"the end of the day of the year", "the end of the day of the year", 1500 * ms, "the end of the day"},
		"words that come in another spelling":  {"Grüße aus Köln", "gruesse from koeln", 600 * ms, "Grüße aus"},
		"more was played than there is":        {"Hello there.", "hello there", time.Minute, "Hello there."},
		"a voice that says things of its own":  {"Yes. Go.", "yes full stop go full stop", 300 * ms, "Yes."},
		"nothing but punctuation left unsaid ": {"Go on ...", "go on", 600 * ms, "Go on ..."},
	} {
		s := spokenAs([]string{tc.text}, strings.Fields(tc.words))
		if got := s.Heard(tc.played); got != tc.want {
			t.Errorf("%s: heard %q, want %q", name, got, tc.want)
		}
	}
}

func TestHeardWithoutWordTimesSharesTheAudio(t *testing.T) {
	t.Parallel()
	s := NewScript(1)
	s.AddText("One two three four. Five six seven eight.")
	s.AddSentence("One two three four. ")
	s.AddSentence("Five six seven eight.")
	s.AddAudio(0, 2*sec)
	s.EndSentence(0)
	s.AddAudio(1, 500*ms) // still being made
	for played, want := range map[time.Duration]string{
		sec:         "One two",
		2 * sec:     "One two three four.",
		2500 * ms:   "One two three four. Five",
		time.Minute: "One two three four. Five", // never more than there is audio for
	} {
		if got := s.Heard(played); got != want {
			t.Errorf("after %s: %q, want %q", played, got, want)
		}
	}
	if text, from, to := s.Caption(1); text != "Five six seven eight." || from != 2*sec || to != 2500*ms {
		t.Errorf("caption %q from %s to %s", text, from, to)
	}
}

func TestWordTimesMayComeLateAndInAnyOrder(t *testing.T) {
	t.Parallel()
	s := NewScript(1)
	s.AddText("One two three.")
	s.AddSentence("One two three.")
	s.AddAudio(0, 900*ms)
	s.AddWords([]providers.Word{{Text: "three", From: 500 * ms, To: 900 * ms}, {Text: "two", From: 450 * ms, To: 500 * ms}})
	s.AddWords([]providers.Word{{Text: "One", From: 0, To: 450 * ms}})
	if got := s.Heard(500 * ms); got != "One two" {
		t.Errorf("heard %q", got)
	}
}

func TestAScriptTakesWhatMakesNoSense(t *testing.T) {
	t.Parallel()
	s := NewScript(7)
	s.AddAudio(3, sec)
	s.EndSentence(-1)
	if text, _, _ := s.Caption(5); text != "" || s.Heard(sec) != "" || s.Reply() != 7 {
		t.Error("an empty script has words")
	}
	s.AddText("  Hello\tthere,\nyou.")
	s.AddSentence("Hello there, you.") // cleaned for the voice
	s.AddSentence("not in the text")
	s.AddAudio(0, sec)
	s.EndSentence(0)
	if got := s.Heard(sec); got != "Hello\tthere,\nyou." {
		t.Errorf("heard %q", got)
	}
}

func TestHeardTextIsAPrefixThatGrows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := NewScript(1)
		exact := rapid.SampledFrom([]string{"exact", "other words", "none"}).Draw(t, "times")
		var total time.Duration
		n := rapid.IntRange(1, 4).Draw(t, "sentences")
		last := rapid.Bool().Draw(t, "finished")
		for i := range n {
			words := rapid.SliceOfN(rapid.StringMatching(`[a-z0-9.,-]{1,9}`), 1, 8).Draw(t, "words")
			text := strings.Join(words, " ") + ". "
			s.AddText(text)
			s.AddSentence(text)
			for _, word := range words {
				d := time.Duration(rapid.IntRange(0, 600).Draw(t, "ms")) * ms
				switch exact {
				case "exact":
					s.AddWords([]providers.Word{{Text: word, From: total, To: total + d}})
				case "other words":
					for range rapid.IntRange(0, 2).Draw(t, "spoken") {
						s.AddWords([]providers.Word{{Text: rapid.StringMatching(`[a-z]{1,3}`).Draw(t, "word"), From: total, To: total + d}})
					}
				}
				total += d
				s.AddAudio(i, d)
			}
			if i < n-1 || last {
				s.EndSentence(i)
			}
		}
		before := ""
		for played := time.Duration(0); played <= total+sec; played += 37 * ms {
			heard := s.Heard(played)
			if !strings.HasPrefix(s.Text(), heard) || !strings.HasPrefix(heard, before) {
				t.Fatalf("after %s: %q, before it %q, of %q", played, heard, before, s.Text())
			}
			if rest := s.Text()[len(heard):]; heard != "" && rest != "" && rest[0] != ' ' {
				t.Fatalf("%q ends inside a word of %q", heard, s.Text())
			}
			before = heard
		}
		if got := s.Heard(total); last && total > 0 && got != strings.TrimSpace(s.Text()) {
			t.Fatalf("played out, %q was heard of %q", got, s.Text())
		}
	})
}

// TestHeardErrorWithoutWordTimes measures how far the estimate lies from the
// truth for a voice that speaks words by their length, a third faster or slower
// each, and pauses at commas and full stops.
func TestHeardErrorWithoutWordTimes(t *testing.T) {
	t.Parallel()
	const text = "Thank you, that gives me a good picture of the migration. You mentioned that the database was the hardest part, and that 3 people worked on it. " +
		"How did you decide when it was safe to switch over, and who had the last word?"
	chance := rand.New(rand.NewPCG(1, 2))
	points, within, exact := 0, 0, 0
	for range 50 {
		s := NewScript(1)
		s.AddText(text)
		var ends []time.Duration
		var at time.Duration
		var ch Chunker
		for i, piece := range append(ch.Add(text), ch.Flush()...) {
			s.AddSentence(piece)
			for _, word := range strings.Fields(piece) {
				d := time.Duration((0.7 + 0.6*chance.Float64()) * float64(90*ms+time.Duration(len(word))*50*ms))
				at += d
				ends = append(ends, at)
				if strings.ContainsAny(word, ",.?") {
					at += 200 * ms
					d += 200 * ms
				}
				s.AddAudio(i, d)
			}
			s.EndSentence(i)
		}
		for played := 20 * ms; played < at; played += 20 * ms {
			truth := 0
			for truth < len(ends) && ends[truth] <= played {
				truth++
			}
			points++
			switch off := len(strings.Fields(s.Heard(played))) - truth; off {
			case 0:
				exact++
				within++
			case 1, -1:
				within++
			}
		}
	}
	share := 100 * float64(within) / float64(points)
	t.Logf("%d cut points without word times: %.1f %% exact, %.1f %% within one word", points, 100*float64(exact)/float64(points), share)
	if share < 95 {
		t.Errorf("%.1f %% are within one word, want 95 %%", share)
	}
}
