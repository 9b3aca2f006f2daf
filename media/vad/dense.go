package vad

import "math"

// panel is how many rows of a matrix lie side by side: two registers of eight.
const panel = 16

// dense is a matrix with a bias, whose results are cut off below a least value.
//
// For AVX2 it is stored once more in panels of 16 rows: their 16 biases, then for
// each column the 16 weights of it. So the sums of a panel grow side by side,
// each input is used for all of them at once, the memory is read from front to
// back, and the number of columns may be any. Rows that are missing in the last
// panel are zero. Plain Go is faster with whole rows.
type dense struct {
	weight        []float32 // rows x columns, row-major
	bias          []float32
	panels        []float32
	rows, columns int
	least         float32 // 0: rectified; noLeast: as they are
}

// noLeast cuts nothing off.
var noLeast = float32(math.Inf(-1))

// newDense keeps weight, rows x columns values row by row, and bias, a value per
// row.
func newDense(weight, bias []float32, least float32) dense {
	d := dense{weight: weight, bias: bias, rows: len(bias), least: least}
	if d.rows == 0 {
		return d
	}
	d.columns = len(weight) / d.rows
	if !hasAVX2 {
		return d
	}
	d.panels = make([]float32, (d.rows+panel-1)/panel*d.panelSize())
	for row, b := range bias {
		p := d.panels[row/panel*d.panelSize()+row%panel:]
		p[0] = b
		for i, w := range weight[row*d.columns : (row+1)*d.columns] {
			p[(1+i)*panel] = w
		}
	}
	return d
}

// panelSize is the number of values in a panel.
func (d *dense) panelSize() int { return (1 + d.columns) * panel }

// apply writes the products with several inputs to dst, one after the other:
// len(dst) is a multiple of the rows. The inputs lie hop values apart in x and
// may overlap. wide says that the processor has AVX2; the results differ by
// rounding.
func (d *dense) apply(dst, x []float32, hop int, wide bool) {
	if d.rows == 0 {
		return
	}
	inputs := len(dst) / d.rows
	if !wide {
		for at := range inputs {
			d.applyGeneric(dst[at*d.rows:(at+1)*d.rows], x[at*hop:at*hop+d.columns])
		}
		return
	}
	for first := 0; first < d.rows; first += panel {
		w := d.panels[first/panel*d.panelSize():][:d.panelSize()]
		for at := 0; at < inputs; {
			var sums [4 * panel]float32
			in, n := x[at*hop:], 1
			if inputs-at >= 4 {
				n = 4 // each weight is read once for four inputs
				fourAVX2(&sums, w, in[:3*hop+d.columns], hop, d.least)
			} else {
				oneAVX2(&sums, w, in[:d.columns], d.least)
			}
			for i := range n {
				copy(dst[(at+i)*d.rows+first:(at+i+1)*d.rows], sums[i*panel:(i+1)*panel])
			}
			at += n
		}
	}
}
