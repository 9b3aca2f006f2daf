package voiceproto

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestClientMessagesOnTheWire(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		wire string
		want ClientMessage
	}{
		"a ping":                             {`{"type":"ping"}`, Ping{}},
		"the contract's finish":              {`{"type":"finish_speaking"}`, FinishSpeaking{}},
		"the contract's end":                 {`{"type":"end"}`, End{}},
		"an ack":                             {`{"type":"played","reply":7,"ms":1240}`, Played{Reply: 7, MS: 1240}},
		"an ack of nothing yet":              {`{"type":"played","reply":7,"ms":0}`, Played{Reply: 7}},
		"a typed answer":                     {`{"type":"text","content":"I agree"}`, Text{Content: "I agree"}},
		"a consent":                          {`{"type":"consent","version":"2026-01"}`, Consent{Version: "2026-01"}},
		"a skip":                             {`{"type":"skip"}`, Skip{}},
		"a repeat":                           {`{"type":"repeat"}`, Repeat{}},
		"a pause":                            {`{"type":"pause"}`, Pause{}},
		"a resume":                           {`{"type":"resume"}`, Resume{}},
		"a client that can do all":           {`{"type":"hello","acks":true,"gain":true,"client":"web/1"}`, Hello{Acks: true, Gain: true, Client: "web/1"}},
		"a client that types":                {`{"type":"hello","acks":false,"gain":false,"typing":true}`, Hello{Typing: true}},
		"fields nobody knows":                {`{"type":"skip","why":["too","hard"]}`, Skip{}},
		"white space around":                 {" \n{\"type\" : \"end\"}\t", End{}},
		"NUL and outer space leave the text": {`{"type":"text","content":"  a\u0000b \n"}`, Text{Content: "ab"}},
		"broken UTF-8 becomes U+FFFD":        {"{\"type\":\"text\",\"content\":\"a\xffb\"}", Text{Content: "a\uFFFDb"}},
		"the longest text":                   {`{"type":"text","content":"` + strings.Repeat("é", MaxText) + `"}`, Text{Content: strings.Repeat("é", MaxText)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := DecodeClient([]byte(tc.wire))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("decoded message (-want +got):\n%s", diff)
			}
			raw, err := EncodeClient(got)
			if err != nil {
				t.Fatal(err)
			}
			again, err := DecodeClient(raw)
			if err != nil {
				t.Fatalf("%s: %v", raw, err)
			}
			if diff := cmp.Diff(got, again); diff != "" {
				t.Errorf("after a round trip (-want +got):\n%s", diff)
			}
		})
	}
}

func TestClientMessagesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		wire string
		want error
	}{
		"nothing":                      {"", ErrMalformed},
		"no JSON":                      {"hello", ErrMalformed},
		"half an object":               {`{"type":"ping"`, ErrMalformed},
		"two objects":                  {`{"type":"ping"}{"type":"ping"}`, ErrMalformed},
		"an array":                     {`["ping"]`, ErrMalformed},
		"a string":                     {`"ping"`, ErrMalformed},
		"null":                         {`null`, ErrMalformed},
		"no type":                      {`{"content":"x"}`, ErrMalformed},
		"a type that is null":          {`{"type":null}`, ErrMalformed},
		"a type that is a number":      {`{"type":1}`, ErrMalformed},
		"a type nobody knows":          {`{"type":"dance"}`, ErrUnknownType},
		"an empty type":                {`{"type":""}`, ErrUnknownType},
		"a message only servers send":  {`{"type":"flush","reply":1}`, ErrUnknownType},
		"an ack with text for a reply": {`{"type":"played","reply":"7","ms":1}`, ErrMalformed},
		"an ack of half a millisecond": {`{"type":"played","reply":7,"ms":1.5}`, ErrMalformed},
		"an ack of a negative reply":   {`{"type":"played","reply":-7,"ms":1}`, ErrMalformed},
		"an ack beyond 32 bits":        {`{"type":"played","reply":4294967296,"ms":1}`, ErrMalformed},
		"an ack of no reply":           {`{"type":"played","ms":1}`, ErrInvalid},
		"an ack of negative time":      {`{"type":"played","reply":7,"ms":-1}`, ErrInvalid},
		"an ack of years":              {`{"type":"played","reply":7,"ms":9007199254740993}`, ErrInvalid},
		"a text that is a list":        {`{"type":"text","content":["a"]}`, ErrMalformed},
		"an empty text":                {`{"type":"text","content":" \u0000 "}`, ErrInvalid},
		"a text without content":       {`{"type":"text"}`, ErrInvalid},
		"a text too long":              {`{"type":"text","content":"` + strings.Repeat("a", MaxText+1) + `"}`, ErrInvalid},
		"a consent to nothing":         {`{"type":"consent"}`, ErrInvalid},
		"a consent to a book":          {`{"type":"consent","version":"` + strings.Repeat("a", MaxName+1) + `"}`, ErrInvalid},
		"a client with a long name":    {`{"type":"hello","client":"` + strings.Repeat("a", MaxName+1) + `"}`, ErrInvalid},
		"a capability that is a word":  {`{"type":"hello","acks":"yes"}`, ErrMalformed},
		"a deep value":                 {`{"type":"ping","x":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`, ErrTooDeep},
		"a deep value without an end":  {strings.Repeat("[", MaxMessage), ErrTooDeep},
		"a giant":                      {`{"type":"ping","x":"` + strings.Repeat("a", MaxMessage) + `"}`, ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := DecodeClient([]byte(tc.wire))
			if !errors.Is(err, tc.want) || m != nil {
				t.Errorf("got %v and %v, want no message and %v", m, err, tc.want)
			}
		})
	}
}

func TestBracketsInsideStringsAreNotDepth(t *testing.T) {
	t.Parallel()
	content := strings.Repeat("[{", 40) + `\"` + strings.Repeat("[{", 40)
	if _, err := DecodeClient([]byte(`{"type":"text","content":"` + content + `"}`)); err != nil {
		t.Error(err)
	}
}

// serverExamples has every server message with its exact form on the wire.
var serverExamples = []struct {
	m    ServerMessage
	wire string
}{
	{
		Ready{InterviewID: "i", Audio: Format{PCM, 24000, 1}, Input: Format{PCM, 16000, 1}, Conn: 2, Resumed: true},
		`{"type":"ready","interviewId":"i","audio":{"encoding":"pcm_s16le","sampleRate":24000,"channels":1},"input":{"encoding":"pcm_s16le","sampleRate":16000,"channels":1},"resumed":true,"conn":2}`,
	},
	{Transcript{Text: "hm"}, `{"type":"transcript","text":"hm","isFinal":false,"confidence":0}`},
	{Transcript{Text: "yes", IsFinal: true, Confidence: 0.5, Segment: 3}, `{"type":"transcript","text":"yes","isFinal":true,"confidence":0.5,"segment":3}`},
	{Processing{}, `{"type":"processing"}`},
	{Response{Text: "Hello.", Reply: 1}, `{"type":"response","text":"Hello.","reply":1}`},
	{AudioComplete{Reply: 1}, `{"type":"audio_complete","reply":1}`},
	{
		Error{Message: "Failed to process response", Code: CodeResponse, Retry: true},
		`{"type":"error","message":"Failed to process response","code":"response","retry":true}`,
	},
	{Pong{}, `{"type":"pong"}`},
	{Ended{InterviewID: "i", Reason: "finished"}, `{"type":"ended","interviewId":"i","reason":"finished"}`},
	{Speech{Reply: 1, Rate: 24000}, `{"type":"speech","reply":1,"rate":24000}`},
	{Speech{Reply: 1, Rate: 24000, From: 40, Text: "Hi"}, `{"type":"speech","reply":1,"rate":24000,"from":40,"text":"Hi"}`},
	{Gain{Reply: 1, DB: -14, MS: 30}, `{"type":"gain","reply":1,"db":-14,"ms":30}`},
	{Hold{Reply: 1}, `{"type":"hold","reply":1}`},
	{Release{Reply: 1}, `{"type":"release","reply":1}`},
	{Flush{Reply: 1}, `{"type":"flush","reply":1}`},
	{State{Agent: "listening", User: "speaking"}, `{"type":"state","agent":"listening","user":"speaking"}`},
	{
		Turn{Turn: 2, Reply: 3, Stages: Stages{StageTotal: 611.5, StageSentenceToAudio: 90}},
		`{"type":"turn","turn":2,"reply":3,"stages":{"sentenceToAudio":90,"total":611.5}}`,
	},
	{Gone{Reason: GoneTakenOver}, `{"type":"gone","reason":"taken_over"}`},
	{ConsentRequired{Version: "1", Text: "May we?"}, `{"type":"consent_required","version":"1","text":"May we?"}`},
	{Caption{Reply: 1, Text: "Hi.", From: 0, To: 480}, `{"type":"caption","reply":1,"text":"Hi.","from":0,"to":480}`},
	{Notice{Text: "Please type.", Code: CodeTyping}, `{"type":"notice","text":"Please type.","code":"typing"}`},
}

func TestServerMessagesOnTheWire(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, tc := range serverExamples {
		raw, err := EncodeServer(tc.m)
		if err != nil {
			t.Fatal(err)
		}
		if string(raw) != tc.wire {
			t.Errorf("%T is\n%s, want\n%s", tc.m, raw, tc.wire)
		}
		back, err := DecodeServer(raw)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.m, back); diff != "" {
			t.Errorf("after a round trip (-want +got):\n%s", diff)
		}
		seen[ServerType(tc.m)] = true
	}
	for name := range serverMessages {
		if !seen[name] {
			t.Errorf("no example of %q", name)
		}
	}
}

func TestEachMessageIsRegisteredUnderItsName(t *testing.T) {
	t.Parallel()
	for name, decode := range serverMessages {
		if m, err := decode([]byte(`{}`)); err != nil || m.serverType() != name {
			t.Errorf("%q decodes to %T: %v", name, m, err)
		}
	}
	for name, decode := range clientMessages {
		if m, err := decode([]byte(`{}`)); err != nil || m.clientType() != name {
			t.Errorf("%q decodes to %T: %v", name, m, err)
		}
	}
}

func TestMessagesWithoutAJSONFormAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := EncodeServer(Gain{Reply: 1, DB: math.Inf(-1)}); err == nil {
		t.Error("an infinite gain was encoded")
	}
	if _, err := EncodeServer(nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("nil server message: %v", err)
	}
	if _, err := EncodeClient(nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("nil client message: %v", err)
	}
}

func TestCloseReasonsAreTheContracts(t *testing.T) {
	t.Parallel()
	for code, want := range map[int]string{
		1000: "Interview completed", 4000: "Invalid interview", 4001: "Interview not active",
		4002: "Speech recognition unavailable", 4003: "Access revoked", 4409: "Taken over", 3999: "",
	} {
		if got := CloseReason(code); got != want {
			t.Errorf("reason of %d is %q, want %q", code, got, want)
		}
	}
}

func FuzzDecodeClient(f *testing.F) {
	for name := range clientMessages {
		f.Add([]byte(`{"type":"` + name + `","reply":1,"ms":2,"content":"x","version":"1","acks":true}`))
	}
	f.Add([]byte(`{"type":"played","reply":1e3,"ms":-0}`))
	f.Add([]byte("{\"type\":\"text\",\"content\":\"\\ud800\xff\\u0000\"}"))
	f.Add([]byte(strings.Repeat(`{"type":`, 30)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := DecodeClient(raw)
		if err != nil {
			if m != nil {
				t.Fatalf("both a message and %v", err)
			}
			return
		}
		again, err := EncodeClient(m)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeClient(again)
		if err != nil && !errors.Is(err, ErrTooLarge) { // escapes may make it longer
			t.Fatalf("%s decodes to %#v, which encodes to %s: %v", raw, m, again, err)
		}
		if err == nil && !cmp.Equal(m, back) {
			t.Fatalf("round trip: %#v became %#v", m, back)
		}
	})
}

func FuzzDecodeServer(f *testing.F) {
	for _, tc := range serverExamples {
		f.Add([]byte(tc.wire))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := DecodeServer(raw)
		if err != nil {
			if m != nil {
				t.Fatalf("both a message and %v", err)
			}
			return
		}
		if again, err := EncodeServer(m); err != nil || !json.Valid(again) {
			t.Fatalf("%#v encodes to %s: %v", m, again, err)
		}
	})
}

func BenchmarkDecodePlayed(b *testing.B) {
	raw := []byte(`{"type":"played","reply":7,"ms":1240}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeClient(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncodeTranscript(b *testing.B) {
	m := Transcript{Text: "so in my last job I looked after the payment service", Confidence: 0.93}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := EncodeServer(m); err != nil {
			b.Fatal(err)
		}
	}
}
