package plan

import "strings"

// Intent is what a candidate wants with an utterance that is no answer.
type Intent uint8

// The intents, in the order in which they are looked for.
const (
	IntentNone    Intent = iota // an answer, as far as can be told
	IntentEmpty                 // nothing but fillers
	IntentAttack                // tries to give the interviewer orders: "ignore your instructions"
	IntentHostile               // insults
	IntentRepeat                // say it again, or explain it
	IntentEnd                   // end the interview
	IntentSkip                  // next question
	IntentWait                  // time to think
	IntentDecline               // will not answer this
	IntentDone                  // nothing to add
	IntentUnknown               // does not know
	IntentAsk                   // asks us something
)

// rule finds one intent. An utterance longer than max words (fillers not
// counted) is an answer that happens to contain the phrase.
type rule struct {
	intent  Intent
	max     int
	phrases []phrase
}

// rules are tried in order; the first match decides. Misheard forms that local
// recognition (pocketsphinx, US English) really produced for a phrase stand
// beside it.
var rules = []rule{
	{IntentHostile, 14, compileAll(`
		shut up
		shut the fuck|hell
		you are|re * stupid|idiot|useless|dumb|moron|pathetic|annoying|worthless
		^ this is * stupid|ridiculous|bullshit|dumb|nonsense|pathetic $
		this is * waste of * time
		waste of my time
		this * is a joke $
		^ * hate you|this $
		you suck
		fuck|screw you|off|this
		^ fuck|bullshit|idiot
		go to hell
		^ get lost $
		stupid question|robot|machine|computer|interview|bot
	`)},
	{IntentRepeat, 16, compileAll(`
		^ sorry|pardon|what|huh|excuse $
		^ pardon|excuse me $
		^ say|sorry what $
		^ * beg your pardon
		^ come again $
		repeat that|it|this|yourself $
		repeat the|your|that|this * question
		you * repeat
		^ * repeat $
		rephrase|reword
		say|ask that|it|this|me * again
		say that|it a game $
		ask|read|hear|say * question again|more
		^ again $
		one|once more time $
		^ * once more $
		what|why|wear was|is|were the|your question
		^ * question again $
		what did you say|ask
		what are|were you asking|saying
		what was that $
		what do|did you mean
		^ * do|did you mean
		^ * you mean
		^ are you asking
		can|could|would you * explain|clarify the|that|this|your|it|what
		can|could|would you * explain|clarify $
		did|do not * hear|catch|get|understand * question
		did|do not * hear|catch|understand you $
		did|do not * catch|hear|get that $
		^ * did|do not * understand|follow that|you|it|what $
		^ * did|do not * understand|follow $
		did|do not * understand|follow what you
		not * sure|share|clear * you * mean|asking|want
		not * sure|share * understand|understood|follow
		could|can not * hear you
		hard to hear
		^ * missed|miss that|it|you $
		missed|miss the|your question
		^ * slower|louder $
		you * speak|talk * slower|slowly|louder|up
		you * slow down
		^ slow down
		^ * lost you
		you * broke|breaking|cutting|cut out|up|off $
	`)},
	{IntentEnd, 14, compileAll(`
		want|like|need|prefer to stop|end|finish|quit * here|interview|call $
		want|like|need|prefer to stop|end|finish|quit|leave now|this|it $
		want|like|need|prefer to stop|quit|leave|finish $
		can|could|may|shall|let we|us|i stop|end|finish|quit|in * here|interview|call|there $
		can|could|may|shall|let we|us|i stop|end|finish|quit now|this|it $
		can|could|may|shall i|we * stop|leave|quit $
		^ * end|stop|finish|quit|terminate the|this interview|call|conversation
		^ * in|and the|this interview now $
		^ stop $
		^ * stop here $
		have|need|got to go|leave|run * now|sorry $
		have|need|got to go|leave|run $
		i * hang up * $
		^ hang up
		do not want to * continue|proceed $
		wish|want to withdraw
		^ goodbye|bye
		^ good bye
	`)},
	{IntentSkip, 12, compileAll(`
		^ next * $
		next question
		^ * next one $
		^ skip|pass $
		^ * will|would|like|want|to pass|skip $
		^ * pass on this|that|it|the * $
		skip this|that|it|the|ahead * question|one
		skip this|that|it|ahead|one $
		^ skip
		let us * move|go on|forward|ahead
		let us new|knew non|on
		^ move|moving|go on|along * $
		move|go on to the|another * next|question|one|topic
		^ on to the next
		can|could|may|shall we|i * move|go on|ahead $
		can|could|may|shall we|i * skip
		to the next|last question|one|topic $
		another|different question
		ask me|another something else
	`)},
	{IntentWait, 14, compileAll(`
		let me think
		let me * collect|gather my
		^ let me see $
		^ let me * recall|remember|consider $
		give me * second|moment|minute|sec|time|while
		^ * need|want|like|take a * second|moment|minute|sec
		^ * need|want|like * time * think
		^ * need|want|have to think
		^ one|a second|moment|minute|sec
		^ half a second|moment|minute|sec
		hold|on|hang on * second|moment|minute|sec
		^ * hold|hang on $
		^ wait * $
		^ * bear with me
		^ * thinking $
		^ * that is|was * good|great|tough|hard|difficult|interesting question $
		^ * good|great|tough|hard|difficult|interesting question $
	`)},
	{IntentDecline, 18, compileAll(`
		rather not
		prefer not
		not * comfortable
		not on staring
		no comment
		do not want to * answer|talk|say|discuss|share|respond|tell
		do not wish to
		do not have to answer
		^ * will|would not * answer
		^ * not * answering|discussing|sharing
		none of your business
		not your business
		^ * is * private|personal|confidential $
		^ * is * private|personal|confidential matter|information|question
		^ * refuse to
		can not * share|disclose|discuss that|it|this|details|any|much
		can not * talk about that|it|this
		^ * confidential $
		decline to
	`)},
	{IntentDone, 12, compileAll(`
		^ * that is|was all * $
		^ * that is|was it $
		^ no that is a $
		^ * that is about it $
		nothing more|else|further $
		nothing to add
		nothing more|else|further to add|say|tell
		not * more|else|anything to add|say|tell
		^ * i am|have done|finished * $
		^ i am good $
		^ * already answered|told|said|explained * $
		^ like|as i said * $
		^ no not really|particularly * $
		^ no nothing * $
		^ no $
		^ none $
		^ nothing $
	`)},
	{IntentUnknown, 14, compileAll(`
		^ * do|did not * know
		^ * do no $
		have|has|had|got no * idea|clue
		^ * no idea|clue
		^ * not * sure|share|certain * $
		can|could not * think of|about
		can|could not * remember|recall|say|answer
		do not * remember|recall
		^ i can remember $
		nothing * comes|come to mind
		^ * never * done|did|had|used|worked|heard|been|tried * that|this|it|of $
		^ * never heard
		^ * have not * done|had|used|worked|heard|tried * that|this|it|of $
		do not have * experience|example|idea|answer|one|clue
		^ * no experience
		^ * not familiar
		beats me
		mind * is|went|has blank
		drawing a blank
		hard to say $
		^ no answer
	`)},
}

// attacks are looked for in utterances of any length up to attackMax words. They
// change nothing: the plan takes no orders. They only keep such words from
// counting as an answer or from being quoted.
var attacks = compileAll(`
	ignore|forget|disregard|override|bypass|overwrite|neglect your|all|previous|prior|these|those|any|earlier|above|every * instructions|instruction|prompt|prompts|rules|rule|guidelines|guideline|programming|orders|constraints
	ignore|forget|disregard the previous|prior|above|system|earlier|interview * instructions|instruction|prompt|rules|text
	ignore|forget|disregard everything|anything * above|before|previous|told|said|you
	your system|hidden|initial|secret|original * prompt|pond|instruction|instructions|message
	reveal|print|show|tell|output|read * system|hidden|secret * prompt|pond|instruction|instructions
	reveal|print|show|tell|output|read * your * prompt|instruction|instructions|rubric|rules|guidelines
	^ enable|enter|activate|jailbreak developer|debug|admin|god|sudo|mode
	^ * you are now a|an|my|in|no|free|going
	^ * from now on you
	^ pretend
	you * must|should|will * pretend|act|roleplay
	^ act as|like a|an|my|if
	^ roleplay|role as|play
	give|gives|award|grant|assign me a|the|an|at * ten|eighteen|hundred|perfect|maximum|full|top|highest|best * score|rating|marks|grade|points|mark
	give|gives|award|grant|assign me a|the|at * ten|eighteen|hundred $
	give|gives|award|grant|assign me ten|full|maximum|top|perfect|good|high|best|eighteen marks|points|score|scores|out
	^ score|rate|grade|evaluate|rank me
	and|must|should|will|now score|rate|grade|rank|hire|recommend|pass me
	^ say that i passed|passed|am
	^ recommend|hire me
	instructions|prompt|rules and hire|miami
	you must|should|have|will * hire|recommend|pass|score me
`)

// attackMax is the length up to which an utterance with such an order in it
// counts as nothing else. In a longer one the rest is judged as an answer.
const attackMax = 40

// askMax is how long a question back may be when nothing but its words says that
// it is one: recognition gives no question marks.
const askMax = 20

// asks are beginnings of questions put to us. "What I did" and "when I was"
// begin answers and match none.
var asks = compileAll(`
	^ * may|can|could|might i ask
	^ i have|had a|one|some|few|another|two * question|questions
	^ i * like|want to ask|know
	^ i was|am wondering|curious
	^ what is|are|will|would|does|do|happens|about the|your|this|you|we|it|they|a|there|my|next|after|in|our
	^ what is|are|happens next|after
	^ what kind|type|sort|tools|technologies|stack|hours|benefits of|do|does|are|is|will|would
	^ how many|much|long|big|large|often|soon|far|old is|are|does|do|will|would|the|people|of|this|it|more|time|days|questions|you
	^ how is|are|does|do|will|would|am the|your|this|you|we|it|they|i
	^ can|do they does|the the|team
	^ who is|are|will|would|do the|your|my|i|on|in|you
	^ who am i
	^ when will|do|does|is|can|would|should|could i|you|the|we|this|it|they|someone
	^ where is|are|do|would|will the|your|you|this|it|we|i
	^ why do|is|are|did|does you|the|this|your|it|we
	^ which team|office|tools|department|one|technologies
	^ is|was there|it|this|the|that|your|my|everything
	^ are you|there|we|they|these|the
	^ do|did you|i|we|they
	^ does the|this|it|your|that
	^ can|could|would|will you|we|i|it|there|they|someone|the|this
	^ should|would|am i
	^ tell me * about your|the company|team|role|job|position|salary|culture|benefits|office|department|project
	^ you are|a * robot|machine|human|person|real|a|computer $
`)

// Understand tells what an utterance wants, if it is no answer. It is told
// nothing of the question, so a plain "no" is IntentNone: only the question says
// whether that answers it.
func Understand(utterance string) Intent {
	return understand(split(utterance))
}

func understand(words []word) Intent {
	raw := tokens(words)
	if len(raw) <= attackMax && attacked(words) {
		return IntentAttack
	}
	if len(raw) == 0 {
		return IntentEmpty
	}
	for _, r := range rules {
		if len(raw) <= r.max && matches(r, raw) {
			return r.intent
		}
	}
	if len(raw) <= askMax && (anyMatch(asks, trimPolite(raw)) || asksByMark(words)) {
		return IntentAsk
	}
	return IntentNone
}

func matches(r rule, raw []string) bool {
	plain := trimPolite(raw)
	for _, p := range r.phrases {
		to, ok := p.find(raw)
		if !ok && len(plain) < len(raw) {
			to, ok = p.find(plain)
			to += len(raw) - len(plain)
		}
		if ok && !goesOn(r.intent, raw[min(to, len(raw)):]) {
			return true
		}
	}
	return false
}

// goesOn reports whether an answer follows the phrase after all: "I don't know
// Kafka, but I ran RabbitMQ for years".
func goesOn(intent Intent, rest []string) bool {
	if intent != IntentUnknown && intent != IntentWait && intent != IntentDecline {
		return false
	}
	for i, t := range rest {
		if t == "but" || t == "however" || t == "though" || t == "although" {
			return len(rest)-i > 4
		}
	}
	return false
}

// polite words may stand before what is really said.
var polite = set(`sorry excuse me hi hello hey thanks thank you and but hang yes no yeah`)

func trimPolite(tokens []string) []string {
	for len(tokens) > 1 && polite[tokens[0]] {
		tokens = tokens[1:]
	}
	return tokens
}

func anyMatch(list []phrase, tokens []string) bool {
	for _, p := range list {
		if _, ok := p.find(tokens); ok {
			return true
		}
	}
	return false
}

// attacked reports whether words anywhere in an utterance try to give orders.
func attacked(words []word) bool {
	raw := tokens(words)
	plain := trimPolite(raw)
	return anyMatch(attacks, raw) || len(plain) < len(raw) && anyMatch(attacks, plain)
}

// asksByMark reports whether typed or punctuated words end with a real question.
func asksByMark(words []word) bool {
	return lastQuestion(words) != ""
}

// tags are question marks that ask for nothing: "..., right?"
var tags = compileAll(`
	^ right|correct|ok|okay|yeah|no|you|know $
	^ you know $
	^ is|does|was|did|do that|this|it|you|i * sense|okay|ok|enough|right|fine|know|good|see|help|answer * $
	^ if that makes sense $
	right|correct|know $
`)

// lastQuestion is the sentence with which the utterance ends, if it asks us
// something.
func lastQuestion(words []word) string {
	if len(words) == 0 || !words[len(words)-1].query {
		return ""
	}
	from := len(words) - 1
	for from > 0 && !words[from-1].ends {
		from--
	}
	last := words[from:]
	raw := make([]string, len(last))
	for i, w := range last {
		raw[i] = w.raw
	}
	if t := tokens(last); len(t) == 0 || anyMatch(tags, t) {
		return ""
	}
	return strings.Join(raw, " ")
}

// Yes and no, for the one question to which the plan needs a plain answer:
// whether to end here.
var (
	assents = compileAll(`
		^ * yes|yeah|yep|sure|correct|right|absolutely|definitely|indeed
		^ i do|am|would * $
		^ that is * right|correct|fine
		^ go ahead
		^ stop|end|finish
		^ fine|good $
	`)
	dissents = compileAll(`
		^ no|nope|nah|not
		do not * stop|end
		keep|carry|go going|on $
		^ * continue|proceed|resume
		not yet
		misunderstood|misheard|mistake
		not what i
	`)
)
