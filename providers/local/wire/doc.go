// Package wire is the language between the server and its speech workers: frames
// over a worker's standard input and output.
//
// A frame is a little-endian uint32 length, one byte of [Kind], a uint32 stream
// number, and a payload; the length counts everything behind itself and is at
// most [MaxFrame]. Sound is raw 16-bit little-endian PCM, 16 kHz mono; everything
// else is JSON. The sides trust each other's text no more than a stranger's:
// what does not decode within its bounds is an [ErrFormat], and the side that
// reads it ends the conversation.
//
// A conversation: the worker says [Hello] once. The server opens streams under
// numbers of its choice, never 0 and never one that is in use, with [KindHear] or
// [KindSpeak], and ends each with [KindStop], which the worker confirms with
// [KindStopped]; nothing about that stream follows.
//
// Flow control: a hearing stream may have at most [HearWindow] samples sent but
// not yet returned by [KindTook]; a speaking stream at most [SpeakWindow]
// sentences sent but not yet answered by [Spoken]. So neither side ever waits for
// one stream while another has work.
//
// Nothing here is safe for concurrent use except what works on values alone.
package wire
