package plan

import (
	"slices"
	"time"
)

// Status is how a question stands. Statuses are stored: never rename one.
type Status string

// The statuses of a question.
const (
	StatusUnasked  Status = "unasked"
	StatusOpen     Status = "open" // asked; the answer is awaited
	StatusAnswered Status = "answered"
	StatusUnknown  Status = "unknown"  // the candidate does not know
	StatusDeclined Status = "declined" // the candidate would rather not say
	StatusSkipped  Status = "skipped"  // the candidate asked for the next one
	StatusUnfit    Status = "unfit"    // what came was no answer: off topic, an echo, insults
	StatusSilent   Status = "silent"   // no answer came
	StatusDropped  Status = "dropped"  // not asked: there was no time
	StatusLeft     Status = "left"     // open when the interview closed
)

// State is where a plan stands. It is a value: keep it, copy it, store it as
// JSON; Next never changes the one it was given. The zero State is a fresh one.
type State struct {
	Questions []Progress `json:"questions,omitempty"` // one per question, in the plan's order
	Greeted   bool       `json:"greeted,omitempty"`
	TimeLow   bool       `json:"timeLow,omitempty"`  // only musts from now on
	Hurried   bool       `json:"hurried,omitempty"`  // the candidate was told that time is short
	EndAsked  bool       `json:"endAsked,omitempty"` // we asked whether to end here
	Aside     bool       `json:"aside,omitempty"`    // a recruiter's words await a reaction
	Silent    int        `json:"silent,omitempty"`   // questions in a row that met only silence
	Whisper   string     `json:"whisper,omitempty"`  // a recruiter's hint not used yet
	Closed    bool       `json:"closed,omitempty"`   // the closing words were given out
}

// Progress is how one question stands.
type Progress struct {
	ID        string        `json:"id"`
	Status    Status        `json:"status"`
	Since     time.Duration `json:"since,omitempty"` // Clock.Used when it was first put
	FollowUps int           `json:"followUps,omitempty"`
	Helped    bool          `json:"helped,omitempty"`
	Repeats   int           `json:"repeats,omitempty"`
	Silences  int           `json:"silences,omitempty"` // in a row
	Replies   int           `json:"replies,omitempty"`  // everything said about it, the first time included
}

// Start is the state before the first word.
func Start(p Plan) State { return fit(p, State{}) }

// Open is the question whose answer is awaited.
func (s State) Open(p Plan) (Question, bool) {
	for i, g := range s.Questions {
		if g.Status == StatusOpen && i < len(p.Questions) {
			return p.Questions[i], true
		}
	}
	return Question{}, false
}

// Asked counts the questions that were put.
func (s State) Asked() int {
	n := 0
	for _, g := range s.Questions {
		if g.Status != StatusUnasked && g.Status != StatusDropped {
			n++
		}
	}
	return n
}

// fit returns a copy of s that has exactly the plan's questions. Progress is
// kept by id, so a stored state also survives an edited plan.
func fit(p Plan, s State) State {
	if len(s.Questions) == len(p.Questions) {
		same := true
		for i, q := range p.Questions {
			same = same && s.Questions[i].ID == q.ID
		}
		if same {
			s.Questions = slices.Clone(s.Questions)
			return s
		}
	}
	old := s.Questions
	s.Questions = make([]Progress, len(p.Questions))
	for i, q := range p.Questions {
		s.Questions[i] = Progress{ID: q.ID, Status: StatusUnasked}
		if at := slices.IndexFunc(old, func(g Progress) bool { return g.ID == q.ID }); at >= 0 {
			s.Questions[i] = old[at]
		}
	}
	return s
}
