package turn

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestChunksOfAReply(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want string }{
		"the first sentence leaves alone":           {"Thanks. What did you build there?", "Thanks.| What did you build there?"},
		"short later ones are joined":               {"Thanks. I see. Good. What did you build there?", "Thanks.| I see. Good. What did you build there?"},
		"abbreviations do not end a sentence":       {"Dr. Smith of the U.S. office uses e.g. Go.", "Dr. Smith of the U.S. office uses e.g. Go."},
		"nor do initials and decimals":              {"Version 3.5 by J. Doe is out. Did you use it?", "Version 3.5 by J. Doe is out.| Did you use it?"},
		"nor the number of an item":                 {"1. Tell me about you.", "1. Tell me about you."},
		"nor a dot inside a name":                   {"Do you use Node.js or Go? Which one?", "Do you use Node.js or Go?| Which one?"},
		"marks and quotes stay with their sentence": {`He said "stop!" Really?! What happened then to you?`, `He said "stop!"| Really?! What happened then to you?`},
		"three dots end one":                        {"Well... Let us talk about testing.", "Well...| Let us talk about testing."},
		"a long first sentence leaves at a comma":   {"Thank you for telling me about the migration, and now I would like to know more about the team.", "Thank you for telling me about the migration,| and now I would like to know more about the team."},
		"a short clause does not":                   {"Well, thank you for telling me so much about that", "Well, thank you for telling me so much about that"},
		"thousands are not a clause":                {"You had about 1,000,000 users per day on that system", "You had about 1,000,000 users per day on that system"},
		"lines are sentences":                       {"First question\nWhat did you build in your last job?", "First question\n|What did you build in your last job?"},
		"other scripts":                             {"你好。你做什么工作？", "你好。|你做什么工作？"},
		"nothing":                                   {" \n ", ""},
	} {
		for _, size := range []int{1, 3, 1000} {
			if got := strings.Join(chunks(tc.text, size), "|"); got != tc.want {
				t.Errorf("%s, %d bytes at a time:\ngot  %q\nwant %q", name, size, got, tc.want)
			}
		}
	}
}

func chunks(text string, size int) []string {
	var c Chunker
	var out []string
	for piece := range slices.Chunk([]byte(text), size) {
		out = append(out, c.Add(string(piece))...)
	}
	return append(out, c.Flush()...)
}

func TestTheFirstChunkLeavesWithTheTokenAfterItsFullStop(t *testing.T) {
	t.Parallel()
	var c Chunker
	for _, token := range []string{"Thanks", " for", " that", "."} {
		if got := c.Add(token); got != nil {
			t.Fatalf("after %q: %q", token, got)
		}
	}
	if got := c.Add(" What"); !slices.Equal(got, []string{"Thanks for that."}) {
		t.Errorf("got %q", got)
	}
}

func TestChunksAreBounded(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"without punctuation": strings.Repeat("word ", 400),
		"without spaces":      strings.Repeat("ü", 1000),
	} {
		out := chunks(text, 7)
		for _, piece := range out {
			if len(piece) > maxSentence || !utf8.ValidString(piece) {
				t.Errorf("%s: a piece of %d bytes", name, len(piece))
			}
		}
		if len(out) < 4 {
			t.Errorf("%s: %d pieces", name, len(out))
		}
	}
}

func TestPiecesJoinedAreTheText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tokens := rapid.SliceOfN(rapid.StringMatching(`[a-zA-Z0-9 .,!?;:"äé\n]{0,12}`), 0, 60).Draw(t, "tokens")
		var c Chunker
		var out []string
		for _, token := range tokens {
			out = append(out, c.Add(token)...)
		}
		checkPieces(t, strings.Join(tokens, ""), append(out, c.Flush()...))
	})
}

func FuzzChunker(f *testing.F) {
	f.Add("Hello there. How are you? Fine, e.g. today at 3.5 p.m.", 3)
	f.Add(strings.Repeat("x", 700), 1)
	f.Add("\xff.\xfe \xe2\x80", 1)
	f.Fuzz(func(t *testing.T, text string, size int) {
		checkPieces(t, text, chunks(text, max(1, min(size, len(text)))))
	})
}

func checkPieces(t interface{ Fatalf(string, ...any) }, whole string, pieces []string) {
	rest, ok := strings.CutPrefix(whole, strings.Join(pieces, ""))
	if !ok || strings.TrimSpace(rest) != "" {
		t.Fatalf("%q became %q", whole, pieces)
	}
	for _, piece := range pieces {
		if len(piece) > maxSentence {
			t.Fatalf("a piece of %d bytes", len(piece))
		}
		if strings.TrimSpace(piece) == "" {
			t.Fatalf("a piece of nothing in %q", pieces)
		}
	}
}
