package vad

import (
	"math"
	"testing"
)

// matrix is a random matrix with a bias and what its parts were.
func matrix(s *noise, rows, columns int, least float32) (d dense, weight, bias []float32) {
	weight, bias = values(s, rows*columns), values(s, rows)
	return newDense(weight, bias, least), weight, bias
}

// values are n random numbers from -1 to 1. They begin at an odd address: at no
// multiple of a register's size.
func values(s *noise, n int) []float32 {
	x := make([]float32, n+1)
	for i := range x {
		x[i] = float32(s.next())
	}
	return x[1:]
}

// paths are the ways to multiply that this processor has.
func paths(t testing.TB) map[string]bool {
	if !hasAVX2 {
		t.Log("no AVX2 here: only the generic path is tested")
		return map[string]bool{"generic": false}
	}
	return map[string]bool{"generic": false, "avx2": true}
}

func TestProductsAreThoseOfTheDefinition(t *testing.T) {
	t.Parallel()
	s := noise(3)
	for name, wide := range paths(t) {
		for _, rows := range []int{0, 1, 7, 15, 16, 17, 31, 33, 64, 128} {
			for _, columns := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 17, 31, 64, 129, 387} {
				for _, inputs := range []int{0, 1, 2, 3, 4, 5, 9} {
					for _, least := range []float32{0, noLeast} {
						hop := columns/3 + inputs%2
						d, weight, bias := matrix(&s, rows, columns, least)
						x := values(&s, max(inputs-1, 0)*hop+columns)
						got := make([]float32, inputs*rows+1)
						got[inputs*rows] = 42
						d.apply(got[:inputs*rows], x, hop, wide)
						if got[inputs*rows] != 42 {
							t.Fatalf("%s, %d x %d, %d inputs: it writes behind the end", name, rows, columns, inputs)
						}
						for i := range inputs * rows {
							at, row := i/rows, i%rows
							want, size := float64(bias[row]), math.Abs(float64(bias[row]))
							for c := range columns {
								p := float64(weight[row*columns+c]) * float64(x[at*hop+c])
								want, size = want+p, size+math.Abs(p)
							}
							want = max(want, float64(least))
							if math.Abs(float64(got[i])-want) > 1e-5*size {
								t.Fatalf("%s, %d x %d, input %d of %d, row %d: %v, want %v", name, rows, columns, at, inputs, row, got[i], want)
							}
						}
					}
				}
			}
		}
	}
}

func TestProductsNeedNoAlignedMemory(t *testing.T) {
	t.Parallel()
	s := noise(4)
	const rows, columns, hop, inputs = 33, 37, 11, 5
	d, _, _ := matrix(&s, rows, columns, noLeast)
	x := values(&s, (inputs-1)*hop+columns)
	want := make([]float32, inputs*rows)
	d.apply(want, x, hop, false)
	for name, wide := range paths(t) {
		for shift := range 17 {
			moved := d
			moved.panels = append(make([]float32, shift), d.panels...)[shift:]
			in := append(make([]float32, (shift*5)%17), x...)[(shift*5)%17:]
			got := make([]float32, shift+inputs*rows)[shift:]
			moved.apply(got, in, hop, wide)
			for i := range want {
				if diff := math.Abs(float64(got[i] - want[i])); diff > 1e-5*columns {
					t.Fatalf("%s, shifted by %d: value %d is %v, want %v", name, shift, i, got[i], want[i])
				}
			}
		}
	}
}

func TestInputsThatAreTooShortAreRefusedBeforeTheyAreRead(t *testing.T) {
	t.Parallel()
	s := noise(5)
	d, _, _ := matrix(&s, 16, 24, noLeast)
	for name, wide := range paths(t) {
		for _, inputs := range []int{1, 4, 5} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s, %d inputs: it read behind the end", name, inputs)
					}
				}()
				n := (inputs-1)*8 + 23
				d.apply(make([]float32, inputs*16), values(&s, n)[:n:n], 8, wide)
			}()
		}
	}
}

func TestTheNetworkAnswersTheSameOnEveryProcessor(t *testing.T) {
	t.Parallel()
	clip := referenceClip()
	samples := make([]float32, contextSize+len(clip))
	for i, v := range clip {
		samples[contextSize+i] = float32(v) / 32768
	}
	generic := *needModel(t)
	generic.wide = false
	var want []float32
	s := new(stream)
	for at := 0; at+contextSize+windowSize <= len(samples); at += windowSize {
		want = append(want, generic.run(s, samples[at:]))
	}
	for name, wide := range paths(t) {
		m, s, worst := *needModel(t), new(stream), 0.0
		m.wide = wide
		for i, p := range want {
			worst = max(worst, math.Abs(float64(m.run(s, samples[i*windowSize:])-p)))
		}
		t.Logf("%s: largest difference over %d windows: %.2g", name, len(want), worst)
		if worst > 1e-4 {
			t.Errorf("%s: largest difference to the generic path = %.2g, want at most 1e-4", name, worst)
		}
	}
}

func TestAWindowAllocatesNothing(t *testing.T) {
	for name, wide := range paths(t) {
		m, s := *needModel(t), new(stream)
		m.wide = wide
		samples := make([]float32, contextSize+windowSize)
		if n := testing.AllocsPerRun(10, func() { m.run(s, samples) }); n != 0 {
			t.Errorf("%s: %v allocations per window, want none", name, n)
		}
	}
}

// One window of 32 ms in the network alone, on each path.
func BenchmarkModel(b *testing.B) {
	v := voice{pitch: 120}
	samples := make([]float32, contextSize+windowSize)
	for i, x := range v.speak(len(samples), -12) {
		samples[i] = float32(x) / 32768
	}
	for name, wide := range paths(b) {
		b.Run(name, func(b *testing.B) {
			m, s := *needModel(b), new(stream)
			m.wide = wide
			b.ReportAllocs()
			for b.Loop() {
				m.run(s, samples)
			}
			perWindow := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
			b.ReportMetric(perWindow/1e3, "µs/window")
			b.ReportMetric(perWindow/32e6*100, "%core")
		})
	}
}
