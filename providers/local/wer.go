package local

import (
	"strconv"
	"strings"
	"unicode"
)

// WordErrorRate is the share of the reference's words that a transcript got wrong:
// the least number of words to change, drop or add, over the reference's words. It
// passes 1 when more was added than there was. Case, punctuation and the way
// numbers are written don't count.
func WordErrorRate(reference, hypothesis string) float64 {
	ref, hyp := spokenWords(reference), spokenWords(hypothesis)
	return float64(editDistance(ref, hyp)) / float64(max(1, len(ref)))
}

// editDistance is the Levenshtein distance in words.
func editDistance(a, b []string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			substitute := diagonal
			if x != y {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// spokenWords is a text as it is said: lower case, no punctuation but apostrophes
// within words, numbers in words.
func spokenWords(text string) []string {
	text = strings.NewReplacer("’", "'", "%", " percent ", "&", " and ", "+", " plus ").Replace(strings.ToLower(text))
	var words []string
	for _, w := range strings.FieldsFunc(text, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\''
	}) {
		w = strings.Trim(w, "'")
		if n, err := strconv.Atoi(w); err == nil && len(w) <= 9 {
			words = append(words, numberWords(n)...)
		} else if w != "" {
			words = append(words, w)
		}
	}
	return words
}

var (
	small = strings.Fields("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen")
	tens  = strings.Fields("- - twenty thirty forty fifty sixty seventy eighty ninety")
)

// numberWords says a number as flite does: 1100 to 1999 and 2010 to 2099 as years.
func numberWords(n int) []string {
	year := (n >= 1100 && n < 2000) || (n >= 2010 && n < 2100)
	switch {
	case n < 20:
		return small[n : n+1 : n+1] // callers append
	case n < 100 && n%10 == 0:
		return tens[n/10 : n/10+1 : n/10+1]
	case n < 100:
		return []string{tens[n/10], small[n%10]}
	case year && n%100 == 0:
		return append(numberWords(n/100), "hundred")
	case year && n%100 < 10:
		return append(numberWords(n/100), "oh", small[n%10])
	case year:
		return append(numberWords(n/100), numberWords(n%100)...)
	case n < 1000:
		return above(n, 100, "hundred")
	case n < 1_000_000:
		return above(n, 1000, "thousand")
	default:
		return above(n, 1_000_000, "million")
	}
}

func above(n, unit int, name string) []string {
	words := append(append([]string{}, numberWords(n/unit)...), name)
	if n%unit != 0 {
		words = append(words, numberWords(n%unit)...)
	}
	return words
}
