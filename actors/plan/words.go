package plan

import (
	"strings"
	"unicode"
)

// maxJudged is how many words of an answer are looked at. At 150 words a minute
// it is nearly three minutes of speech; it keeps one Next below a millisecond.
const maxJudged = 400

// word is one word of a text.
type word struct {
	raw   string // as written, without surrounding punctuation
	norm  string // lower case, without apostrophes
	stop  bool   // carries no content: "the", "and", "um"
	ends  bool   // a clause ends behind it
	query bool   // a question mark follows
}

// split cuts a text into words, at most maxJudged. A contraction stays one word
// here; tokens spells it out.
func split(s string) []word {
	fields := strings.Fields(s)
	if len(fields) > maxJudged {
		fields = fields[:maxJudged]
	}
	words := make([]word, 0, len(fields))
	for _, f := range fields {
		raw := strings.TrimFunc(f, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '+' && r != '#' })
		ends, query := strings.ContainsAny(f, ".,;:!?"), strings.Contains(f, "?")
		if raw == "" {
			if n := len(words); n > 0 {
				words[n-1].ends = true
				words[n-1].query = words[n-1].query || query
			}
			continue
		}
		if inner := strings.TrimRight(f, ".,;:!?\"')"); len(inner) == len(f) {
			ends = false // "3.5" or "node.js": the mark is inside the word
		}
		norm := strings.Map(func(r rune) rune {
			if r == '\'' || r == '’' {
				return -1
			}
			return unicode.ToLower(r)
		}, raw)
		words = append(words, word{raw: raw, norm: norm, stop: stopWords[norm], ends: ends, query: query})
	}
	return words
}

// contractions are spelled out before phrases are looked for, so that each
// phrase needs one form only.
var contractions = map[string]string{
	"im": "i am", "id": "i would", "ill": "i will", "ive": "i have", "dont": "do not", "doesnt": "does not",
	"didnt": "did not", "cant": "can not", "cannot": "can not", "couldnt": "could not", "wouldnt": "would not",
	"wont": "will not", "isnt": "is not", "wasnt": "was not", "arent": "are not", "havent": "have not",
	"hasnt": "has not", "lets": "let us", "whats": "what is", "hows": "how is", "whos": "who is",
	"wheres": "where is", "thats": "that is", "its": "it is", "youre": "you are", "theres": "there is",
	"gonna": "going to", "wanna": "want to", "gotta": "got to", "dunno": "do not know", "lemme": "let me", "gimme": "give me",
}

// fillers carry no meaning at all; intents are looked for without them.
var fillers = set(`um uh er erm hmm hm mm mhm uhm ah oh eh well so okay ok please actually just maybe alright right`)

// tokens is the plain form in which intents are looked for: lower case,
// contractions spelled out, fillers dropped.
func tokens(words []word) []string {
	out := make([]string, 0, len(words)+4)
	for _, w := range words {
		if fillers[w.norm] {
			continue
		}
		if full, ok := contractions[w.norm]; ok {
			out = append(out, strings.Fields(full)...)
			continue
		}
		out = append(out, w.norm)
	}
	return out
}

// content lists the words that carry content.
func content(words []word) []string {
	out := make([]string, 0, len(words))
	for _, w := range words {
		if !w.stop {
			out = append(out, w.norm)
		}
	}
	return out
}

// stopWords carry no content of their own in an answer.
var stopWords = set(`
a an the this that these those there here it its i im ive id ill me my mine myself we were weve well us our ours
you your yours youre he she they them their theirs his her him who whom which what when where why how
am is are was be been being do does did doing done have has had having can could will would shall should may might must
dont didnt doesnt cant couldnt wouldnt wont isnt wasnt arent havent hasnt not no nor yes yeah yep nope
and or but if then than because so as of at by for with about into onto to from in on off out over under up down
again also too very really quite just only even still yet ever never always often sometimes maybe perhaps
um uh er erm hmm hm mm mhm uhm ah oh eh okay ok right alright well please actually basically literally honestly
like kind sort kinda sorta lot lots bit some any all each every many much more most few less other another such same
thing things stuff something anything everything nothing someone everyone etc whatever
get got getting go going went gone come came coming make made let lets say said know mean think guess
now before after while during since until through between one two good nice great fine sure thats whats theres
`)

func set(list string) map[string]bool {
	m := map[string]bool{}
	for f := range strings.FieldsSeq(list) {
		m[f] = true
	}
	return m
}

// stem cuts the endings that change most between forms of a word, so that
// "migrated", "migrating" and "migration" meet. Crude on purpose: it decides
// only whether two words may be about the same thing.
func stem(s string) string {
	for _, end := range stemEndings {
		if rest, ok := strings.CutSuffix(s, end); ok && len(rest) >= 4 {
			return rest
		}
	}
	if rest, ok := strings.CutSuffix(s, "s"); ok && len(rest) >= 3 && !strings.HasSuffix(rest, "s") {
		return rest
	}
	return s
}

var stemEndings = []string{
	"ations", "ation", "ments", "ment", "ingly", "ings", "ing", "ions", "ion", "ers", "er", "ors", "or",
	"ies", "ied", "ed", "es", "ly", "able", "ive", "ity", "al", "y", "e",
}

// alike reports whether two words are the same but for a form or a slip of
// recognition.
func alike(a, b string) bool {
	if a == b {
		return true
	}
	sa, sb := stem(a), stem(b)
	return sa == sb || (len(sa) >= 5 && len(sb) >= 5 && near(sa, sb))
}

// near reports whether two words differ by one letter added, dropped or
// changed.
func near(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i == len(a) || a[i+1:] == b[i+1:]
	}
	return a[i:] == b[i+1:]
}
