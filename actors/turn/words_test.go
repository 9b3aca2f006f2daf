package turn

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestTheCorpusOfEndings measures the end of turn over transcripts as recognisers
// write them: how often an unfinished one is answered too early, and how long a
// finished one waits.
func TestTheCorpusOfEndings(t *testing.T) {
	t.Parallel()
	f, err := os.Open("testdata/endings.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	r := newRules(Config{})
	var early, unfinished int
	var waits []time.Duration
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		label, text, ok := strings.Cut(lines.Text(), "\t")
		if !ok {
			continue
		}
		class := CompletenessOf(text)
		wait := r.pause(class, false)
		switch label {
		case "more":
			unfinished++
			if wait < 900*ms {
				early++
				t.Logf("too early (%s): %q", class, text)
			}
		case "done":
			waits = append(waits, wait)
			if class != Complete {
				t.Logf("waits %s: %q", wait, text)
			}
		default:
			t.Errorf("%q has no label", lines.Text())
		}
	}
	slices.Sort(waits)
	median, p90 := waits[len(waits)/2], waits[len(waits)*9/10]
	rate := 100 * float64(early) / float64(unfinished)
	t.Logf("%d transcripts: %.1f %% of %d unfinished ones answered too early; %d finished ones wait %s (median), %s (p90)",
		unfinished+len(waits), rate, unfinished, len(waits), median, p90)
	if unfinished+len(waits) < 200 {
		t.Errorf("only %d transcripts", unfinished+len(waits))
	}
	if rate > 3 {
		t.Errorf("%.1f %% of the unfinished turns are answered too early, want at most 3 %%", rate)
	}
	if median > 350*ms {
		t.Errorf("finished turns wait %s, want at most 350ms", median)
	}
}

func TestEndingsByTheirClass(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Completeness{
		"":                                  Unsure,
		"...":                               Dangling,
		"payment systems":                   Unsure,
		"I build payment systems.":          Complete,
		"i build payment systems and":       Dangling,
		"We use Go, and also, you know,":    Dangling,
		"let me think":                      Open,
		"my number is five five":            Open,
		"my email is anna at gmail dot com": Complete,
		"I'm at anna@gmail":                 Open,
		"Is that what you meant?":           Complete,
		"yes":                               Complete,
		"Yeah.":                             Complete,
		"what are you looking for?":         Complete,
	} {
		if got := CompletenessOf(text); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}

func TestWordsOverAReply(t *testing.T) {
	t.Parallel()
	r := newRules(Config{StopWords: "basta, stopp mal", Backchannels: "jawohl"})
	for _, tc := range []struct {
		text    string
		settled bool
		stop    bool
		content int
	}{
		{"", true, false, 0},
		{"mhm", true, false, 0},
		{"Mm-hmm.", true, false, 0},
		{"yeah yeah okay", true, false, 0},
		{"that makes sense", true, false, 0},
		{"that makes", false, false, 0}, // the beginning of a backchannel
		{"the a", true, false, 0},       // what a recogniser makes of a cough
		{"stop", true, true, 1},
		{"yeah wait", false, true, 1},
		{"Excuse me.", true, true, 2},
		{"no no", true, true, 2},
		{"okay but kubernetes", true, false, 1},
		{"we used kafka", false, false, 2},
		{"Basta!", true, true, 1},
		{"jawohl", true, false, 0},
	} {
		g := r.gist(tc.text, tc.settled)
		if g.stop != tc.stop || g.content != tc.content {
			t.Errorf("%q: stop %t with %d content words, want %t with %d", tc.text, g.stop, g.content, tc.stop, tc.content)
		}
	}
}

func TestAYesIsAnAnswerAndAHumIsNot(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"yes": true, "Okay.": true, "oh yeah": true, "mhm": false, "I see.": false, "uh huh": false} {
		if got := answers(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"", "stop", "my number is", "it’s — @", "\xff\xfe", "a.b@c.d"} {
		f.Add(s)
	}
	r := newRules(Config{})
	f.Fuzz(func(t *testing.T, text string) {
		if g := r.gist(text, false); g.content > g.real {
			t.Errorf("%q: %+v", text, g)
		}
		if c := CompletenessOf(text); c > Open {
			t.Errorf("%q is %d", text, c)
		}
		answers(text)
	})
}
