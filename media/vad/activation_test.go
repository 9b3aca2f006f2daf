package vad

import (
	"math"
	"testing"
)

func TestActivationsAreThoseOfTheDefinition(t *testing.T) {
	t.Parallel()
	for i := -120_000; i <= 120_000; i++ {
		x := float32(i) / 1000
		if got, want := float64(sigmoid(x)), 1/(1+math.Exp(-float64(x))); math.Abs(got-want) > 2e-7 {
			t.Fatalf("sigmoid(%v) = %v, want %v", x, got, want)
		}
		if got, want := float64(tanh(x)), math.Tanh(float64(x)); math.Abs(got-want) > 4e-7 {
			t.Fatalf("tanh(%v) = %v, want %v", x, got, want)
		}
		if want := math.Exp(float64(x)); math.Abs(float64(x)) < 87 && math.Abs(float64(exp(x))-want) > 3e-7*want {
			t.Fatalf("exp(%v) = %v, want %v", x, exp(x), want)
		}
	}
}
