package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

func TestWhatADatabaseRewritesHasOneForm(t *testing.T) {
	t.Parallel()
	for name, same := range map[string][]string{
		"spaces and the order of keys": {`{"b":1,"a":{"d":[1, 2],"c":null}}`, ` { "a" : {"c":null, "d":[1,2]} , "b" : 1 } `},
		"the last of equal keys":       {`{"a":{"x":1},"a":{"y":2}}`, `{"a":{"y":2}}`},
		"escapes":                      {`"\u0041\/<>\u00e9\ud83d\ude00\n"`, "\"A/<>é😀\\u000a\""},
		"numbers":                      {`[1.50,-0,1e-07,1E+5,0.0,120,-3.00e2]`, `[1.5,0,0.0000001,100000,0,1.2e2,-300]`},
		"long numbers":                 {`[9223372036854775807,0.1000000000000000055511151231257827]`, `[9223372036854775807.0,1000000000000000055511151231257827e-34]`},
	} {
		var first []byte
		for _, doc := range same {
			form, err := document([]byte(doc))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if first == nil {
				first = form
			}
			if !bytes.Equal(first, form) {
				t.Errorf("%s: %s and %s", name, first, form)
			}
			if again, err := document(form); err != nil || !bytes.Equal(again, form) {
				t.Errorf("%s: the form %s of the form %s, %v", name, again, form, err)
			}
		}
	}
}

func TestWhatDiffersHasAnotherForm(t *testing.T) {
	t.Parallel()
	docs := []string{
		`1`, `"1"`, `10`, `1e3`, `-1`, `9223372036854775807`, `9223372036854775806`, `[]`, `{}`, `[[]]`, `[1,2]`, `[12]`, `null`, `true`, `"true"`, `""`,
		`{"a":1}`, `{"a":"1"}`, `{"a":[1]}`, `{"ab":1}`, `{"a":1,"b":2}`, `"\\n"`, `"\n"`, `"a\"b"`, `0.1`, `0.10000000000000001`,
	}
	seen := map[string]string{}
	for _, doc := range docs {
		form, err := document([]byte(doc))
		if err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		if other, twice := seen[string(form)]; twice {
			t.Errorf("%s and %s are both %s", doc, other, form)
		}
		seen[string(form)] = doc
	}
	e := interview.Event{Interview: "i", Seq: 1, Fence: 1, Kind: "k", At: time.UnixMilli(5), Clock: 7, Payload: json.RawMessage(`{}`)}
	forms := map[string]bool{}
	for _, change := range []func(*interview.Event){
		func(*interview.Event) {},
		func(e *interview.Event) { e.Interview = "ik" },
		func(e *interview.Event) { e.Interview, e.Kind = "", "ik" },
		func(e *interview.Event) { e.Kind = "" },
		func(e *interview.Event) { e.Seq = 2 },
		func(e *interview.Event) { e.Fence = 2 },
		func(e *interview.Event) { e.At = time.UnixMilli(6) },
		func(e *interview.Event) { e.Clock = 8 },
		func(e *interview.Event) { e.Payload = json.RawMessage(`[]`) },
	} {
		changed := e
		change(&changed)
		form, err := Canonical(nil, changed)
		if err != nil {
			t.Fatal(err)
		}
		if forms[string(form)] {
			t.Errorf("%+v has the form of another event", changed)
		}
		forms[string(form)] = true
	}
}

func TestNoFormForWhatIsNoDocument(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{
		"nothing": "", "half": `{"a":`, "two": `{} {}`, "not UTF-8": "\"\xff\"", "no number": `1e`, "a number beyond all bounds": `1e999999999`,
		"an exponent beyond all bounds": `1e99999999999999999999`, "words": "hello",
	} {
		if form, err := document([]byte(doc)); !errors.Is(err, ErrNotCanonical) {
			t.Errorf("%s: %s, %v", name, form, err)
		}
	}
}

func FuzzDocument(f *testing.F) {
	f.Add([]byte(`{"b":[1.50,-0,1e-07],"a":"\u0041\ud83d\ude00"}`))
	f.Add([]byte(`1e-99999`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		form, err := document(doc)
		if err != nil {
			return
		}
		if !json.Valid(form) {
			t.Fatalf("%q becomes %q", doc, form)
		}
		if again, err := document(form); err != nil || !bytes.Equal(form, again) {
			t.Errorf("%q becomes %q, %v", form, again, err)
		}
	})
}
