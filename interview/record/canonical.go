package record

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vantahire/vantahire/interview"
)

// ErrNotCanonical says that a payload has no canonical form: it is not one JSON
// document in UTF-8, or has a number no database keeps.
var ErrNotCanonical = errors.New("payload has no canonical form")

// maxExponent bounds a number's exponent. PostgreSQL's numeric ends long before.
const maxExponent = 100_000

// Canonical appends the canonical form of an event: its fields, each with its
// length before it, and the payload in one notation. Two events have the same form
// exactly if they say the same; how the payload is spaced and ordered, how its
// strings are escaped and its numbers written makes no difference, as PostgreSQL's
// jsonb keeps none of it.
func Canonical(dst []byte, e interview.Event) ([]byte, error) {
	doc, err := document(e.Payload)
	if err != nil {
		return dst, fmt.Errorf("event %d: %w", e.Seq, err)
	}
	dst = appendText(dst, string(e.Interview))
	dst = binary.BigEndian.AppendUint64(dst, uint64(e.Seq))            //nolint:gosec // the bits, whatever the sign
	dst = binary.BigEndian.AppendUint64(dst, uint64(e.Fence))          //nolint:gosec // the bits, whatever the sign
	dst = binary.BigEndian.AppendUint64(dst, uint64(e.At.UnixMilli())) //nolint:gosec // the bits, whatever the sign
	dst = binary.BigEndian.AppendUint64(dst, uint64(int64(e.Clock)))   //nolint:gosec // the bits, whatever the sign
	dst = appendText(dst, string(e.Kind))
	return appendText(dst, string(doc)), nil
}

func appendText(dst []byte, s string) []byte {
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(s))) //nolint:gosec // no payload is near 4 GB
	return append(dst, s...)
}

// document is the canonical form of a JSON document: no white space, keys sorted by
// their bytes, the last of equal keys, strings with only the escapes JSON demands,
// numbers as digits without zeros at either end and an exponent.
func document(raw []byte) ([]byte, error) {
	if !utf8.Valid(raw) {
		return nil, ErrNotCanonical
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, ErrNotCanonical // its text may quote the payload
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrNotCanonical
	}
	return appendValue(nil, v)
}

func appendValue(dst []byte, v any) ([]byte, error) {
	var err error
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return appendString(dst, v), nil
	case json.Number:
		return appendNumber(dst, string(v))
	case []any:
		dst = append(dst, '[')
		for i, x := range v {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst, err = appendValue(dst, x); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case map[string]any:
		dst = append(dst, '{')
		for i, key := range slices.Sorted(maps.Keys(v)) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, key), ':')
			if dst, err = appendValue(dst, v[key]); err != nil {
				return dst, err
			}
		}
		return append(dst, '}'), nil
	}
	return dst, ErrNotCanonical
}

func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}

// appendNumber writes a JSON number by its value: 1.50, 15e-1 and 1.5 are one. It
// works on the digits, so that none is lost.
func appendNumber(dst []byte, s string) ([]byte, error) {
	mantissa, exponent, has := strings.Cut(strings.ToLower(s), "e")
	var exp int64
	if has {
		n, ok := new(big.Int).SetString(strings.TrimPrefix(exponent, "+"), 10)
		if !ok || !n.IsInt64() || n.Int64() > maxExponent || n.Int64() < -maxExponent {
			return dst, ErrNotCanonical
		}
		exp = n.Int64()
	}
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	exp -= int64(len(fraction))
	digits := strings.TrimLeft(whole+fraction, "0")
	if digits == "" {
		return append(dst, '0'), nil // also -0, which jsonb keeps no sign of
	}
	trimmed := strings.TrimRight(digits, "0")
	exp += int64(len(digits) - len(trimmed))
	if negative {
		dst = append(dst, '-')
	}
	dst = append(dst, trimmed...)
	if exp != 0 {
		dst = strconv.AppendInt(append(dst, 'e'), exp, 10)
	}
	return dst, nil
}

func payload[P any](e interview.Event) (P, error) {
	var p P
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		return p, fmt.Errorf("payload of event %d is not that of %s", e.Seq, e.Kind) // the decoder's words may quote it
	}
	return p, nil
}
