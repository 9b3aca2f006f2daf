package vad

import "math"

// The network's front end: the magnitudes of four overlapping 256-point
// Fourier transforms under a periodic Hann window.
const (
	fftSize = 256
	fftHop  = 128
	bins    = fftSize/2 + 1
	spectra = 4 // (contextSize + windowSize + reflection - fftSize) / fftHop + 1
)

// hann, twiddle and reversed are the constant tables of the transform.
var (
	hann     [fftSize]float32
	twiddle  [fftSize / 2]complex64
	reversed [fftSize]uint8
)

func init() {
	for i := range fftSize {
		phase := 2 * math.Pi * float64(i) / fftSize
		hann[i] = float32(0.5 - 0.5*math.Cos(phase))
		if i < len(twiddle) {
			twiddle[i] = complex(float32(math.Cos(phase)), float32(-math.Sin(phase)))
		}
		for bit := range 8 {
			reversed[i] |= uint8(i>>bit&1) << (7 - bit)
		}
	}
}

// magnitudes writes the spectra of a and b, two pieces of fftSize real samples,
// to outA and outB (bins values each). One complex transform serves both: a is
// its real part, b its imaginary part, and symmetry takes the results apart.
func magnitudes(a, b []float32, outA, outB []float32, z *[fftSize]complex64) {
	a, b, outA, outB = a[:fftSize], b[:fftSize], outA[:bins], outB[:bins]
	for i, r := range reversed {
		z[r] = complex(a[i]*hann[i], b[i]*hann[i])
	}
	transform(z)
	for k := range bins {
		p, q := z[k], z[(fftSize-k)%fftSize]
		reA, imA := real(p)+real(q), imag(p)-imag(q)
		reB, imB := imag(p)+imag(q), real(q)-real(p)
		outA[k] = 0.5 * sqrt(reA*reA+imA*imA)
		outB[k] = 0.5 * sqrt(reB*reB+imB*imB)
	}
}

// transform is the radix-2 Fourier transform in place; z comes in bit-reversed
// order and leaves in natural order.
func transform(z *[fftSize]complex64) {
	for half := 1; half < fftSize; half *= 2 {
		step := fftSize / 2 / half
		for start := 0; start < fftSize; start += 2 * half {
			lo, hi := z[start:start+half], z[start+half:start+2*half]
			hi = hi[:len(lo)]
			for i, u := range lo {
				w := twiddle[i*step]
				h := hi[i]
				re := real(h)*real(w) - imag(h)*imag(w)
				im := real(h)*imag(w) + imag(h)*real(w)
				lo[i] = complex(real(u)+re, imag(u)+im)
				hi[i] = complex(real(u)-re, imag(u)-im)
			}
		}
	}
}

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }
