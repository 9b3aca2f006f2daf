package store

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestDocumentsThatJSONBWouldNotKeepAreRefused(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]string{
		`{}`:                             "",
		`"plain \\u0000 text"`:           "", // an escaped backslash, no NUL
		`"\ud83e\udd8a 🦊 \n\t\" \/"`:     "",
		`[1, -0.5, 1e300, true, false]`:  "",
		`{"a\u0000b": 1}`:                hasNUL,
		`"\\\u0000"`:                     hasNUL,
		`"\ud83e"`:                       "surrogate",
		`"\ud83e\n"`:                     "surrogate",
		`"\ud83e\ud83e"`:                 "surrogate",
		`"\udd8a"`:                       "surrogate",
		"\"\xff\"":                       notUTF8,
		"\"\x00\"":                       "not valid JSON",
		``:                               "not valid JSON",
		`{"a":}`:                         "not valid JSON",
		`{} {}`:                          "not valid JSON",
		`1e999999`:                       "out of range",
		strings.Repeat("9", maxNumber+1): "out of range",
		nested(maxDepth):                 "",
		nested(maxDepth + 1):             "nested deeper",
		`"` + strings.Repeat("x", maxDocument) + `"`: "longer",
	} {
		got := unfitDocument([]byte(doc))
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%.40s: %q, want %q", doc, got, want)
		}
	}
}

func nested(depth int) string {
	return strings.Repeat("[", depth) + strings.Repeat("]", depth)
}

func FuzzDocument(f *testing.F) {
	for _, s := range []string{`{}`, `"\u0000"`, `"\ud83e\udd8a"`, `"\ud83e"`, `"\`, `"\u12`, `[1e5,{"a":"\\"}]`, `-`, `"\\u0000"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		if unfitDocument(doc) != "" {
			return
		}
		var v any
		if err := json.Unmarshal(doc, &v); err != nil {
			t.Fatalf("%q is let through: %v", doc, err)
		}
		if round, err := json.Marshal(v); err != nil || strings.Contains(string(round), `\u0000`) && !strings.Contains(string(doc), `\\u0000`) {
			t.Errorf("%q holds a NUL or has no JSON form: %v", doc, err)
		}
	})
}
