package turn

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// firstClause is the length from which a first chunk need not wait for its
	// full stop: it is some three seconds of speech, enough to make the rest.
	firstClause = 40
	// minClause is the least such a piece may be: shorter ones sound chopped.
	minClause = 15
	// minSentence is the least later chunks may be: voices speak very short texts
	// with odd melody and pauses around.
	minSentence = 20
	// maxSentence is the most: about 20 s of speech.
	maxSentence = 300
)

// abbreviations are words whose full stop ends no sentence.
var abbreviations = wordSet(`dr mr mrs ms mx prof st mt sr jr hon rev gen col sgt capt lt gov sen rep e.g i.e eg ie etc cf vs al approx est dept univ inc ltd co corp
	no nos vol fig ed eds pp ca jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun a.m p.m u.s u.k u.s.a e.u ph.d b.sc m.sc b.a m.a`)

// Chunker cuts a stream of tokens into pieces to speak: whole sentences, the
// first as early as possible. Joined, the pieces are the text, but for white
// space at its end. The zero value is ready to use; it is owned by one goroutine.
type Chunker struct {
	buf   string
	later bool // a piece was cut already
}

// Add takes a token and returns the pieces that are complete with it.
func (c *Chunker) Add(delta string) []string {
	c.buf += delta
	var out []string
	for {
		n := c.cut()
		if n == 0 {
			return out
		}
		out = append(out, c.buf[:n])
		c.buf, c.later = c.buf[n:], true
	}
}

// Flush returns what is left: the text is complete.
func (c *Chunker) Flush() []string {
	rest := c.buf
	*c = Chunker{}
	if strings.TrimSpace(rest) == "" {
		return nil
	}
	return []string{rest}
}

// cut is the length of the next piece, 0 while it is open.
func (c *Chunker) cut() int {
	clause := 0
	for i, r := range c.buf {
		end := i + utf8.RuneLen(r)
		if r == utf8.RuneError {
			end = i + 1
		}
		if end > maxSentence {
			break
		}
		if end = c.sentenceEnd(i, end, r); end > 0 && end <= maxSentence && c.long(c.buf[:end]) {
			return end
		}
		if strings.ContainsRune(",;:–—", r) && i >= minClause && nextIsSpace(c.buf[i+utf8.RuneLen(r):]) {
			clause = i + utf8.RuneLen(r)
		}
	}
	if !c.later && clause > 0 && len(c.buf) > firstClause && hasWord(c.buf[:clause]) {
		return clause
	}
	if len(c.buf) > maxSentence {
		return wordCut(c.buf)
	}
	return 0
}

// sentenceEnd is where a sentence ends whose last mark is r, at i; 0 when it does
// not end there or what follows has yet to tell.
func (c *Chunker) sentenceEnd(i, end int, r rune) int {
	switch r {
	case '\n', '。', '！', '？':
		return end
	case '.', '!', '?', '…':
	default:
		return 0
	}
	rest := c.buf[end:]
	tail := strings.TrimLeft(rest, `.!?…"')]”’`)
	if !nextIsSpace(tail) || r == '.' && len(tail) == len(rest) && abbreviated(c.buf[:i]) {
		return 0
	}
	return end + len(rest) - len(tail)
}

func nextIsSpace(s string) bool {
	r, n := utf8.DecodeRuneInString(s)
	return n > 0 && unicode.IsSpace(r)
}

// long reports whether a piece is long enough to be spoken on its own.
func (c *Chunker) long(piece string) bool {
	return hasWord(piece) && (!c.later || len(strings.TrimSpace(piece)) >= minSentence)
}

func hasWord(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// abbreviated reports whether the full stop after s belongs to its last word: an
// abbreviation, an initial, or the number of a list's item.
func abbreviated(s string) bool {
	word := s[strings.LastIndexFunc(s, func(r rune) bool { return unicode.IsSpace(r) || r == '(' || r == '"' })+1:]
	if abbreviations[strings.ToLower(word)] {
		return true
	}
	if len(word) == 1 && word[0] >= 'A' && word[0] <= 'Z' && word != "I" {
		return true
	}
	return len(word) <= 2 && strings.TrimSpace(s) == word && strings.Trim(word, "0123456789") == ""
}

// wordCut is the last place within maxSentence where a text can be cut.
func wordCut(s string) int {
	if i := strings.LastIndexFunc(s[:maxSentence], unicode.IsSpace); i > 0 && hasWord(s[:i]) {
		_, n := utf8.DecodeRuneInString(s[i:])
		if i+n <= maxSentence {
			return i + n
		}
	}
	n := maxSentence
	for n > 1 && !utf8.RuneStart(s[n]) {
		n--
	}
	return n
}
