package soundcode

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Words returns the words of text as a Voice speaks them and an Ear hears them:
// separated at white space and control characters, otherwise unchanged. Bytes
// that are no UTF-8 become U+FFFD, and words of more than 63 bytes are parted.
func Words(text string) []string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	var words []string
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		for len(w) > maxLength {
			at := maxLength
			for !utf8.RuneStart(w[at]) {
				at--
			}
			words = append(words, w[:at])
			w = w[at:]
		}
		words = append(words, w)
	}
	return words
}

// Duration is how long a Voice speaks text: exactly, up to the rounding to a
// sample. On English sentences it is 60 to 65 ms per character.
func Duration(text string) time.Duration {
	total := 0
	words := Words(text)
	for i, w := range words {
		total += pulses(len(w)) * period
		if i < len(words)-1 {
			total += pause(w)
		}
	}
	if total > 0 {
		total += lead + trail
	}
	return time.Duration(total) * time.Second / codeRate
}

// The silences in samples at codeRate.
const (
	lead          = 8 * codeRate / 1000
	trail         = 16 * codeRate / 1000
	wordPause     = 42 * codeRate / 1000
	clausePause   = 80 * codeRate / 1000
	sentencePause = 140 * codeRate / 1000
)

// pause is the silence after a word that another follows.
func pause(word string) int {
	switch strings.TrimRight(word, `"')]`)[max(0, len(strings.TrimRight(word, `"')]`))-1):] {
	case ".", "?", "!":
		return sentencePause
	case ",", ";", ":":
		return clausePause
	}
	return wordPause
}
