package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// input reads the fields of a JSON object and collects what is wrong with them in
// the words of contract section 1.3. Unknown keys are ignored. After reading,
// problem tells whether anything was wrong.
type input struct {
	fields map[string]json.RawMessage
	bad    map[string][]string
}

// maxJSONDepth bounds nesting; the deepest request has four levels.
const maxJSONDepth = 32

// parseInput reads the body of a JSON route. The content type does not matter.
func parseInput(body []byte) (*input, error) {
	if !utf8.Valid(body) || nestsDeeper(body, maxJSONDepth) {
		return nil, errInvalidJSON
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return nil, errInvalidJSON
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errInvalidJSON
	}
	in := &input{bad: map[string][]string{}}
	if kind := kindOf(raw); kind != "object" {
		return nil, invalidInput([]string{"Expected object, received " + kind}, nil)
	}
	if err := json.Unmarshal(raw, &in.fields); err != nil {
		return nil, errInvalidJSON
	}
	return in, nil
}

// kindOf names a JSON value's type as the contract's texts do.
func kindOf(raw json.RawMessage) string {
	switch raw = bytes.TrimSpace(raw); raw[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

func nestsDeeper(raw []byte, limit int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
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

func (in *input) fault(field, text string) { in.bad[field] = append(in.bad[field], text) }

// problem is the answer to a request with faults, nil when there is none.
func (in *input) problem() error {
	if len(in.bad) == 0 {
		return nil
	}
	return invalidInput(nil, in.bad)
}

// text reads a string of at least low and at most high characters (high 0: no
// bound). It is nil when the field is missing, which is a fault when required.
func (in *input) text(field string, required bool, low, high int) *string {
	raw, ok := in.value(field, required, "string")
	if !ok {
		return nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		in.fault(field, "Invalid")
		return nil
	}
	if strings.ContainsRune(s, 0) { // the database's text has no NUL
		in.fault(field, "Invalid")
		return nil
	}
	n := utf8.RuneCountInString(s)
	if n < low {
		in.fault(field, fmt.Sprintf("String must contain at least %d character(s)", low))
	}
	if high > 0 && n > high {
		in.fault(field, fmt.Sprintf("String must contain at most %d character(s)", high))
	}
	return &s
}

// value finds a field of the wanted JSON type.
func (in *input) value(field string, required bool, kind string) (json.RawMessage, bool) {
	raw, present := in.fields[field]
	if !present {
		if required {
			in.fault(field, "Required")
		}
		return nil, false
	}
	if got := kindOf(raw); got != kind {
		in.fault(field, fmt.Sprintf("Expected %s, received %s", kind, got))
		return nil, false
	}
	return raw, true
}

// uuidShape accepts any hex 8-4-4-4-12 (contract section 1.5).
var uuidShape = regexp.MustCompile(`^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`)

func (in *input) uuid(field string) *string {
	s := in.text(field, false, 0, 0)
	if s != nil && !uuidShape.MatchString(*s) {
		in.fault(field, "Invalid uuid")
	}
	return s
}

// oneOf reads an enum value; "" when it is missing.
func (in *input) oneOf(field string, values ...string) string {
	s := in.text(field, false, 0, 0)
	if s == nil {
		return ""
	}
	for _, v := range values {
		if v == *s {
			return v
		}
	}
	in.fault(field, fmt.Sprintf("Invalid enum value. Expected '%s', received '%s'", strings.Join(values, "' | '"), *s))
	return ""
}

// integer reads a whole number within bounds; 0 when it is missing.
func (in *input) integer(field string, low, high int) int {
	raw, ok := in.value(field, false, "number")
	if !ok {
		return 0
	}
	var f float64
	if err := json.Unmarshal(raw, &f); err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		in.fault(field, "Expected integer, received float")
		return 0
	}
	switch {
	case f < float64(low):
		in.fault(field, fmt.Sprintf("Number must be greater than or equal to %d", low))
	case f > float64(high):
		in.fault(field, fmt.Sprintf("Number must be less than or equal to %d", high))
	}
	return int(f)
}

// instantShape: UTC only; offsets and bare dates are refused (contract 1.5).
var instantShape = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$`)

func (in *input) instant(field string) *time.Time {
	s := in.text(field, false, 0, 0)
	if s == nil {
		return nil
	}
	t, err := time.Parse(time.RFC3339Nano, *s)
	if err != nil || !instantShape.MatchString(*s) {
		in.fault(field, "Invalid datetime")
		return nil
	}
	return &t
}

// object reads a JSON object without looking into it.
func (in *input) object(field string) json.RawMessage {
	raw, ok := in.value(field, false, "object")
	if !ok {
		return nil
	}
	return raw
}
