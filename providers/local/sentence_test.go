package local

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vantahire/vantahire/providers/local/wire"
)

func TestReadableKeepsWhatFliteCanSay(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"plain":         "plain",
		"“It’s”":        `"It's"`,
		"café,":         "cafe,",
		"Straße…":       "Strasse...",
		"3½":            "31/2",
		"👍":             "",
		"日本":            "",
		"\x00a\x07\x1b": "a",
		"\xff\xfe":      "",
	} {
		if got := readable(word); got != want {
			t.Errorf("readable(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestPiecesFitAndLoseNothing(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing":             "",
		"blanks only":         " \t\n ",
		"a short sentence":    "Tell me about yourself.",
		"a long sentence":     strings.Repeat("a few words, and then ", 60),
		"no punctuation":      strings.Repeat("word ", 300),
		"a word without end":  strings.Repeat("x", 5000),
		"such words in a row": strings.Repeat(strings.Repeat("y", 230)+" ", 9),
		"words of no sound":   "👍 👍 fine 👍",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var words []string
			all := pieces(text)
			for i, p := range all {
				if n := len(p.text()); n > maxPiece {
					t.Errorf("piece %d has %d bytes, want at most %d", i, n, maxPiece)
				}
				if p.last != (i == len(all)-1) {
					t.Errorf("piece %d of %d says last = %v", i, len(all), p.last)
				}
				words = append(words, p.words...)
			}
			if want := strings.Fields(text); !slices.Equal(words, want) {
				t.Errorf("%d words, want the %d of the text", len(words), len(want))
			}
		})
	}
}

func TestALongSentenceIsCutBehindPunctuation(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("word ", 40) + "here, " + strings.Repeat("more ", 20)
	if first := pieces(text)[0].text(); !strings.HasSuffix(first, "here,") {
		t.Errorf("first piece ends with %q, want the comma", first[len(first)-10:])
	}
}

func TestWordsOfNoSoundTakeNoTime(t *testing.T) {
	t.Parallel()
	p := pieces("👍 fine 👍 thanks")[0]
	got, ok := p.times([]wire.Span{{From: 10, To: 20}, {From: 30, To: 40}})
	want := []wire.Span{{}, {From: 10, To: 20}, {From: 20, To: 20}, {From: 30, To: 40}}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("ok = %v (-want +got):\n%s", ok, diff)
	}
}

func TestSentencesEndAtPunctuation(t *testing.T) {
	t.Parallel()
	got := sentences("Hello. How are you?  I paid 3.50 today! And so on")
	want := []string{"Hello.", "How are you?", "I paid 3.50 today!", "And so on"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzPieces cuts any text: every piece must be one the worker takes.
func FuzzPieces(f *testing.F) {
	f.Add("Tell me, please — why?")
	f.Add("\xff\x00 é 👍")
	f.Fuzz(func(t *testing.T, text string) {
		for i, p := range pieces(text) {
			fr, err := wire.New(wire.KindSay, 1, wire.Say{Index: i, Text: p.text()})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := wire.Decode[wire.Say](fr); err != nil {
				t.Fatalf("piece %d: %v", i, err)
			}
			if n := strings.Count(p.text(), " "); len(p.text()) > 0 && n+1 > wire.MaxWords {
				t.Fatalf("piece %d has %d words", i, n+1)
			}
		}
	})
}
