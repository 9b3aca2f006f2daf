//go:build !amd64

package vad

// hasAVX2 says whether the functions below may be called: not here.
const hasAVX2 = false

func oneAVX2(_ *[4 * panel]float32, _, _ []float32, _ float32) {
	panic("no AVX2 on this processor")
}

func fourAVX2(_ *[4 * panel]float32, _, _ []float32, _ int, _ float32) {
	panic("no AVX2 on this processor")
}
