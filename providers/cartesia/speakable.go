package cartesia

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	link    = regexp.MustCompile(`!?\[([^\[\]]*)\]\([^()\s]*\)`)
	tag     = regexp.MustCompile(`</?[A-Za-z][^<>]*>`)
	gesture = regexp.MustCompile(`(^|\s)\[[A-Za-z ]{1,30}\]`)
	bullet  = regexp.MustCompile(`(?m)^\s*(?:#{1,6}\s+|[-*+•]\s+|>\s+)`)
	strong  = regexp.MustCompile(`\*{1,3}([^*\s](?:[^*]*[^*\s])?)\*{1,3}|~~([^~]+)~~`)
	stress  = regexp.MustCompile(`(^|[\s("'])_{1,3}([^_\s](?:[^_]*[^_\s])?)_{1,3}($|[\s.,;:!?)"'])`)
)

// speakable is a sentence as the provider gets it: without markup, tags and
// pictures, which it would read out or choke on, and closed by punctuation, since
// an open end makes it wait or click. It is empty when nothing is left to say:
// text without letter or digit is refused.
func speakable(text string) string {
	text = strings.ToValidUTF8(text, "")
	text = link.ReplaceAllString(text, "$1")
	text = tag.ReplaceAllString(text, " ")
	text = gesture.ReplaceAllString(text, "$1")
	text = bullet.ReplaceAllString(text, "")
	text = strong.ReplaceAllString(text, "$1$2")
	text = stress.ReplaceAllString(text, "$1$2$3")
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == '`', picture(r), unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
		return ""
	}
	if last, _ := utf8.DecodeRuneInString(lastOutside(text)); !strings.ContainsRune(".!?…", last) {
		text = strings.TrimRight(text, ",;:-–— ") + "."
	}
	return text
}

// lastOutside is the end of a text from its last rune that closes no quotation.
func lastOutside(text string) string {
	trimmed := strings.TrimRight(text, `"')]}”’»`)
	_, size := utf8.DecodeLastRuneInString(trimmed)
	return trimmed[len(trimmed)-size:]
}

// picture reports emoji and what modifies them.
func picture(r rune) bool {
	switch {
	case r >= 0x1F000 && r <= 0x1FAFF, r >= 0x2600 && r <= 0x27BF, r >= 0x2B00 && r <= 0x2BFF, r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0000 && r <= 0xE007F:
		return true
	}
	return r == 0x20E3 || r == utf8.RuneError
}
