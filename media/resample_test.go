package media

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func sine(rate int, hz, level float64, n int) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(math.Round(32767 * level * math.Sin(2*math.Pi*hz*float64(i)/float64(rate))))
	}
	return pcm
}

func resample(t testing.TB, from, to int, pcm []int16) []int16 {
	t.Helper()
	r, err := NewResampler(from, to)
	if err != nil {
		t.Fatal(err)
	}
	return r.Flush(r.Process(nil, pcm))
}

// pairs are the rates that meet in this product: microphone, voice, Opus, telephony
// and the files people have.
var pairs = [][2]int{{48000, 16000}, {24000, 16000}, {16000, 24000}, {16000, 48000}, {24000, 48000}, {44100, 16000}, {22050, 24000}, {8000, 16000}, {16000, 16000}}

func TestResamplerKeepsATone(t *testing.T) {
	t.Parallel()
	for _, p := range pairs {
		from, to := p[0], p[1]
		got := resample(t, from, to, sine(from, 1000, .5, from))
		want := sine(to, 1000, .5, to)
		if len(got) != len(want) {
			t.Fatalf("%d to %d: %d samples, want %d", from, to, len(got), len(want))
		}
		// The same moment: any delay would be an error of several percent. The ends,
		// where the tone begins out of nothing, are not of a tone.
		var noise, signal float64
		for i := to / 20; i < len(got)-to/20; i++ {
			d := float64(got[i]) - float64(want[i])
			noise += d * d
			signal += float64(want[i]) * float64(want[i])
		}
		if snr := 10 * math.Log10(signal/max(noise, 1)); snr < 70 {
			t.Errorf("%d to %d: the tone is %.1f dB above what was added, want 70", from, to, snr)
		}
	}
}

func TestResamplerLetsNothingFoldBack(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to int
		hz       float64
	}{{48000, 16000, 12000}, {24000, 16000, 10500}, {44100, 16000, 9500}, {16000, 8000, 5000}} {
		got := resample(t, c.from, c.to, sine(c.from, c.hz, .9, c.from))
		if level := LevelDBFS(got[c.to/20 : len(got)-c.to/20]); level > -70 {
			t.Errorf("%d to %d: %g Hz folds back with %.1f dBFS", c.from, c.to, c.hz, level)
		}
	}
}

func TestResamplerSplitsDoNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(pairs).Draw(t, "rates")
		pcm := rapid.SliceOfN(rapid.Int16(), 0, 3000).Draw(t, "pcm")
		r, err := NewResampler(p[0], p[1])
		if err != nil {
			t.Fatal(err)
		}
		whole := r.Flush(r.Process(nil, pcm))
		if want := (len(pcm)*p[1] + p[0] - 1) / p[0]; len(whole) != want {
			t.Fatalf("%d samples became %d, want %d", len(pcm), len(whole), want)
		}
		// After Flush it is like new.
		var split []int16
		for rest := pcm; len(rest) > 0; {
			n := rapid.IntRange(0, len(rest)).Draw(t, "n")
			split = r.Process(split, rest[:n])
			rest = rest[n:]
			if n == 0 {
				split = r.Process(split, rest)
				break
			}
		}
		if split = r.Flush(split); !slices.Equal(whole, split) {
			t.Fatal("splitting the input changed the output")
		}
	})
}

func TestResamplerResetForgets(t *testing.T) {
	t.Parallel()
	r, err := NewResampler(24000, 16000)
	if err != nil {
		t.Fatal(err)
	}
	first := r.Flush(r.Process(nil, sine(24000, 440, .5, 2400)))
	r.Process(nil, sine(24000, 3000, 1, 777))
	r.Reset()
	if again := r.Flush(r.Process(nil, sine(24000, 440, .5, 2400))); !slices.Equal(first, again) {
		t.Error("what was before Reset is heard after it")
	}
}

func TestResamplerDoesNotWrapAround(t *testing.T) {
	t.Parallel()
	square := make([]int16, 4800)
	for i := range square {
		square[i] = math.MaxInt16
		if i/20%2 == 1 {
			square[i] = math.MinInt16
		}
	}
	got := resample(t, 48000, 16000, square)
	for i := 4; i < len(got)-4; i++ {
		// A step rings beyond full scale: it must be clipped, not turned upside down.
		if middle := i * 3 % 20; middle > 5 && middle < 15 && (got[i] > 0) != (square[i*3] > 0) {
			t.Fatalf("sample %d is %d where the wave is %d", i, got[i], square[i*3])
		}
	}
}

func TestResamplerRefusesOddRates(t *testing.T) {
	t.Parallel()
	for _, p := range [][2]int{{0, 16000}, {16000, 0}, {-8000, 16000}, {16000, 400000}, {3999, 16000}, {47999, 16000}} {
		if _, err := NewResampler(p[0], p[1]); !errors.Is(err, ErrRate) {
			t.Errorf("%d to %d: %v", p[0], p[1], err)
		}
	}
}
