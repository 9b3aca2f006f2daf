package interviewer

import (
	"math/rand/v2"
	"strings"
)

// grammar says how replies are put together. <name> stands for any line of that
// rule, {name} for a word of the moment: the candidate's quote, an angle of the
// question. Nothing here rates an answer: "thank you", never "very good".
var grammar = map[string][]string{
	"thanks":   {"thank you", "thank you for that", "thanks for telling me", "thank you for explaining that", "thank you for your answer", "thanks for sharing that"},
	"followed": {"I see", "I understand", "that is clear", "I have noted that", "that helps me to understand", "I follow you"},
	"fine":     {"that is all right", "that is fine", "no problem", "do not worry about that", "that can happen"},
	"sure":     {"of course", "sure", "certainly", "gladly", "yes, of course"},
	"onward":   {"let us go on", "let us look at something else", "I have another question for you", "we can go on to the next one", "here is a different question"},
	"back":     {"let us come back to {topic}", "let me return to {topic}", "I would like to go back to {topic}", "now back to {topic}"},

	"lead": {"<back>.", "That is another subject. <back>.", "We are getting away from it. <back>."},

	// Before a new question.
	"ack": {"<thanks>.", "<followed>.", "<thanks>, <followed>.", "<followed>, <thanks>."},
	"ackQuote": {
		"You mentioned {quote}.", "I noted {quote}, thank you.", "Thank you for telling me about {quote}.", "You spoke about {quote}, <followed>.",
		"I will remember {quote}.", "I see, you talked about {quote}.", "So {quote} played a part there, <followed>.", "<thanks>, also for what you said about {quote}.",
		"I wrote down {quote}.", "What you said about {quote} helps me, <thanks>.",
	},
	"bridge":   {"", "", "<onward>.", "Now something else.", "Here is my next question.", "Now I would like to ask you this."},
	"unknown":  {"<fine>. <onward>.", "<fine>, <onward>."},
	"declined": {"I respect that. <onward>.", "That is up to you. <onward>.", "You do not have to answer that. <onward>.", "I understand that well. <onward>."},
	"skipped":  {"<sure>. <onward>.", "<sure>, we can leave that. <onward>.", "All right, <onward>."},
	"unfit":    {"Let us go on.", "I will go on with my next question.", "Then here is my next question.", "I would rather go on now."},
	"silent":   {"I did not hear an answer. <onward>.", "Let us leave that question for now. <onward>.", "I will not wait any longer for this one. <onward>."},
	"hurry":    {"We do not have much time left.", "Our time is getting short.", "There is only a little time left."},
	"last":     {"This is my last question.", "One last question.", "Here is the last thing I want to ask you."},
	"begin":    {"", "Let us begin.", "Here is my first question.", "Let us start."},

	// Digging into an answer. Each ends in the one question.
	"heard":      {"You mentioned {quote}.", "You said {quote}.", "Let me stay with {quote}.", "I would like to hear more about {quote}.", "I noticed the words {quote}."},
	"brief":      {"<followed>.", "<thanks>.", "That was quite short.", "I would like to understand that better.", "Let me ask a little more."},
	"moreAngle":  {"Could you tell me more about {angle}?", "What can you tell me about {angle}?", "Can you say a little more about {angle}?", "Could you say something about {angle}?"},
	"more":       {"Could you say a little more about that?", "Can you tell me more in your own words?", "What exactly did you do there?", "Could you explain that a little more?"},
	"exactAngle": {"Could you be more exact about {angle}?", "Can you describe {angle} more closely?", "What exactly can you say about {angle}?"},
	"exact":      {"What does that look like in your daily work?", "Could you pick one thing and describe it to me?", "Can you say that more exactly?"},
	"example": {
		"Could you give me one example from your own work?", "Can you think of one real situation and tell me what happened?",
		"When did that happen last, and what did you do?", "Could you describe one day on which you did that?",
	},
	"open":     {"One point is still open for me.", "There is one thing I would still like to hear.", "I am missing one thing."},
	"ownWords": {"I think I heard my own question.", "Those sounded like my own words.", "I only heard the question again."},
	"inOwn":    {"Could you answer it in your own words?", "What would you say to it yourself?", "How would you answer that yourself?"},
	"calm":     {"I understand that this may be annoying.", "I am sorry if this is not pleasant for you.", "I hear that you are not happy with this."},
	"still":    {"I would still like to ask you this.", "May I try once more.", "Let me ask it again."},
	"team":     {"The team would like to hear more.", "There is one more thing the team would like to know.", "One more point on this."},
	"helping":  {"<fine>. <moreAngle>", "<fine>. Let us try it from another side. <moreAngle>", "<fine>. Maybe this is easier. <moreAngle>", "<fine>. Perhaps you can start with something small. <moreAngle>"},

	// The same question again.
	"again":      {"<sure>. <otherWords>.", "<sure>, <otherWords>."},
	"otherWords": {"let me say it in other words", "I will ask it in a simpler way", "I will put it differently", "let me try other words"},
	"sameAgain":  {"<sure>, I will say it again.", "<sure>. Here it is once more.", "<sure>, this was the question.", "<sure>, once more."},
	"returned":   {"Welcome back. <back>.", "Good to have you back. <back>.", "I am glad that you are back. <back>."},
	"aside":      {"<thanks>. <back>.", "<followed>. <back>."},
	"apology":    {"I am sorry, something went wrong on my side. Here is my question again.", "Please excuse me, my last words were lost. I will ask again.", "Sorry, I could not finish. Let me repeat my question."},
	"goOn":       {"<sure>, we go on. <back>.", "I am glad that you stay. <back>.", "Good, then <back>."},
	"backToMe":   {"Now back to my question.", "Then let me go on with my question.", "So here is my question again.", "Let us go back to the interview."},
	"then":       {"Now to my next question.", "Then let us go on.", "Here is my next question."},

	// What the candidate asked us.
	"fact":      {"{answer}", "I can tell you that. {answer}", "<sure>. {answer}"},
	"noFact":    {"I do not know that, but a person from the team will answer it.", "That I cannot tell you. I will leave your question for the hiring team.", "A person from the team will come back to you on that."},
	"withheld":  {"I do not rate answers here. People from the hiring team will decide.", "I cannot tell you that. The hiring team reads the interview and decides."},
	"automated": {"I am a computer program, and a person from the team reads our conversation.", "You are talking with a computer program. A person reads what we talked about."},
	"audible":   {"Yes, I can hear you well.", "I hear you well.", "Yes, your voice comes through."},
	"minutes":   {"We have about {minutes} left.", "There are about {minutes} left.", "About {minutes} are left."},

	// No question.
	"nudge":  {"Take all the time you need.", "There is no hurry, I am listening.", "I am still here. Just start when you are ready.", "Whenever you are ready, I am listening."},
	"nudge2": {"I am still here.", "I have not heard you yet.", "Let me ask you once more."},
	"wait":   {"Take your time.", "<sure>, take a moment.", "There is no hurry.", "Yes, think about it.", "That is fine, I will wait."},
	"end":    {"I understand.", "All right.", "I heard that you may want to stop."},
	"endAsk": {"Would you like to end the interview here?", "Should we end the interview now?", "Do you want to stop the interview here?"},

	// The end.
	"done":     {"That was my last question.", "Those were all my questions.", "Now we have reached the end of my questions."},
	"timeUp":   {"Our time is over now.", "We have reached the end of our time.", "That is all the time we have."},
	"leave":    {"<sure>, we can stop here.", "All right, then we stop here.", "That is fine, let us end here."},
	"absent":   {"I cannot hear you any more, so I will end our conversation here.", "There is no answer any more, so I will stop here."},
	"bye":      {"Goodbye.", "Goodbye, and all the best.", "Have a good day, and goodbye.", "All the best to you, and goodbye."},
	"byeAgain": {"Thank you again, and goodbye.", "Goodbye, and thank you.", "All the best, and goodbye."},
}

// expand writes out one line of a rule.
func expand(rule string, words map[string]string, rng *rand.Rand) string {
	lines := grammar[rule]
	line := lines[rng.IntN(len(lines))]
	var b strings.Builder
	for {
		at := strings.IndexAny(line, "<{")
		if at < 0 {
			b.WriteString(line)
			return sentences(b.String())
		}
		b.WriteString(line[:at])
		end := at + strings.IndexAny(line[at:], ">}")
		if name := line[at+1 : end]; line[at] == '<' {
			b.WriteString(lower(expand(name, words, rng)))
		} else {
			b.WriteString(words[name])
		}
		line = line[end+1:]
	}
}

// sentences begins each sentence with a capital.
func sentences(s string) string {
	r, start := []rune(s), true
	for i, c := range r {
		switch c {
		case '.', '?', '!':
			// Only at the end of a word: "3.5" and "node.js" go on.
			start = i+1 == len(r) || r[i+1] == ' '
		case ' ':
		default:
			if start {
				r[i] = upperRune(c)
			}
			start = false
		}
	}
	return string(r)
}
