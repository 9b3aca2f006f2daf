package turn

import (
	"slices"
	"strings"
	"unicode"
)

// People say numbers and addresses in groups with pauses between them. A group
// is not the end; a whole number or address is.

// phoneDigits is how many digits make a telephone number that may be complete:
// national numbers have ten in North America and at least nine in most of Europe.
const phoneDigits = 9

var (
	digitWords = wordSet("zero oh one two three four five six seven eight nine double triple")
	amounts    = wordSet("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million")
	symbols    = wordSet("dot at dash underscore hyphen slash")
	domains    = wordSet("com org net io edu gov co uk de fr eu dev app me us ca ai info in")
	dictated   = phrasesOf(`my number is; phone number is; the number is; my cell is; my mobile is; call me at; call me on; reach me at; reach me on; email is; e-mail is;
		email address is; my address is; my id is; the code is; zip code is; my postcode is; it's spelled; it is spelled; that's spelled; you spell it; i'll spell it;
		my linkedin is; my github is; my website is`)
)

// dictation judges numbers, addresses and spelling; sure is false when the words
// are neither. text is in lower case.
func dictation(words []string, text string) (c Completeness, sure bool) {
	if endsWithAny(words, dictated) {
		return Open, true
	}
	last := words[len(words)-1]
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		rest := strings.TrimRight(text[i:], ". \n")
		if strings.ContainsRune(rest, ' ') {
			return Unsure, false // said earlier
		}
		if strings.ContainsRune(rest, '.') && domains[last] {
			return Complete, true
		}
		return Open, true
	}
	cue := slices.ContainsFunc(dictated, func(p []string) bool { return indexOf(words, p) >= 0 })
	address := cue || slices.Contains(words, "dot") || slices.Contains(words, "underscore")
	switch {
	case address && domains[last] && len(words) > 1 && (words[len(words)-2] == "dot" || domains[words[len(words)-2]]):
		return Complete, true
	case address && (symbols[last] || hostMissing(words)), last == "double", last == "triple":
		return Open, true
	}
	switch digits, groups := digitRun(words); {
	case digits >= phoneDigits:
		return Complete, true
	case cue && digits > 0, groups >= 3, digits >= 3 && groups >= 2:
		return Open, true
	}
	if spelled(words) {
		return Open, true
	}
	return Unsure, false
}

// hostMissing reports an address that stops after "at gmail".
func hostMissing(words []string) bool {
	for n, w := range slices.Backward(words) {
		switch w {
		case "at":
			return n > 0 && len(words)-n <= 3
		case "dot":
			return false
		}
	}
	return false
}

// digitRun counts the digits at the end of the words, and the words they were
// said in. An amount ("three hundred", "twenty") is not a number to dial.
func digitRun(words []string) (digits, groups int) {
	for _, w := range slices.Backward(words) {
		w = strings.ReplaceAll(w, "-", "")
		switch {
		case digitWords[w]:
			digits++
		case amounts[w]:
			if groups == 0 {
				return 0, 0
			}
			digits += 2
		case w != "" && strings.IndexFunc(w, func(r rune) bool { return !unicode.IsDigit(r) }) < 0:
			digits += len(w)
		default:
			return digits, groups
		}
		groups++
	}
	return digits, groups
}

// spelled reports at least two letters in a row at the end: "b o b".
func spelled(words []string) bool {
	n := 0
	for _, w := range slices.Backward(words) {
		if len(w) != 1 || w[0] < 'a' || w[0] > 'z' {
			break
		}
		n++
	}
	return n >= 2
}
