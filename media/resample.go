package media

import (
	"errors"
	"fmt"
	"math"
)

// ErrRate indicates a sample rate that can't be converted.
var ErrRate = errors.New("unsupported sample rate")

const (
	// Rates from telephony to studio. More says that a header lies.
	minRate, maxRate = 4000, 192000
	// maxPhases bounds the coefficient table. The worst real pair, 44.1 and 48 kHz
	// with 16 or 22.05 kHz, needs 320.
	maxPhases = 1000

	// 32 taps per phase with a Kaiser window of beta 8 keep images and aliases
	// beyond 0.58 of the lower rate below -80 dB; 16 taps leave them at -43 dB, 48
	// cost a third more and gain nothing that is heard (measured on speech).
	phaseTaps  = 32
	kaiserBeta = 8
	// cutoff is the -6 dB point as a share of the lower rate's Nyquist frequency.
	cutoff = 0.90

	// resampleChunk bounds the scratch buffer, whatever the length of the input.
	resampleChunk = 960
)

// Resampler converts a stream of mono samples from one rate to another with a
// linear-phase polyphase low-pass filter. Output sample k belongs to the same
// moment as input sample k*from/to: there is no delay to correct for, but the
// filter has to see a little of what follows (16 input samples, more when the
// rate goes down: 24 from 24 to 16 kHz), so that the first Process returns that
// much less and Flush returns it at the end. Splitting the input differently does
// not change the output. Not for concurrent use.
type Resampler struct {
	up, down int       // ratio to:from in lowest terms
	taps     int       // length of a phase; 0 = the rates are equal
	coefs    []float32 // up phases, each in the order of the input samples
	in       []float32 // input not yet passed by, the oldest under the window first
	phase    int       // of the next output
}

// NewResampler makes a converter between two rates in Hz, each 4000 to 192000.
// ErrRate if one is not, or if their ratio is too odd (more than 1000 phases).
func NewResampler(from, to int) (*Resampler, error) {
	if min(from, to) < minRate || max(from, to) > maxRate {
		return nil, fmt.Errorf("resample %d to %d Hz: %w", from, to, ErrRate)
	}
	common := gcd(from, to)
	r := &Resampler{up: to / common, down: from / common}
	if r.up > maxPhases || r.down > maxPhases {
		return nil, fmt.Errorf("resample %d to %d Hz: %w: no simple ratio", from, to, ErrRate)
	}
	if from == to {
		return r, nil
	}
	r.design()
	r.in = make([]float32, 0, r.taps+resampleChunk)
	r.Reset()
	return r, nil
}

// design computes the filter: a windowed sinc at the common multiple of both
// rates, cut into one phase for each position of an output between two inputs.
func (r *Resampler) design() {
	slower := max(r.up, r.down)
	// A multiple of four for dot, and even so that the centre falls on a sample.
	r.taps = (phaseTaps*slower/r.up + 3) / 4 * 4
	length := r.taps * r.up
	half := float64(length / 2)
	prototype := make([]float64, length)
	for n := 1; n < length; n++ { // prototype[0] has no mirror image: it stays 0
		x := float64(n) - half
		window := bessel0(kaiserBeta*math.Sqrt(1-(x/half)*(x/half))) / bessel0(kaiserBeta)
		prototype[n] = window * sinc(x*cutoff/float64(slower))
	}
	r.coefs = make([]float32, length)
	for phase := range r.up {
		sum := 0.0
		for n := phase; n < length; n += r.up {
			sum += prototype[n]
		}
		// Each phase alone passes a constant unchanged: no ripple at the output rate.
		for j := range r.taps {
			n := phase + (r.taps-1-j)*r.up
			r.coefs[phase*r.taps+j] = float32(prototype[n] / sum)
		}
	}
}

// Process appends the output that src makes possible to dst and returns it: in
// the long run len(src)*to/from samples, in one call at most one more. It does
// not allocate when dst has room.
func (r *Resampler) Process(dst, src []int16) []int16 {
	if r.taps == 0 {
		return append(dst, src...)
	}
	for len(src) > 0 {
		n := min(len(src), resampleChunk)
		for _, s := range src[:n] {
			r.in = append(r.in, float32(s))
		}
		src = src[n:]
		dst = r.filter(dst)
	}
	return dst
}

// Flush appends what is left at the end of the stream, so that n input samples
// have become n*to/from, rounded up, and makes the Resampler ready for another.
func (r *Resampler) Flush(dst []int16) []int16 {
	if r.taps == 0 {
		return dst
	}
	r.in = append(r.in, make([]float32, r.taps/2)...)
	dst = r.filter(dst)
	r.Reset()
	return dst
}

// Reset forgets the stream, as if the Resampler were new.
func (r *Resampler) Reset() {
	if r.taps == 0 {
		return
	}
	r.phase = 0
	// Half a window of silence lies before the first sample, which is the centre.
	r.in = r.in[:r.taps/2-1]
	clear(r.in)
}

// filter computes every output whose window is complete and drops the input that
// no later one needs.
func (r *Resampler) filter(dst []int16) []int16 {
	start := 0
	for start+r.taps <= len(r.in) {
		coefs := r.coefs[r.phase*r.taps : (r.phase+1)*r.taps]
		dst = append(dst, toInt16(dot(coefs, r.in[start:start+r.taps])))
		r.phase += r.down
		start += r.phase / r.up
		r.phase %= r.up
	}
	r.in = r.in[:copy(r.in, r.in[start:])]
	return dst
}

// dot is the scalar product of two vectors of the same length, a multiple of
// four. Four sums keep the processor from waiting for each addition.
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

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// bessel0 is the modified Bessel function of the first kind and order 0, by its
// power series.
func bessel0(x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-17; k++ {
		term *= (x / 2 / k) * (x / 2 / k)
		sum += term
	}
	return sum
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
