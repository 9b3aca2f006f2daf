// Package cartesia speaks through Cartesia's WebSocket.
//
// A [Synthesizer] keeps a bounded pool of sockets. Each carries a few contexts
// (replies being spoken): one reader and one writer goroutine per socket, which
// the pool owns, and one goroutine per reply, which its stream owns. Everything
// exported is safe for concurrent use.
//
// Sentences are cut by the caller and sent at once, each followed by a manual
// flush. The provider answers a flush when all sound before it was sent, in the
// order of the inputs, so that its flush_done is the exact last sample of the
// sentence. Word times can't tell that: the last word ends before the pause that
// belongs to its sentence, and numbers are spoken as other words than written.
package cartesia
