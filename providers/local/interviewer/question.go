package interviewer

import (
	"strings"
	"unicode"

	"github.com/vantahire/vantahire/actors/plan"
)

// topic names what a question is about, behind "back to".
func topic(q plan.Question) string {
	if q.Topic == "" {
		return "my question"
	}
	return speakable(strings.TrimRight(q.Topic, ". "))
}

// simply is a question in its plainer words.
func simply(q plan.Question) string {
	if q.Simpler != "" {
		return q.Simpler
	}
	return q.Text
}

// reworded is a question for somebody who asks to hear it for the nth time:
// plainer first, then turned around, then once more as it was, and so on.
func reworded(q plan.Question, nth int) string {
	forms := []string{simply(q)}
	for _, s := range []string{turned(q.Text), q.Text} {
		if s != forms[len(forms)-1] {
			forms = append(forms, s)
		}
	}
	if q.Simpler == "" && len(forms) > 1 {
		forms = forms[1:] // the plain text was just said
	}
	return forms[(max(nth, 1)-1)%len(forms)]
}

// turns are beginnings of questions and what they may become without another
// meaning.
var turns = []struct{ from, to string }{
	{"To begin, please tell me ", "I would like to hear "},
	{"Please tell me about ", "I would like to hear about "},
	{"Tell me about a time when ", "Think of a time when "},
	{"Tell me about ", "I would like to hear about "},
	{"Could you tell me about ", "Please tell me about "},
	{"Can you tell me about ", "Please tell me about "},
	{"Could you describe ", "Please describe "},
	{"Can you describe ", "Please describe "},
	{"Could you ", "Please "},
	{"Can you ", "Please "},
	{"Describe ", "Please tell me about "},
	{"How do you ", "In what way do you "},
	{"How would you ", "In what way would you "},
	{"How did you ", "In what way did you "},
	{"What would you do ", "How would you act "},
}

// turned says the same with another beginning; unknown beginnings stay.
func turned(text string) string {
	for _, t := range turns {
		rest, ok := strings.CutPrefix(text, t.from)
		if !ok {
			continue
		}
		if strings.HasPrefix(t.from, "C") && strings.HasPrefix(t.to, "Please") {
			// "Could you explain it?" asks, "Please explain it." does not.
			rest = strings.TrimRight(rest, "?.") + "."
		}
		return t.to + rest
	}
	return text
}

// finish ends a text with a mark.
func finish(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") {
		return s
	}
	return s + "."
}

// lower begins a text with a small letter, unless it begins with a name or "I".
func lower(s string) string {
	r := []rune(s)
	if len(r) > 1 && unicode.IsLower(r[1]) && !strings.HasPrefix(s, "I'") {
		r[0] = unicode.ToLower(r[0])
	}
	return string(r)
}

func upperRune(r rune) rune { return unicode.ToUpper(r) }
