package interviewer

import (
	"strings"
	"unicode"
)

// speakable writes a text the way it is said: signs and numbers as words, no
// markup. What a voice reads well already stays as it is.
func speakable(s string) string {
	words := strings.Fields(s)
	out := make([]string, 0, len(words))
	for _, w := range words {
		out = append(out, speakWord(w)...)
	}
	text := strings.Join(out, " ")
	for _, mark := range []string{".", ",", "?", "!"} {
		text = strings.ReplaceAll(text, " "+mark, mark)
	}
	return text
}

// short forms and what they stand for.
var short = map[string]string{
	"e.g.": "for example", "i.e.": "that is", "etc.": "and so on", "etc": "and so on", "vs": "versus", "vs.": "versus", "approx.": "about",
	"c++": "C plus plus", "c#": "C sharp", "f#": "F sharp", ".net": "dot net", "node.js": "node J S", "&": "and", "+": "plus", "=": "equals",
	"mr.": "mister", "mrs.": "misses", "dr.": "doctor", "no.": "number", "24/7": "around the clock", "and/or": "or",
}

// signs are said wherever they stand.
var signs = map[rune]string{
	'&': " and ", '+': " plus ", '%': " percent ", '@': " at ", '=': " equals ", '/': " or ", '°': " degrees ",
	'€': " euros ", '$': " dollars ", '£': " pounds ", '–': ", ", '—': ", ", ';': ", ", ':': ", ", '…': ". ",
}

func speakWord(w string) []string {
	core := strings.TrimRight(w, ",?!")
	tail := w[len(core):]
	if full, ok := short[strings.ToLower(core)]; ok {
		return strings.Fields(full + tail)
	}
	if dotless := strings.TrimRight(core, "."); dotless != core {
		if full, ok := short[strings.ToLower(dotless)]; ok {
			return strings.Fields(full + "." + tail)
		}
	}
	// "$5" is said "five dollars".
	if r := []rune(w); len(r) > 1 && (r[0] == '$' || r[0] == '€' || r[0] == '£') && unicode.IsDigit(r[1]) {
		rest := strings.TrimRight(string(r[1:]), ".,?!")
		w = rest + string(r[0]) + string(r[1+len([]rune(rest)):])
	}
	var b strings.Builder
	r := []rune(w)
	for i := 0; i < len(r); i++ {
		switch c := r[i]; {
		case unicode.IsDigit(c):
			end := i
			for end < len(r) && (unicode.IsDigit(r[end]) || (r[end] == '.' || r[end] == ',') && end+1 < len(r) && unicode.IsDigit(r[end+1])) {
				end++
			}
			number := string(r[i:end])
			i = end - 1
			if suffix := strings.ToLower(string(r[end:min(end+2, len(r))])); suffix == "st" || suffix == "nd" || suffix == "rd" || suffix == "th" {
				b.WriteString(" " + ordinal(number) + " ")
				i += 2
				continue
			}
			b.WriteString(" " + cardinal(number) + " ")
		case signs[c] != "":
			b.WriteString(signs[c])
		case unicode.IsLetter(c), strings.ContainsRune(".,?!'", c):
			b.WriteRune(c)
		case c == '’':
			b.WriteByte('\'')
		default: // markup, quotation marks, brackets, hyphens, pictures
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

var (
	ones = []string{
		"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
		"fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
	}
	tens   = []string{"", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"}
	groups = []string{"", " thousand", " million", " billion"}
)

// cardinal says a decimal number: "1,250" or "3.5"; years in their own way, and
// what is too long for a number digit by digit.
func cardinal(s string) string {
	whole, fraction, _ := strings.Cut(strings.ReplaceAll(s, ",", ""), ".")
	if fraction != "" {
		return cardinal(whole) + " point " + digits(fraction)
	}
	n, ok := ascii(whole)
	switch {
	case !ok, len(whole) > 1 && whole[0] == '0', len(whole) > 9:
		return digits(whole)
	case n >= 1900 && n < 2100 && len(s) == 4 && (n < 2000 || n >= 2010):
		return below1000(n/100) + " " + afterCentury(n%100)
	case n == 0:
		return ones[0]
	}
	var parts []string
	for g := 0; n > 0; g++ {
		if n%1000 > 0 {
			parts = append([]string{below1000(n%1000) + groups[g]}, parts...)
		}
		n /= 1000
	}
	return strings.Join(parts, " ")
}

func afterCentury(n int) string {
	switch {
	case n == 0:
		return "hundred"
	case n < 10:
		return "o " + ones[n]
	}
	return below1000(n)
}

func below1000(n int) string {
	var parts []string
	if n >= 100 {
		parts = append(parts, ones[n/100]+" hundred")
		n %= 100
	}
	switch {
	case n >= 20 && n%10 > 0:
		parts = append(parts, tens[n/10]+" "+ones[n%10])
	case n >= 20:
		parts = append(parts, tens[n/10])
	case n > 0:
		parts = append(parts, ones[n])
	}
	return strings.Join(parts, " ")
}

// odd are the ordinals that are no number with "th".
var odd = map[string]string{
	"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth", "twelve": "twelfth",
}

func ordinal(s string) string {
	words := strings.Fields(cardinal(s))
	last := words[len(words)-1]
	switch {
	case odd[last] != "":
		last = odd[last]
	case strings.HasSuffix(last, "y"):
		last = strings.TrimSuffix(last, "y") + "ieth"
	default:
		last += "th"
	}
	words[len(words)-1] = last
	return strings.Join(words, " ")
}

// digits says a row of digits one by one. Digits of other scripts are said by
// their value.
func digits(s string) string {
	var out []string
	for _, r := range s {
		if d, ok := ascii(string(r)); ok {
			out = append(out, ones[d])
		}
	}
	return strings.Join(out, " ")
}

// ascii reads a number of up to nine digits; false for longer ones and for
// digits of other scripts.
func ascii(s string) (int, bool) {
	n := 0
	for i, r := range s {
		if r < '0' || r > '9' || i >= 9 {
			return 0, false
		}
		n = n*10 + int(r-'0')
	}
	return n, s != ""
}
