package turn

import (
	"strings"
	"unicode"
)

const (
	firstClause = 40  // a first chunk may end at a comma beyond this
	minSentence = 20  // later chunks are at least this long
	maxSentence = 300 // and at most this
)

// abbreviations end in a full stop that ends no sentence.
var abbreviations = map[string]bool{
	"dr": true, "mr": true, "mrs": true, "ms": true, "prof": true, "st": true, "e.g": true, "i.e": true, "etc": true,
	"vs": true, "inc": true, "ltd": true, "jr": true, "sr": true, "no": true, "approx": true, "u.s": true, "u.k": true,
}

// Chunker cuts a stream of tokens into pieces to speak: whole sentences, the
// first as early as possible. The pieces joined are the text. The zero value is
// ready to use.
type Chunker struct {
	buf   string
	count int
}

// Add takes a token and returns the pieces that are complete.
func (c *Chunker) Add(delta string) []string {
	c.buf += delta
	var out []string
	for {
		cut := c.boundary()
		if cut == 0 {
			return out
		}
		out = append(out, c.buf[:cut])
		c.buf = c.buf[cut:]
		c.count++
	}
}

// Flush returns what is left.
func (c *Chunker) Flush() []string {
	rest := c.buf
	c.buf = ""
	if strings.TrimSpace(rest) == "" {
		return nil
	}
	c.count++
	return []string{rest}
}

func (c *Chunker) boundary() int {
	for i, r := range c.buf {
		end := i + len(string(r))
		if end >= len(c.buf) {
			break // what follows decides
		}
		next := rune(c.buf[end])
		switch {
		case strings.ContainsRune(".?!", r) && (next == ' ' || next == '\n'):
			if (c.count == 0 || end >= minSentence) && !c.abbreviation(i) && spoken(c.buf[:end]) {
				return end
			}
		case r == '\n' && spoken(c.buf[:end]):
			return end
		case strings.ContainsRune(",;:", r) && next == ' ' && c.count == 0 && end > firstClause:
			return end
		case r == ' ' && end > maxSentence-40:
			return end
		}
		if end >= maxSentence {
			return end
		}
	}
	return 0
}

func spoken(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

func (c *Chunker) abbreviation(dot int) bool {
	if c.buf[dot] != '.' {
		return false
	}
	word := c.buf[:dot]
	if i := strings.LastIndexAny(word, " \n("); i >= 0 {
		word = word[i+1:]
	}
	return abbreviations[strings.ToLower(word)] || len(word) == 1 && unicode.IsUpper(rune(word[0]))
}
