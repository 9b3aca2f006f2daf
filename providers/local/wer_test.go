package local

import (
	"math"
	"strings"
	"testing"
)

func TestWordErrorRate(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		reference, hypothesis string
		want                  float64
	}{
		"the same":                        {"I led a team.", "i led a team", 0},
		"both empty":                      {"", "", 0},
		"nothing heard":                   {"one two", "", 1},
		"something out of nothing":        {"", "hello", 1},
		"one of four wrong":               {"a b c d", "a x c d", 0.25},
		"one of four missing":             {"a b c d", "a c d", 0.25},
		"one too many":                    {"a b c d", "a b b c d", 0.25},
		"twice as many":                   {"a", "b c", 2},
		"numbers as figures and as words": {"6 people for 21 years", "six people for twenty one years", 0},
		"a year":                          {"born in 1984, moved in 2005", "born in nineteen eighty four moved in two thousand five", 0},
		"years with a round hundred":      {"1900 and 1907", "nineteen hundred and nineteen oh seven", 0},
		"large numbers":                   {"1,250,000", "one two hundred fifty zero", 0},
		"a million":                       {"2000300", "two million three hundred", 0},
		"a share":                         {"10% & more", "ten percent and more", 0},
		"hyphens and quotes":              {"a “well-known” 'fact'", "a well known fact", 0},
		"an apostrophe is part of a word": {"it’s", "its", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := WordErrorRate(tc.reference, tc.hypothesis); math.Abs(got-tc.want) > 1e-9 {
				t.Errorf("rate %v, want %v\n%q\n%q", got, tc.want, spokenWords(tc.reference), spokenWords(tc.hypothesis))
			}
		})
	}
}

func TestEveryNumberHasWords(t *testing.T) {
	t.Parallel()
	for n := range 3000 {
		for _, w := range numberWords(n) {
			if w == "" || w == "-" || strings.ContainsAny(w, "0123456789") {
				t.Fatalf("%d is %q", n, numberWords(n))
			}
		}
	}
}
