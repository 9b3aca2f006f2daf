package plan

import "strings"

// Plain is the whole reply, or what is missing of one that broke off after text,
// in the plan's own words: for when nobody is there to word it. It is "" only when
// nothing is missing.
func (d Directive) Plain(text string) string {
	text = strings.TrimSpace(text)
	if text != "" {
		return d.Rest(text)
	}
	words := []string{d.Say}
	switch d.Act {
	case ActGreet:
		words = append(words, d.Greeting)
	case ActAnswer:
		words = append(words, d.Answer)
	case ActClose:
		words = append(words, d.Greeting) // of an interview without a question
	case ActWait, ActNudge:
		words = append(words, "Take your time.")
	case ActNone, ActAsk, ActFollowUp, ActHelp, ActRepeat, ActResume, ActConfirmEnd, ActRelay:
	}
	if d.Act != ActRelay {
		words = append(words, d.Rest(""))
	}
	said := strings.Join(strings.Fields(strings.Join(words, " ")), " ")
	if said == "" {
		return "Thank you."
	}
	return said
}

// Rest is the plainest way to bring a reply to its end whose wording broke off
// after text was spoken: what it still has to ask or to tell, word for word. It is
// "" when nothing is missing.
func (d Directive) Rest(text string) string {
	text = strings.TrimSpace(text)
	switch {
	case d.Act == ActClose:
		return strings.TrimSpace(d.Farewell + " " + d.NextSteps)
	case !d.Asks() || strings.HasSuffix(text, "?"):
		return ""
	case d.Act == ActConfirmEnd:
		return "Would you like to end the interview here?"
	case (d.Act == ActFollowUp || d.Act == ActHelp) && d.Angle != "":
		return "Could you tell me about " + d.Angle + "?"
	}
	return d.Question.Text
}
