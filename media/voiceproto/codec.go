package voiceproto

import (
	"encoding/json"
	"errors"
	"fmt"
)

const (
	// MaxMessage is the size of a message in bytes. The longest typed answer fits
	// with every character escaped once (\u00e9).
	MaxMessage = 64 << 10
	// maxDepth is how deep values may nest. The deepest message has three levels;
	// encoding/json alone would follow ten thousand.
	maxDepth = 8
)

// What can be wrong with a message.
var (
	// ErrUnknownType is a well-formed message of a type this side does not know:
	// it is to be ignored (contract section 6).
	ErrUnknownType = errors.New("unknown message type")
	// ErrMalformed is no JSON object with a string "type", or has a field of
	// another JSON type than the message's.
	ErrMalformed = errors.New("malformed message")
	// ErrInvalid is a message with a value out of its bounds.
	ErrInvalid = errors.New("invalid message")
	// ErrTooLarge is a message beyond MaxMessage bytes.
	ErrTooLarge = errors.New("message too large")
	// ErrTooDeep is a message that nests too deep.
	ErrTooDeep = errors.New("message nested too deep")
)

// registry finds the decoder of a type's name.
type registry[M any] map[string]func(raw []byte) (M, error)

func (r registry[M]) decode(raw []byte) (M, error) {
	var none M
	if len(raw) > MaxMessage {
		return none, fmt.Errorf("%w: %d bytes, the limit is %d", ErrTooLarge, len(raw), MaxMessage)
	}
	if deeperThan(raw, maxDepth) {
		return none, ErrTooDeep
	}
	var head struct {
		Type *string `json:"type"`
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return none, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if head.Type == nil {
		return none, fmt.Errorf("%w: no type", ErrMalformed)
	}
	decodeBody, ok := r[*head.Type]
	if !ok {
		return none, ErrUnknownType
	}
	return decodeBody(raw)
}

// decodeAs decodes raw as the message type T, which is one of the set M.
func decodeAs[M any, T any](raw []byte) (M, error) {
	var (
		none M
		body T
	)
	if err := json.Unmarshal(raw, &body); err != nil {
		return none, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return any(body).(M), nil
}

// deeperThan reports whether raw nests objects and arrays deeper than limit. It
// only counts brackets outside of strings: whether they match is the decoder's
// business.
func deeperThan(raw []byte, limit int) bool {
	depth, inString := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case inString && c == '\\':
			i++ // whatever follows is part of the string
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > limit {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// encode puts the type's name in front of the fields of m, which must be a
// struct without a field of that name.
func encode(name string, m any) ([]byte, error) {
	body, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode %s message: %w", name, err)
	}
	raw := make([]byte, 0, len(`{"type":"",`)+len(name)+len(body))
	raw = append(raw, `{"type":"`...)
	raw = append(raw, name...)
	raw = append(raw, '"')
	if len(body) > len("{}") {
		raw = append(raw, ',')
	}
	return append(raw, body[1:]...), nil
}
