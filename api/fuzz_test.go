package api

import (
	"errors"
	"testing"
)

// FuzzParseInput: whatever the body, the reader answers or names a problem.
func FuzzParseInput(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":"b"}`, `[1]`, `null`, `{"a":1e999}`, `{"a":"\u0000"}`, "\xff", `{"a":{"b":[{}]}}`, `{"expiresAt":"2027-01-01T00:00:00Z","n":7.5}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		in, err := parseInput(body)
		if err != nil {
			var p *problem
			if !errors.As(err, &p) || p.status != 400 {
				t.Fatalf("unexpected error %v", err)
			}
			return
		}
		for field := range in.fields {
			in.text(field, true, 1, 3)
			in.integer(field, 1, 5)
			in.instant(field)
			in.uuid(field)
			in.oneOf(field, "A", "B")
			in.object(field)
		}
		if err := in.problem(); err != nil {
			var p *problem
			if !errors.As(err, &p) || p.details == nil {
				t.Fatalf("faults are told as %v", err)
			}
		}
	})
}
