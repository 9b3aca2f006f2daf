package providers

import (
	"context"

	"github.com/vantahire/vantahire/interview"
)

// TranscribeOptions open a recognition stream.
type TranscribeOptions struct {
	// Offset is the media position of the first sample that will be written; the
	// stream adds it to the times it reports.
	Offset   interview.Sample
	Language string   // BCP 47; "" = en-US
	Terms    []string // names and technical words worth listening for; may be ignored
}

// TranscribeStream is one recognition stream: a writer pushes audio, a reader
// takes results. Write, Finalize and Recv may run concurrently with each other.
type TranscribeStream interface {
	// Write hands over 16 kHz mono PCM, a multiple of 20 ms (320 samples), and
	// may block for backpressure until ctx ends. One goroutine writes.
	Write(ctx context.Context, pcm []int16) error
	// Finalize asks to settle what was said so far. One final Transcript follows,
	// with an empty Text when nothing was said, so nobody waits in vain.
	Finalize(ctx context.Context) error
	// Recv blocks for the next result; io.EOF after Close and all results, an
	// *Error when the provider failed.
	Recv(ctx context.Context) (Transcript, error)
	// Close ends the stream; idempotent, bounded, unblocks Recv and Write.
	Close() error
}

// VoiceOptions open a synthesis stream.
type VoiceOptions struct {
	Voice    string  // provider's name; "" = its default
	Rate     float64 // speaking rate, 1 = normal; 0 = 1
	Language string  // BCP 47; "" = en-US
}

// SpeechStream speaks one reply, sentence by sentence. The end of the context
// it was opened with cancels it: nothing more is delivered.
type SpeechStream interface {
	// Say queues one sentence; it blocks while too many wait (at least 16 fit).
	Say(ctx context.Context, sentence string) error
	// Finish says that no sentence follows.
	Finish() error
	// Recv blocks for the next piece of audio, at most 200 ms long; io.EOF when
	// all sentences were delivered after Finish, an *Error when it failed.
	Recv(ctx context.Context) (Chunk, error)
	// Close ends the stream; idempotent, bounded, unblocks Recv and Say.
	Close() error
}
