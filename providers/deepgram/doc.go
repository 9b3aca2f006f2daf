// Package deepgram hears and speaks through Deepgram: streaming recognition over
// /v1/listen and streaming synthesis over /v1/speak.
//
// A Transcriber and a Speaker are goroutine-safe and shared by all interviews. A
// stream belongs to one interview and owns its socket and its goroutines; they
// are gone when its Close has returned, or soon after the context it was opened
// with has ended.
package deepgram
