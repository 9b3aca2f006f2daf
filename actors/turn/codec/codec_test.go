package codec

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/actors/turn"
)

// every has one of each event, without content.
var every = []turn.Event{
	turn.Begin{},
	turn.ConnectionUp{},
	turn.ConnectionDown{},
	turn.SpeechStarted{},
	turn.SpeechEnded{},
	turn.Partial{},
	turn.Final{},
	turn.Backlog{},
	turn.Typed{},
	turn.FinishSpeaking{},
	turn.RepeatAsked{},
	turn.SkipAsked{},
	turn.PauseAsked{},
	turn.ResumeAsked{},
	turn.EndAsked{},
	turn.Planned{},
	turn.Sounding{},
	turn.Spoken{},
	turn.Stopped{},
	turn.Failed{},
	turn.StageChanged{},
	turn.BudgetSpent{},
	turn.Fired{},
	turn.Whispered{},
	turn.TakenOver{},
	turn.OperatorSaid{},
	turn.HandedBack{},
	turn.Terminated{},
}

// TestEveryEventHasAForm compares the list above with the methods that seal the
// events, in their source.
func TestEveryEventHasAForm(t *testing.T) {
	t.Parallel()
	var sealed, listed []string
	files, err := filepath.Glob("../*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "turnEvent" && f.Recv != nil {
				sealed = append(sealed, f.Recv.List[0].Type.(*ast.Ident).Name)
			}
		}
	}
	types := map[string]bool{}
	for _, e := range every {
		listed = append(listed, reflect.TypeOf(e).Name())
		f, ok := write(Input{Event: e})
		if !ok || f.Type == "" || types[f.Type] {
			t.Errorf("%T is stored as %q, which is not its own", e, f.Type)
		}
		types[f.Type] = true
	}
	slices.Sort(sealed)
	slices.Sort(listed)
	if !slices.Equal(sealed, listed) {
		t.Errorf("the events are\n%v\nand those known here\n%v", sealed, listed)
	}
}

// TestWhatIsStoredIsReadAgain fills every field of every event and sees it again,
// so that a field without a place is found.
func TestWhatIsStoredIsReadAgain(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		inputs := randomInputs(rand.New(rand.NewPCG(seed, 1)), 60)
		docs, err := Encode(inputs)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(docs)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		for i := range inputs {
			if inputs[i] != back[i] {
				t.Fatalf("seed %d: input %d was\n%#v\nand is\n%#v\nby %s", seed, i+1, inputs[i], back[i], docs[i])
			}
		}
	}
}

func randomInputs(r *rand.Rand, n int) []Input {
	inputs := make([]Input, n)
	var at time.Duration
	for i := range inputs {
		at += time.Duration(r.Int64N(int64(time.Second)))
		v := reflect.New(reflect.TypeOf(every[r.IntN(len(every))])).Elem()
		if r.IntN(2) == 0 {
			v = reflect.New(reflect.TypeFor[turn.Partial]()).Elem()
		}
		for f := range v.NumField() {
			fill(r, v.Field(f), at)
		}
		inputs[i] = Input{At: at, Event: v.Interface().(turn.Event)}
	}
	return inputs
}

func fill(r *rand.Rand, v reflect.Value, at time.Duration) {
	switch v.Kind() { //nolint:exhaustive // the kinds that events have; another one fails
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Uint32:
		v.SetUint(uint64(r.Uint32()))
	case reflect.Int64:
		v.SetInt(int64(at) + r.Int64N(2e9) - 1e9)
	case reflect.Float64:
		v.SetFloat(r.Float64())
	case reflect.String:
		v.SetString(strings.Repeat("I häve worked. 日本 ", 3)[:r.IntN(4)*9])
		v.SetString(strings.ToValidUTF8(v.String(), "") + string(rune('a'+r.IntN(3))))
	default:
		panic("an event has a field of kind " + v.Kind().String())
	}
}

func TestTheFormIsSmall(t *testing.T) {
	t.Parallel()
	const second = time.Second
	docs, err := Encode([]Input{
		{3 * second, turn.SpeechStarted{From: 3*second - 60*time.Millisecond}},
		{4 * second, turn.Partial{Text: "I have worked", From: 3 * second, To: 4 * second}},
		{5 * second, turn.Partial{Text: "I have worked with Go", From: 3 * second, To: 5 * second}},
		{5 * second, turn.FinishSpeaking{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{
		`{"t":"speech","d":3000000000,"f":60000000}`,
		`{"t":"partial","d":1000000000,"x":"I have worked","f":1000000000}`,
		`{"t":"partial","d":1000000000,"k":13,"x":" with Go","f":2000000000}`,
		`{"t":"done"}`,
	} {
		if string(docs[i]) != want {
			t.Errorf("number %d is %s, want %s", i+1, docs[i], want)
		}
	}
}

func TestWhatNoDatabaseTakesIsMadeStorable(t *testing.T) {
	t.Parallel()
	docs, err := Encode([]Input{
		{1, turn.Final{Text: "a\x00b\xffc", Confidence: math.NaN()}},
		{2, turn.Final{Confidence: math.Inf(1)}},
		{3, turn.ConnectionDown{Reason: "\x00\xc3"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(docs)
	if err != nil {
		t.Fatal(err)
	}
	want := []Input{{1, turn.Final{Text: "abc"}}, {2, turn.Final{}}, {3, turn.ConnectionDown{}}}
	if !slices.Equal(back, want) {
		t.Errorf("%+v, want %+v", back, want)
	}
}

func TestForeignInputsAreRefused(t *testing.T) {
	t.Parallel()
	long := `{"t":"partial","x":"` + strings.Repeat("a", 1<<20) + `"}`
	for name, docs := range map[string][]string{
		"no JSON":                           {`{`},
		"a number where a text belongs":     {`{"t":1}`},
		"no type":                           {`{}`},
		"a type of a later program":         {`{"t":"sneeze"}`},
		"a beginning that was not there":    {`{"t":"partial","x":"a"}`, `{"t":"partial","k":2}`},
		"a negative beginning":              {`{"t":"partial","k":-1}`},
		"a beginning of what has none":      {`{"t":"partial","x":"a"}`, `{"t":"final","k":1}`},
		"a hypothesis without end":          append([]string{long}, slices.Repeat([]string{`{"t":"partial","k":1048576,"x":"b"}`}, 10)...),
		"more inputs than a batch can have": slices.Repeat([]string{`{"t":"done"}`}, maxInputs+1),
	} {
		var raw []json.RawMessage
		for _, d := range docs {
			raw = append(raw, json.RawMessage(d))
		}
		if _, err := Decode(raw); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	docs, err := Encode(randomInputs(rand.New(rand.NewPCG(1, 2)), 40))
	if err != nil {
		f.Fatal(err)
	}
	all, err := json.Marshal(docs)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(all)
	f.Add([]byte(`[{"t":"partial","x":"a"},{"t":"partial","k":1,"x":"b"},{"t":"fired","s":"limit","f":-9223372036854775808,"d":9223372036854775807}]`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var docs []json.RawMessage
		if json.Unmarshal(raw, &docs) != nil {
			return
		}
		inputs, err := Decode(docs)
		if err != nil {
			return
		}
		again, err := Encode(inputs)
		if err != nil {
			t.Fatalf("what was read can't be written: %v", err)
		}
		back, err := Decode(again)
		if err != nil {
			t.Fatalf("what was written can't be read: %v", err)
		}
		third, err := Encode(back)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(again, third, func(a, b json.RawMessage) bool { return string(a) == string(b) }) {
			t.Errorf("%s\nbecomes\n%s", again, third)
		}
	})
}
