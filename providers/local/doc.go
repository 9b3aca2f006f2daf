// Package local is speech without any account or key: flite speaks and
// pocketsphinx listens, both in child processes of this program.
//
// [Speech] is a pool of worker processes, at most one per core. A worker serves
// many streams; a stream lives on one worker and ends with a providers.Error whose
// Retry is true when that worker dies. Dead workers are started again with growing
// pauses. What runs inside a worker is in the package worker, what is said between
// them in the package wire.
//
// Everything exported is safe for concurrent use, except that one goroutine writes
// to a recognition stream. Speech owns its processes and their goroutines; streams
// belong to who opened them and must be closed.
package local
