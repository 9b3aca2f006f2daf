package interviewer

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"unicode"

	"github.com/vantahire/vantahire/actors/plan"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// part is a piece of a reply, whole sentences. What is not core is courtesy and
// may be left out.
type part struct {
	text string
	core bool
}

// writer puts one reply together.
type writer struct {
	d     plan.Directive
	rng   *rand.Rand
	words map[string]string
	past  past
	parts []part
}

// compose is the whole text of a reply.
func compose(d plan.Directive, history []providers.Message, rng *rand.Rand, maxTokens int) string {
	w := &writer{d: d, rng: rng, past: remember(history), words: map[string]string{
		"quote":   speakable(d.Quote),
		"angle":   speakable(strings.TrimRight(d.Angle, ".")),
		"topic":   topic(d.Question),
		"answer":  sentences(finish(speakable(d.Answer))),
		"minutes": minutes(d.Minutes),
	}}
	w.write()
	text := join(w.parts, false)
	if maxTokens > 0 && len(cut(text)) > maxTokens {
		text = join(w.parts, true)
	}
	return text
}

func (w *writer) write() {
	d := w.d
	if d.Say != "" {
		w.exact(d.Say)
		return
	}
	switch d.Act {
	case plan.ActNone, plan.ActRelay: // nothing of our own
	case plan.ActGreet:
		w.text(d.Greeting)
		w.say("begin")
		w.text(d.Question.Text)
	case plan.ActAsk:
		w.react(d.Reason)
		w.announce()
		w.text(d.Question.Text)
	case plan.ActFollowUp:
		w.dig()
	case plan.ActHelp:
		w.core("helping")
	case plan.ActRepeat:
		q := reworded(d.Question, d.Nth)
		if q == d.Question.Text {
			w.say("sameAgain")
		} else {
			w.say("again")
		}
		w.text(q)
	case plan.ActResume:
		w.say(comebacks[d.Reason])
		w.text(simply(d.Question))
	case plan.ActAnswer:
		w.core(tellings[d.Reason])
		if d.Again {
			w.say("backToMe")
			w.text(simply(d.Question))
		} else {
			if !w.announce() {
				w.say("then")
			}
			w.text(d.Question.Text)
		}
	case plan.ActNudge:
		if d.Question.ID == "" {
			w.core("nudge")
		} else {
			w.say("nudge2")
			w.text(simply(d.Question))
		}
	case plan.ActWait:
		w.core("wait")
	case plan.ActConfirmEnd:
		w.say("end")
		w.core("endAsk")
	case plan.ActClose:
		w.close()
	}
}

// reactions take up how the question before was left.
var reactions = map[plan.Reason]string{
	plan.ReasonUnknown: "unknown", plan.ReasonDeclined: "declined", plan.ReasonSkipped: "skipped",
	plan.ReasonUnfit: "unfit", plan.ReasonSilent: "silent",
}

func (w *writer) react(left plan.Reason) {
	switch rule := reactions[left]; {
	case rule != "":
		w.say(rule)
	case w.d.Quote != "":
		w.say("ackQuote")
	default:
		w.say("ack")
	}
}

// announce leads to a new question; it reports whether it said anything.
func (w *writer) announce() bool {
	before := len(w.parts)
	switch {
	case w.d.Hurry:
		w.say("hurry")
	case w.d.Last:
		w.say("last")
	case w.d.Act == plan.ActAsk && w.d.Reason == plan.ReasonAnswered:
		w.say("bridge")
	}
	return len(w.parts) > before
}

// dig asks about the answer.
func (w *writer) dig() {
	switch w.d.Reason {
	case plan.ReasonOffTopic:
		w.say("lead")
		w.text(simply(w.d.Question))
	case plan.ReasonHostile:
		w.say("calm")
		w.say("still")
		w.text(simply(w.d.Question))
	case plan.ReasonEcho:
		w.say("ownWords")
		w.core("inOwn")
	case plan.ReasonNoExample:
		w.pickUp("brief")
		w.core("example")
	case plan.ReasonVague:
		w.pickUp("brief")
		w.angle("exact")
	case plan.ReasonMustCover:
		w.say("open")
		w.angle("more")
	case plan.ReasonWhisper:
		w.say("team")
		w.angle("more")
	default:
		w.pickUp("brief")
		w.angle("more")
	}
}

// pickUp says back words of the answer, or a rule's line when there are none.
func (w *writer) pickUp(otherwise string) {
	if w.d.Quote != "" {
		otherwise = "heard"
	}
	w.say(otherwise)
}

// angle asks by a rule for the directive's angle, or in general.
func (w *writer) angle(rule string) {
	if w.d.Angle != "" {
		rule += "Angle"
	}
	w.core(rule)
}

// comebacks return to the open question.
var comebacks = map[plan.Reason]string{
	plan.ReasonReturned: "returned", plan.ReasonAside: "aside", plan.ReasonApology: "apology", plan.ReasonGoOn: "goOn",
}

// tellings answer what the candidate asked.
var tellings = map[plan.Reason]string{
	plan.ReasonFact: "fact", plan.ReasonNoFact: "noFact", plan.ReasonWithheld: "withheld",
	plan.ReasonAutomated: "automated", plan.ReasonAudible: "audible", plan.ReasonTimeAsked: "minutes",
}

// partings say why the interview ends.
var partings = map[plan.Reason]string{
	plan.ReasonDone: "done", plan.ReasonTimeUp: "timeUp", plan.ReasonCandidateEnded: "leave", plan.ReasonAbsent: "absent",
}

func (w *writer) close() {
	d := w.d
	if d.Again {
		w.core("byeAgain")
		return
	}
	w.text(d.Greeting) // only of a plan that asks nothing
	if d.Asked != "" {
		w.core(tellings[d.Left])
	}
	w.say(partings[d.Reason])
	w.text(d.Farewell)
	w.text(d.NextSteps)
	w.core("bye")
}

// text adds words of the plan.
func (w *writer) text(s string) { w.exact(finish(speakable(s))) }

// exact adds words as they are.
func (w *writer) exact(s string) {
	if s = strings.TrimSpace(s); s != "" {
		w.parts = append(w.parts, part{s, true})
	}
}

func (w *writer) say(rule string)  { w.add(rule, false) }
func (w *writer) core(rule string) { w.add(rule, true) }

// tries is how many ways of saying a thing are compared. Most rules have fewer
// lines than that.
const tries = 24

// add says a rule's words in the way that sounds least like what was said
// before.
func (w *writer) add(rule string, core bool) {
	if len(grammar[rule]) == 0 {
		return
	}
	best, least := "", 1<<30
	for range tries {
		s := expand(rule, w.words, w.rng)
		worn := w.past.worn(s)
		if len(w.parts) == 0 {
			worn += w.past.opens(s)
		}
		if worn < least {
			best, least = s, worn
		}
		if least == 0 {
			break
		}
	}
	if best != "" {
		w.parts = append(w.parts, part{best, core})
	}
}

func join(parts []part, coreOnly bool) string {
	var out []string
	for _, p := range parts {
		if p.core || !coreOnly {
			out = append(out, p.text)
		}
	}
	return strings.Join(out, " ")
}

// recent is how many replies back a sentence counts as worn.
const recent = 6

// past is what was said lately, the latest first.
type past [][]string

// remember collects the sentences of the latest replies.
func remember(history []providers.Message) past {
	var p past
	for i := len(history) - 1; i >= 0 && len(p) < recent; i-- {
		if history[i].Role == interview.RoleAssistant {
			p = append(p, split(history[i].Text))
		}
	}
	return p
}

// worn says how much a text repeats: most of all what was said just now.
func (p past) worn(text string) int {
	n := 0
	for _, s := range split(text) {
		for age, said := range p {
			for _, t := range said {
				if s == t {
					n += 2 * (recent - age)
				}
			}
		}
	}
	return n
}

// opens says whether a text begins like the latest replies.
func (p past) opens(text string) int {
	n, open := 0, opening(split(text))
	for age, said := range p {
		if age < 2 && open != "" && opening(said) == open {
			n += 9 - 6*age
		}
	}
	return n
}

// opening is the first two words.
func opening(said []string) string {
	if len(said) == 0 {
		return ""
	}
	words := strings.Fields(said[0])
	return strings.Join(words[:min(2, len(words))], " ")
}

// split is the sentences of a text in lower case without marks.
func split(text string) []string {
	var out []string
	for _, s := range strings.FieldsFunc(text, func(r rune) bool { return r == '.' || r == '?' || r == '!' }) {
		s = strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) || r == ' ' {
				return unicode.ToLower(r)
			}
			return -1
		}, s)
		if s = strings.Join(strings.Fields(s), " "); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func minutes(n int) string {
	if n <= 1 {
		return "one minute"
	}
	return cardinal(strconv.Itoa(n)) + " minutes"
}
