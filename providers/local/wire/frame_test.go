package wire

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadTakesBackWhatAppendWrote(t *testing.T) {
	t.Parallel()
	result, err := New(KindResult, 7, Result{Text: "i led a team", Final: true, Confidence: 0.9})
	if err != nil {
		t.Fatal(err)
	}
	want := []Frame{
		{Kind: KindHear, Stream: 1},
		{Kind: KindAudio, Stream: 1<<32 - 1, Payload: PCM([]int16{-32768, 0, 32767})},
		result,
	}
	var raw []byte
	for _, f := range want {
		if raw, err = Append(raw, f); err != nil {
			t.Fatal(err)
		}
	}
	r := bytes.NewReader(raw)
	for i, w := range want {
		got, err := Read(r)
		if err != nil {
			t.Fatalf("frame %d: %v", i, err)
		}
		if diff := cmp.Diff(w, got); diff != "" {
			t.Errorf("frame %d (-want +got):\n%s", i, diff)
		}
	}
	if _, err := Read(r); !errors.Is(err, io.EOF) {
		t.Errorf("after the last frame: %v, want io.EOF", err)
	}
}

func TestReadRefusesWhatIsNoFrame(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		raw  []byte
		want error
	}{
		"a length below its own header":      {[]byte{4, 0, 0, 0, 1, 0, 0, 0, 0}, ErrFormat},
		"a length above the bound":           {[]byte{0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0}, ErrFormat},
		"plain text":                         {[]byte("INFO: cmd_ln.c(697): Parsing"), ErrFormat},
		"an end in the middle of a header":   {[]byte{9, 0, 0, 0, 1}, io.ErrUnexpectedEOF},
		"an end in the middle of a payload":  {[]byte{9, 0, 0, 0, 1, 0, 0, 0, 0, 'x'}, io.ErrUnexpectedEOF},
		"an end right in front of a payload": {[]byte{9, 0, 0, 0, 1, 0, 0, 0, 0}, io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Read(bytes.NewReader(tc.raw)); !errors.Is(err, tc.want) {
				t.Errorf("err = %v, want %v", err, tc.want)
			}
		})
	}
}

func TestAppendRefusesAnOverlongPayload(t *testing.T) {
	t.Parallel()
	raw, err := Append(nil, Frame{Kind: KindAudio, Payload: make([]byte, MaxFrame)})
	if !errors.Is(err, ErrFormat) || len(raw) != 0 {
		t.Errorf("wrote %d bytes, err = %v; want nothing and ErrFormat", len(raw), err)
	}
}

func TestPayloadsOutOfBoundsAreRefused(t *testing.T) {
	t.Parallel()
	decode := func(f Frame) error {
		switch f.Kind {
		case KindHello:
			_, err := Decode[Hello](f)
			return err
		case KindSpeak:
			_, err := Decode[Speak](f)
			return err
		case KindSay:
			_, err := Decode[Say](f)
			return err
		case KindWords:
			_, err := Decode[Words](f)
			return err
		case KindResult:
			_, err := Decode[Result](f)
			return err
		case KindFailed:
			_, err := Decode[Failed](f)
			return err
		case KindTook:
			_, err := TakenSamples(f.Payload)
			return err
		default:
			_, err := Samples(f.Payload)
			return err
		}
	}
	for name, f := range map[string]Frame{
		"a hello of another version":         {Kind: KindHello, Payload: []byte(`{"protocol":99}`)},
		"JSON garbage":                       {Kind: KindHello, Payload: []byte(`{{{`)},
		"no payload at all":                  {Kind: KindSay},
		"a rate of zero":                     {Kind: KindSpeak, Payload: []byte(`{"rate":0}`)},
		"a sentence with a control byte":     {Kind: KindSay, Payload: []byte(`{"text":"a\u0000b"}`)},
		"a sentence that is not ASCII":       {Kind: KindSay, Payload: []byte(`{"text":"é"}`)},
		"a sentence with a negative number":  {Kind: KindSay, Payload: []byte(`{"index":-1,"text":"a"}`)},
		"a sentence without end":             {Kind: KindSay, Payload: []byte(`{"text":"` + string(bytes.Repeat([]byte("a"), MaxText+1)) + `"}`)},
		"words that run backwards":           {Kind: KindWords, Payload: []byte(`{"spans":[{"from":9,"to":12},{"from":3,"to":4}]}`)},
		"a word that ends before it starts":  {Kind: KindWords, Payload: []byte(`{"spans":[{"from":9,"to":3}]}`)},
		"a confidence above one":             {Kind: KindResult, Payload: []byte(`{"confidence":1.5}`)},
		"a recognised word that is inverted": {Kind: KindResult, Payload: []byte(`{"words":[{"from":5,"to":1}]}`)},
		"an unknown failure":                 {Kind: KindFailed, Payload: []byte(`{"code":"bored"}`)},
		"credit for more than the window":    {Kind: KindTook, Payload: Took(HearWindow + 1)},
		"credit of three bytes":              {Kind: KindTook, Payload: []byte{1, 2, 3}},
		"half a sample":                      {Kind: KindAudio, Payload: []byte{1, 2, 3}},
		"no sample":                          {Kind: KindAudio},
		"more sound than fits a frame":       {Kind: KindSound, Payload: make([]byte, 2*MaxSamples+2)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := decode(f); !errors.Is(err, ErrFormat) {
				t.Errorf("err = %v, want ErrFormat", err)
			}
		})
	}
}

// FuzzRead feeds a reader arbitrary bytes: it must end with an error, never hang,
// panic or allocate past the bounds, and what decodes must encode to itself.
func FuzzRead(f *testing.F) {
	hello, err := New(KindHello, 0, Hello{Protocol: Protocol})
	if err != nil {
		f.Fatal(err)
	}
	for _, fr := range []Frame{hello, {Kind: KindAudio, Stream: 3, Payload: PCM(make([]int16, 320))}, {Kind: KindStop, Stream: 1}} {
		raw, err := Append(nil, fr)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte{255, 255, 255, 255})
	f.Add([]byte("usage: speech"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := bytes.NewReader(raw)
		for {
			before := len(raw) - r.Len()
			fr, err := Read(r)
			if err != nil {
				return
			}
			again, err := Append(nil, fr)
			if err != nil {
				t.Fatalf("read a frame that can't be written: %v", err)
			}
			if !bytes.Equal(again, raw[before:len(raw)-r.Len()]) {
				t.Fatalf("frame %+v encodes to other bytes", fr)
			}
			for _, decode := range []func(Frame) error{
				func(f Frame) error { _, err := Decode[Hello](f); return err },
				func(f Frame) error { _, err := Decode[Speak](f); return err },
				func(f Frame) error { _, err := Decode[Say](f); return err },
				func(f Frame) error { _, err := Decode[Words](f); return err },
				func(f Frame) error { _, err := Decode[Spoken](f); return err },
				func(f Frame) error { _, err := Decode[Result](f); return err },
				func(f Frame) error { _, err := Decode[Failed](f); return err },
				func(f Frame) error { _, err := Samples(f.Payload); return err },
				func(f Frame) error { _, err := TakenSamples(f.Payload); return err },
			} {
				if err := decode(fr); err != nil && !errors.Is(err, ErrFormat) {
					t.Fatalf("err = %v, want ErrFormat", err)
				}
			}
		}
	})
}
