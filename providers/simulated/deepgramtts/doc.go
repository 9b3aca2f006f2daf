// Package deepgramtts is a server that speaks Deepgram's text-to-speech protocol:
// the WebSocket and the REST form of /v1/speak, with their limits, close codes and
// refusals. Its sound comes from a simulated.Voice. It is for tests, demonstrations
// and load tests; bind it to loopback.
//
// Linear16, mulaw and alaw are real sound. The compressed encodings of the REST
// form have the right content type and opaque bytes. The parameter speed is checked
// and noted, and changes nothing: a voice whose text is read back from its sound
// must keep its timing.
package deepgramtts
