package deepgram

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestSpeakableText(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                "",
		"🎉 … **":                          "",
		"Hello":                           "Hello. ",
		"Hello,":                          "Hello. ",
		"Really?":                         "Really? ",
		`He said "no."`:                   `He said "no." `,
		"# Title\n- one\n* two":           "Title one two. ",
		"See [the docs](https://x.y/z).":  "See the docs. ",
		"Use C# and C++ at 5% & more.":    "Use C# and C++ at 5% & more. ",
		"snake_case and ~~gone~~ `code`!": "snake case and gone code! ",
		"<speak>Hi <emphasis level='strong'>there</emphasis></speak>": "Hi there. ",
		"3 < 4 and 5 > 4":             "3 < 4 and 5 > 4. ",
		"Tom &amp; Jerry":             "Tom & Jerry. ",
		"It’s well-known 👩‍💻️ today.": "It's well-known today. ",
		"S-Q-L is state-of-the-art":   "S, Q, L is state-of-the-art. ",
		"a\x00b\xffc":                 "abc. ",
	} {
		if got := speakable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzSpeakText(f *testing.F) {
	for _, s := range []string{"Hello. **x**", "a-b-c", strings.Repeat("é", 5000), "<a<b>", "[[x](y)](z)", "\xff"} {
		f.Add(s, 100)
	}
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = min(max(limit, 10), 2000)
		for _, p := range speakPieces(speakable(s), limit) {
			if n := len([]rune(p)); n > limit || !strings.HasSuffix(p, " ") || strings.TrimSpace(p) == "" {
				t.Errorf("a piece of %d characters: %q", n, p)
			}
		}
	})
}

func FuzzSpeakMessage(f *testing.F) {
	for _, s := range []string{`{"type":"Flushed","sequence_id":0}`, `{"type":"Warning","warn_code":"x","warn_msg":"flush"}`, `{"type":7}`, "[]", "{", `{"type":"Error","err_code":{}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := readSpeakMessage(raw)
		if (err == nil) != (m.kind != "") || len(speakShort(m.code+m.description)) > 200 {
			t.Errorf("%+v, %v", m, err)
		}
	})
}

func FuzzSpeakSamples(f *testing.F) {
	f.Add([]byte{1, 2, 3}, 1)
	f.Fuzz(func(t *testing.T, raw []byte, cut int) {
		cut = min(max(cut, 0), len(raw))
		whole, odd := speakSamples(nil, -1, raw)
		some, carry := speakSamples(nil, -1, raw[:cut])
		some, carry = speakSamples(some, carry, raw[cut:])
		if !slices.Equal(whole, some) || carry != odd {
			t.Errorf("cut at %d: %v and %d, want %v and %d", cut, some, carry, whole, odd)
		}
	})
}

func TestSpeakWarningsInBothSpellings(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		`{"type":"Warning","code":"EXCESSIVE_FLUSH","description":"x"}`,
		`{"type":"Warning","warn_code":"W","warn_msg":"Flush was ignored"}`,
	} {
		if m, err := readSpeakMessage([]byte(raw)); err != nil || !m.refusesFlush() {
			t.Errorf("%s: %+v, %v", raw, m, err)
		}
	}
}

func TestSpeakWindowCountsExactly(t *testing.T) {
	t.Parallel()
	w := speakWindow{span: time.Minute, limit: 10}
	now := time.Now()
	w.add(now, 6)
	w.add(now.Add(10*time.Second), 4)
	at := now.Add(20 * time.Second)
	if w.left(at) != 0 || w.wait(at, 1) != 40*time.Second || w.wait(at, 6) != 40*time.Second || w.wait(at, 7) != 50*time.Second {
		t.Errorf("%d left; wait %s, %s, %s", w.left(at), w.wait(at, 1), w.wait(at, 6), w.wait(at, 7))
	}
	if at = now.Add(time.Minute); w.left(at) != 6 || w.wait(at, 6) != 0 {
		t.Errorf("%d left after a minute", w.left(at))
	}
	w.fill(at)
	if w.left(at) != 0 {
		t.Errorf("%d left of a full one", w.left(at))
	}
}
