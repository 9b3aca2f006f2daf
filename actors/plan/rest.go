package plan

import "strings"

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
