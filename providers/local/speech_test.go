package local

import (
	"testing"
)

// answers are what candidates say in interviews.
var answers = []string{
	"I have worked as a software engineer for the last five years.",
	"My biggest strength is that I can explain difficult ideas in simple words.",
	"In my last project we moved a large database to a new server without any downtime.",
	"I like to write tests first because they show me what the code should do.",
	"When two people on my team disagree, I ask each of them to explain the reasons.",
	"The most difficult problem was a memory leak that only happened under heavy load.",
	"I would like to learn more about machine learning and data science.",
	"We had to deliver the product in three months with a very small team.",
	"I made a mistake and deleted the wrong table, but we had a good backup.",
	"My manager gave me the freedom to choose the tools that I wanted to use.",
	"I am looking for a company where I can grow and take more responsibility.",
	"First I talk to the customer, then I write down what they really need.",
	"I speak English and German and I have studied computer science at the university.",
	"We used a message queue to connect the services and it was fast enough.",
	"I think that good communication is more important than perfect code.",
	"Yes, I have led a team of 6 people for 2 years.",
}

func TestWhatIsSpokenIsUnderstood(t *testing.T) {
	t.Parallel()
	s := realSpeech(t, 2)
	ctx := t.Context()
	var wrong, words float64
	for _, answer := range answers {
		pcm, _, err := s.Speak(ctx, answer)
		if err != nil {
			t.Fatal(err)
		}
		heard, err := s.Hear(ctx, pcm)
		if err != nil {
			t.Fatal(err)
		}
		n := float64(len(spokenWords(answer)))
		rate := WordErrorRate(answer, heard.Text)
		wrong, words = wrong+rate*n, words+n
		t.Logf("%3.0f %% confidence %.2f  %s", 100*rate, heard.Confidence, heard.Text)
	}
	t.Logf("word error rate %.1f %% over %d sentences, %.0f words", 100*wrong/words, len(answers), words)
	if wrong/words > 0.20 {
		t.Errorf("word error rate %.1f %%, want at most 20 %%", 100*wrong/words)
	}
}
