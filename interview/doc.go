// Package interview holds the vocabulary every layer shares: identifiers and
// counters of a live interview, the kinds of its durable events, the reasons it
// can end for and the media clock. It is a leaf: no I/O, no goroutine, and it
// imports nothing of this module.
package interview
