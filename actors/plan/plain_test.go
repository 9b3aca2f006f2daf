package plan

import "testing"

func TestAReplyCanBeSaidInThePlansOwnWords(t *testing.T) {
	t.Parallel()
	question := Question{ID: "work", Text: "What do you work on?"}
	for name, c := range map[string]struct {
		d          Directive
		said, want string
	}{
		"a greeting":                      {Directive{Act: ActGreet, Greeting: "Hello and welcome.", Question: question}, "", "Hello and welcome. What do you work on?"},
		"the next question":               {Directive{Act: ActAsk, Question: question}, "", "What do you work on?"},
		"a follow-up":                     {Directive{Act: ActFollowUp, Question: question, Angle: "the team"}, "", "Could you tell me about the team?"},
		"an answer":                       {Directive{Act: ActAnswer, Question: question, Answer: "It is remote."}, "", "It is remote. What do you work on?"},
		"a goodbye":                       {Directive{Act: ActClose, Farewell: "Thank you.", NextSteps: "We write soon."}, "", "Thank you. We write soon."},
		"a greeting and goodbye at once":  {Directive{Act: ActClose, Greeting: "Hello.", Farewell: "Thank you."}, "", "Hello. Thank you."},
		"time to think":                   {Directive{Act: ActWait}, "", "Take your time."},
		"the recruiter's words":           {Directive{Act: ActRelay, Say: "We will call you."}, "", "We will call you."},
		"a doubt about the end":           {Directive{Act: ActConfirmEnd}, "", "Would you like to end the interview here?"},
		"nothing in particular":           {Directive{Act: ActAsk}, "", "Thank you."},
		"one that broke off":              {Directive{Act: ActAsk, Question: question}, "Thank you for that. And", "What do you work on?"},
		"one that broke off at its end":   {Directive{Act: ActAsk, Question: question}, "And what do you do?", ""},
		"a greeting that broke off early": {Directive{Act: ActGreet, Greeting: "Hello and welcome.", Question: question}, "Hello.", "What do you work on?"},
	} {
		if got := c.d.Plain(c.said); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
