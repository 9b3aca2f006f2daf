package store

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unicode/utf8"
)

// Limits of a JSON document. PostgreSQL's jsonb has wider ones (131072 digits,
// its stack depth); nothing this program stores comes near these.
const (
	maxDocument = 1 << 20 // bytes
	maxDepth    = 64
	maxNumber   = 64 // characters of a number
	maxExponent = 4  // characters of its exponent, sign included
)

// unfitDocument says why jsonb would not keep a document as it is; it is empty
// for one that it would. encoding/json alone is too kind: it takes escaped NULs,
// lone surrogates and bytes that are not UTF-8.
func unfitDocument(doc []byte) string {
	switch {
	case len(doc) > maxDocument:
		return "it is longer than " + strconv.Itoa(maxDocument) + " bytes"
	case !utf8.Valid(doc):
		return notUTF8
	case !json.Valid(doc):
		return "it is not valid JSON"
	}
	return scanDocument(doc)
}

// scanDocument walks a valid document, so it may rely on its grammar (RFC 8259).
func scanDocument(doc []byte) string {
	depth := 0
	for i := 0; i < len(doc); i++ {
		switch c := doc[i]; {
		case c == '"':
			n, reason := scanString(doc[i:])
			if reason != "" {
				return reason
			}
			i += n - 1
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return "it is nested deeper than " + strconv.Itoa(maxDepth) + " levels"
			}
		case c == '}' || c == ']':
			depth--
		case c == '-' || '0' <= c && c <= '9':
			end := i
			for end < len(doc) && bytes.IndexByte([]byte("+-.eE0123456789"), doc[end]) >= 0 {
				end++
			}
			number := doc[i:end]
			if e := bytes.IndexAny(number, "eE"); len(number) > maxNumber || e >= 0 && len(number)-e-1 > maxExponent {
				return "it contains a number out of range"
			}
			i = end - 1
		}
	}
	return ""
}

// scanString looks at the string that s begins with and returns its length with
// the quotes.
func scanString(s []byte) (length int, reason string) {
	for i := 1; i < len(s); {
		switch {
		case s[i] == '"':
			return i + 1, ""
		case s[i] != '\\':
			i++
		case s[i+1] != 'u':
			i += 2
		default:
			r := escaped(s[i:])
			i += 6
			switch {
			case r == 0:
				return 0, hasNUL
			case 0xD800 <= r && r < 0xDC00: // the first half of a pair
				if low := escaped(s[i:]); low < 0xDC00 || low > 0xDFFF {
					return 0, "it contains half of a surrogate pair"
				}
				i += 6
			case 0xDC00 <= r && r <= 0xDFFF:
				return 0, "it contains half of a surrogate pair"
			}
		}
	}
	return len(s), ""
}

// escaped is the code unit of the \uXXXX that s begins with, or -1.
func escaped(s []byte) int {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	r, err := strconv.ParseUint(string(s[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return int(r)
}
