package actors

import (
	"unicode/utf8"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// Budget bounds what one interview may cost at its providers. 0 = no bound.
type Budget struct {
	// Tokens are those of the language model, prompts included.
	Tokens int
	// Characters are those handed to the voice.
	Characters int
}

// spent is what an interview has cost so far. It belongs to the interview actor.
type spent struct {
	tokens, characters int
	told               bool // the turn machine knows that it is enough
}

// over reports whether the budget is used up. The closing words are still worded
// without a model and spoken: hanging up on a candidate would be no way to save.
func (s spent) over(b Budget) bool {
	return b.Tokens > 0 && s.tokens >= b.Tokens || b.Characters > 0 && s.characters >= b.Characters
}

// wordingCost is the llm actor's report of what a reply cost, also of one that
// was given up.
type wordingCost struct {
	usage  providers.Usage
	wasted bool // nobody waited for it any more
}

func (wordingCost) interviewMsg() {}

// onCost takes what a reply cost at the language model.
func (a *interviewActor) onCost(c *engine.Ctx[interviewMsg], m wordingCost) {
	n := m.usage.Prompt + m.usage.Completion
	a.spent.tokens += n
	a.deps.Meter.Spent(providers.StageLLM, n)
	if m.wasted {
		a.deps.Meter.Wasted(providers.StageLLM, n)
	}
	a.checkBudget(c)
}

// payVoice counts a sentence that goes to the voice.
func (a *interviewActor) payVoice(c *engine.Ctx[interviewMsg], text string) {
	n := utf8.RuneCountInString(text)
	a.spent.characters += n
	a.deps.Meter.Spent(providers.StageTTS, n)
	a.checkBudget(c)
}

// wastedVoice counts what was spoken of a reply and not heard.
func (a *interviewActor) wastedVoice(r *reply, heard string) {
	if r.voice {
		a.deps.Meter.Wasted(providers.StageTTS, max(0, r.characters-utf8.RuneCountInString(heard)))
	}
}

// checkBudget lets the interview close, once, when it has cost enough.
func (a *interviewActor) checkBudget(c *engine.Ctx[interviewMsg]) {
	if a.spent.told || a.phase != phaseRunning || !a.spent.over(a.cfg.Budget) {
		return
	}
	a.spent.told = true
	a.log.Warn("budget is used up: the interview closes", "tokens", a.spent.tokens, "characters", a.spent.characters)
	a.record(interview.KindBudgetSpent, interview.BudgetSpent{Tokens: a.spent.tokens, Characters: a.spent.characters}, nil)
	a.feed(c, turn.BudgetSpent{})
}
