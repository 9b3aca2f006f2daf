package soundcode

import (
	"strings"
	"testing"

	"github.com/vantahire/vantahire/assets"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/vad"
	"github.com/vantahire/vantahire/providers/simulated"
)

func needModel(t testing.TB) *vad.Model {
	t.Helper()
	weights, ok := assets.Silero()
	if !ok {
		t.Fatal("assets/dist has no silero.f32: run `make assets` (or `go run ./assets/fetch`) before the tests")
	}
	m, err := vad.LoadModel(weights)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The first 100 ms of an utterance are left out: no detector decides at once.
func TestSileroTakesTheCodeForSpeech(t *testing.T) {
	t.Parallel()
	m := needModel(t)
	for name, text := range map[string]string{
		"an interviewer": strings.Join(interviewer[:5], " "),
		"a candidate":    strings.Join(candidate[:5], " "),
	} {
		for _, rate := range []int{16000, 24000} {
			pcm, words := Voice{}.Speak(text, rate)
			if rate != 16000 {
				pcm = resampled(t, pcm, rate, 16000)
			}
			d := vad.New(m, vad.Config{})
			speech, coded, ends := 0, 0, 0
			const frame = 320
			for i := 0; i+frame <= len(pcm); i += frame {
				r := d.Process(interview.Sample(i), pcm[i:i+frame])
				if r.Event == vad.SpeechEnded {
					ends++
				}
				if i < 1600 || !within(words, i*rate/16000, (i+frame)*rate/16000) {
					continue
				}
				coded++
				if r.Prob >= 0.5 {
					speech++
				}
			}
			share := 100 * float64(speech) / float64(coded)
			t.Logf("%s at %d Hz: %.1f %% of %d frames", name, rate, share, coded)
			if share < 95 {
				t.Errorf("%s at %d Hz: %.1f %% of the frames are speech, want at least 95 %%", name, rate, share)
			}
			if ends > 0 {
				t.Errorf("%s at %d Hz: speech ended %d times within", name, rate, ends)
			}
		}
	}
}

// within reports whether the samples from..to lie in one word.
func within(words []simulated.SpokenWord, from, to int) bool {
	for _, w := range words {
		if from >= w.From && to <= w.To {
			return true
		}
	}
	return false
}

func resampled(t testing.TB, pcm []int16, from, to int) []int16 {
	t.Helper()
	r, err := media.NewResampler(from, to)
	if err != nil {
		t.Fatal(err)
	}
	return r.Flush(r.Process(nil, pcm))
}
