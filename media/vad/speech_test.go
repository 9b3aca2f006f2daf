package vad

import "math"

// voice synthesises speech-like sound: a pulse train at a speaking pitch through
// vowel formants, in syllables, with breath between the pulses. Everything is
// computed in a fixed order from a fixed seed, so that the samples are the same
// on every machine (products are converted explicitly, which forbids fusing
// them with the additions).
type voice struct {
	pitch float64 // Hz
	noise noise
}

// vowels are the first three formants in Hz of a, e, i, o and u (Peterson and
// Barney 1952, men).
var vowels = [][3]float64{{730, 1090, 2440}, {530, 1840, 2480}, {270, 2290, 3010}, {570, 840, 2410}, {300, 870, 2240}}

// speak returns n samples of speech whose loudest syllables peak at about
// level dBFS. The first sample is the first of a syllable that starts at full
// level, and the last sample ends one.
func (v *voice) speak(n int, level float64) []int16 {
	const syllable = 3200 // samples: five syllables a second
	out := make([]float64, n)
	var y [3][2]float64 // the resonators' memories
	phase := 0.0
	for i := range out {
		vowel := vowels[i/syllable%len(vowels)]
		into := float64(i%syllable) / syllable
		pitch := v.pitch + float64(15*math.Sin(float64(i)/9000))
		x := float64(0.02 * v.noise.next())
		if phase += pitch / 16000; phase >= 1 {
			phase--
			x++
		}
		x *= 0.35 + float64(0.65*math.Sin(math.Pi*into))
		sum := 0.0
		for f := range y {
			bandwidth := 60 + float64(40*float64(f))
			r := math.Exp(-math.Pi * bandwidth / 16000)
			c := float64(2*r) * math.Cos(2*math.Pi*vowel[f]/16000)
			next := x + float64(c*y[f][0]) - float64(float64(r*r)*y[f][1])
			y[f][0], y[f][1] = next, y[f][0]
			sum += next / float64(f+1)
		}
		out[i] = sum
	}
	peak := 0.0
	for _, s := range out {
		peak = max(peak, math.Abs(s))
	}
	gain := 32767 * math.Pow(10, level/20) / peak
	samples := make([]int16, n)
	for i, s := range out {
		samples[i] = int16(math.Round(float64(s * gain)))
	}
	return samples
}

// noise is a deterministic source of white noise (a 64-bit linear congruential
// generator, constants of Knuth's MMIX).
type noise uint64

// next is uniform in -1..1.
func (s *noise) next() float64 {
	*s = *s*6364136223846793005 + 1442695040888963407
	return float64(int32(*s>>32)) / (1 << 31)
}

// white returns n samples of white noise at an RMS of level dBFS.
func (s *noise) white(n int, level float64) []int16 {
	gain := 32768 * math.Pow(10, level/20) * math.Sqrt(3) // a uniform source has an RMS of 1/sqrt(3)
	out := make([]int16, n)
	for i := range out {
		out[i] = clip(float64(gain * s.next()))
	}
	return out
}

// clicks returns n samples with a keystroke-like burst of 4 ms every period
// samples, peaking at level dBFS.
func (s *noise) clicks(n, period int, level float64) []int16 {
	gain := 32768 * math.Pow(10, level/20)
	out := make([]int16, n)
	for i := range out {
		if into := i % period; into < 64 {
			out[i] = clip(float64(float64(gain*s.next()) * math.Exp(-float64(into)/16)))
		}
	}
	return out
}

// tone returns n samples of a sine with a peak of level dBFS.
func tone(n int, hz, level float64) []int16 {
	gain := 32767 * math.Pow(10, level/20)
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(math.Round(float64(gain * math.Sin(2*math.Pi*hz*float64(i)/16000))))
	}
	return out
}

// mix adds b to a, sample by sample.
func mix(a, b []int16) []int16 {
	out := make([]int16, len(a))
	for i := range out {
		out[i] = clip(float64(a[i]) + float64(b[i]))
	}
	return out
}

// join puts clips one after another.
func join(clips ...[]int16) []int16 {
	var out []int16
	for _, c := range clips {
		out = append(out, c...)
	}
	return out
}

func silence(n int) []int16 { return make([]int16, n) }

func clip(x float64) int16 {
	return int16(math.Round(min(max(x, -32768), 32767)))
}
