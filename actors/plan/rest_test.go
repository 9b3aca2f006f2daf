package plan

import "testing"

func TestAReplyThatBrokeOffIsBroughtToItsEnd(t *testing.T) {
	t.Parallel()
	q := Question{ID: "q", Text: "What did you build?"}
	for name, c := range map[string]struct {
		d          Directive
		text, want string
	}{
		"before the question":        {Directive{Act: ActAsk, Question: q}, "Thank you for that.", "What did you build?"},
		"after the question":         {Directive{Act: ActAsk, Question: q}, "Thank you. What did you build? ", ""},
		"in a follow-up":             {Directive{Act: ActFollowUp, Question: q, Angle: "the costs"}, "I see.", "Could you tell me about the costs?"},
		"in a follow-up at nothing":  {Directive{Act: ActFollowUp, Question: q}, "I see.", "What did you build?"},
		"before it asks for the end": {Directive{Act: ActConfirmEnd}, "I understand.", "Would you like to end the interview here?"},
		"in the closing words":       {Directive{Act: ActClose, Farewell: "Goodbye.", NextSteps: "We will write."}, "Thank you.", "Goodbye. We will write."},
		"in an encouragement":        {Directive{Act: ActNudge}, "Take your time.", ""},
	} {
		if got := c.d.Rest(c.text); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
