package plan

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

const minimal = `{"name":"a","greeting":"Hello and welcome.","questions":[{"id":"one","text":"What do you do?"}],"closing":"Thank you very much.","nextSteps":"We write to you."}`

func TestParseFillsDefaults(t *testing.T) {
	t.Parallel()
	p, err := Parse([]byte(minimal))
	if err != nil {
		t.Fatal(err)
	}
	q := p.Questions[0]
	if q.MaxFollowUps != DefaultFollowUps || q.Budget != DefaultBudget || q.Must {
		t.Errorf("question = %+v", q)
	}
	p, err = Parse([]byte(strings.Replace(minimal, `"text"`, `"maxFollowUps":0,"budgetSeconds":45,"must":true,"text"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if q := p.Questions[0]; q.MaxFollowUps != 0 || q.Budget != 45*time.Second || !q.Must {
		t.Errorf("question = %+v", q)
	}
}

func TestParseNamesTheFieldAndTheFix(t *testing.T) {
	t.Parallel()
	with := func(was, is string) string { return strings.Replace(minimal, was, is, 1) }
	many := strings.Repeat(`{"id":"x","text":"What do you do?"},`, 31)
	for name, tc := range map[string]struct{ doc, field, fix string }{
		"no JSON":                  {`{`, "document", "can't be read"},
		"null":                     {`null`, "name", "use 1 to 80"},
		"no UTF-8":                 {"\"\xff\"", "document", "save it as UTF-8"},
		"too large":                {strings.Repeat(" ", maxDocument+1), "document", "use at most"},
		"a misspelt field":         {with(`"text"`, `"txt"`), "document", "unknown field"},
		"a second document":        {minimal + `{}`, "document", "remove it"},
		"a wrong type":             {with(`"a"`, `7`), "document", "can't be read"},
		"no name":                  {with(`"a"`, `""`), "name", "use 1 to 80"},
		"a blank name":             {with(`"a"`, `"  "`), "name", "use 1 to 80"},
		"a greeting that asks":     {with(`welcome.`, `welcome. How are you?`), "greeting", "only a question's text may ask"},
		"no questions":             {with(`{"id":"one","text":"What do you do?"}`, ``), "questions", "use 1 to 30"},
		"too many questions":       {with(`{"id":"one","text":"What do you do?"}`, strings.TrimSuffix(many, ",")), "questions", "use 1 to 30"},
		"a bad id":                 {with(`"one"`, `"One!"`), "questions[0].id", "a-z"},
		"an id twice":              {with(`}]`, `},{"id":"one","text":"What else?"}]`), "questions[1].id", "give each its own"},
		"a question of two":        {with(`do?"`, `do? Why?"`), "questions[0].text", "more than one question"},
		"a question too long":      {with(`do?"`, strings.Repeat("a", 400)+`"`), "questions[0].text", "use 8 to 400"},
		"a protected trait":        {with(`What do you do?`, `How old are you?`), "questions[0].text", "asks about age"},
		"hidden characters":        {with(`What do`, `What\u202edo`), "questions[0].text", "control or invisible"},
		"a line break":             {with(`What do`, `What\ndo`), "questions[0].text", "control or invisible"},
		"too many follow-ups":      {with(`"text"`, `"maxFollowUps":4,"text"`), "questions[0].maxFollowUps", "use 0 to 3"},
		"a negative budget":        {with(`"text"`, `"budgetSeconds":-5,"text"`), "questions[0].budgetSeconds", "use 20 to 1800"},
		"a budget that wraps":      {with(`"text"`, `"budgetSeconds":9223372036854775807,"text"`), "questions[0].budgetSeconds", "use 20 to 1800"},
		"a keyword too long":       {with(`"text"`, `"keywords":["`+strings.Repeat("a", 61)+`"],"text"`), "questions[0].keywords[0]", "use 1 to 60"},
		"too many hints":           {with(`"text"`, `"hints":["a","b","c","d","e","f","g","h","i"],"text"`), "questions[0].hints", "use 0 to 8"},
		"a hint that asks":         {with(`"text"`, `"hints":["why?"],"text"`), "questions[0].hints[0]", "only a question's text may ask"},
		"a fact about nothing":     {with(`"closing"`, `"facts":[{"about":[],"answer":"Yes, we do."}],"closing"`), "facts[0].about", "use 1 to 12"},
		"budgets beyond two hours": {with(`{"id":"one","text":"What do you do?"}`, manyBudgets(5)), "questions", "2h0m0s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse([]byte(tc.doc))
			var f *FieldError
			if !errors.As(err, &f) || !errors.Is(err, ErrInvalid) {
				t.Fatalf("err = %v", err)
			}
			if f.Field != tc.field || !strings.Contains(f.Fix, tc.fix) {
				t.Errorf("%q %q, want %q with %q", f.Field, f.Fix, tc.field, tc.fix)
			}
		})
	}
}

func manyBudgets(n int) string {
	var q []string
	for i := range n {
		q = append(q, `{"id":"q`+string(rune('a'+i))+`","text":"What do you do?","budgetSeconds":1800}`)
	}
	return strings.Join(q, ",")
}

func TestPlansSurviveJSON(t *testing.T) {
	t.Parallel()
	p := Default("Nurse", 45*time.Minute)
	p.Facts = []Fact{{About: []string{"pay"}, Answer: "It is in the advert."}}
	p.Questions[2].MaxFollowUps = 0
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back Plan
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	for i := range p.Questions { // an empty list is left out of the document
		if len(p.Questions[i].Keywords) == 0 {
			p.Questions[i].Keywords = nil
		}
	}
	if !reflect.DeepEqual(p, back) {
		t.Errorf("plan changed on its way through JSON:\n%+v\n%+v", p, back)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	b, err := json.Marshal(Default("Data Scientist", time.Hour))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"questions":[{"budgetSeconds":1e99}]}`))
	f.Add([]byte(`[[[[`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := Parse(doc)
		if err != nil {
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("err = %v, want ErrInvalid", err)
			}
			return
		}
		again, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(again); err != nil {
			t.Fatalf("a valid plan is refused when written back: %v", err)
		}
		s, d := Next(p, Start(p), Opened{}, half)
		for i := 0; !d.Closing; i++ {
			if i > maxQuestions*(maxReplies+1) {
				t.Fatal("the plan does not end")
			}
			s, d = Next(p, s, heard("yes"), half)
		}
	})
}
