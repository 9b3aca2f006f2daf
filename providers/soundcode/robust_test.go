package soundcode

import (
	"math"
	"math/rand"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vantahire/vantahire/media"
)

// wordErrors is the least number of words to add, drop or change to make got of want.
func wordErrors(want, got []string) int {
	row := make([]int, len(got)+1)
	for j := range row {
		row[j] = j
	}
	for i, w := range want {
		diagonal := row[0]
		row[0] = i + 1
		for j, g := range got {
			cost := diagonal
			if w != g {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(got)]
}

// wrong is how many words were heard that nobody said, in order.
func wrong(want, got []string) int {
	// Every heard word that has no partner in the longest common order is wrong.
	best := make([]int, len(got)+1)
	for _, w := range want {
		diagonal := 0
		for j, g := range got {
			up := best[j+1]
			if w == g {
				best[j+1] = max(best[j+1], diagonal+1)
			}
			best[j+1] = max(best[j+1], best[j])
			diagonal = up
		}
	}
	return len(got) - best[len(got)]
}

func gained(pcm []int16, db float64) []int16 {
	out := make([]int16, len(pcm))
	for i, s := range pcm {
		out[i] = clip(float64(s) * math.Pow(10, db/20))
	}
	return out
}

func clip(x float64) int16 { return int16(max(-32768, min(32767, math.Round(x)))) }

func rms(pcm []int16) float64 {
	sum := 0.0
	for _, s := range pcm {
		sum += float64(s) * float64(s)
	}
	return math.Sqrt(sum / float64(max(len(pcm), 1)))
}

func noisy(pcm []int16, snr float64) []int16 {
	r := rand.New(rand.NewSource(1))
	sigma := rms(pcm) * math.Pow(10, -snr/20)
	out := make([]int16, len(pcm))
	for i, s := range pcm {
		out[i] = clip(float64(s) + r.NormFloat64()*sigma)
	}
	return out
}

// ducked lowers the voice by 12 dB within 20 ms, and raises it again, twice a second.
func ducked(pcm []int16, rate int) []int16 {
	out := append([]int16(nil), pcm...)
	var g media.Gain
	frame := rate / 50
	for i := 0; i+frame <= len(out); i += frame {
		switch i / frame % 25 {
		case 7:
			g.Set(-12, frame)
		case 19:
			g.Set(0, frame)
		}
		g.Apply(out[i : i+frame])
	}
	return out
}

// lossy loses one of fifty frames of 20 ms. It is silence, or the frame before
// once more.
func lossy(pcm []int16, rate int, concealed bool, seed int64) []int16 {
	r := rand.New(rand.NewSource(seed))
	out := append([]int16(nil), pcm...)
	frame := rate / 50
	for i := frame; i+frame <= len(out); i += frame {
		if r.Intn(50) > 0 {
			continue
		}
		if concealed {
			copy(out[i:i+frame], out[i-frame:i])
		} else {
			clear(out[i : i+frame])
		}
	}
	return out
}

func TestTheCodeSurvivesWithoutAWordError(t *testing.T) {
	t.Parallel()
	// Half of the sentences, for they are resampled slowly under the race detector.
	text := strings.Join(interviewer[:5], " ") + " " + strings.Join(candidate[5:], " ")
	at16, _ := Voice{}.Speak(text, 16000)
	at24, _ := Voice{}.Speak(text, 24000)
	for name, tc := range map[string]struct {
		pcm  []int16
		rate int
	}{
		"from 24 to 16 kHz":          {resampled(t, at24, 24000, 16000), 16000},
		"from 16 to 24 kHz":          {resampled(t, at16, 16000, 24000), 24000},
		"10 dB louder":               {gained(at16, 10), 16000},
		"10 dB softer":               {gained(at16, -10), 16000},
		"ducked by 12 dB mid-word":   {ducked(at16, 16000), 16000},
		"noise 20 dB below":          {noisy(at16, 20), 16000},
		"noise 20 dB below at 24kHz": {noisy(at24, 20), 24000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(Words(text), heard(tc.pcm, tc.rate)); diff != "" {
				t.Errorf("(-spoken +heard):\n%s", diff)
			}
		})
	}
}

func TestLostFramesCostFewWordsAndMakeNoWrongOne(t *testing.T) {
	t.Parallel()
	const rate = 8000
	text := said()
	pcm, _ := Voice{}.Speak(text, rate)
	for name, concealed := range map[string]bool{"silence": false, "concealed": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			words, errors, invented := 0, 0, 0
			for seed := range int64(4) {
				got := heard(lossy(pcm, rate, concealed, seed), rate)
				words += len(Words(text))
				errors += wordErrors(Words(text), got)
				invented += wrong(Words(text), got)
			}
			t.Logf("%d errors, %d wrong of %d words", errors, invented, words)
			if errors*100 > words {
				t.Errorf("%d errors in %d words, want at most 1 %%", errors, words)
			}
			if invented > 0 {
				t.Errorf("%d words were heard that nobody said", invented)
			}
		})
	}
}
