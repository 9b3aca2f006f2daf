package plan

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a quote. Six words are about what a listener recognises as their
// own; more sounds like reading back.
const (
	quoteMin = 2
	quoteMax = 6
	// quoteChars keeps a quote from being one long typed string.
	quoteChars = 60
)

// quote picks the words of an answer that are most worth picking up: two to six
// words in a row, no stop word at either end, that read like the name of a
// thing. It is "" when there are none, when they would be parroted back at
// someone who was insulting or giving orders, or when they are personal.
func quote(words []word, q *Question) string {
	if attacked(words) {
		return ""
	}
	wanted := map[string]bool{}
	for _, k := range q.Keywords {
		for _, w := range split(k) {
			wanted[stem(w.norm)] = true
		}
	}
	asked := stems(q.Text)
	best, from, to := 0.0, 0, 0
	for i := range words {
		if !startsThing(words, i) {
			continue
		}
		score := 0.0
		for j := i; j < len(words) && j-i < quoteMax; j++ {
			w := words[j]
			if !quotable(w) || breaksThing(w) || (j > i && strings.HasSuffix(w.norm, "ed")) {
				break
			}
			if w.stop && !links[w.norm] {
				break
			}
			score += weight(w, wanted, asked)
			if n := j - i + 1; n >= quoteMin && !w.stop {
				// The root keeps long chains of middling words from winning over a
				// short, telling one.
				s := score / float64(n+1)
				if i > 0 && leads[words[i-1].norm] {
					s *= 1.5
				}
				if s > best {
					best, from, to = s, i, j+1
				}
			}
			if w.ends {
				break
			}
		}
	}
	if best < quoteWorth {
		return ""
	}
	raw := make([]string, 0, to-from)
	for _, w := range words[from:to] {
		raw = append(raw, w.raw)
	}
	s := strings.Join(raw, " ")
	if _, found := private.find(s); found || utf8.RuneCountInString(s) > quoteChars {
		return ""
	}
	return s
}

// quoteWorth is the score below which words are too plain to be worth quoting:
// that of two short everyday words.
const quoteWorth = 1.2

// links may stand inside a quote: "migration of the billing system".
var links = set(`of the a an and for in to with on our my`)

// leads come before the name of a thing.
var leads = set(`a an the my our their his her its this that some of with for using on in into about to from by called named and through via first new`)

// startsThing reports whether a quote may begin at word i.
func startsThing(words []word, i int) bool {
	w := words[i]
	if w.stop || breaksThing(w) || !quotable(w) {
		return false
	}
	// "I moved servers" begins with what somebody did and sounds wrong behind
	// "you mentioned"; "a distributed system" and "the billing database" do not.
	doing := strings.HasSuffix(w.norm, "ed") || strings.HasSuffix(w.norm, "ing")
	return !doing || i > 0 && leads[words[i-1].norm]
}

// breaksThing reports whether a word can't be part of the name of a thing.
func breaksThing(w word) bool {
	return verbs[w.norm] || strings.HasSuffix(w.norm, "ly") || coarse[w.norm]
}

// quotable keeps out what is personal or unspeakable: numbers of more than four
// digits, addresses, anything glued together from signs.
func quotable(w word) bool {
	digits := 0
	for _, r := range w.raw {
		switch {
		case unicode.IsDigit(r):
			digits++
		case unicode.IsLetter(r), r == '\'', r == '’', r == '-', r == '+', r == '#', r == '.':
		default:
			return false
		}
	}
	return digits <= 4 && utf8.RuneCountInString(w.raw) <= 24
}

// weight says how telling a word is.
func weight(w word, wanted, asked map[string]bool) float64 {
	if w.stop {
		return 0
	}
	n := float64(min(utf8.RuneCountInString(w.norm), 12)) / 4
	s := stem(w.norm)
	switch {
	case everyday[w.norm]:
		n *= 0.4
	case wanted[s]:
		n += 1.5
	case asked[s]:
		n *= 0.3 // our own words back
	}
	return n
}

// everyday words are not stop words, but say little.
var everyday = set(`
work working worked job company people person team day days time times week weeks month months year years
problem problems project projects part parts way ways example experience place different new old big small long
best better first last important interesting difficult easy hard whole main question answer interview life world
today yesterday tomorrow morning evening night hour hours minute minutes number point case reason end start couple business
two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand`)

// verbs are common words of doing; they end the name of a thing.
var verbs = set(`
use used uses using try tried tries trying need needed needs want wanted wants like liked likes love loved help helped helps
work worked works working build built builds building write wrote written writes writing run ran runs running
take took taken takes taking give gave given gives giving find found finds finding keep kept keeps keeping
put puts see saw seen sees show showed shown shows tell told tells ask asked asks talk talked talks speak spoke
learn learned learnt learns start started starts stop stopped stops begin began feel felt feels become became
bring brought brings buy bought sell sold sells lead led leads leave left move moved moves changed
happen happened happens meet met meets set sets send sent sends call called calls manage managed manages
decide decided create created creates designed develop developed implement implemented improve improved
reduce reduced increase increased supported handle handled fix fixed solve solved lost lose won win
hold held spend spent stand stood understand understood pay paid hear heard read grow grew grown choose chose chosen
break broke broken drive drove driven deal dealt turn turned look looked looks join joined studied
believe hope enjoy enjoyed prefer preferred remember had cut rewrote
able because whether however therefore together especially including per via`)

// coarse words are never said back.
var coarse = set(`fuck fucking fucked shit shitty bullshit damn crap ass asshole bitch bastard idiot idiots stupid moron dumb suck sucks hell`)

// private finds words about a person that have no place in a reply even when
// the candidate brings them up.
var private = traitWords(set(`
age birthday religion church mosque synagogue temple god faith pregnancy pregnant maternity paternity husband wife spouse
divorce marriage married children kids child son daughter baby family mother father disability disabled illness cancer depression
anxiety autism adhd sick gay lesbian transgender gender race racial ethnic ethnicity
nationality immigrant visa citizenship politics political party union vote password passport salary`))

type traitWords map[string]bool

func (t traitWords) find(s string) (string, bool) {
	for _, w := range split(s) {
		if t[w.norm] {
			return w.norm, true
		}
	}
	return "", false
}

// stems is the set of content stems of a text.
func stems(s string) map[string]bool {
	m := map[string]bool{}
	for _, w := range split(s) {
		if !w.stop {
			m[stem(w.norm)] = true
		}
	}
	return m
}
