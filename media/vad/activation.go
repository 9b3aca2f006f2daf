package vad

import "math"

// sigmoid is 1 / (1 + e^-x), to 2e-7 of the exact value.
func sigmoid(x float32) float32 { return 1 / (1 + exp(-x)) }

func tanh(x float32) float32 { return 2*sigmoid(2*x) - 1 }

// exp is e^x to single precision, for x cut off at -87 and 87 where e^x leaves
// its range: 2^n times a polynomial of the rest, |rest| <= ln(2) / 2 (the
// coefficients of Cephes' expf). With math.Exp a window takes longer by a
// tenth.
func exp(x float32) float32 {
	const (
		log2e = 1.44269504
		round = 3 << 22 // added, it leaves no bits behind the point
		ln2Hi = 0.693359375
		ln2Lo = -2.12194440e-4
	)
	x = min(max(x, -87), 87)
	shifted := float32(x*log2e) + round
	n := shifted - round
	r := x - n*ln2Hi - n*ln2Lo
	p := float32(1.9875691500e-4)
	p = p*r + 1.3981999507e-3
	p = p*r + 8.3334519073e-3
	p = p*r + 4.1665795894e-2
	p = p*r + 1.6666665459e-1
	p = p*r + 5.0000001201e-1
	return (p*r*r + r + 1) * math.Float32frombits(uint32(int32(n)+127)<<23)
}
