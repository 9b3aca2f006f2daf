package vad

import (
	"math"
	"math/cmplx"
	"testing"
)

func TestMagnitudesAreThoseOfTheDiscreteFourierTransform(t *testing.T) {
	t.Parallel()
	s := noise(1)
	a, b := make([]float32, fftSize), make([]float32, fftSize)
	for i := range a {
		a[i], b[i] = float32(s.next()), float32(0.01*s.next())
	}
	gotA, gotB := make([]float32, bins), make([]float32, bins)
	magnitudes(a, b, gotA, gotB, new([fftSize]complex64))
	for name, pair := range map[string][2][]float32{"first": {a, gotA}, "second, 40 dB softer": {b, gotB}} {
		for k := range bins {
			var want complex128
			for n, x := range pair[0] {
				w := 0.5 - 0.5*math.Cos(2*math.Pi*float64(n)/fftSize)
				want += complex(float64(x)*w, 0) * cmplx.Rect(1, -2*math.Pi*float64(k*n)/fftSize)
			}
			if diff := math.Abs(float64(pair[1][k]) - cmplx.Abs(want)); diff > 1e-5 {
				t.Fatalf("%s, bin %d: %v, want %v", name, k, pair[1][k], cmplx.Abs(want))
			}
		}
	}
}
