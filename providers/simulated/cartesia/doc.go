// Package cartesia is a simulated Cartesia: its WebSocket for speech synthesis and
// the plain request for a whole sound. It keeps the rules of the real one (key,
// version, limits, the life of a context, its errors in the shape of the version)
// and makes its faults on demand.
//
// A [Server] is an http.Handler; its methods are goroutine-safe. Each connection
// has a reader and one goroutine that owns its contexts and paces their sound.
package cartesia
