package main

import (
	"context"
	"strings"

	"github.com/vantahire/vantahire/loadtest/candidate"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/providers/local"
	"github.com/vantahire/vantahire/providers/soundcode"
)

// voice speaks the answers: 16 kHz, without quiet ends.
type voice interface {
	say(ctx context.Context, text string) ([]int16, error)
	// cough is a sound that is no word, or none that means anything.
	cough(ctx context.Context) ([]int16, error)
}

// localVoice is flite.
type localVoice struct{ speech *local.Speech }

func (v localVoice) say(ctx context.Context, text string) ([]int16, error) {
	pcm, _, err := v.speech.Speak(ctx, text)
	return trimSilence(pcm), err
}

// cough is voiced: the detector passes over coughs that are mere noise.
func (v localVoice) cough(ctx context.Context) ([]int16, error) { return v.say(ctx, backchannel) }

// codeVoice speaks sound that carries its text, which simulated providers hear.
type codeVoice struct{}

func (codeVoice) say(_ context.Context, text string) ([]int16, error) {
	pcm, _ := soundcode.Voice{}.Speak(text, media.MicRate)
	return pcm, nil
}

func (codeVoice) cough(context.Context) ([]int16, error) { return soundcode.Cough(media.MicRate), nil }

// codeReader reads that sound back. Punctuation at the end of a word is a matter
// of writing: what is spoken piece by piece ends its pieces with periods.
type codeReader struct{}

var _ candidate.Reader = codeReader{}

func (codeReader) Read(pcm []int16, rate int) []string {
	found := soundcode.Read(pcm, rate)
	words := make([]string, len(found))
	for i, w := range found {
		words[i] = bare(w.Text)
	}
	return words
}

func (codeReader) Words(text string) []string {
	words := soundcode.Words(text)
	for i, w := range words {
		words[i] = bare(w)
	}
	return words
}

func bare(word string) string { return strings.TrimRight(word, ".,;:!?") }
