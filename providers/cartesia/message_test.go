package cartesia

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/vantahire/vantahire/providers/dial"
)

func TestBothShapesOfErrorsAreRead(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]dial.Refusal{
		`{"type":"error","context_id":"c1","done":true,"status_code":400,"error":"Invalid request: transcript is empty"}`:                                                   {Status: 400, Message: "Invalid request: transcript is empty"},
		`{"type":"error","context_id":"c1","done":true,"status_code":429,"error_code":"concurrency_limited","title":"Too many","message":"All in use","request_id":"r:c1"}`: {Status: 429, Code: "concurrency_limited", Message: "All in use", RequestID: "r:c1"},
		`{"type":"error","context_id":"c1","title":"Only a title","status_code":500}`:                                                                                       {Status: 500, Message: "Only a title"},
		`{"type":"error","context_id":"c1","status_code":"many"}`:                                                                                                           {Status: 500},
	} {
		e, err := decode([]byte(raw))
		var got *dial.Refusal
		if err != nil || e.kind != refused || e.context != "c1" || !errors.As(e.err, &got) || *got != want {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
}

func TestTextIsMadeSpeakable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Plain text.":                        "Plain text.",
		"No end":                             "No end.",
		"A list, then":                       "A list, then.",
		"Dangling,":                          "Dangling.",
		`He said "yes."`:                     `He said "yes."`,
		"(Really?)":                          "(Really?)",
		"**Bold** and *soft* and ~~gone~~.":  "Bold and soft and gone.",
		"_Stressed_ but snake_case stays.":   "Stressed but snake_case stays.",
		"Use `make test`.":                   "Use make test.",
		"# A heading":                        "A heading.",
		"- an item":                          "an item.",
		"See [the docs](https://x.y/z).":     "See the docs.",
		"<speak>Hello <break/>there</speak>": "Hello there.",
		"Is x < 5 or y > 3?":                 "Is x < 5 or y > 3?",
		"2 * 3 * 4 is 24.":                   "2 * 3 * 4 is 24.",
		"C# and C++ it is.":                  "C# and C++ it is.",
		"Great 😀👍🏽 work!":                    "Great work!",
		"[laughs] Well, arr[i] is fine.":     "Well, arr[i] is fine.",
		"Line\none\ttwo.":                    "Line one two.",
		"Nul\x00 and bad \xff bytes.":        "Nul and bad bytes.",
		"...":                                "",
		" \n":                                "",
		"**":                                 "",
		"😀":                                  "",
		"Über 3 €!":                          "Über 3 €!",
	} {
		if got := speakable(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestALanguageHasTwoLetters(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{"": "en", "en-US": "en", "de_AT": "de", "FR": "fr", "fil-PH": "en", "x": "en"} {
		if got := language(tag); got != want {
			t.Errorf("%q: %q", tag, got)
		}
	}
}

func TestWhereAndHowToConnect(t *testing.T) {
	t.Parallel()
	for base, want := range map[string]string{
		"":                         "wss://api.cartesia.ai/tts/websocket",
		"https://api.cartesia.ai/": "https://api.cartesia.ai/tts/websocket",
		"http://gw/base?tenant=1":  "http://gw/base/tts/websocket?tenant=1",
		"ws://gw/tts/websocket?cartesia_version=2024-06-10": "ws://gw/tts/websocket",
	} {
		if got := (Config{BaseURL: base}).withDefaults().endpoint(); got != want {
			t.Errorf("%q: %q", base, got)
		}
	}
	h := Config{Key: "k"}.withDefaults().header()
	if h.Get("Authorization") != "Bearer k" || h.Get("Cartesia-Version") != DefaultVersion {
		t.Errorf("%v", h)
	}
	h = Config{Key: "k", KeyHeader: "X-API-Key", VersionHeader: "V", Version: "x"}.withDefaults().header()
	if h.Get("X-API-Key") != "k" || h.Get("V") != "x" || h.Get("Authorization") != "" {
		t.Errorf("%v", h)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{
		`{"type":"chunk","context_id":"c1","data":"AAABAP7/","done":false,"status_code":206,"flush_id":1}`,
		`{"type":"timestamps","context_id":"c1","word_timestamps":{"words":["a","b"],"start":[0.02,1e300],"end":[-1]}}`,
		`{"type":"flush_done","context_id":"c1","flush_id":1}`, `{"type":"done"}`, `{"type":"error","error":{"x":1}}`, `{"type":7}`, `[`, ``, "\xff", `{"type":"chunk","data":7}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := decode(raw)
		if (err == nil) != (e.kind != 0) || e.kind == sound && len(e.pcm) == 0 && e.err != nil || e.kind == refused && e.err == nil {
			t.Errorf("%+v, %v", e, err)
		}
		for _, w := range e.words {
			if w.From < 0 || w.To < w.From || w.To > time.Hour {
				t.Errorf("%+v", w)
			}
		}
		if e.err != nil && len(e.err.Error()) > 1200 {
			t.Errorf("%d bytes of error", len(e.err.Error()))
		}
	})
}

func FuzzSpeakable(f *testing.F) {
	for _, s := range []string{"**a** [b](c) <d>", "_x_ ~~y~~", "...", "\xff", "- [x] *y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := speakable(text)
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r\t\x00") || got != strings.TrimSpace(got) || got != "" && len(got) > len(text)+1 {
			t.Errorf("%q: %q", text, got)
		}
	})
}
