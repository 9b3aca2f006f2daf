package plan

import (
	"slices"
	"strings"
)

// Lengths, in words, by which an answer is judged. At the 150 words a minute of
// ordinary speech, shortWords is three seconds.
const (
	shortWords   = 8  // an open question answered in fewer words is answered too briefly
	shortContent = 4  // unless they carry this much content
	offWords     = 5  // words of content needed before an answer can be off topic
	vagueWords   = 45 // a longer answer is not called vague: it was an effort
	coverWords   = 60 // a longer answer is taken to have covered the question
)

// judge says what an answer lacks: TooShort, OffTopic, Vague, NoExample
// or MustCover; Answered when it lacks nothing. After a follow-up (followed)
// an answer is no longer asked for more depth.
func judge(words []word, q *Question, p *Plan, followed bool) Reason {
	kind := kindOf(split(q.Text))
	subject := content(words)
	offer := anyMatch(offers, tokens(split(q.Text)))
	if tooShort(words, subject, kind) || offer && len(words) <= 3 && anyMatch(assents, tokens(words)) {
		return ReasonTooShort
	}
	if !offer && offTopic(subject, q, p) {
		return ReasonOffTopic
	}
	if followed || kind != kindOpen && kind != kindExample {
		// One look for depth is enough, and a plain question wants none.
		return ReasonAnswered
	}
	switch {
	case kind == kindExample && !tellsStory(words):
		return ReasonNoExample
	case len(words) < vagueWords && vague(words, q):
		return ReasonVague
	case q.Must && len(q.Hints) > 0 && len(q.Keywords) > 0 && len(words) < coverWords && !covers(subject, q):
		return ReasonMustCover
	}
	return ReasonAnswered
}

// kind is what a question wants to hear.
type kind uint8

const (
	kindOpen    kind = iota
	kindExample      // something that happened
	kindYesNo        // yes or no will do
	kindFact         // a number, a name, a date
)

var (
	exampleAsked = compileAll(`
		tell|describe|share|give|walk|recall|think * about|of|me|through|a * time|situation|example|occasion|moment|case|project
		an|one|recent example|time|situation|occasion
		example of|from
	`)
	openAsked = compileAll(`
		tell|describe|explain|share|walk|talk|outline|introduce
		^ * why|how do|did|would|does|have|has|will
		give me|us
		^ what|which|whose
		and why|how|what|which
	`)
	factAsked = compileAll(`
		^ * how many|much|long|often|soon|old
		^ * when do|can|could|did|would|will|are|is
		^ * where do|did|are|is
		^ * who is|was|are
		what is your notice|name|title|availability
	`)
	yesNoAsked = compileAll(`
		^ * is|are|was|were|do|does|did|have|has|had|can|could|will|would|should you|there|it|that|this|the|your|we|i
	`)
)

func kindOf(asked []word) kind {
	t, last := tokens(asked), lastClause(asked)
	switch {
	case anyMatch(exampleAsked, t):
		return kindExample
	case anyMatch(factAsked, t):
		return kindFact
	case anyMatch(openAsked, t), anyMatch(openAsked, last):
		return kindOpen
	case anyMatch(yesNoAsked, last):
		return kindYesNo
	}
	return kindOpen
}

// offers leave it to the candidate what to talk about: a bare yes announces
// something, and nothing is off topic.
var offers = compileAll(`
	is|are there anything|something|any
	do|would you * anything|something|any * to|questions|question
`)

// lastClause is the last clause of a question: what comes before it only sets
// the scene.
func lastClause(asked []word) []string {
	from := 0
	for i := range len(asked) - 1 {
		if asked[i].ends {
			from = i + 1
		}
	}
	return tokens(asked[from:])
}

var reasons = compileAll(`
	because|since|so|therefore
	due to
	that is why
	the reason
`)

func tooShort(words []word, subject []string, k kind) bool {
	switch k {
	case kindYesNo:
		return len(words) == 0
	case kindFact:
		return len(subject) == 0 && !anyMatch(numbers, tokens(words))
	case kindOpen, kindExample:
	}
	if len(subject) >= shortContent || len(words) >= 2*shortWords {
		return false
	}
	if len(words) >= shortWords && len(subject) >= shortContent-1 {
		return false
	}
	// "Yes, because I like teaching" is brief but says why.
	return !anyMatch(reasons, tokens(words)) || len(subject) == 0
}

var numbers = compileAll(`
	zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|hundred|thousand|none|always|never|often|sometimes|daily|weekly|now|yes|no
	0|1|2|3|4|5|6|7|8|9|10
`)

// echoes reports whether what was said is our own question coming back, from a
// loudspeaker or a parrot.
func echoes(words []word, question string) bool {
	asked := split(question)
	if len(words) < 4 || 2*len(words) < len(asked) || len(words) > 2*len(asked) {
		return false
	}
	same := 0
	for _, w := range words {
		known := slices.ContainsFunc(asked, func(a word) bool { return alike(a.norm, w.norm) })
		if known {
			same++
		} else if ownVoice[w.norm] {
			return false
		}
	}
	// Recognition may have spoiled one word in five of the echo.
	return same*5 >= len(words)*4
}

// ownVoice are words of somebody who answers, unless the question has them too.
var ownVoice = set(`i im ive my we our yes yeah no`)

func hasAlike(list []string, w string) bool {
	for _, l := range list {
		if alike(l, w) {
			return true
		}
	}
	return false
}

// offTopic reports whether not one word of a longer answer has to do with the
// question, the role or work at all. One word is enough to be on topic:
// recognition spoils many, and people come to the point in their own way.
func offTopic(subject []string, q *Question, p *Plan) bool {
	if len(subject) < offWords {
		return false
	}
	words := stems(q.Text + " " + q.Topic + " " + p.JobRole + " " + strings.Join(q.Keywords, " "))
	vocabulary := familyOf(p.JobRole).vocabulary
	for _, s := range subject {
		st := stem(s)
		if words[st] || workWords[st] || vocabulary[st] {
			return false
		}
	}
	return true
}

// tellsStory reports whether an answer tells of something that happened.
func tellsStory(words []word) bool {
	if len(words) >= coverWords {
		return true
	}
	told := 0
	for _, w := range words {
		if past[w.norm] || (len(w.norm) > 4 && strings.HasSuffix(w.norm, "ed")) {
			told++
		}
	}
	return told > 0
}

var past = set(`was were had did got went made took gave found built wrote ran led kept saw told said came thought knew met
taught sold bought brought lost won held spent chose broke drove dealt became began felt put set cut grew left sent spoke
once last recently ago yesterday`)

// vague reports whether an answer names nothing in particular.
func vague(words []word, q *Question) bool {
	general, telling := 0, 0
	wanted := stems(strings.Join(q.Keywords, " "))
	for _, w := range words {
		switch {
		case hazy[w.norm]:
			general++
		case wanted[stem(w.norm)], strings.ContainsAny(w.raw, "0123456789"), len(w.norm) >= 9:
			telling++
		}
	}
	return general >= 3 && telling == 0
}

// hazy words stand in for something particular.
var hazy = set(`thing things stuff something anything everything someone various several many different lots lot kind sort
etc whatever usually generally always stuffs good nice great fine normal basically some`)

func covers(subject []string, q *Question) bool {
	for _, k := range q.Keywords {
		for _, w := range split(k) {
			if hasAlike(subject, w.norm) {
				return true
			}
		}
	}
	return false
}

// workWords are stems that answers about work are full of.
var workWords = stems(`
work working job company business office team colleague colleagues coworker manager boss lead leader supervisor customer customers client clients
user users project projects product products service services task tasks process plan plans planning deadline deadlines meeting
meetings experience career role position skill skills training degree university college school course certificate
year years month months week problem problems issue issues solution solved challenge challenges decision decisions goal goals
result results feedback responsibility responsible report reports reporting improve improved improvement quality customer
budget cost costs money revenue growth market department industry organization startup employer employee hired interview
communication communicate explain explained help helped support learn learned learning mistake mistakes conflict disagreed agreement
priority priorities stress pressure time management manage managed organize organized schedule documentation document
system systems software tool tools data computer application technical develop developed build built design
motivated motivation passion interested opportunity contribute strength strengths weakness strong responsible success successful
failure failed achieve achieved achievement proud delivered delivery launch launched review reviewed test tested collaborate
question answer example situation approach professional staff people worker shift shifts patient patients sale sales hire
`)
