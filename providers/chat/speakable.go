package chat

import (
	"strings"
	"unicode"
)

// Speakable takes out of a piece of text what must not be spoken: emphasis, code
// and heading marks, bullets, pictures. It works on any piece of a stream by
// itself and keeps the spaces around words. The prompt asks for none of these;
// models write some anyway. How numbers and signs are said is left to the voice.
func Speakable(text string) string {
	var b strings.Builder
	last := '\n' // what stands before r; a piece may begin a line
	for i, r := range text {
		switch {
		case strings.ContainsRune("*`~|•‣▪<>", r), picture(r):
		case r == '#' && (unicode.IsSpace(last) || last == '#'): // a heading; C# stays
		case r == '-' && last == '\n' && strings.HasPrefix(text[i:], "- "): // a bullet
		case r == '_', r == '\n', r == '\r', r == '\t':
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}

// picture reports emoji and other symbols that no voice reads well. Signs of
// currency and of mathematics are spoken.
func picture(r rune) bool {
	switch {
	case r == 0x200d, r == 0xfe0f, r == 0xfe0e, r == 0x20e3: // joiners and variants
		return true
	case r < 0x2000, r == '°', r == '№', r == '™':
		return r == '©' || r == '®'
	case r >= 0x1f000 && r <= 0x1ffff, r >= 0xe0000 && r <= 0xe007f:
		return true
	}
	return unicode.Is(unicode.So, r) || unicode.Is(unicode.Co, r)
}
