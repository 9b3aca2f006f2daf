// Package turn decides the conversation: whose turn it is, when a turn ends,
// whether a voice over the interviewer's is an interruption, what is committed
// to the transcript and when the interview ends.
//
// It is a pure function. Next takes a state, the present moment and one event,
// and returns the next state and the effects to carry out. It holds no clock,
// does no I/O and starts no goroutine, so a recorded call replays exactly and
// hours of conversation run in milliseconds of test. States are values: Next
// never changes the one it was given.
//
// Inside, an event first changes what is known (ears, bargein, reply, presence,
// controls); then move decides what is to be said next; then follow derives voice,
// timers and shown states from the new state. Chunker and Script, the text side
// of a reply, are small mutable types that one goroutine owns.
//
// All times count from the interview's start on a monotonic clock; pauses and
// absences are included in them and left out of State.Used.
package turn
