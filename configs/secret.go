package configs

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a value that never shows: not in logs, not in JSON, not under any
// verb of fmt. Keep it in exported fields or plain variables: fmt does not ask
// the methods of what lies in an unexported field.
type Secret string

const shown = "[set]"

// String says whether it is set, not what it is.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return shown
}

// Format writes String under every verb: %x or a mistaken %d would show it.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText keeps it out of JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps it out of logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Reveal is the value itself, for the one place that uses it.
func (s Secret) Reveal() string { return string(s) }
