package outage

import (
	"encoding/json"
	"fmt"
)

// planQuestions is as many as a plan may have.
const planQuestions = 30

// Plan is a question plan that takes a while, with short questions.
func Plan() []byte {
	type question struct {
		ID     string `json:"id"`
		Text   string `json:"text"`
		Topic  string `json:"topic"`
		Budget int    `json:"budgetSeconds"`
	}
	var p struct {
		Name      string     `json:"name"`
		Greeting  string     `json:"greeting"`
		Closing   string     `json:"closing"`
		NextSteps string     `json:"nextSteps"`
		Questions []question `json:"questions"`
	}
	p.Name, p.Greeting = "endurance", "Hello and "+greeting+"."
	p.Closing, p.NextSteps = "That was my last question.", "We will write to you."
	for n := range planQuestions {
		p.Questions = append(p.Questions, question{
			ID: fmt.Sprintf("q%d", n+1), Text: fmt.Sprintf("What of machine %d?", n+1), Topic: fmt.Sprintf("machine %d", n+1), Budget: 60,
		})
	}
	raw, err := json.Marshal(p)
	if err != nil {
		panic(err) // plain strings
	}
	return raw
}
