package chat

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

const (
	// leastHistory is the smallest window, in tokens: the last question and a long
	// answer to it.
	leastHistory = 200
	// perMessage is what a message costs beside its text, in tokens.
	perMessage = 4
	// charsPerToken is a cautious guess for English: the tokenizers in use take
	// about four.
	charsPerToken = 3.5
)

// message is one line on the wire.
type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// Tokens estimates how many tokens a text takes. Characters outside ASCII count
// as one each.
func Tokens(text string) int {
	ascii, other := 0, 0
	for _, r := range text {
		if r < utf8.RuneSelf {
			ascii++
		} else {
			other++
		}
	}
	if ascii+other == 0 {
		return 0
	}
	return int(float64(ascii)/charsPerToken) + other + 1
}

func tokensOf(messages []message) int {
	n := 0
	for _, m := range messages {
		n += perMessage + Tokens(m.Content)
	}
	return n
}

// messages lays out a request: the standing instruction, the newest lines of the
// conversation that fit the window, the instruction of this reply. The oldest
// lines are left out, and one line in their place says how many: a summary would
// cost a second request, and the instruction holds what the reply needs. Of a last
// line that does not fit by itself its end is kept. The candidate's lines are user
// messages whatever they say.
func (c *Client) messages(r providers.ChatRequest) []message {
	lines, left := window(r.History, int(c.window.Load()))
	c.stats.linesLeftOut.Add(int64(left))
	note := ""
	if left > 0 {
		note = fmt.Sprintf("The first %d lines of the conversation are left out here.", left)
	}
	if c.profile.OneSystem {
		return append(system(joined(r.System, note, r.Instruction)), lines...)
	}
	out := append(system(r.System), system(note)...)
	out = append(out, lines...)
	return append(out, system(r.Instruction)...)
}

func system(text string) []message {
	if text == "" {
		return nil
	}
	return []message{{Role: "system", Content: text}}
}

func joined(parts ...string) string {
	var some []string
	for _, p := range parts {
		if p != "" {
			some = append(some, p)
		}
	}
	return strings.Join(some, "\n\n")
}

// window returns the newest lines that fit, and how many were left out.
func window(history []providers.Message, tokens int) (lines []message, left int) {
	first, spare := len(history), tokens
	for first > 0 {
		cost := perMessage + Tokens(history[first-1].Text)
		if cost > spare {
			break
		}
		spare -= cost
		first--
	}
	if first == len(history) && first > 0 {
		first--
		lines = append(lines, message{roleOf(history[first].Role), tail(history[first].Text, tokens)})
		return lines, first
	}
	for _, m := range history[first:] {
		if strings.TrimSpace(m.Text) != "" {
			lines = append(lines, message{roleOf(m.Role), m.Text})
		}
	}
	return lines, first
}

// roleOf maps what is said. A system line of the transcript was never heard as an
// instruction, so it does not become one.
func roleOf(r interview.Role) string {
	if r == interview.RoleAssistant {
		return "assistant"
	}
	return "user"
}

// tail is the end of a text that fits into tokens, from the start of a word.
func tail(text string, tokens int) string {
	runes := []rune(text)
	// One token a character is true for every script.
	keep := max(tokens-perMessage-2, 1)
	if len(text) == len(runes) {
		keep = int(float64(keep) * charsPerToken)
	}
	if keep >= len(runes) {
		return text
	}
	end := string(runes[len(runes)-keep:])
	if _, rest, found := strings.Cut(end, " "); found && rest != "" {
		end = rest
	}
	return "... " + end
}

// shrink narrows the window of all later requests after one was too large.
func (c *Client) shrink(sent int) {
	now := c.window.Load()
	c.window.CompareAndSwap(now, max(leastHistory, min(now, int64(sent))/2))
}
