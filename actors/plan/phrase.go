package plan

import "strings"

// phrase is a compiled pattern over tokens. Its source is a list of words:
//
//	a|b    either word
//	*      up to three words of any kind
//	^ $    begin and end of the text
//
// A word of six or more letters also matches when one letter of it was misheard.
type phrase struct {
	steps []step
	start bool // ^
	end   bool // $
}

// step is one word of a phrase; no alternatives means "*".
type step []string

// maxGap is how many words "*" may stand for.
const maxGap = 3

// fuzzyFrom is the length from which a word may have one wrong letter; shorter
// ones turn into other common words too easily.
const fuzzyFrom = 6

func compile(source string) phrase {
	var p phrase
	for f := range strings.FieldsSeq(source) {
		switch f {
		case "^":
			p.start = true
		case "$":
			p.end = true
		case "*":
			p.steps = append(p.steps, nil)
		default:
			p.steps = append(p.steps, strings.Split(f, "|"))
		}
	}
	return p
}

func compileAll(list string) []phrase {
	var out []phrase
	for line := range strings.Lines(list) {
		if strings.TrimSpace(line) != "" {
			out = append(out, compile(line))
		}
	}
	return out
}

// find returns where the phrase's first match ends, or ok = false.
func (p phrase) find(tokens []string) (to int, ok bool) {
	for from := range tokens {
		if to, ok := p.match(p.steps, tokens, from); ok {
			return to, true
		}
		if p.start {
			break
		}
	}
	return 0, false
}

func (p phrase) match(steps []step, tokens []string, at int) (int, bool) {
	if len(steps) == 0 {
		return at, !p.end || at == len(tokens)
	}
	if steps[0] == nil {
		for gap := 0; gap <= maxGap && at+gap <= len(tokens); gap++ {
			if to, ok := p.match(steps[1:], tokens, at+gap); ok {
				return to, true
			}
		}
		return 0, false
	}
	if at >= len(tokens) || !steps[0].has(tokens[at]) {
		return 0, false
	}
	return p.match(steps[1:], tokens, at+1)
}

func (s step) has(token string) bool {
	for _, w := range s {
		if w == token || (len(w) >= fuzzyFrom && len(token) >= fuzzyFrom-1 && w[0] == token[0] && near(w, token)) {
			return true
		}
	}
	return false
}
