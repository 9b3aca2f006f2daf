package local

import (
	"strings"
	"unicode"

	"github.com/vantahire/vantahire/providers/local/wire"
)

// maxPiece is how long a text flite gets at once, in bytes: it says about 20 s and
// its first sound comes after 50 ms (measured). Longer sentences are said in
// pieces, cut behind punctuation where there is some.
const maxPiece = 240

// piece is a part of a sentence that is spoken at once.
type piece struct {
	words []string // as the caller wrote them
	said  []string // the same in what flite can read; "" for one it can't
	last  bool     // ends its sentence
}

// text is what is sent to the worker.
func (p piece) text() string {
	var b strings.Builder
	for _, w := range p.said {
		if w != "" && b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(w)
	}
	return b.String()
}

// times spreads the spans of the words that are said over all words; the others
// get the empty span at the end of the word before them.
func (p piece) times(spans []wire.Span) ([]wire.Span, bool) {
	all := make([]wire.Span, 0, len(p.words))
	at := 0
	for _, w := range p.said {
		if w == "" {
			all = append(all, wire.Span{From: at, To: at})
			continue
		}
		if len(spans) == 0 {
			return nil, false
		}
		all = append(all, spans[0])
		at = spans[0].To
		spans = spans[1:]
	}
	return all, len(spans) == 0
}

// pieces cuts a sentence into what can be said at once. There is at least one
// piece, possibly of no words.
func pieces(sentence string) []piece {
	var all []piece
	var p piece
	size, cut := 0, 0 // bytes of p; the word count behind its last punctuation
	for _, word := range strings.Fields(sentence) {
		said := readable(word)
		for size+len(said) > maxPiece && len(p.words) > 0 {
			if cut == 0 {
				cut = len(p.words)
			}
			all = append(all, piece{words: p.words[:cut:cut], said: p.said[:cut:cut]})
			p = piece{words: p.words[cut:], said: p.said[cut:]}
			size, cut = len(p.text())+1, 0
		}
		p.words, p.said = append(p.words, word), append(p.said, said)
		size += len(said) + 1
		if strings.ContainsAny(said, ".,;:!?") {
			cut = len(p.words)
		}
	}
	p.last = true
	return append(all, p)
}

// sentences cuts a text behind ".", "!" and "?" at the end of a word.
func sentences(text string) []string {
	var all, words []string
	for _, w := range strings.Fields(text) {
		words = append(words, w)
		if strings.ContainsAny(w[len(w)-1:], ".!?") {
			all, words = append(all, strings.Join(words, " ")), nil
		}
	}
	if len(words) > 0 {
		all = append(all, strings.Join(words, " "))
	}
	return all
}

// typography is what flite reads instead of marks and letters beyond ASCII.
var typography = strings.NewReplacer(
	"’", "'", "‘", "'", "‚", "'", "“", `"`, "”", `"`, "„", `"`, "«", `"`, "»", `"`,
	"–", "-", "—", "-", "−", "-", "…", "...", "€", "EUR", "£", "GBP", "×", "x", "½", "1/2", "¼", "1/4", "¾", "3/4",
	"ä", "a", "à", "a", "á", "a", "â", "a", "ã", "a", "å", "a", "æ", "ae", "ç", "c", "č", "c", "ć", "c", "ď", "d",
	"è", "e", "é", "e", "ê", "e", "ë", "e", "ě", "e", "ę", "e", "ğ", "g", "ì", "i", "í", "i", "î", "i", "ï", "i", "ı", "i",
	"ł", "l", "ñ", "n", "ń", "n", "ň", "n", "ö", "o", "ò", "o", "ó", "o", "ô", "o", "õ", "o", "ø", "o", "ő", "o", "œ", "oe",
	"ř", "r", "ß", "ss", "š", "s", "ś", "s", "ş", "s", "ť", "t", "ü", "u", "ù", "u", "ú", "u", "û", "u", "ů", "u", "ű", "u",
	"ý", "y", "ÿ", "y", "ž", "z", "ź", "z", "ż", "z", "ð", "d", "þ", "th",
	"Ä", "A", "À", "A", "Á", "A", "Â", "A", "Ã", "A", "Å", "A", "Æ", "Ae", "Ç", "C", "Č", "C", "È", "E", "É", "E", "Ê", "E", "Ë", "E",
	"Ì", "I", "Í", "I", "Î", "I", "Ï", "I", "İ", "I", "Ł", "L", "Ñ", "N", "Ö", "O", "Ò", "O", "Ó", "O", "Ô", "O", "Õ", "O", "Ø", "O",
	"Ř", "R", "Š", "S", "Ś", "S", "Ş", "S", "Ü", "U", "Ù", "U", "Ú", "U", "Û", "U", "Ý", "Y", "Ž", "Z", "Ź", "Z", "Ż", "Z",
)

// readable is a word in printable ASCII, no longer than flite may get; "" when
// flite can read nothing of it.
func readable(word string) string {
	ascii := strings.Map(func(r rune) rune {
		if r > ' ' && r <= unicode.MaxASCII && r != 0x7f {
			return r
		}
		return -1
	}, typography.Replace(word))
	return ascii[:min(len(ascii), maxPiece)]
}
