package soundcode

import "math"

const (
	// bandTaps is the filter's length in samples at codeRate.
	bandTaps = 24
	// bandLow and bandHigh are the edges of what carries data, in Hz.
	bandLow, bandHigh = 900, 3500
	// stillness is what no sample of a silent stretch exceeds.
	stillness = 12
)

// band brings a stream to codeRate and keeps only the frequencies that carry data.
// Its output is bandTaps/2 samples late.
type band struct {
	down  int
	coefs []float32
	in    []float32
	still int // how many of the latest samples are silent
}

func newBand(down int) *band {
	taps := bandTaps * down
	b := &band{down: down, coefs: make([]float32, taps)}
	low, high := bandLow/float64(codeRate*down), bandHigh/float64(codeRate*down)
	for i := range b.coefs {
		x := float64(i) - float64(taps)/2
		ideal := 2 * (high - low)
		if x != 0 {
			ideal = (math.Sin(2*math.Pi*high*x) - math.Sin(2*math.Pi*low*x)) / (math.Pi * x)
		}
		window := 0.54 + 0.46*math.Cos(2*math.Pi*x/float64(taps))
		b.coefs[i] = float32(ideal * window)
	}
	b.in = make([]float32, taps, taps+hearChunk)
	b.still = taps
	return b
}

// filter appends what pcm brings to dst.
func (b *band) filter(dst []float32, pcm []int16) []float32 {
	loud := -1
	for i, s := range pcm {
		b.in = append(b.in, float32(s))
		if s > stillness || s < -stillness {
			loud = i
		}
	}
	silent := loud < 0 && b.still >= len(b.coefs)
	if loud < 0 {
		b.still += len(pcm)
	} else {
		b.still = len(pcm) - 1 - loud
	}
	return b.convolve(dst, silent)
}

// convolve filters what has come. Like dot it is none of the race detector's.
//
//go:norace
func (b *band) convolve(dst []float32, silent bool) []float32 {
	at := 0
	for ; at+len(b.coefs) <= len(b.in); at += b.down {
		if silent {
			dst = append(dst, 0)
		} else {
			dst = append(dst, dot(b.coefs, b.in[at:at+len(b.coefs)]))
		}
	}
	b.in = b.in[:copy(b.in, b.in[at:])]
	return dst
}

// dot is the scalar product of two vectors of the same length, a multiple of
// four. It reads nothing that is shared, and with the race detector in it the
// tests of whoever listens to many streams would take ten times as long.
//
//go:norace
func dot(a, b []float32) float32 {
	var s0, s1, s2, s3 float32
	for len(a) >= 4 && len(b) >= 4 {
		s0 += a[0] * b[0]
		s1 += a[1] * b[1]
		s2 += a[2] * b[2]
		s3 += a[3] * b[3]
		a, b = a[4:], b[4:]
	}
	return (s0 + s1) + (s2 + s3)
}
