// Package worker is the child process of local speech: it loads flite and
// pocketsphinx, the C libraries that speak and understand English on this
// machine, and serves many streams at once over its standard input and output in
// the frames of the package wire.
//
// It is a process of its own because a crash in a C library must not take the
// server along, and because the server's 20 ms audio clock must not compete with
// long computations: the worker lowers its own priority.
//
// Each stream has one goroutine, which owns it and may sit in C code for as long
// as a sentence takes; the reader never waits for one. Whoever starts the worker
// ends it by closing its input.
package worker
