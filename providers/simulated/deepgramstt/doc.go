// Package deepgramstt is Deepgram's streaming recognition as a server on this
// machine: /v1/listen (Nova) and /v2/listen (Flux). It knows what was said only
// from the sound that arrives, through a simulated.Ear, and counts time by the
// audio it got.
//
// A Server is goroutine-safe. Each connection has two goroutines: one reads and
// decides, one sends what was decided when its delay is over. Both are gone when
// Close has returned.
package deepgramstt
