package groq

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestValuesFitTheirSchema(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		schema string
		fits   func(v any) bool
	}{
		"a constant":            {`{"const":"x"}`, func(v any) bool { return v == "x" }},
		"one of several":        {`{"enum":["a","b"]}`, func(v any) bool { return v == "a" || v == "b" }},
		"a whole number":        {`{"type":"integer","minimum":3,"maximum":4}`, func(v any) bool { n := v.(float64); return n == 3 || n == 4 }},
		"a number from far":     {`{"type":"number","minimum":100}`, func(v any) bool { return v.(float64) >= 100 }},
		"a number below":        {`{"type":"integer","maximum":-5}`, func(v any) bool { return v.(float64) <= -5 }},
		"a switch":              {`{"type":"boolean"}`, func(v any) bool { _, ok := v.(bool); return ok }},
		"nothing":               {`{"type":["null"]}`, func(v any) bool { return v == nil }},
		"a long text":           {`{"type":"string","minLength":200,"maxLength":210}`, func(v any) bool { n := len(v.(string)); return n >= 200 && n <= 210 }},
		"a list":                {`{"items":{"type":"integer"},"minItems":2,"maxItems":2}`, func(v any) bool { return len(v.([]any)) == 2 }},
		"an empty list":         {`{"type":"array","maxItems":0}`, func(v any) bool { return len(v.([]any)) == 0 }},
		"a reference":           {`{"$ref":"#/$defs/a","$defs":{"a":{"const":5}}}`, func(v any) bool { return v == 5.0 }},
		"a choice":              {`{"anyOf":[{"const":1},{"type":"null"}]}`, func(v any) bool { return v == 1.0 }},
		"an object of objects":  {`{"properties":{"a":{"properties":{"b":{"const":2}}}}}`, func(v any) bool { return at(v, "a", "b") == 2.0 }},
		"one that has no end":   {`{"properties":{"a":{"$ref":"#"}}}`, func(v any) bool { _, ok := v.(map[string]any); return ok }},
		"a reference to nobody": {`{"$ref":"#/no"}`, func(v any) bool { _, ok := v.(string); return ok }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var schema map[string]any
			if err := json.Unmarshal([]byte(tc.schema), &schema); err != nil {
				t.Fatal(err)
			}
			for seed := range uint64(50) {
				raw, err := json.Marshal(fit(schema, seed))
				again, _ := json.Marshal(fit(schema, seed))
				var v any
				if err != nil || json.Unmarshal(raw, &v) != nil || !tc.fits(v) || string(raw) != string(again) {
					t.Fatalf("%s, then %s, %v", raw, again, err)
				}
			}
		})
	}
}

func FuzzSchema(f *testing.F) {
	f.Add(scoreSchema)
	f.Add(`{"type":"integer","minimum":1e300,"maximum":-1e300}`)
	f.Add(`{"type":"array","minItems":1e9,"items":{"$ref":"#"}}`)
	f.Fuzz(func(t *testing.T, text string) {
		var schema map[string]any
		if json.Unmarshal([]byte(text), &schema) != nil {
			return
		}
		loose(schema, "schema", 0)
		if _, err := json.Marshal(fit(schema, 1)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func TestPiecesAreOfWholeCharacters(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "a", "  two  spaces ", "Grüße aus 漢字漢字漢字漢字漢字漢字漢字 😀", strings.Repeat("x", 100), "line\nbreak"} {
		pieces := Pieces(text)
		if strings.Join(pieces, "") != text {
			t.Errorf("%q becomes %q", text, pieces)
		}
		for _, p := range pieces {
			if p == "" || len([]rune(p)) > pieceRunes {
				t.Errorf("the piece %q of %q", p, text)
			}
		}
	}
	if tokens("How are you?") != 3 {
		t.Errorf("%d tokens", tokens("How are you?"))
	}
}
