package deepgram

import (
	"context"
	"errors"
	"hash/fnv"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/simulated"
	"github.com/vantahire/vantahire/providers/simulated/deepgramtts"
)

// labelVoice makes sound that tells its text: each sample of a piece is the text's
// own number, for 62 ms a character.
type labelVoice struct{}

func label(text string) int16 {
	h := fnv.New32a()
	_, _ = io.WriteString(h, strings.TrimSpace(text))
	return int16(h.Sum32()%30000) + 1
}

// labelSamples is how many samples a text makes.
func labelSamples(text string) int {
	return utf8.RuneCountInString(strings.TrimSpace(text)) * speakRate * 62 / 1000
}

func (labelVoice) Speak(text string, _ int) ([]int16, []simulated.SpokenWord) {
	pcm := make([]int16, labelSamples(text))
	l := label(text)
	for i := range pcm {
		pcm[i] = l
	}
	return pcm, nil
}

// speakLab is a service and a voice that speaks through it.
type speakLab struct {
	*Synthesizer
	service *deepgramtts.Server
}

func newSpeakLab(t testing.TB, service deepgramtts.Config, client SpeakConfig) *speakLab {
	t.Helper()
	if service.Voice == nil {
		service.Voice = labelVoice{}
	}
	if service.FirstByte == (simulated.Delay{}) {
		service.FirstByte = simulated.Delay{P50: time.Millisecond}
	}
	if service.SlowestPace == 0 {
		service.SlowestPace, service.FastestPace = 20, 60
	}
	server := deepgramtts.New(service)
	web := httptest.NewServer(server)
	client.URL = web.URL
	if client.Key == "" {
		client.Key = "sekret"
	}
	l := &speakLab{NewSynthesizer(client), server}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := l.Close(ctx); err != nil {
			t.Error(err)
		}
		server.Close()
		web.Close()
	})
	return l
}

// until waits for a condition and says what was missing.
func speakUntil(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("still missing: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// spokenReply is what a reply's sound was.
type spokenReply struct {
	pcm  []int16
	ends []int // samples at which the sentences ended
	err  error
}

// speakHear reads a reply to its end.
func speakHear(t testing.TB, s providers.SpeechStream) (r spokenReply) {
	t.Helper()
	r.hear(t, s, -1)
	return r
}

// hear goes on with a reply until so many of its sentences have ended; -1: to its
// end.
func (r *spokenReply) hear(t testing.TB, s providers.SpeechStream, sentences int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for len(r.ends) != sentences {
		c, err := s.Recv(ctx)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			r.err = err
			return
		}
		if len(c.PCM) > speakMaxChunk || (len(c.PCM) > 0 && c.Rate != speakRate) {
			t.Errorf("a chunk of %d samples at %d", len(c.PCM), c.Rate)
		}
		r.pcm = append(r.pcm, c.PCM...)
		if c.SentenceEnd >= 0 {
			if c.SentenceEnd != len(r.ends) {
				t.Errorf("sentence %d ends after %d", c.SentenceEnd, len(r.ends))
			}
			r.ends = append(r.ends, len(r.pcm))
		}
	}
}

func (l *speakLab) open(t testing.TB, o providers.VoiceOptions) providers.SpeechStream {
	t.Helper()
	s, err := l.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// say speaks a reply of whole sentences.
func (l *speakLab) say(t testing.TB, sentences ...string) spokenReply {
	t.Helper()
	s := l.open(t, providers.VoiceOptions{})
	for _, one := range sentences {
		if err := s.Say(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Finish(); err != nil {
		t.Fatal(err)
	}
	r := speakHear(t, s)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return r
}

// is checks that a reply was exactly these sentences, each with its end.
func (r spokenReply) is(t testing.TB, sentences ...string) {
	t.Helper()
	if r.err != nil {
		t.Fatalf("the reply failed: %v", r.err)
	}
	at := 0
	var ends []int
	for _, one := range sentences {
		n, l := labelSamples(one), label(one)
		for i := at; i < at+n; i++ {
			if i >= len(r.pcm) || r.pcm[i] != l {
				t.Fatalf("sample %d of %d is not of %q", i, len(r.pcm), one)
			}
		}
		at += n
		ends = append(ends, at)
	}
	if len(r.pcm) != at {
		t.Fatalf("%d samples, want %d", len(r.pcm), at)
	}
	if len(ends) != len(r.ends) {
		t.Fatalf("sentence ends %v, want %v", r.ends, ends)
	}
	for i := range ends {
		if ends[i] != r.ends[i] {
			t.Fatalf("sentence ends %v, want %v", r.ends, ends)
		}
	}
}
