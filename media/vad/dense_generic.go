package vad

// oneGeneric writes a panel's product with x to sums, on any processor. Eight
// sums at a time keep the adders busy and fit the registers.
//
// It is one of the functions that the race detector leaves alone: the weights
// never change, the rest belongs to the caller, and instrumented it would slow
// every call in race tests down ten times.
//
//go:norace
func oneGeneric(sums *[panel]float32, weights, x []float32, least float32) {
	for half := 0; half < panel; half += 8 {
		w := weights[half:]
		s0, s1, s2, s3, s4, s5, s6, s7 := w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7]
		for _, v := range x {
			w = w[panel:]
			c := (*[8]float32)(w)
			s0 += c[0] * v
			s1 += c[1] * v
			s2 += c[2] * v
			s3 += c[3] * v
			s4 += c[4] * v
			s5 += c[5] * v
			s6 += c[6] * v
			s7 += c[7] * v
		}
		for i, s := range [8]float32{s0, s1, s2, s3, s4, s5, s6, s7} {
			sums[half+i] = max(s, least)
		}
	}
}
