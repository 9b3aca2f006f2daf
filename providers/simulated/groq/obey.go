package groq

import (
	"regexp"
	"strconv"
	"strings"
)

// Prompt is what a model reads.
type Prompt struct {
	System      string
	History     []Line
	Instruction string // the last system message
	// Seed is the same for the same conversation on the same server.
	Seed uint64
}

// Line is one line of the conversation.
type Line struct {
	Role, Text string // Role is "user" or "assistant"
}

// WriterFunc words a reply. It is called by many requests at once.
type WriterFunc func(Prompt) string

// exactly is how an instruction insists on words.
const exactly = "Say exactly this and nothing else: "

// Obey is the writer of an obedient model: it reads the instruction and does what
// it says in one to three short sentences, or more only where the instruction's
// own texts are longer. Where a question is to be asked it ends in exactly its
// text. What the candidate said does not move it.
func Obey(p Prompt) string {
	if say, ok := strings.CutPrefix(p.Instruction, exactly); ok {
		return say
	}
	o := orders{Prompt: p, text: p.Instruction}
	if o.text == "" {
		return o.vary("All right.", "I see.", "Understood.")
	}
	o.tags()
	return plain(strings.Join(o.carryOut(), " "))
}

// orders is an instruction taken apart.
type orders struct {
	Prompt
	text   string            // with the tags' contents taken out
	tagged map[string]string // the contents, by tag
	drawn  uint64
}

var tag = regexp.MustCompile(`(?s)<([a-z]+)>(.*?)</([a-z]+)>`)

// tags takes the tagged texts out, so that nothing in them is read as an order.
func (o *orders) tags() {
	o.tagged = map[string]string{}
	o.text = tag.ReplaceAllStringFunc(o.text, func(found string) string {
		m := tag.FindStringSubmatch(found)
		if m[1] != m[3] {
			return " "
		}
		o.tagged[m[1]] = strings.Join(strings.Fields(m[2]), " ") // a quote comes after what was asked
		return "(" + m[1] + ")"
	})
}

func (o *orders) has(words string) bool { return strings.Contains(o.text, words) }

// vary picks one of several wordings, another one each time in one reply.
func (o *orders) vary(options ...string) string {
	o.drawn++
	n := (o.Seed>>8 + o.drawn*0x9e3779b97f4a7c15) >> 16
	return options[n%uint64(len(options))]
}

// carryOut is what to say, in order.
func (o *orders) carryOut() []string {
	question := o.tagged["question"]
	switch {
	case o.has("Close with the meaning of"):
		return o.farewell()
	case o.has("Greet the candidate"):
		return some(o.tagged["greeting"], o.asides(), question)
	case o.has("Do not move on."):
		return o.followUp(question)
	case o.has("tell me about (angle)"):
		return some(o.vary("That is all right.", "No problem at all.", "That is fine."), o.asides(), "Could you tell me about "+o.angle()+"?")
	case o.has("whether to end the interview"):
		return []string{o.vary("Shall we end the interview here?", "Would you like to end the interview here?")}
	case o.has("wants a moment to think"):
		return []string{o.vary("Of course, take your time.", "Sure, take a moment.", "Yes, think about it.")}
	case o.has("candidate is silent"):
		return some(o.vary("Take all the time you need.", "There is no hurry.", "Just begin wherever you like."), question)
	case o.has("Put it again"):
		return some(o.vary("Let me put it more simply.", "In other words.", "Let me say it differently."), o.asides(), question)
	}
	if said := o.remark(); said != "" || question != "" {
		return some(said, o.asides(), question)
	}
	return []string{o.vary("Please go on.", "I am listening.")}
}

// some leaves out what is empty.
func some(parts ...string) []string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return out
}

// remark reacts to what came before.
func (o *orders) remark() string {
	switch {
	case o.has("The candidate asks:"):
		return o.told()
	case o.has("Thank the candidate for the answer"):
		if word := o.word(); word != "" {
			return o.vary("Thank you for telling me about ", "Thanks, I noted what you said about ") + word + "."
		}
		return o.vary("Thank you for that.", "Thanks, that is clear.", "Thank you, I have noted it.", "All right, thank you.", "Thanks for explaining that.")
	case o.has("does not know. Say in a few words"):
		return o.vary("That is all right.", "No problem.", "That is fine, let us go on.")
	case o.has("would rather not answer"):
		return o.vary("That is fine, you don't have to.", "I understand, we can leave that.")
	case o.has("wants the next question"):
		return o.vary("Sure, here is the next one.", "All right, let us go on.")
	case o.has("Say in a few words that you go on"):
		return o.vary("Let us go on.", "Let us continue with the interview.")
	case o.has("No answer came"):
		return o.vary("Let us move on.", "That is fine, let us move on.")
	case o.has("Welcome the candidate back"):
		return o.vary("Welcome back.", "Good to have you back.")
	case o.has("Apologise"):
		return o.vary("Sorry, you could not hear me just now.", "I am sorry about that.")
	case o.has("come back to your question"):
		return o.vary("Thank you, back to my question.", "Thanks, let us return to the question.")
	case o.has("goes on with the interview"):
		return o.vary("I am glad to go on.", "Good, let us continue.")
	}
	return ""
}

var minutes = regexp.MustCompile(`about (\d+) minutes are left`)

// told answers a question of the candidate's.
func (o *orders) told() string {
	switch {
	case o.tagged["fact"] != "":
		return sentence(o.tagged["fact"])
	case o.has("you don't know"):
		return o.vary("I don't know that, but a person from the hiring team will answer it.", "That I can't say, a person from the hiring team will tell you.")
	case o.has("you don't rate answers"):
		return "I don't rate answers here, people of the hiring team decide."
	case o.has("you are a computer program"):
		return "I am a computer program, and a person reads the interview."
	case o.has("you hear them well"):
		return o.vary("Yes, I hear you well.", "I can hear you well.")
	}
	if m := minutes.FindStringSubmatch(o.text); m != nil {
		return "About " + number(m[1]) + " minutes are left."
	}
	return ""
}

// followUp digs into an answer. Some probes put the question itself once more.
func (o *orders) followUp(question string) []string {
	lead := ""
	if word := o.word(); word != "" {
		lead = o.vary("You mentioned ", "You spoke of ") + word + "."
	}
	about := "that"
	if angle := o.angle(); angle != "" {
		about = angle
	}
	switch {
	case o.has("nothing to do with the question"):
		return some(o.vary("Let us come back to the question.", "I would like to return to my question."), o.asides(), question)
	case o.has("is upset"):
		return some(o.vary("I understand that this is not easy.", "I hear you, and I would like to help."), o.asides(), question)
	case o.has("Only your own question came back"):
		return some("I would like to hear it in your own words.", o.asides(), question)
	case o.has("very short"):
		return some(lead, o.asides(), o.vary("Could you say a little more about ", "Can you tell me more about ")+about+"?")
	case o.has("stayed general"):
		return some(lead, o.asides(), o.vary("Could you be more particular about ", "What exactly can you say about ")+about+"?")
	case o.has("told no example"):
		if about == "that" {
			return some(lead, o.asides(), "Can you think of one real situation?")
		}
		return some(lead, o.asides(), "Can you think of one real situation and tell me about "+about+"?")
	}
	return some(lead, o.asides(), "Could you tell me about "+about+"?")
}

// farewell ends the interview; it asks nothing.
func (o *orders) farewell() []string {
	said := ""
	if o.has("The candidate asks:") {
		said = o.told()
	}
	parting := ""
	switch {
	case o.has("time is used up"):
		parting = "Our time is used up."
	case o.has("wants to stop"):
		parting = "That is fine, we can stop here."
	case o.has("does not answer any more"):
		parting = "I can't hear you any more, so I end here."
	}
	end := o.vary("Goodbye.", "Goodbye, and all the best.")
	return some(statement(said), parting, statement(o.tagged["closing"]), statement(o.tagged["next"]), end)
}

// asides are the small things a reply mentions in passing.
func (o *orders) asides() string {
	hurry, last := o.has("not much time is left"), o.has("This is the last question")
	switch {
	case hurry && last:
		return "We have little time left, so this is the last question."
	case hurry:
		return "We don't have much time left."
	case last:
		return "This is the last question."
	}
	return ""
}

func (o *orders) angle() string { return strings.TrimRight(o.tagged["angle"], " .?!") }

// word is what to pick up of the candidate's words.
func (o *orders) word() string {
	if !o.has("Pick up these words") {
		return ""
	}
	return strings.Trim(o.tagged["candidate"], " .,?!")
}

// sentence ends a text with a full stop.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}

// statement is a sentence that asks nothing.
func statement(text string) string { return sentence(strings.ReplaceAll(text, "?", ".")) }

// plain takes out what must not be spoken.
func plain(text string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("<", " ", ">", " ").Replace(text)), " ")
}

var (
	ones = strings.Fields(`zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen`)
	tens = strings.Fields(`twenty thirty forty fifty sixty seventy eighty ninety`)
)

// number says a number below a hundred in words.
func number(digits string) string {
	n, err := strconv.Atoi(digits)
	switch {
	case err != nil || n < 0 || n >= 100:
		return "many"
	case n < len(ones):
		return ones[n]
	case n%10 == 0:
		return tens[n/10-2]
	}
	return tens[n/10-2] + "-" + ones[n%10]
}
