// Package vad says when the candidate speaks: it turns 20 ms frames of 16 kHz
// audio into speech onsets and offsets on the media clock.
//
// A [Model] holds the weights of the Silero VAD network (v6, 16 kHz), evaluated
// in Go, with its matrix products in assembly where the processor has AVX2 and
// FMA. It is immutable: one is loaded per process and shared by all
// calls. A [Detector] is one call's state and belongs to one goroutine. Its
// methods neither block nor allocate.
//
// A frame takes this way:
//
//	frame -> levels (10 ms blocks) -> noise floor -> gate
//	      -> 512-sample windows --(gate open)--> model -> probability
//	      -> segments: hysteresis, minimum lengths, back-dating -> Result
//
// The gate keeps the network asleep while nothing is louder than the room. The
// windows just before it opens are kept and run late, so it costs no onset.
// Without a model the level above the noise floor takes the place of the
// probability (the energy gate); everything after it is the same.
//
// Both ends of speech are back-dated to where the sound began and ended, since
// the network answers late: a turn's end is counted from the true end of speech.
package vad
