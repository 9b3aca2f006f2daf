package worker

import (
	"strings"

	"github.com/vantahire/vantahire/providers/local/wire"
)

// token is one of flite's tokens: where it ends in the text, and the sound of the
// words it is spoken as ("1984" is four of them). from == to when it is silent.
type token struct {
	end      int     // byte offset behind the token, or one more (see spans)
	from, to float64 // seconds
}

// spans gives each blank-separated word of text the time its tokens are spoken at.
// A word that has no sound, such as a lone dash, gets the empty span where the
// word before it ends. flite counts a token's position after reading ahead by one
// character, so within text of single blanks the word of a token is the last one
// that starts before the position.
func spans(text string, tokens []token) []wire.Span {
	var starts []int
	at := 0
	for _, word := range strings.Fields(text) {
		at += strings.Index(text[at:], word)
		starts = append(starts, at)
		at += len(word)
	}
	out := make([]wire.Span, len(starts))
	heard := make([]bool, len(starts))
	w := 0
	for _, t := range tokens {
		for w+1 < len(starts) && starts[w+1] < t.end {
			w++
		}
		if t.to <= t.from || w >= len(starts) {
			continue
		}
		from, to := int(t.from*wire.Rate), int(t.to*wire.Rate)
		if !heard[w] {
			out[w], heard[w] = wire.Span{From: from, To: to}, true
			continue
		}
		out[w].To = max(out[w].To, to)
	}
	last := 0
	for i := range out {
		if !heard[i] {
			out[i] = wire.Span{From: last, To: last}
		}
		out[i].From = max(out[i].From, last)
		out[i].To = max(out[i].To, out[i].From)
		last = out[i].To
	}
	return out
}
