package turn

import (
	"slices"
	"strings"
	"unicode"
)

// Completeness is how finished a turn's words sound. It only chooses how long a
// pause has to be, so a wrong answer costs a second or a gentle overlap, never a
// word.
type Completeness uint8

// From "may be answered" to "plainly goes on".
const (
	Complete Completeness = iota // a finished statement, question or short answer
	Unsure                       // the words do not tell
	Dangling                     // the last words ask for more
	Open                         // the candidate said that more comes, or spells or dictates
)

// String names the class as the corpus of transcripts does.
func (c Completeness) String() string {
	switch c {
	case Complete:
		return "complete"
	case Unsure:
		return "unsure"
	case Dangling:
		return "dangling"
	case Open:
		return "open"
	}
	return "unknown"
}

// CompletenessOf judges the words of a turn. It reads both what local recognition
// writes (lower case, no punctuation) and what cloud recognition does; there a
// full stop is no proof, because it also puts one where a speaker only paused.
func CompletenessOf(text string) Completeness {
	words, mark := tokens(text), endMark(text)
	switch {
	case mark == markOn:
		return Dangling
	case len(words) == 0:
		return Unsure
	case mark == markQuestion:
		return Complete
	}
	if endsWithAny(words, thinking) {
		return Open
	}
	if c, sure := dictation(words, strings.ToLower(text)); sure {
		return c
	}
	u := utterance{words: words, stopped: mark == markStop}
	switch {
	case fillers[u.last()], endsWithAny(words, leadIns), len(words) == 1 && words[0] == "well":
		return Dangling
	case u.shortAnswer():
		return Complete
	case u.dangles():
		return Dangling
	case u.announcesMore():
		return Dangling
	case u.stopped:
		return Complete
	case u.listOpen(text), transitive[u.last()] && !u.pointsBack():
		return Dangling
	case len(words) < 4 || tentative[u.last()]:
		return Unsure
	}
	return Complete
}

// ending is what the last character says.
type ending uint8

const (
	markNone ending = iota
	markStop
	markQuestion
	markOn // a comma, a dash, three dots
)

func endMark(text string) ending {
	text = strings.TrimRightFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`"')]”’`, r) })
	switch {
	case strings.HasSuffix(text, "..."), strings.HasSuffix(text, "…"):
		return markOn
	case text == "":
		return markNone
	}
	switch r := []rune(text[max(0, len(text)-4):]); r[len(r)-1] {
	case '.', '!':
		return markStop
	case '?':
		return markQuestion
	case ',', ';', ':', '-', '–', '—':
		return markOn
	}
	return markNone
}

// thinking are phrases at the end by which speakers ask for time.
var thinking = phrasesOf(`
	let me think; let me think about that; let me think about it; let me think for a second; let me think for a moment; let me see; let's see; let me recall; let me remember
	give me a second; give me a sec; give me a moment; give me a minute; i need a second; i need a moment; i need a minute; one second; one moment; just a second; just a moment; hold on; hang on; bear with me
	how do i put this; how do i put it; how do i say this; how do i say it; how should i put this; how should i say; how can i put this; how shall i put it; what's the word; what's it called; what was it called; what else
	that's a good question; good question; great question; that's a great question; that's a tough one; that's an interesting question; where do i start; where do i begin; where should i start; i'm trying to remember; i'm trying to think; let me start over; let me start again; let me rephrase; let me rephrase that; let me explain`)

// leadIns are phrases at the end that want a continuation, full stop or not.
var leadIns = phrasesOf(`
	for example; for instance; such as; in order to; due to; because of; in terms of; as well as; as far as; as soon as; as long as; instead of; rather than; apart from; according to; when it comes to; in addition; in addition to; on the other hand; on the one hand
	the reason is; the thing is; the problem is; the problem was; the challenge was; the biggest challenge was; the idea is; the idea was; the point is; the goal was; the first one is; the first is; the main one is; the main reason is; what happened was; what i did was; what we did was; what i mean is; what i would do is
	i would say; i'd say; i mean; let's say; i guess i; i think i; i think that; i believe that; you know; sort of; kind of; a kind of; something like; a lot of; lots of; a couple of; a bunch of; a number of; some of; one of; one of the; most of; all of; part of; the rest of
	first of all; to begin with; to start with; the way i; the way we; my role was; my job was; my task was; my name is; my approach is; my approach was; i remember; i remember that; it was like; i was like; it's like; so basically; so i; so we; so yeah; and yeah; but yeah; and so; and then; but then; so then; after that; at that point; at the same time; in other words; that is to say; so to speak; not only; not just; more specifically; more or less; to be honest; to be fair; at the end of the day; in my opinion; from my point of view; in the beginning; at first; back then`)

func phrasesOf(list string) [][]string {
	var all [][]string
	for _, p := range strings.FieldsFunc(list, func(r rune) bool { return r == ';' || r == '\n' }) {
		if words := tokens(p); len(words) > 0 {
			all = append(all, words)
		}
	}
	return all
}

func endsWithAny(words []string, phrases [][]string) bool {
	return slices.ContainsFunc(phrases, func(p []string) bool {
		return len(words) >= len(p) && slices.Equal(words[len(words)-len(p):], p)
	})
}

// Words by what they ask for when they come last.
var (
	// always: nothing ends with them, whatever the recogniser's full stop says.
	always = wordSet(`a an the and or but because cuz nor whereas while if unless until whether than my your our their every each
		i we they he i'm we're they're he's she's it's there's i've we've they've i'd we'd i'll we'll you're he'd she'd who's what's where's
		into onto between among during without toward towards against upon via per except despite beyond regarding including
		which whose very such im its when whenever although since`)
	// mostly: they end a sentence only when it is stopped and points back to what
	// they belong to ("the team I was in.", "what I was looking for.").
	mostly = wordSet(`of from at by with for to about as is are was were be been being am has have had do does did will would can could should shall might must may
		who where why how what that's like using called named the not also just then some any another other these those
		more most many several few various certain really quite pretty so too maybe probably perhaps mainly mostly especially basically actually usually
		currently finally eventually then secondly thirdly firstly additionally furthermore moreover however therefore otherwise meanwhile plus minus
		around over under through across within behind near off gonna wanna main biggest own whole entire different new first second third in on that
		think believe guess suppose don't didn't doesn't haven't hasn't wasn't weren't isn't aren't can't couldn't wouldn't won't shouldn't`)
	// closing: words of mostly that close a sentence when a full stop says so.
	closing = wordSet(`more most many several few really too then also maybe probably perhaps mostly actually usually currently finally eventually however though
		otherwise first second third new different around over under through across within behind near off in on some others other another own that so not don't didn't doesn't haven't hasn't wasn't weren't isn't aren't can't couldn't wouldn't won't shouldn't
		basically especially mainly either plus`)
	// transitive verbs want an object.
	transitive = wordSet(`built used wrote made created designed developed implemented led managed introduced needed wanted include includes included involve involves involved
		require requires required use using want need decided tried started began helped let make makes get gets got take takes took give gave put set
		found saw said says told thought felt realized realised noticed discovered learned learnt had have bring brought keep kept handle handles handled
		become became reduce reduced improve improved write writing build building create creating including prefer enjoy enjoyed love loved like liked`)
	// tentative words end an utterance about as often as not.
	tentative = wordSet(`it this one two three four five six seven eight nine ten`)
	// backRefs are what a final preposition or auxiliary may point back to.
	backRefs = wordSet(`what what's that's which who where whom how why that something anything everything nothing things thing someone way ones all proud aware afraid fond capable sure`)
)

// utterance is a turn's words with what its punctuation says.
type utterance struct {
	words   []string
	stopped bool
}

func (u utterance) last() string { return u.words[len(u.words)-1] }

func (u utterance) back(n int) string {
	if n >= len(u.words) {
		return ""
	}
	return u.words[len(u.words)-1-n]
}

var (
	answersShort = wordSet(`yes no yeah yep yup nope nah sure okay ok right exactly correct absolutely definitely certainly never always sometimes often rarely hello hi hey thanks goodbye bye none nothing everything both neither agreed indeed true false`)
	pronouns     = wordSet(`i we you they he she it that this`)
	auxiliaries  = wordSet(`is are was were am do does did have has had will would can could should might
		don't doesn't didn't haven't hasn't hadn't wasn't weren't isn't aren't can't couldn't wouldn't won't`)
)

// shortAnswer recognises complete answers that would look like fragments: "yes",
// "no not really", "yes i have", "i don't know", "that's it".
func (u utterance) shortAnswer() bool {
	w := u.words
	if endsWithAny(w, closers) {
		return true
	}
	if len(w) > 6 {
		return false
	}
	answered := u.stopped
	for len(w) > 1 && (answersShort[w[0]] || w[0] == "well" || w[0] == "oh" || fillers[w[0]]) {
		answered = answered || answersShort[w[0]]
		w = w[1:]
	}
	switch len(w) {
	case 1:
		return answersShort[w[0]]
	case 2:
		return answered && pronouns[w[0]] && auxiliaries[w[1]]
	case 3:
		return answered && pronouns[w[0]] && auxiliaries[w[1]] && w[2] == "not"
	}
	return false
}

// closers end an answer for good.
var closers = phrasesOf(`
	that's it; that is it; that's all; that is all; that's about it; that's pretty much it; that's everything; i'm done; i am done; i think that's it; that would be it; and that's it; and so on; and so forth; etcetera; et cetera; or something like that; something like that; things like that; stuff like that; and stuff
	i don't know; i do not know; no idea; i have no idea; not really; not yet; not at all; not that i know of; i'm not sure; i am not sure; not sure; it depends; that depends; of course; of course not; thank you; thank you very much; i think so; i don't think so; i believe so; i guess so; i hope so; i'd love to; i would love to; i want to; i used to; i had to; nice to meet you; pleased to meet you; i'm ready; let's go; go ahead; sounds good; that's right; that's correct; that's true; as well; so far; at all; too; or so; right now; at the moment; and yes; can you repeat that; could you repeat that; can you say that again; could you repeat the question; can you repeat the question; i'd like to skip this one; next question please; next question; i'm good; i'm fine; i'm doing well; doing well; very well; pretty good; how are you`)

// dangles judges the last word.
func (u utterance) dangles() bool {
	last := u.last()
	switch {
	case always[last]:
		return true
	case last == "that":
		return !u.stopped && !takesThat[u.back(1)]
	case particles[u.back(1)+" "+last]:
		return false
	case !mostly[last]:
		return false
	case !u.stopped:
		return true
	case closing[last]:
		return prepositions[last] && !u.pointsBack() && len(u.words) > 2
	}
	return !u.pointsBack()
}

var prepositions = wordSet("in on over under through across within behind near off around")

// takesThat are words whose object is a final "that"; after others it begins a
// clause ("i think that", "the team that").
var takesThat = wordSet(`do did done doing does like about of for with to from after before than in at by around love loved enjoy enjoyed use used need see fix fixed
	change changed solve solved handle handled avoid about all just even on into make made improve improved prefer tried try explain explained call called is what's`)

// particles are verbs with a small word that ends them.
var particles = func() map[string]bool {
	m := map[string]bool{}
	for _, p := range phrasesOf(`moved on; move on; moving on; go on; going on; went on; so on; later on; early on; hands on; log in; logged in; sign in; check in; checked in; dig in; jump in; chip in; come in; came in; plugged in; worked out; opt in
		hand over; take over; took over; taken over; start over; all over; turned over; go through; went through; get through; got through; break through; turn around; turned around; lay off; laid off; paid off; pay off; signed off; trade off; day off; kick off; kicked off
		used to; love to; like to; want to; have to; had to; try to; need to; able to; supposed to; looking for; asked for; think so; hope so; guess so; believe so; or so; do so; did so; why not; if not; of course not; not too; me too; or not; about that; like that; one more; no more; any more; once more; all the more; much more; and more
		nothing new; something new; something different; right then; by then; until then; since then; back then; came first; comes first; at first; be it; each other`) {
		m[strings.Join(p, " ")] = true
	}
	for _, open := range []string{"want to", "have to", "had to", "try to", "need to", "able to", "like to", "supposed to", "looking for", "asked for", "back then", "at first", "used to"} {
		delete(m, open) // too often in the middle
	}
	return m
}()

// pointsBack reports a word further up that a final preposition belongs to.
func (u utterance) pointsBack() bool {
	for _, w := range u.words[:len(u.words)-1] {
		if backRefs[w] {
			return true
		}
	}
	return false
}

var (
	counts    = wordSet("two three four five several multiple few couple some various different many main")
	countable = wordSet("things reasons steps parts ways projects challenges points aspects factors areas options approaches examples problems issues stages phases categories types kinds components questions")
	ordinals  = wordSet("second secondly third thirdly then next finally last lastly afterwards later two three also")
	firsts    = phrasesOf("first i; first we; first you; first he; first they; firstly; first thing; number one; step one; one is; the first one; the first thing; the first step; the first reason")
	whens     = wordSet("when if after before while once whenever although though since unless until")
	subjects  = wordSet("i we you they he she it there that this let's people everyone someone nobody")
)

// announcesMore recognises a list that was announced and not given, and a
// subordinate clause that waits for its main clause.
func (u utterance) announcesMore() bool {
	w := u.words
	n := len(w)
	if countable[u.last()] && (counts[u.back(1)] || counts[u.back(2)]) && !u.pointsBackTo("these", "those", "all") && saysThereAre(w) {
		return true
	}
	for _, f := range firsts {
		if i := indexOf(w, f); i >= 0 && i <= 6 && !slices.ContainsFunc(w[i+len(f):], func(s string) bool { return ordinals[s] }) && n-i < 14 {
			return true
		}
	}
	for len(w) > 1 && (w[0] == "and" || w[0] == "so" || w[0] == "but" || w[0] == "well" || w[0] == "yeah" || fillers[w[0]]) {
		w = w[1:]
	}
	if whens[w[0]] && len(w) <= 9 {
		clauses := 0
		for _, s := range w[1 : len(w)-1] {
			if subjects[s] {
				clauses++
			}
		}
		return clauses <= 1
	}
	return false
}

func saysThereAre(w []string) bool {
	for i := range w[:len(w)-1] {
		switch w[i] {
		case "there", "there's", "are", "were", "was", "had", "have", "got", "say", "consider", "see", "of", "for", "in", "did", "do", "into", "took", "takes", "has":
			return true
		}
	}
	return len(w) <= 3
}

func (u utterance) pointsBackTo(refs ...string) bool {
	return slices.ContainsFunc(u.words, func(w string) bool { return slices.Contains(refs, w) })
}

func indexOf(words, phrase []string) int {
	for i := 0; i+len(phrase) <= len(words); i++ {
		if slices.Equal(words[i:i+len(phrase)], phrase) {
			return i
		}
	}
	return -1
}

// listOpen recognises "python, java, go" without its "and".
func (u utterance) listOpen(text string) bool {
	i := strings.LastIndexByte(text, ',')
	if i < 0 || strings.Count(text, ",") < 2 {
		return false
	}
	tail := tokens(text[i:])
	return len(tail) <= 2 && !slices.Contains(tail, "and") && !slices.Contains(tail, "or") && !answersShort[u.last()]
}
