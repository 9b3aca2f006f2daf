package deepgram

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/simulated/deepgramtts"
	"github.com/vantahire/vantahire/providers/soundcode"
)

// TestSpeakMarksAreWhereTheirSentencesEnd holds what an estimate of the words that
// were heard needs, as no word of this voice has a time: the sound between two marks
// is all of one sentence and of nothing else, however the reply comes and is taken.
func TestSpeakMarksAreWhereTheirSentencesEnd(t *testing.T) {
	t.Parallel()
	l := newSpeakLab(t, deepgramtts.Config{Voice: soundcode.Voice{}, SlowestPace: 400, FastestPace: 900, Characters: 1 << 30, Flushes: 1 << 20},
		SpeakConfig{Characters: 1 << 29, Flushes: 1 << 19, MaxSockets: 4})
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.StringMatching(`[a-z]{1,7}`)
		var sentences []string
		for range rapid.IntRange(1, 5).Draw(rt, "sentences") {
			words := rapid.SliceOfN(word, 1, 6).Draw(rt, "words")
			sentences = append(sentences, strings.Join(words, " ")+rapid.SampledFrom([]string{".", "?", "!"}).Draw(rt, "end"))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		s, err := l.Open(ctx, providers.VoiceOptions{})
		if err != nil {
			rt.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		early := rapid.IntRange(0, len(sentences)).Draw(rt, "said before any is heard")
		say := func(some []string) {
			for _, one := range some {
				if err := s.Say(ctx, one); err != nil {
					rt.Fatal(err)
				}
			}
		}
		say(sentences[:early])
		rest := func() { say(sentences[early:]); _ = s.Finish() }
		if early == 0 {
			rest()
		}
		said := early == 0
		var sound []int16
		ended := 0
		for {
			c, err := s.Recv(ctx)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				rt.Fatal(err)
			}
			if !said {
				said = true
				rest()
			}
			if len(c.Words) > 0 {
				rt.Fatalf("words with times: %+v", c.Words)
			}
			sound = append(sound, c.PCM...)
			if c.SentenceEnd < 0 {
				continue
			}
			if c.SentenceEnd != ended {
				rt.Fatalf("the end of sentence %d, want %d", c.SentenceEnd, ended)
			}
			want, _ := soundcode.Voice{}.Speak(sentences[ended], speakRate)
			if !slices.Equal(sound, want) {
				rt.Fatalf("the sound up to mark %d is %d samples, not the %d of %q", ended, len(sound), len(want), sentences[ended])
			}
			sound, ended = nil, ended+1
		}
		if ended != len(sentences) || len(sound) > 0 {
			rt.Fatalf("%d of %d sentences ended, %d samples behind the last", ended, len(sentences), len(sound))
		}
	})
}
