package turn

import "strings"

// Completeness is how finished a turn's words sound.
type Completeness int

// From finished to plainly going on.
const (
	SoundsComplete Completeness = iota
	SoundsUnsure
	SoundsDangling
)

var dangling = wordSet(`and but or so because since although though while when where which who that if then than as like
	the a an my your our their his her its this these those some any every to of in on at by for with from about into
	over under between through during is are was were be been am have has had do does did will would can could should may
	might must i we they he she you it um uh er erm hmm well also plus including such very really quite not i'm we're
	i've we've they're it's that's there's let's gonna wanna`)

var fillers = []string{
	"let me think", "let me see", "give me a second", "give me a moment", "how do i put", "what else", "you know", "i mean",
	"my number is", "my email is", "my e-mail is", "for example", "for instance", "first of all", "on the other hand", "as well as", "kind of", "sort of",
}

var shortAnswers = wordSet(`yes no yeah yep nope sure okay ok right exactly correct absolutely definitely never always maybe`)

var digits = wordSet(`zero one two three four five six seven eight nine oh double dot dash underscore`)

func wordSet(s string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(s) {
		set[w] = true
	}
	return set
}

// Judge says how complete the words sound, with or without punctuation.
func Judge(text string) Completeness {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" {
		return SoundsDangling
	}
	trimmed := strings.TrimRight(text, ".?! ")
	words := strings.Fields(strings.Map(func(r rune) rune {
		if strings.ContainsRune(",.;:?!\"", r) {
			return ' '
		}
		return r
	}, text))
	if len(words) == 0 {
		return SoundsUnsure
	}
	last := words[len(words)-1]
	for _, f := range fillers {
		if strings.HasSuffix(trimmed, f) {
			return SoundsDangling
		}
	}
	ended := strings.ContainsAny(text[len(text)-1:], ".?!") && !strings.HasSuffix(text, "...")
	switch {
	case dangling[last] && (!ended || strings.HasSuffix(text, ".")):
		return SoundsDangling
	case strings.HasSuffix(text, ",") || strings.HasSuffix(text, ":") || strings.HasSuffix(text, "...") || strings.HasSuffix(text, "-"):
		return SoundsDangling
	case digits[last] && len(words) > 1 && digits[words[len(words)-2]], len(last) < 4 && isNumber(last):
		return SoundsDangling
	case strings.Contains(last, "@") && !strings.Contains(last, "."):
		return SoundsDangling
	case ended:
		return SoundsComplete
	case len(words) <= 2 && shortAnswers[words[0]]:
		return SoundsComplete
	case len(words) < 4:
		return SoundsUnsure
	}
	return SoundsComplete
}

func isNumber(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}
