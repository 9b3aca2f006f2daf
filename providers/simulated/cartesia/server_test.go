package cartesia

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/providers/simulated"
)

func TestAWholeSoundByPlainRequest(t *testing.T) {
	t.Parallel()
	s, url := setup(t, Config{Keys: []string{"k"}})
	body := func(text, container, model string) string {
		return fmt.Sprintf(`{"model_id":%q,"transcript":%q,"voice":{"mode":"id","id":"v"},"output_format":{"container":%q,"encoding":"pcm_s16le","sample_rate":24000},"language":"en"}`, model, text, container)
	}
	text := "A greeting."
	for name, c := range map[string]struct {
		key, body    string
		status, size int
	}{
		"raw":         {"k", body(text, "raw", "sonic-3.5"), 200, soundOf(text)},
		"wav":         {"k", body(text, "wav", "sonic-3.5"), 200, soundOf(text) + 44},
		"mp3":         {"k", body(text, "mp3", "sonic-3.5"), 400, -1},
		"wrong key":   {"x", body(text, "raw", "sonic-3.5"), 401, -1},
		"gone model":  {"k", body(text, "raw", "sonic-english"), 400, -1},
		"no text":     {"k", body(" ", "raw", "sonic-3.5"), 400, -1},
		"no JSON":     {"k", "{", 400, -1},
		"empty":       {"k", "", 400, -1},
		"a wrong one": {"k", `{"transcript":7}`, 400, -1},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/tts/bytes", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-API-Key", c.key)
		req.Header.Set("Cartesia-Version", "2025-04-16")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != c.status || c.size >= 0 && len(raw) != c.size || name == "wav" && !bytes.HasPrefix(raw, []byte("RIFF")) {
			t.Errorf("%s: %d with %d bytes, %v", name, res.StatusCode, len(raw), err)
		}
	}
	if s.Journal.Billed("bytes") != 2*len(text) || s.Generating() != 0 {
		t.Errorf("billed %d", s.Journal.Billed("bytes"))
	}
	res, err := http.Get(url + "/elsewhere")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("elsewhere: %d", res.StatusCode)
	}
	http.DefaultClient.CloseIdleConnections()
}

func TestClosingEndsAllConnections(t *testing.T) {
	t.Parallel()
	s := New(Config{Voice: hum{}, Seed: 1})
	h := httptest.NewServer(s)
	defer h.Close()
	c, idle := connect(t, h.URL, "2025-04-16"), connect(t, h.URL, "2025-04-16")
	c.ask("a", strings.Repeat("On and on. ", 100), true, "")
	c.until("chunk")
	s.Close()
	s.Close()
	for _, x := range []*client{c, idle} {
		if _, err := x.gone(); err == nil {
			t.Error("a connection lives on")
		}
	}
	if s.Open() != 0 || s.Generating() != 0 {
		t.Errorf("%d open, %d generate", s.Open(), s.Generating())
	}
	if _, status, _ := upgrade(t, h.URL, "", map[string]string{"Authorization": "Bearer k", "Cartesia-Version": "2025-04-16"}); status != http.StatusServiceUnavailable {
		t.Errorf("after the end: %d", status)
	}
}

func TestAHundredStreamsAtOnce(t *testing.T) {
	t.Parallel()
	s, url := setup(t, Config{Contexts: 120, FirstChunk: simulated.Delay{P50: 20 * time.Millisecond, P95: 40 * time.Millisecond}, PaceMin: 6})
	var wg sync.WaitGroup
	for i := range 120 {
		c := connect(t, url, "2025-04-16")
		text := strings.Repeat("Some words to say. ", 1+i%3)
		wg.Go(func() {
			c.ask("a", text, false, "")
			bytes, words := sound(c.until("done"))
			if bytes != soundOf(text) || len(words) != len(strings.Fields(text)) {
				t.Errorf("%d bytes, %d words", bytes, len(words))
			}
		})
	}
	wg.Wait()
	if s.Journal.Count("speak") != 120 || s.Journal.Count("done") != 120 {
		t.Errorf("%d spoken, %d done", s.Journal.Count("speak"), s.Journal.Count("done"))
	}
}

func TestSentencesAreCutAtTheirEnds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                        {""},
		"No end":                  {"No end"},
		"One. Two! Three? Four":   {"One.", " Two!", " Three?", " Four"},
		"helpful.Tell me. ":       {"helpful.Tell me.", " "},
		`He said "no." Then left`: {`He said "no."`, " Then left"},
		"Ends.":                   {"Ends."},
		" . ? So":                 {" . ? So"},
	} {
		got, rest := splitSentences(text)
		if got = append(got, rest); !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func FuzzReadInput(f *testing.F) {
	for _, s := range []string{`{"context_id":"a","transcript":"x","voice":{"mode":"id","id":"v"},"continue":true}`, `{"context_id":"a","cancel":true}`, `[`, `{"context_id":7}`, `{"voice":"\u0000"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		in, no := readInput(raw)
		if no == nil && in.ContextID == "" {
			t.Errorf("%q passes without a context", raw)
		}
		if no == nil && !in.Cancel {
			_ = in.check("2025-04-16", []string{"sonic-3.5"}, true) // must not panic
		}
	})
}

func FuzzSplitSentences(f *testing.F) {
	f.Add("One. Two? Three")
	f.Add("\xff. \x00")
	f.Fuzz(func(t *testing.T, text string) {
		sentences, rest := splitSentences(text)
		if strings.Join(sentences, "")+rest != text {
			t.Errorf("%q becomes %q and %q", text, sentences, rest)
		}
	})
}
