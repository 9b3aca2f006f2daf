package configs

import "log/slog"

// Secret is a value that never shows: not in logs, not in JSON, not in a %v.
type Secret string

const shown = "[set]"

// String says whether it is set, not what it is.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return shown
}

// GoString is String.
func (s Secret) GoString() string { return s.String() }

// MarshalText keeps it out of JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps it out of logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Reveal is the value itself, for the one place that uses it.
func (s Secret) Reveal() string { return string(s) }
