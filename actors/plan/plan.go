package plan

import (
	"encoding/json"
	"time"
)

// Plan is what an interview asks. Its JSON form, which Parse reads, is:
//
//	{
//	  "name": "backend-2026",            1..80 characters
//	  "jobRole": "Backend Engineer",     optional, at most 120
//	  "greeting": "Hello and welcome.",  10..600, asks nothing
//	  "questions": [{                    1..30
//	    "id": "intro",                   1..40 of a-z 0-9 - _, unique
//	    "text": "Tell me about ...",     8..400, one question
//	    "simpler": "What do you do?",    optional, the same in plainer words
//	    "topic": "your present work",    optional, at most 120; fits "back to ..."
//	    "must": true,                    default false
//	    "maxFollowUps": 1,               0..3, default 1
//	    "budgetSeconds": 120,            20..1800, default 120
//	    "keywords": ["team"],            at most 40: words a fitting answer may use
//	    "hints": ["the hardest part"]    at most 8; each fits "tell me about ..."
//	  }],
//	  "facts": [{                        optional, at most 40
//	    "about": ["salary", "pay"],      1..12 words a candidate may ask with
//	    "answer": "The range is ..."     4..300, asks nothing
//	  }],
//	  "closing": "Thank you for your time.", 10..600, asks nothing
//	  "nextSteps": "You will hear from us within a week." 4..400, asks nothing
//	}
//
// The budgets together are at most 120 minutes.
type Plan struct {
	Name      string
	JobRole   string // "" when the plan is for no role in particular
	Greeting  string // said once, before the first question
	Questions []Question
	Facts     []Fact // what the interviewer may tell a candidate who asks
	Closing   string // said once, at the end, however it comes; with thanks
	NextSteps string // what happens after the interview
}

// Question is one question of a plan.
type Question struct {
	ID   string
	Text string // as it is spoken; one question
	// Simpler is the same question in plainer words, for a candidate who asks to
	// hear it again; "" = Text.
	Simpler string
	// Topic names what the question is about; it fits after "back to".
	Topic string
	// Must marks a question that has to be asked before the time is up.
	Must bool
	// MaxFollowUps bounds the questions that dig into an answer: 0..3.
	MaxFollowUps int
	// Budget is how long question, answer and follow-ups should take; when it is
	// used up there are no more follow-ups.
	Budget time.Duration
	// Keywords are words that a fitting answer may use. None has to occur: they
	// only help to recognise an answer as fitting.
	Keywords []string
	// Hints are angles to ask for when an answer stays thin, most useful first;
	// each fits after "tell me about".
	Hints []string
}

// Fact is something the interviewer may tell a candidate who asks about it.
type Fact struct {
	About  []string // words that such a question contains
	Answer string
}

// document, question and fact are the JSON form.
type document struct {
	Name      string         `json:"name"`
	JobRole   string         `json:"jobRole,omitempty"`
	Greeting  string         `json:"greeting"`
	Questions []questionJSON `json:"questions"`
	Facts     []factJSON     `json:"facts,omitempty"`
	Closing   string         `json:"closing"`
	NextSteps string         `json:"nextSteps"`
}

type questionJSON struct {
	ID            string   `json:"id"`
	Text          string   `json:"text"`
	Simpler       string   `json:"simpler,omitempty"`
	Topic         string   `json:"topic,omitempty"`
	Must          bool     `json:"must,omitempty"`
	MaxFollowUps  *int     `json:"maxFollowUps,omitempty"`
	BudgetSeconds *int     `json:"budgetSeconds,omitempty"`
	Keywords      []string `json:"keywords,omitempty"`
	Hints         []string `json:"hints,omitempty"`
}

type factJSON struct {
	About  []string `json:"about"`
	Answer string   `json:"answer"`
}

// MarshalJSON writes the document that Parse reads. Budgets are whole seconds.
func (p Plan) MarshalJSON() ([]byte, error) {
	d := document{
		Name: p.Name, JobRole: p.JobRole, Greeting: p.Greeting,
		Questions: make([]questionJSON, len(p.Questions)),
		Closing:   p.Closing, NextSteps: p.NextSteps,
	}
	for i, q := range p.Questions {
		seconds, follow := int(q.Budget/time.Second), q.MaxFollowUps
		d.Questions[i] = questionJSON{
			ID: q.ID, Text: q.Text, Simpler: q.Simpler, Topic: q.Topic, Must: q.Must,
			MaxFollowUps: &follow, BudgetSeconds: &seconds, Keywords: q.Keywords, Hints: q.Hints,
		}
	}
	for _, f := range p.Facts {
		d.Facts = append(d.Facts, factJSON(f))
	}
	return json.Marshal(d)
}

// UnmarshalJSON reads and checks a plan as Parse does.
func (p *Plan) UnmarshalJSON(b []byte) error {
	parsed, err := Parse(b)
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}

func (d document) plan() Plan {
	p := Plan{
		Name: d.Name, JobRole: d.JobRole, Greeting: d.Greeting,
		Questions: make([]Question, len(d.Questions)),
		Closing:   d.Closing, NextSteps: d.NextSteps,
	}
	for i, q := range d.Questions {
		p.Questions[i] = Question{
			ID: q.ID, Text: q.Text, Simpler: q.Simpler, Topic: q.Topic, Must: q.Must,
			MaxFollowUps: DefaultFollowUps, Budget: DefaultBudget, Keywords: q.Keywords, Hints: q.Hints,
		}
		if q.MaxFollowUps != nil {
			p.Questions[i].MaxFollowUps = *q.MaxFollowUps
		}
		if q.BudgetSeconds != nil {
			// Bounded before the multiplication, so that a giant number can't wrap
			// around into the permitted range.
			seconds := min(max(*q.BudgetSeconds, -1), int(maxTotalBudget/time.Second)+1)
			p.Questions[i].Budget = time.Duration(seconds) * time.Second
		}
	}
	for _, f := range d.Facts {
		p.Facts = append(p.Facts, Fact(f))
	}
	return p
}
