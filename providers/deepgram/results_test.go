package deepgram

import (
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// range1 is a result from..to in seconds with one word in it.
func range1(text string, from, to float64) listenResult {
	r := listenResult{start: from, duration: to - from, text: text}
	if text != "" {
		r.words = []listenWord{{text: text, start: from + .1, end: to - .1}}
	}
	return r
}

func settled(r listenResult) listenResult { r.final = true; return r }
func pause(r listenResult) listenResult   { r.final, r.speechFinal = true, true; return r }

const plenty = interview.Sample(100 * interview.MicRate)

func TestEndsOfSpeech(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(h *hearing) []hearingOutcome
		want []bool // EndOfSpeech of each told final
	}{
		"a pause after words": {func(h *hearing) []hearingOutcome {
			return []hearingOutcome{h.result(pause(range1("a", 0, 1)), plenty)}
		}, []bool{true}},
		"a pause after nothing": {func(h *hearing) []hearingOutcome {
			return []hearingOutcome{h.result(pause(range1("", 0, 1)), plenty)}
		}, []bool{false}},
		"several segments, then a pause without words": {func(h *hearing) []hearingOutcome {
			return []hearingOutcome{h.result(settled(range1("a", 0, 1)), plenty), h.result(settled(range1("b", 1, 2)), plenty), h.result(pause(range1("", 2, 3)), plenty)}
		}, []bool{false, false, true}},
		"an UtteranceEnd behind the speech_final for the same pause": {func(h *hearing) []hearingOutcome {
			return []hearingOutcome{h.result(pause(range1("a", 0, 1)), plenty), h.utteranceEnd(.9, plenty)}
		}, []bool{true}},
		"an UtteranceEnd alone": {func(h *hearing) []hearingOutcome {
			return []hearingOutcome{h.result(settled(range1("a", 0, 1)), plenty), h.utteranceEnd(.9, plenty)}
		}, []bool{false, true}},
		"a stale UtteranceEnd": {func(h *hearing) []hearingOutcome {
			return []hearingOutcome{h.result(settled(range1("a", 0, 1)), plenty), h.result(settled(range1("b", 1, 2)), plenty), h.utteranceEnd(.9, plenty)}
		}, []bool{false, false}},
		"an UtteranceEnd without a word": {func(h *hearing) []hearingOutcome {
			return []hearingOutcome{h.result(settled(range1("a", 0, 1)), plenty), h.utteranceEnd(-1, plenty)}
		}, []bool{false}},
		"an UtteranceEnd before the final of its words": {func(h *hearing) []hearingOutcome {
			return []hearingOutcome{h.result(range1("a", 0, 1), plenty), h.utteranceEnd(.9, plenty), h.result(settled(range1("a", 0, 1)), plenty)}
		}, []bool{true}},
	} {
		var got []bool
		for _, o := range c.do(&hearing{}) {
			if o.tell && o.transcript.Final {
				got = append(got, o.transcript.EndOfSpeech)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	const second = interview.Sample(interview.MicRate)
	h := &hearing{offset: 10 * second, lead: second / 10}
	got := h.result(settled(range1("a", .1, 2.1)), plenty).transcript
	if got.From != 10*second+second/10 || got.To != 10*second+second*19/10 || got.Through != 12*second || got.Words[0].From != 100*time.Millisecond {
		t.Errorf("%+v", got)
	}
	// An interim tells a range that the final then cuts shorter.
	if o := h.result(range1("b c", 2.1, 4.1), plenty); !o.tell || o.transcript.Through != 12*second {
		t.Errorf("the interim: %+v", o)
	}
	if x := h.result(settled(range1("b", 2.1, 3.1)), plenty).transcript; x.Through != 13*second || x.Text != "b" {
		t.Errorf("the shorter final: %+v", x)
	}
	if o := h.result(settled(range1("b", 2.1, 3.1)), plenty); !o.repeated || o.transcript.Text != "" {
		t.Errorf("the same once more: %+v", o)
	}
	if o := h.result(range1("b", 2.1, 3.1), plenty); !o.repeated || o.tell {
		t.Errorf("an interim for what is settled: %+v", o)
	}
	if x := h.result(settled(range1("z", 3.1, 1e9)), 4*second).transcript; x.Through != 14*second || x.To > x.Through {
		t.Errorf("beyond what was sent: %+v", x)
	}
	if o := h.result(range1("", 5, 6), plenty); o.tell {
		t.Errorf("an interim of nothing: %+v", o)
	}
}

func TestKeytermsStayWithinTheLimit(t *testing.T) {
	t.Parallel()
	many := []string{"", "  ", "Kubernetes", "kubernetes", "gRPC\nserver", strings.Repeat("x", 200), "\xff"}
	for i := range 300 {
		many = append(many, fmt.Sprintf("Überschallgeschwindigkeit %d", i))
	}
	got := keyterms(many)
	tokens := 0
	for _, term := range got {
		tokens += keytermTokens(term)
	}
	if got[0] != "Kubernetes" || got[1] != "gRPC server" || tokens > maxKeytermTokens || len(got) > maxKeyterms || len(got) < 10 {
		t.Errorf("%d terms of %d tokens: %q", len(got), tokens, got[:2])
	}
}

func TestTheQuery(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg  ListenConfig
		want map[string]string
		not  []string
	}{
		"by default": {ListenConfig{}, map[string]string{"model": "nova-3", "language": "en-US", "encoding": "linear16", "sample_rate": "16000", "channels": "1", "interim_results": "true", "punctuate": "true", "endpointing": "300", "utterance_end_ms": "1000", "vad_events": "true", "keyterm": "Go"}, []string{"smart_format", "keywords", "mip_opt_out"}},
		"formatted":  {ListenConfig{SmartFormat: true, OptOut: true, Endpointing: -1, UtteranceEnd: -1}, map[string]string{"smart_format": "true", "no_delay": "true", "mip_opt_out": "true", "endpointing": "false"}, []string{"utterance_end_ms"}},
		"nova-2":     {ListenConfig{Model: "nova-2", BaseURL: "http://x.test/base/"}, map[string]string{"model": "nova-2"}, []string{"keyterm", "keywords"}},
	} {
		cfg := c.cfg.withDefaults()
		raw, err := cfg.url(providers.TranscribeOptions{Terms: []string{"Go", "Rust"}})
		u, perr := url.Parse(raw)
		if err != nil || perr != nil || !strings.HasSuffix(u.Path, "/v1/listen") {
			t.Errorf("%s: %s %v", name, raw, err)
			continue
		}
		for k, v := range c.want {
			if u.Query().Get(k) != v {
				t.Errorf("%s: %s is %q", name, k, u.Query().Get(k))
			}
		}
		for _, k := range c.not {
			if u.Query().Has(k) {
				t.Errorf("%s: has %s", name, k)
			}
		}
	}
	bad := ListenConfig{BaseURL: "::"}.withDefaults()
	if _, err := bad.url(providers.TranscribeOptions{}); err == nil {
		t.Error("a bad base passes")
	}
}

func FuzzParseListen(f *testing.F) {
	for _, s := range []string{
		`{"type":"Results","channel_index":[0,1],"start":3.26,"duration":1.84,"is_final":true,"channel":{"alternatives":[{"transcript":"x","confidence":2,"words":[{"word":"i","start":3,"end":2}]}]}}`,
		`{"type":"UtteranceEnd","channel":[0,1],"last_word_end":-1}`, `{"type":"SpeechStarted"}`, `{"type":"Error","code":1}`, `{"type":"Metadata"}`, `[`, `{"type":"Results","start":1e308,"duration":1e308}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		said := parseListen(raw)
		if len(said.complaint) > 210 || strings.ContainsAny(said.complaint, "\n\r") || math.IsNaN(said.lastWordEnd) {
			t.Errorf("%+v", said)
		}
		h := &hearing{offset: 100}
		for range 2 {
			x := h.result(said.result, 1000).transcript
			if x.From < 0 || x.To < x.From || x.Through > 1100 || x.Final && x.To > x.Through || x.Confidence < 0 || x.Confidence > 1 {
				t.Errorf("%+v", x)
			}
		}
		if x := h.utteranceEnd(said.lastWordEnd, 1000).transcript; x.Through > 1100 {
			t.Errorf("%+v", x)
		}
	})
}
