// Package voiceproto holds the messages of the voice protocol: the text frames
// that server and candidate exchange beside the audio, over a WebSocket or a
// data channel, and the close codes of the WebSocket.
//
// The messages and close codes of contract section 6 are law; the others are
// additions a plain contract client ignores. A message is a JSON object whose
// "type" says which one it is. Audio itself is binary: from the client PCM
// signed 16-bit little-endian at 16 kHz mono, from the server the same at 24 kHz.
//
// What arrives is untrusted: decoding is bounded in size and depth, checks every
// value's type and range, and never panics. Everything here is a plain value or
// a pure function and safe for concurrent use.
package voiceproto
