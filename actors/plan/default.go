package plan

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// Bounds of Default's time limit: those of the contract's timeLimitMinutes.
const (
	minLimit = 5 * time.Minute
	maxLimit = 120 * time.Minute
)

// How Default fills the time.
const (
	aroundTime  = time.Minute       // greeting, closing and the candidate's own questions
	perQuestion = 150 * time.Second // question, two minutes of answer, a follow-up now and then
	fewest      = 3                 // questions, however short the interview
	roomyBudget = 8 * time.Minute   // more than that no single question needs
)

// Default is a sensible plan for a role: an introduction, questions of the
// role's family, some about how the candidate works with others, and room for
// what they want to add. How many there are follows from the time limit, which
// is taken as 5 to 120 minutes. The role's text is woven in; anything in it that
// is no plain job title is left out. The plan is valid for every input.
func Default(jobRole string, limit time.Duration) Plan {
	limit = min(max(limit, minLimit), maxLimit)
	role := cleanRole(jobRole)
	f := familyOf(role)
	all := f.plan()
	n := min(max(int((limit-aroundTime)/perQuestion), fewest), len(all))
	budget := min((limit-aroundTime)/time.Duration(n), roomyBudget).Truncate(time.Second)

	// The most telling questions stay when time is short; they are put in the
	// order of the full list.
	slices.SortStableFunc(all, func(a, b ranked) int { return a.rank - b.rank })
	all = all[:n]
	slices.SortStableFunc(all, func(a, b ranked) int { return a.place - b.place })

	p := Plan{
		Name:    "default-" + f.name,
		JobRole: role,
		Greeting: "Hello, and thank you for taking the time. I am your interviewer today, and I am a computer program, not a person. " +
			"I will ask you some questions about " + spokenRole(role) + ". Take all the time you need, and tell me when you want to hear something again.",
		Closing:   "Thank you very much for this conversation and for your time.",
		NextSteps: "A person from the hiring team will read our conversation and write to you about the next steps.",
	}
	for _, r := range all {
		q := r.Question
		q.Text = strings.ReplaceAll(q.Text, "{role}", spokenRole(role))
		q.Simpler = strings.ReplaceAll(q.Simpler, "{role}", spokenRole(role))
		q.Keywords, q.Hints = slices.Clone(q.Keywords), slices.Clone(q.Hints)
		q.Budget = budget
		p.Questions = append(p.Questions, q)
	}
	return p
}

// ranked is a question with its place in a full plan and its rank when only some
// are asked.
type ranked struct {
	Question
	place, rank int
}

// plan is the full list of a family's questions: introduction, motivation, the
// family's own with general ones between them, and the last word.
func (f *family) plan() []ranked {
	var out []ranked
	add := func(q Question, rank int) { out = append(out, ranked{q, len(out), rank}) }
	intro, first, second := introduction, f.questions[0], f.questions[1]
	intro.Must, first.Must, second.Must = true, true, true
	add(intro, 0)
	add(motivation, 3)
	add(first, 1)
	add(second, 2)
	for i, q := range f.questions[2:] {
		add(q, 5+2*i)
	}
	for i, q := range general {
		add(q, 6+2*i)
	}
	add(lastWord, 4)
	return out
}

// spokenRole is how questions refer to the role: "the backend engineer role".
func spokenRole(role string) string {
	if role == "" {
		return "this role"
	}
	lower := strings.ToLower(role)
	for _, end := range []string{" role", " position", " job"} {
		if strings.HasSuffix(lower, end) {
			return "the " + role
		}
	}
	return "the " + role + " role"
}

// maxRoleWords keeps questions short enough to be followed by ear.
const maxRoleWords = 5

// cleanRole takes the job title out of whatever was entered as one: no brackets
// ("(m/f/d)"), nothing behind a sentence mark, a dash or a preposition, at most
// five words; "" when what remains is no title but an attempt to give orders.
func cleanRole(role string) string {
	role = strings.ToValidUTF8(role, " ")
	var b strings.Builder
	depth := 0
scan:
	for _, r := range role {
		switch {
		case r == '(' || r == '[' || r == '{':
			depth++
		case r == ')' || r == ']' || r == '}':
			depth = max(depth-1, 0)
		case depth > 0:
		case r == '.' && b.Len() == 0: // ".NET Developer"
			b.WriteString("dot ")
		case strings.ContainsRune(".;:!?|\n\r–—", r):
			if strings.TrimSpace(b.String()) != "" {
				break scan
			}
		case r == '&':
			b.WriteString(" and ")
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '+', r == '#', r == '\'':
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	words := strings.Fields(b.String())
	for i, w := range words {
		if l := strings.ToLower(w); i > 0 && (roleEnds[l] || i >= maxRoleWords) {
			words = words[:i]
			break
		}
		if full, ok := roleShort[strings.ToLower(w)]; ok {
			words[i] = full
		}
		if len(w) > 24 {
			words = words[:i]
			break
		}
	}
	for len(words) > 0 && strings.EqualFold(words[len(words)-1], "and") {
		words = words[:len(words)-1]
	}
	title := strings.Join(words, " ")
	if _, found := Protected(title); found || attacked(split(role)) {
		return ""
	}
	return title
}

var (
	roleEnds  = set(`for with in at of on within who that to from as ignore forget disregard`)
	roleShort = map[string]string{"sr": "Senior", "jr": "Junior", "mgr": "Manager", "eng": "Engineer", "dev": "Developer", "exec": "Executive"}
)
