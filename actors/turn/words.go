package turn

import (
	"strings"
	"unicode"
)

// What candidates say over a reply falls into words that take the floor, words
// that only show that they listen, and everything else. The lists hold what
// recognisers write for them, the spelling of local recognition included.

// stopPhrases interrupt at once, whatever else is said.
var stopPhrases = []string{
	"stop", "wait", "hold on", "hang on", "excuse me", "sorry", "pardon", "pardon me", "no no", "no wait",
	"one moment", "one second", "one sec", "just a moment", "just a second", "just a sec", "just a minute", "a moment please", "a second please",
	"let me", "can i", "could i", "may i", "can you", "could you", "would you", "before you", "pause", "slow down", "say that again", "come again",
	"i have a question", "quick question", "i didn't", "i did not", "i don't understand", "what do you mean",
}

// humPhrases are backchannels that are never taken for an answer.
var humPhrases = []string{
	"mhm", "mm hm", "mm-hmm", "mmhmm", "mm", "mmm", "hm", "hmm", "hmmm", "uh huh", "uh-huh", "uhhuh", "uh", "uhh", "um", "umm", "er", "ah", "aha", "oh", "ooh",
	"huh", "ha", "haha", "i see", "oh i see", "wow", "go on", "go ahead", "please go on", "nice", "cool", "good", "great", "interesting", "thank you", "thanks",
	"thank you very much", "thanks a lot", "wonderful", "awesome", "perfect", "good to know", "very good", "very nice",
}

// yesPhrases are backchannels that can also be an answer.
var yesPhrases = []string{
	"yeah", "yea", "yep", "yup", "ya", "yes", "ok", "okay", "k", "right", "all right", "alright", "sure", "exactly", "true", "correct", "indeed", "totally", "absolutely",
	"definitely", "of course", "got it", "gotcha", "i got it", "i get it", "understood", "i understand", "makes sense", "that makes sense", "it makes sense", "fair",
	"fair enough", "sounds good", "that sounds good", "really", "oh really", "no problem", "i agree", "that's right", "that's true", "that's correct", "for sure", "oh okay",
}

// functionWords carry no meaning of their own: recognisers also write them for
// noises, so they count for nothing while a reply sounds.
var functionWords = wordSet(`a an the and or but so to of in on at for with by from it its it's is was be been am are i i'm you he she we they
	this that these those as if then than like just well`)

// fillers are sounds between words.
var fillers = wordSet("um umm uh uhh er erm hm hmm hmmm mm mmm ah eh")

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		set[w] = true
	}
	return set
}

// tokens are the words of a text, in lower case and without punctuation. An
// apostrophe or a hyphen inside a word belongs to it.
func tokens(text string) []string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '\'' && r != '’' && r != '-'
	})
	kept := words[:0]
	for _, w := range words {
		w = strings.ReplaceAll(w, "’", "'")
		if w = strings.Trim(w, "'-"); w != "" {
			kept = append(kept, w)
		}
	}
	return kept
}

// phraseBook finds phrases in a row of words.
type phraseBook map[string][][]string // by the first word

func newPhraseBook(lists ...[]string) phraseBook {
	book := phraseBook{}
	for _, list := range lists {
		for _, p := range list {
			if words := tokens(p); len(words) > 0 {
				book[words[0]] = append(book[words[0]], words)
			}
		}
	}
	return book
}

// match is how many of the words, from the first on, are the longest phrase; 0
// when none is. With unfinished, a phrase that the end of the words cuts off
// counts as well.
func (b phraseBook) match(words []string, unfinished bool) int {
	longest := 0
	for _, phrase := range b[words[0]] {
		n := 0
		for n < len(phrase) && n < len(words) && phrase[n] == words[n] {
			n++
		}
		if n == len(phrase) || unfinished && n == len(words) {
			longest = max(longest, n)
		}
	}
	return longest
}

// gist is what words over a reply amount to.
type gist struct {
	stop    bool // a stop phrase is among them
	content int  // words with a meaning of their own
	real    int  // words that are neither backchannel nor filler
}

// gist judges words said while a reply is under way. Unless they are settled,
// the last ones may be the beginning of a backchannel.
func (r *rules) gist(text string, settled bool) gist {
	var g gist
	for words := tokens(text); len(words) > 0; {
		stop, back := r.stop.match(words, false), r.back.match(words, !settled)
		switch {
		case stop > 0 && stop >= back:
			g.stop = true
			g.content, g.real = g.content+stop, g.real+stop
			words = words[stop:]
			continue
		case back > 0:
			words = words[back:]
			continue
		}
		w := words[0]
		words = words[1:]
		if fillers[w] {
			continue
		}
		g.real++
		if !functionWords[w] {
			g.content++
		}
	}
	return g
}

var hums = newPhraseBook(humPhrases)

// answers reports whether a backchannel can be the answer to a question: "yes"
// can, "mhm" is not taken for it.
func answers(text string) bool {
	for words := tokens(text); len(words) > 0; {
		n := hums.match(words, false)
		if n == 0 {
			return true
		}
		words = words[n:]
	}
	return false
}
