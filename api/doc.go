// Package api is the HTTP edge. A net/http server stands outside; the voice
// socket is a plain handler on it, and the REST routes are a Fiber app mounted
// through a streaming bridge (bridge.go). Handlers are thin: parse, authorise,
// call hiring, answer in the contract's shapes.
//
// A Server is goroutine-safe. It owns the open voice sockets: Shutdown tells them
// goodbye before it closes the listener's connections.
package api
