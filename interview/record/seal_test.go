package record

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"testing"

	"github.com/vantahire/vantahire/interview"
)

// TestTheSealIsWhatItWas holds the form against one that was computed before: a
// change would make every stored seal look broken.
func TestTheSealIsWhatItWas(t *testing.T) {
	t.Parallel()
	const want = "4a34f605b9db8e28f502224d2c2cb4f6da761aaf1ce02e056361915bea650600"
	r := whole(t)
	if got := hex.EncodeToString(r.Seal.MAC); got != want {
		t.Errorf("the seal is %s, was %s", got, want)
	}
	if r.Seal.KeyID != KeyID(testKey) || len(r.Seal.KeyID) != 8 || r.Seal.Events != 18 || r.Seal.LastSeq != 18 {
		t.Errorf("%+v", r.Seal)
	}
}

func TestASealFitsItsEventsAndItsKeyOnly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(r *Record)
		key    []byte
		want   error
	}{
		"as it is":              {func(*Record) {}, testKey, nil},
		"written anew by jsonb": {func(r *Record) { r.Events[3].Payload = json.RawMessage(` {"text": "Hello.", "reply": 1.0} `) }, testKey, nil},
		"another key":           {func(*Record) {}, []byte("another key of thirty-two bytes."), ErrWrongKey},
		"another interview":     {func(r *Record) { r.Interview = "x" }, testKey, ErrBroken},
		"an event less":         {func(r *Record) { r.Events = r.Events[:len(r.Events)-1] }, testKey, ErrBroken},
		"no event":              {func(r *Record) { r.Events = nil }, testKey, ErrBroken},
		"an event more":         {func(r *Record) { r.Events = append(r.Events, r.Events[0]) }, testKey, ErrBroken},
		"two swapped":           {func(r *Record) { r.Events[1], r.Events[2] = r.Events[2], r.Events[1] }, testKey, ErrBroken},
		"a word":                {func(r *Record) { r.Events[3].Payload = json.RawMessage(`{"reply":1,"text":"Hallo."}`) }, testKey, ErrBroken},
		"a fence":               {func(r *Record) { r.Events[3].Fence = 2 }, testKey, ErrBroken},
		"a bit of the seal":     {func(r *Record) { r.Seal.MAC[0] ^= 1 }, testKey, ErrBroken},
		"half of the seal":      {func(r *Record) { r.Seal.MAC = r.Seal.MAC[:16] }, testKey, ErrBroken},
		"the number it tells":   {func(r *Record) { r.Seal.Events++ }, testKey, ErrBroken},
		"no document":           {func(r *Record) { r.Events[3].Payload = json.RawMessage(`{`) }, testKey, ErrNotCanonical},
	} {
		r := whole(t)
		c.change(&r)
		if err := r.Seal.Check(c.key, r.Interview, r.Events); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if s, err := Compute(testKey, testID, nil); err != nil || s.Check(testKey, testID, []interview.Event{}) != nil {
		t.Errorf("the seal of nothing: %v", err)
	}
}
