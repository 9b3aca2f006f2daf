package vad

// applyGeneric is apply for one input on any processor. Four rows at a time keep
// the adders busy; the rows that are left over follow one by one.
//
// It is the one function the race detector leaves alone: the weights never
// change, the rest belongs to the caller, and instrumented it would slow every
// call in race tests down ten times.
//
//go:norace
func (d *dense) applyGeneric(dst, x []float32) {
	columns, row := len(x), 0
	for ; row+3 < len(dst); row += 4 {
		w := d.weight[row*columns : (row+4)*columns]
		w0, w1, w2, w3 := w[:columns], w[columns:2*columns], w[2*columns:3*columns], w[3*columns:]
		w0, w1, w2, w3 = w0[:len(x)], w1[:len(x)], w2[:len(x)], w3[:len(x)]
		var s0, s1, s2, s3 float32
		for i, v := range x {
			s0 += w0[i] * v
			s1 += w1[i] * v
			s2 += w2[i] * v
			s3 += w3[i] * v
		}
		b := d.bias[row : row+4]
		dst[row], dst[row+1] = max(s0+b[0], d.least), max(s1+b[1], d.least)
		dst[row+2], dst[row+3] = max(s2+b[2], d.least), max(s3+b[3], d.least)
	}
	for ; row < len(dst); row++ {
		w, sum := d.weight[row*columns:(row+1)*columns], d.bias[row]
		for i, v := range x {
			sum += w[i] * v
		}
		dst[row] = max(sum, d.least)
	}
}
