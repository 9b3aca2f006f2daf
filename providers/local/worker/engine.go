package worker

import (
	"context"
	"errors"

	"github.com/vantahire/vantahire/providers/local/wire"
)

// errNoEngine indicates that this machine lacks what the stream needs.
var errNoEngine = errors.New("not installed on this machine")

// voice speaks sentences.
type voice interface {
	// speak hands over the sound of one sentence piece by piece, each at most
	// wire.MaxSamples long, until sound returns false or ctx ends. When the engine
	// knows them, words is called once before, with one span for each word of the
	// text. It blocks for the whole synthesis.
	speak(ctx context.Context, text string, rate float64, words func([]wire.Span), sound func(pcm []int16) bool) error
}

// decoder understands one stream of speech. One goroutine uses it at a time.
type decoder interface {
	// feed hears 16 kHz mono PCM.
	feed(pcm []int16) error
	// speaking says whether speech goes on where feed stopped.
	speaking() bool
	// partial gives what is understood of the current utterance so far.
	partial() []wire.Word
	// end settles the current utterance and begins the next. Times count from the
	// first sample fed.
	end() ([]wire.Word, error)
}

// decoders hands out decoders that know nothing of an earlier stream.
type decoders interface {
	take(ctx context.Context) (decoder, error)
	// give takes a decoder back; broken ones are thrown away.
	give(d decoder, broken bool)
}

// engines is what this process can do. A nil field is a missing half, and hello
// says why.
type engines struct {
	voice voice
	ears  decoders
	hello wire.Hello
}
