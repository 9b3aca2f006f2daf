package cartesia

import (
	"context"
	"errors"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/simulated"
	server "github.com/vantahire/vantahire/providers/simulated/cartesia"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hum is a voice whose words last 60 ms per letter, each sample telling its word's
// length, with a pause of 100 ms behind each sentence.
type hum struct{}

func (hum) Speak(text string, rate int) ([]int16, []simulated.SpokenWord) {
	var pcm []int16
	var words []simulated.SpokenWord
	for _, w := range strings.Fields(text) {
		from := len(pcm)
		for range len(w) * rate * 60 / 1000 {
			pcm = append(pcm, int16(100*len(w)))
		}
		words = append(words, simulated.SpokenWord{Text: w, From: from, To: len(pcm)})
	}
	return append(pcm, make([]int16, rate/10)...), words
}

// spokenLength is how long hum takes for a text.
func spokenLength(text string) time.Duration {
	pcm, _ := hum{}.Speak(text, 24000)
	return samplesLength(len(pcm))
}

func samplesLength(n int) time.Duration { return time.Duration(n) * time.Second / 24000 }

// setup returns a client of a fast simulated server, both as configured.
func setup(t testing.TB, sc server.Config, cc Config) (*Synthesizer, *server.Server) {
	t.Helper()
	if sc.Voice == nil {
		sc.Voice = hum{}
	}
	sc.Keys = []string{"sk_car_right"}
	if sc.FirstChunk == (simulated.Delay{}) {
		sc.FirstChunk = simulated.Delay{P50: time.Millisecond}
	}
	if sc.PaceMin == 0 {
		sc.PaceMin = 200
	}
	s := server.New(sc)
	h := httptest.NewServer(s)
	if cc.BaseURL == "" {
		cc.BaseURL = h.URL
	}
	if cc.Key == "" {
		cc.Key = "sk_car_right"
	}
	if cc.BackoffMin == 0 {
		cc.BackoffMin, cc.BackoffMax = time.Millisecond, 2*time.Millisecond
	}
	c := NewSynthesizer(cc)
	t.Cleanup(func() {
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
		s.Close()
		h.Close()
	})
	return c, s
}

// heard is a whole reply.
type heard struct {
	pcm   []int16
	words []providers.Word
	ends  []int           // sentences
	at    []time.Duration // where they end
	err   error           // nil after io.EOF
}

func (h *heard) add(t testing.TB, c providers.Chunk) {
	t.Helper()
	if len(c.PCM) > 4800 {
		t.Errorf("a chunk of %s", samplesLength(len(c.PCM)))
	}
	h.pcm = append(h.pcm, c.PCM...)
	h.words = append(h.words, c.Words...)
	if c.SentenceEnd >= 0 {
		h.ends = append(h.ends, c.SentenceEnd)
		h.at = append(h.at, samplesLength(len(h.pcm)))
	}
}

// hear reads a stream to its end.
func hear(t testing.TB, st providers.SpeechStream) *heard {
	t.Helper()
	h := &heard{}
	for {
		c, err := st.Recv(t.Context())
		if errors.Is(err, io.EOF) {
			return h
		}
		if err != nil {
			h.err = err
			return h
		}
		h.add(t, c)
	}
}

func open(t testing.TB, c *Synthesizer) providers.SpeechStream {
	t.Helper()
	st, err := c.Open(t.Context(), providers.VoiceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

func say(t testing.TB, st providers.SpeechStream, sentences ...string) {
	t.Helper()
	for _, s := range sentences {
		if err := st.Say(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

// speak is one whole reply.
func speak(t testing.TB, c *Synthesizer, sentences ...string) *heard {
	t.Helper()
	st := open(t, c)
	say(t, st, sentences...)
	if err := st.Finish(); err != nil {
		t.Fatal(err)
	}
	h := hear(t, st)
	if err := st.Close(); err != nil {
		t.Error(err)
	}
	return h
}

// until waits for a condition.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// whole checks that a reply is exactly its sentences.
func (h *heard) whole(t testing.TB, sentences ...string) {
	t.Helper()
	if h.err != nil {
		t.Fatal(h.err)
	}
	var want time.Duration
	n := 0
	for i, s := range sentences {
		begin := want
		if s != "" {
			want += spokenLength(s)
		}
		if i >= len(h.ends) || h.ends[i] != i || h.at[i] != want {
			t.Fatalf("sentences %v end at %v, want number %d at %s", h.ends, h.at, i, want)
		}
		_, words := hum{}.Speak(s, 24000)
		for _, w := range words {
			if n >= len(h.words) {
				t.Fatalf("%d words", len(h.words))
			}
			got := h.words[n]
			if from, to := begin+samplesLength(w.From), begin+samplesLength(w.To); got.Text != w.Text || abs(got.From-from) > time.Microsecond || abs(got.To-to) > time.Microsecond {
				t.Errorf("word %+v, want %s from %s to %s", got, w.Text, from, to)
			}
			n++
		}
	}
	if got := samplesLength(len(h.pcm)); got != want || n != len(h.words) {
		t.Errorf("%s with %d words, want %s with %d", got, len(h.words), want, n)
	}
}

func abs(d time.Duration) time.Duration { return max(d, -d) }
