package deepgram

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	speakTag      = regexp.MustCompile(`<!--.*?-->|</?[A-Za-z][^<>]*>`)
	speakLink     = regexp.MustCompile(`!?\[([^\[\]]*)\]\([^()\s]*\)`)
	speakScheme   = regexp.MustCompile(`(?i)\bhttps?://(www\.)?`)
	speakHeading  = regexp.MustCompile(`(?m)^[ \t]*(#{1,6}[ \t]+|>[ \t]*|[-*+•][ \t]+)`)
	speakFence    = regexp.MustCompile("(?m)^[ \t]*(```[A-Za-z0-9]*|~~~[A-Za-z0-9]*|[-*_]{3,})[ \t]*$")
	speakSpelling = regexp.MustCompile(`\b[A-Za-z0-9](-[A-Za-z0-9]){2,}\b`)
)

// speakable is a sentence as the service can read it: without markup, markup tags
// and pictures, which it would read out or garble. It ends with a mark, because
// text without one is not spoken before a Flush, and letters spelt with hyphens
// are set apart, which else are cut off. It is empty when there is nothing to say.
func speakable(sentence string) string {
	s := strings.ToValidUTF8(sentence, "")
	s = speakFence.ReplaceAllString(s, " ")
	s = speakHeading.ReplaceAllString(s, "")
	s = speakTag.ReplaceAllString(s, " ")
	s = html.UnescapeString(s)
	s = speakLink.ReplaceAllString(s, "$1")
	s = speakScheme.ReplaceAllString(s, "")
	s = speakSpelling.ReplaceAllStringFunc(s, func(w string) string { return strings.ReplaceAll(w, "-", ", ") })
	s = strings.Join(strings.Fields(strings.Map(speakRune, s)), " ")
	for _, mark := range []string{",", ".", "?", "!"} {
		s = strings.ReplaceAll(s, " "+mark, mark)
	}
	if strings.IndexFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) < 0 {
		return ""
	}
	if last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(s, `"')]”’»`)); !strings.ContainsRune(".!?…。！？", last) {
		s = strings.TrimRight(s, ",;:-–— ") + "."
	}
	return s + " "
}

// speakRune drops what has no sound.
func speakRune(r rune) rune {
	switch {
	case strings.ContainsRune("*_`~|\\", r):
		return ' '
	case strings.ContainsRune("°©®™€£$%+=<>^#&@", r): // read by their names
		return r
	case unicode.IsSpace(r):
		return ' '
	case unicode.In(r, unicode.So, unicode.Sk, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Me), r >= 0xfe00 && r <= 0xfe0f, r == unicode.ReplacementChar:
		return -1
	case r == '’', r == '‘':
		return '\''
	}
	return r
}

// speakPieces cuts a text into messages the service accepts: behind a sentence,
// else behind a comma, else behind a word, else anywhere.
func speakPieces(text string, limit int) []string {
	var pieces []string
	for text != "" {
		cut := speakCut(text, limit)
		if p := strings.TrimSpace(text[:cut]); p != "" {
			pieces = append(pieces, p+" ")
		}
		text = strings.TrimLeft(text[cut:], " ")
	}
	return pieces
}

// speakCut is the byte up to which a piece of at most limit characters reaches,
// the space behind it included.
func speakCut(text string, limit int) int {
	end, n := len(text), 0
	for i := range text {
		if n == limit {
			end = i
			break
		}
		n++
	}
	if end == len(text) {
		return end
	}
	for _, marks := range []string{".!?", ",;:", ""} {
		for i := end - 1; i > end/2; i-- {
			if text[i] == ' ' && (marks == "" || strings.IndexByte(marks, text[i-1]) >= 0) {
				return i + 1
			}
		}
	}
	end--
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return max(end, 1)
}
