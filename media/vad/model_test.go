package vad

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"math"
	"os"
	"testing"

	"github.com/vantahire/vantahire/assets"
)

// writeAudio saves the reference clip as raw PCM for testdata/reference.mjs.
var writeAudio = flag.String("write-audio", "", "write the reference clip (16 kHz mono s16le) to this file")

// model loads the fetched weights once for all tests.
var model = func() *Model {
	weights, ok := assets.Silero()
	if !ok {
		return nil
	}
	m, err := LoadModel(weights)
	if err != nil {
		panic(err)
	}
	return m
}()

// needModel fails a test that can't run without the weights.
func needModel(t testing.TB) *Model {
	t.Helper()
	if model == nil {
		t.Fatal("the Silero weights are missing: run `make assets` (or `go run ./assets/fetch`) first")
	}
	return model
}

// referenceClip is 8 s with every kind of sound the network has an opinion on.
func referenceClip() []int16 {
	v, s := voice{pitch: 120, noise: 1}, noise(2)
	return join(
		silence(8000),
		v.speak(32000, -12),
		s.white(8000, -60),
		mix(v.speak(24000, -20), s.white(24000, -35)),
		s.white(16000, -30),
		s.clicks(16000, 2900, -6),
		tone(8000, 440, -12),
		v.speak(8000, -40),
		silence(8000),
	)
}

// reference is what testdata/reference.mjs writes.
type reference struct {
	Runtime       string    `json:"runtime"`
	ModelSHA256   string    `json:"model_sha256"`
	AudioSHA256   string    `json:"audio_sha256"`
	Probabilities []float32 `json:"probabilities"`
}

func TestTheNetworkAgreesWithItsReferenceImplementation(t *testing.T) {
	t.Parallel()
	clip := referenceClip()
	pcm := make([]byte, 0, 2*len(clip))
	for _, s := range clip {
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(s))
	}
	if *writeAudio != "" {
		if err := os.WriteFile(*writeAudio, pcm, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var want reference
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(pcm); hex.EncodeToString(sum[:]) != want.AudioSHA256 {
		t.Fatal("the generated clip is not the one the reference was made from; testdata/README.md says how to make it anew")
	}
	m, s := needModel(t), new(stream)
	if len(want.Probabilities) != len(clip)/windowSize {
		t.Fatalf("the reference has %d windows, the clip %d", len(want.Probabilities), len(clip)/windowSize)
	}
	samples := make([]float32, contextSize+len(clip))
	for i, v := range clip {
		samples[contextSize+i] = float32(v) / 32768
	}
	worst, speech := 0.0, 0
	for i, p := range want.Probabilities {
		got := m.run(s, samples[i*windowSize:])
		worst = max(worst, math.Abs(float64(got-p)))
		if p >= 0.5 {
			speech++
		}
	}
	t.Logf("largest difference over %d windows (%d of speech): %.2g", len(want.Probabilities), speech, worst)
	if worst > 1e-3 {
		t.Errorf("largest difference to the reference = %.2g, want at most 1e-3", worst)
	}
	if speech < 60 || speech > len(want.Probabilities)-60 {
		t.Errorf("the reference holds %d of %d windows of speech: it exercises one side only", speech, len(want.Probabilities))
	}
}
