package soundcode

import (
	"testing"

	"github.com/vantahire/vantahire/assets"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/vad"
)

func needModel(t testing.TB) *vad.Model {
	t.Helper()
	weights, ok := assets.Silero()
	if !ok {
		t.Fatal("assets/dist has no silero.f32: run `make assets`")
	}
	m, err := vad.LoadModel(weights)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const longText = "Thank you for joining today. I would like to hear about a project you led, what went wrong, and how you fixed it. " +
	"Please take your time; there is no hurry. How did you measure that the system was fast enough for 10,000 users?"

func TestSileroHearsSpeech(t *testing.T) {
	m := needModel(t)
	pcm, words := Voice{}.Speak(longText, 16000)
	d := vad.New(m, vad.Config{})
	speech, n := 0, 0
	for i := 0; i+320 <= len(pcm); i += 320 {
		r := d.Process(interview.Sample(i), pcm[i:i+320])
		n++
		if r.Prob >= 0.5 {
			speech++
		}
		if r.Event != vad.None {
			t.Log(r.Event, r.At, i)
		}
	}
	t.Logf("%d of %d; %d chars %d words %.1f ms/char", speech, n, len(longText), len(words), float64(len(pcm))/16/float64(len(longText)))
}
