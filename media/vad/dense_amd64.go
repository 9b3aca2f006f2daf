package vad

import "golang.org/x/sys/cpu"

// hasAVX2 says whether the functions below may be called.
var hasAVX2 = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// oneAVX2 writes a panel's product with x, cut off below least, to the first 16
// sums. weights is a whole panel: 16 + 16 * len(x) values.
//
//go:noescape
func oneAVX2(sums *[4 * panel]float32, weights, x []float32, least float32)

// fourAVX2 is oneAVX2 for four inputs that begin hop values apart in x, whose
// length is 3 * hop + columns.
//
//go:noescape
func fourAVX2(sums *[4 * panel]float32, weights, x []float32, hop int, least float32)
