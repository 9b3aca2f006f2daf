package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// What a question has when its document does not say.
const (
	DefaultFollowUps = 1
	DefaultBudget    = 2 * time.Minute
)

// Bounds of a plan; lengths are in characters.
const (
	maxDocument    = 256 << 10 // bytes; 30 questions with everything fill less than half
	maxQuestions   = 30
	maxFollowUps   = 3
	minBudget      = 20 * time.Second
	maxBudget      = 30 * time.Minute
	maxTotalBudget = 120 * time.Minute // the contract's longest interview
)

// ErrInvalid is the case of every error about a plan's content.
var ErrInvalid = errors.New("invalid plan")

// FieldError names the field of a plan that is wrong and what to do about it.
// It matches ErrInvalid.
type FieldError struct {
	Field string // as in the document: "questions[2].text"
	Fix   string // "is 512 characters long; use at most 400"
}

// Error is "invalid plan: <field> <fix>".
func (e *FieldError) Error() string { return ErrInvalid.Error() + ": " + e.Field + " " + e.Fix }

// Is matches ErrInvalid.
func (e *FieldError) Is(target error) bool { return target == ErrInvalid }

// Parse reads a plan from its JSON document, fills defaults and validates it.
// Unknown fields are refused: a misspelt one would silently change the interview.
func Parse(b []byte) (Plan, error) {
	if len(b) > maxDocument {
		return Plan{}, &FieldError{"document", fmt.Sprintf("is %d bytes long; use at most %d", len(b), maxDocument)}
	}
	if !utf8.Valid(b) {
		return Plan{}, &FieldError{"document", "is not valid UTF-8; save it as UTF-8"}
	}
	var d document
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return Plan{}, &FieldError{"document", "can't be read: " + strings.TrimPrefix(err.Error(), "json: ")}
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Plan{}, &FieldError{"document", "has more after the plan's closing brace; remove it"}
	}
	p := d.plan()
	if err := p.Validate(); err != nil {
		return Plan{}, err
	}
	return p, nil
}

// Validate checks the bounds listed at Plan. The first fault is returned, as a
// *FieldError.
func (p Plan) Validate() error {
	for _, t := range []text{
		{"name", p.Name, 1, 80, true},
		{"jobRole", p.JobRole, 0, 120, true},
		{"greeting", p.Greeting, 10, 600, true},
		{"closing", p.Closing, 10, 600, true},
		{"nextSteps", p.NextSteps, 4, 400, true},
	} {
		if err := t.check(); err != nil {
			return err
		}
	}
	if n := len(p.Questions); n < 1 || n > maxQuestions {
		return &FieldError{"questions", fmt.Sprintf("has %d entries; use 1 to %d", n, maxQuestions)}
	}
	if n := len(p.Facts); n > 40 {
		return &FieldError{"facts", fmt.Sprintf("has %d entries; use at most 40", n)}
	}
	ids, total := map[string]int{}, time.Duration(0)
	for i, q := range p.Questions {
		at := fmt.Sprintf("questions[%d]", i)
		if err := q.validate(at); err != nil {
			return err
		}
		if first, twice := ids[q.ID]; twice {
			return &FieldError{at + ".id", fmt.Sprintf("is %q like that of questions[%d]; give each its own", q.ID, first)}
		}
		ids[q.ID] = i
		total += q.Budget
	}
	if total > maxTotalBudget {
		return &FieldError{"questions", fmt.Sprintf("have budgets of %s together; use at most %s", total, maxTotalBudget)}
	}
	for i, f := range p.Facts {
		at := fmt.Sprintf("facts[%d]", i)
		if err := (text{at + ".answer", f.Answer, 4, 300, true}).check(); err != nil {
			return err
		}
		if err := checkList(at+".about", f.About, 1, 12, 40); err != nil {
			return err
		}
	}
	return nil
}

func (q Question) validate(at string) error {
	if !validID(q.ID) {
		return &FieldError{at + ".id", fmt.Sprintf("is %.50q; use 1 to 40 of the characters a-z 0-9 - _", q.ID)}
	}
	for _, t := range []text{
		{at + ".text", q.Text, 8, 400, false},
		{at + ".simpler", q.Simpler, 0, 400, false},
		{at + ".topic", q.Topic, 0, 120, true},
	} {
		if err := t.check(); err != nil {
			return err
		}
	}
	if q.MaxFollowUps < 0 || q.MaxFollowUps > maxFollowUps {
		return &FieldError{at + ".maxFollowUps", fmt.Sprintf("is %d; use 0 to %d", q.MaxFollowUps, maxFollowUps)}
	}
	if q.Budget < minBudget || q.Budget > maxBudget {
		return &FieldError{at + ".budgetSeconds", fmt.Sprintf("is out of range; use %d to %d", minBudget/time.Second, maxBudget/time.Second)}
	}
	if err := checkList(at+".keywords", q.Keywords, 0, 40, 60); err != nil {
		return err
	}
	return checkList(at+".hints", q.Hints, 0, 8, 120)
}

// text is a spoken or matched text with its bounds.
type text struct {
	field, value string
	low, high    int  // characters
	statement    bool // it must not ask anything: one question at a time
}

func (t text) check() error {
	n := utf8.RuneCountInString(t.value)
	switch trait, found := Protected(t.value); {
	case n < t.low || n > t.high || (t.low > 0 && strings.TrimSpace(t.value) == ""):
		return &FieldError{t.field, fmt.Sprintf("is %d characters long; use %d to %d", n, t.low, t.high)}
	case !utf8.ValidString(t.value) || strings.ContainsFunc(t.value, unprintable):
		return &FieldError{t.field, "contains control or invisible characters; write plain text on one line"}
	case t.statement && strings.Contains(t.value, "?"):
		return &FieldError{t.field, "asks something; only a question's text may ask"}
	case strings.Count(t.value, "?") > 1:
		return &FieldError{t.field, "asks more than one question; make each its own entry"}
	case found:
		return &FieldError{t.field, fmt.Sprintf("asks about %s, which must play no part in hiring; ask about the work instead", trait)}
	}
	return nil
}

// unprintable also covers what can hide text from a reader: zero-width and
// direction-changing characters.
func unprintable(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp)
}

func checkList(field string, list []string, low, high, chars int) error {
	if len(list) < low || len(list) > high {
		return &FieldError{field, fmt.Sprintf("has %d entries; use %d to %d", len(list), low, high)}
	}
	for i, s := range list {
		if err := (text{fmt.Sprintf("%s[%d]", field, i), s, 1, chars, true}).check(); err != nil {
			return err
		}
	}
	return nil
}

func validID(id string) bool {
	if id == "" || len(id) > 40 {
		return false
	}
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return true
}
