// Package voiceclient is a candidate without a browser: it dials the voice
// WebSocket, speaks PCM in real time as a microphone would, and plays what comes
// back as a browser would, keeping what was really played and when. The command
// line's calls, the load tester and the scenario tests use it.
//
// A Client owns its connection and three goroutines: the reader, the player and,
// once the microphone runs, the microphone. They end by themselves when the
// connection does; Close and Drop end it and wait for them. All methods may be
// called from any goroutine.
package voiceclient
