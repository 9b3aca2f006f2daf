package local

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/vantahire/vantahire/interview"
)

// room makes n samples of noise with the given amplitude.
func room(n, amplitude int) []int16 {
	random := rand.New(rand.NewPCG(1, 2))
	pcm := make([]int16, n)
	for i := range pcm {
		if amplitude > 0 {
			pcm[i] = int16(random.IntN(2*amplitude+1) - amplitude)
		}
	}
	return pcm
}

func buzz(n int, amplitude float64) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(amplitude * math.Sin(2*math.Pi*200*float64(i)/interview.MicRate))
	}
	return pcm
}

func TestLongSilenceDoesNotReachTheDecoderAndPlacesStayTrue(t *testing.T) {
	t.Parallel()
	const second = interview.MicRate
	for name, noise := range map[string]int{"digital silence": 0, "a quiet room": 20, "a fan": 300} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var g quietGate
			said := append(room(20*second, noise), buzz(second, 8000)...)
			said = append(said, room(30*second, noise)...)
			said = append(said, buzz(second, 8000)...)
			var heard []int16
			for len(said) > 0 { // pieces that are no whole frames
				n := min(len(said), 500)
				heard = append(heard, g.pass(said[:n])...)
				said = said[n:]
			}
			if got := len(heard); got < 2*second || got > 5*second {
				t.Errorf("the decoder heard %.1f s of 52", float64(got)/second)
			}
			if len(g.marks) < 2 {
				t.Fatalf("marks: %v", g.marks)
			}
			first, second2 := g.marks[len(g.marks)-2], g.marks[len(g.marks)-1]
			if at := g.place(first.fed + quietBefore); math.Abs(float64(at-20*second)) > 2*quietFrame {
				t.Errorf("the first sound is placed at %.2f s, not 20", float64(at)/second)
			}
			if at := g.place(second2.fed + quietBefore); math.Abs(float64(at-51*second)) > 2*quietFrame {
				t.Errorf("the second sound is placed at %.2f s, not 51", float64(at)/second)
			}
		})
	}
}

func TestLoudVoicesAreBroughtDownAndQuietOnesLeft(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ amplitude, least, most float64 }{
		"a loud voice":  {16000, 1000, 4000},
		"a quiet voice": {800, 600, 810},
	} {
		var g quietGate
		out := g.pass(append(room(interview.MicRate, 0), buzz(4*interview.MicRate, c.amplitude)...))
		peak := 0.0
		for _, v := range out[len(out)-interview.MicRate:] {
			peak = max(peak, math.Abs(float64(v)))
		}
		if peak < c.least || peak > c.most {
			t.Errorf("%s of %.0f became %.0f", name, c.amplitude, peak)
		}
	}
}

func TestWhatIsSaidFromTheFirstSampleIsHeard(t *testing.T) {
	t.Parallel()
	var g quietGate
	out := g.pass(buzz(interview.MicRate, 8000))
	if len(out) < 9*interview.MicRate/10 {
		t.Errorf("%d of %d samples were heard", len(out), interview.MicRate)
	}
}
