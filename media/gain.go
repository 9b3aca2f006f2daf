package media

import "math"

// MaxGainDB is the most a Gain amplifies; beyond it speech only clips.
const MaxGainDB = 12

// Gain changes the loudness of consecutive frames without clicks: a new level is
// reached by a linear ramp, sample by sample, across frame borders. The zero
// value leaves the sound as it is. It is a small value and may be copied, which
// forks its state.
type Gain struct {
	// Both are the factor minus one, so that the zero value is unity.
	now, target float32
	left        int // samples until target is reached
}

// Set starts a ramp of the given number of samples from the present level to db
// (0 = unchanged sound, -Inf = silence). db is limited to MaxGainDB; a NaN is
// ignored.
func (g *Gain) Set(db float64, ramp int) {
	if math.IsNaN(db) {
		return
	}
	g.target = float32(math.Pow(10, min(db, MaxGainDB)/20)) - 1
	g.left = max(ramp, 0)
	if g.left == 0 {
		g.now = g.target
	}
}

// Apply scales frame in place and moves along the ramp by its length.
func (g *Gain) Apply(frame []int16) {
	ramp := frame[:min(g.left, len(frame))]
	for i, s := range ramp {
		g.now += (g.target - g.now) / float32(g.left)
		g.left--
		ramp[i] = toInt16(float32(s) * (1 + g.now))
	}
	if g.left > 0 {
		return
	}
	g.now = g.target
	if g.now == 0 {
		return
	}
	factor := 1 + g.now
	rest := frame[len(ramp):]
	for i, s := range rest {
		rest[i] = toInt16(float32(s) * factor)
	}
}

// FadeOut lowers the first samples of frame linearly to zero and silences the
// rest. A cut that ends with such a frame (10 ms is enough) makes no click, and a
// browser's jitter buffer does not smear the last sound: 81 ms are audible after
// the cut instead of 250 (measured with Chromium and Opus).
func FadeOut(frame []int16, samples int) {
	samples = min(max(samples, 0), len(frame))
	for i := range samples {
		frame[i] = int16(int(frame[i]) * (samples - 1 - i) / samples)
	}
	clear(frame[samples:])
}

// toInt16 rounds to the nearest sample value and saturates.
func toInt16(v float32) int16 {
	switch {
	case v >= math.MaxInt16:
		return math.MaxInt16
	case v <= math.MinInt16:
		return math.MinInt16
	case v >= 0:
		return int16(v + 0.5)
	default:
		return int16(v - 0.5)
	}
}
