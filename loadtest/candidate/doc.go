// Package candidate is a synthetic candidate: it creates an interview, talks over
// the voice WebSocket in real time, listens with a simulated loudspeaker,
// measures, and checks that the server's transcript holds what was said and what
// was heard. The call command and the load tests use it.
//
// A Candidate belongs to one goroutine; many may run at once.
package candidate
