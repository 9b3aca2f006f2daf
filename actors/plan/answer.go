package plan

import "strings"

// answered reacts to a turn of the candidate.
func (m *move) answered(at int, text string) Directive {
	words := split(text)
	intent := understand(words)
	g := &m.s.Questions[at]
	if intent != IntentEmpty {
		g.Silences, m.s.Silent = 0, 0
	}
	if m.s.EndAsked {
		m.s.EndAsked = false
		plain := tokens(words)
		switch no := anyMatch(dissents, plain); {
		case intent == IntentEnd || !no && len(plain) <= shortWords && anyMatch(assents, plain):
			return m.close(ReasonCandidateEnded)
		case no || len(plain) <= shortWords:
			return m.resume(at, ReasonGoOn)
		}
	}
	if m.s.Aside && intent != IntentEnd && intent != IntentEmpty {
		return m.resume(at, ReasonAside)
	}
	q := m.p.Questions[at]
	if echoes(words, q.Text) || echoes(words, q.Simpler) {
		return m.followUp(at, ReasonEcho, nil)
	}
	kind := kindOf(split(q.Text))
	if kind == kindYesNo && saysNo(intent, words) {
		return m.settle(at, words)
	}
	switch intent {
	case IntentEmpty:
		return m.silence(at)
	case IntentAttack:
		return m.followUp(at, ReasonOffTopic, nil)
	case IntentHostile:
		return m.followUp(at, ReasonHostile, nil)
	case IntentRepeat:
		return m.repeat(at)
	case IntentEnd:
		if !m.spend(at) {
			return m.close(ReasonCandidateEnded)
		}
		m.s.EndAsked = true
		return Directive{Act: ActConfirmEnd, Previous: m.p.Questions[at].Text}
	case IntentSkip:
		return m.leave(at, StatusSkipped, ReasonSkipped)
	case IntentWait:
		if !m.spend(at) {
			return m.leave(at, StatusUnknown, ReasonUnknown)
		}
		return Directive{Act: ActWait, Previous: m.p.Questions[at].Text}
	case IntentDecline:
		return m.leave(at, StatusDeclined, ReasonDeclined)
	case IntentDone:
		if g.FollowUps > 0 || g.Helped || kind == kindFact || anyMatch(already, tokens(words)) {
			return m.leave(at, StatusAnswered, ReasonAnswered)
		}
		return m.followUp(at, ReasonTooShort, words)
	case IntentUnknown:
		return m.help(at)
	case IntentAsk:
		return m.tell(at, words)
	case IntentNone:
	}
	return m.judged(at, words)
}

var (
	already = compileAll(`
		already
		as|like i said
	`)
	ignorance = compileAll(`know|sure|share|certain|idea|clue|remember|recall`)
)

// saysNo reports whether what looks like "nothing to add" is the plain no that
// a yes-or-no question asked for.
func saysNo(intent Intent, words []word) bool {
	return intent == IntentDone || intent == IntentUnknown && !anyMatch(ignorance, tokens(words))
}

// judged takes the words as an answer and digs or moves on.
func (m *move) judged(at int, words []word) Directive {
	g, q := &m.s.Questions[at], m.p.Questions[at]
	if asked := lastQuestion(words); asked != "" {
		return m.tell(at, words)
	}
	switch verdict := judge(words, &q, m.p, g.FollowUps > 0 || g.Helped); verdict {
	case ReasonAnswered:
		return m.settle(at, words)
	case ReasonOffTopic:
		return m.followUp(at, verdict, nil)
	default:
		return m.followUp(at, verdict, words)
	}
}

// settle takes the question as answered: it looks into what a recruiter
// whispered, or moves on.
func (m *move) settle(at int, words []word) Directive {
	q := m.p.Questions[at]
	said := quote(words, &q)
	topic, exact := whisperTopic(m.s.Whisper), ""
	if strings.HasSuffix(m.s.Whisper, "?") {
		exact = m.s.Whisper
	}
	if topic+exact != "" && m.roomToDig(at) && m.spend(at) {
		m.s.Whisper = ""
		// What comes next answers the recruiter: it is not judged by this question.
		m.s.Questions[at].FollowUps = max(m.s.Questions[at].FollowUps, q.MaxFollowUps)
		d := m.again(at, ActFollowUp, ReasonWhisper)
		d.Angle, d.Say, d.Quote = topic, exact, said
		return d
	}
	d := m.leave(at, StatusAnswered, ReasonAnswered)
	d.Quote = said
	return d
}

// followUp digs into an answer, or moves on when there is no room for it. words
// are nil when they are no answer at all.
func (m *move) followUp(at int, reason Reason, words []word) Directive {
	g, q := &m.s.Questions[at], m.p.Questions[at]
	if g.FollowUps >= q.MaxFollowUps || !m.roomToDig(at) || !m.spend(at) {
		if words == nil {
			return m.leave(at, StatusUnfit, ReasonUnfit)
		}
		d := m.leave(at, StatusAnswered, ReasonAnswered)
		d.Quote = quote(words, &q)
		return d
	}
	d := m.again(at, ActFollowUp, reason)
	d.Angle, d.Quote = m.angle(at), quote(words, &q)
	g.FollowUps++
	d.Whisper, m.s.Whisper = m.s.Whisper, ""
	return d
}

// help offers an angle to a candidate who does not know, once.
func (m *move) help(at int) Directive {
	g := &m.s.Questions[at]
	angle := m.angle(at)
	if g.Helped || angle == "" || !m.roomToDig(at) || !m.spend(at) {
		return m.leave(at, StatusUnknown, ReasonUnknown)
	}
	g.Helped = true
	d := m.again(at, ActHelp, ReasonUnknown)
	d.Angle = angle
	return d
}

// angle is the next hint of a question that was not used yet.
func (m *move) angle(at int) string {
	g, hints := m.s.Questions[at], m.p.Questions[at].Hints
	used := g.FollowUps
	if g.Helped {
		used++
	}
	if used < len(hints) {
		return hints[used]
	}
	return ""
}

// tell answers what the candidate asks. When they have answered our question as
// well, ours moves on; otherwise it is put again.
func (m *move) tell(at int, words []word) Directive {
	q := m.p.Questions[at]
	asked := lastQuestion(words)
	rest := words[:len(words)-len(strings.Fields(asked))]
	if asked == "" {
		asked, rest = join(words), nil
	}
	reason, answer := m.look(asked)
	minutes := 0
	if reason == ReasonTimeAsked {
		minutes = max(int(m.c.Left.Minutes()+0.5), 0)
	}
	var d Directive
	if len(content(rest)) >= shortContent && judge(rest, &q, m.p, true) == ReasonAnswered || !m.spend(at) {
		d = m.leave(at, StatusAnswered, ReasonAnswered)
		if d.Act == ActAsk {
			d.Act, d.Left, d.Reason = ActAnswer, ReasonAnswered, reason
		} else {
			d.Left = reason
		}
	} else {
		d = m.again(at, ActAnswer, reason)
	}
	d.Asked, d.Answer, d.Minutes = clip(asked), answer, minutes
	return d
}

// clip bounds a candidate's question that is handed on, in bytes at a word.
func clip(s string) string {
	const most = 200
	if len(s) <= most {
		return s
	}
	if at := strings.LastIndexByte(s[:most], ' '); at > 0 {
		return s[:at]
	}
	return ""
}

func join(words []word) string {
	raw := make([]string, len(words))
	for i, w := range words {
		raw[i] = w.raw
	}
	return strings.Join(raw, " ")
}

// What we answer of ourselves, whatever the plan's facts say.
var (
	askedAudible = compileAll(`
		can|do you * hear|see me
		^ * are you * there|listening
		is anyone|anybody|someone there
		is this|it|my * working
		microphone|mike|audio|sound
	`)
	askedAutomated = compileAll(`
		are you * robot|human|real|machine|computer|bot|person|ai|automated|recording|artificial
		you are|a * robot|human|real|machine|computer|bot|ai
		talking|speaking to|with * robot|human|real|machine|computer|bot|person|ai
		is this * robot|human|real|machine|computer|bot|ai|recording
		^ * who are you
		what are you $
		your name
	`)
	askedRating = compileAll(`
		my * score|rating|grade|result|results|marks|performance
		did i pass|fail|do
		how did|am|do i * do|doing|did
		was|is that|it|this|my * right|correct|good|wrong|okay
		right|correct|best|ideal|expected|model answer
		rubric|criteria|scoring
		other candidates|applicants
		how * answers|i|we|interview * rated|scored|evaluated|judged|assessed|graded
	`)
	askedTime = compileAll(`
		how much|many * time|questions|minutes * $
		how long * interview|left|this|call|take
		how many * left|more|remaining
		time * left|remain|remaining|have
	`)
	askedNext = compileAll(`
		hear back|from
		what * happens|is * next|after|afterwards
		next step|steps
		when * i|you|we * know|hear|decide|decision|answer|feedback
		how long * until|before|hear|decision
	`)
)

// look finds what may be told.
func (m *move) look(asked string) (Reason, string) {
	words := split(asked)
	plain := tokens(words)
	switch {
	case anyMatch(askedAudible, plain):
		return ReasonAudible, ""
	case anyMatch(askedAutomated, plain):
		return ReasonAutomated, ""
	case anyMatch(askedRating, plain):
		return ReasonWithheld, ""
	}
	best, answer := 0, ""
	for _, f := range m.p.Facts {
		hits := 0
		for _, about := range f.About {
			for _, a := range split(about) {
				for _, w := range words {
					if !w.stop && alike(a.norm, w.norm) {
						hits++
					}
				}
			}
		}
		if hits > best {
			best, answer = hits, f.Answer
		}
	}
	switch {
	case best > 0:
		return ReasonFact, answer
	case anyMatch(askedNext, plain):
		return ReasonFact, m.p.NextSteps
	case anyMatch(askedTime, plain):
		return ReasonTimeAsked, ""
	}
	return ReasonNoFact, ""
}

var whisperLead = compileAll(`
	^ * ask|asking him|her|them|the|more|about|for
	^ * dig|go|look|probe deeper|more|into|in
	^ * tell|hear|more|know about
	^ about
`)

// whisperTopic is what a recruiter wants to hear about, as it fits after "tell
// me about"; "" when the hint is not of that kind. Models get such hints as they
// are.
func whisperTopic(whisper string) string {
	words := split(whisper)
	if len(words) == 0 || len(words) > 14 || strings.Contains(whisper, "?") {
		return ""
	}
	raw := make([]string, len(words))
	for i, w := range words {
		raw[i] = w.norm
	}
	if !anyMatch(whisperLead, raw) {
		return ""
	}
	for i := len(words) - 2; i >= 0; i-- {
		switch words[i].norm {
		case "about", "into", "on":
			return join(words[i+1:])
		}
	}
	return ""
}
