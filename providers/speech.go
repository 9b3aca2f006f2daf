package providers

import (
	"time"

	"github.com/vantahire/vantahire/interview"
)

// Word is one spoken word with its place in time. From and To count from the
// start of the audio it belongs to: of the recognition stream for a transcript,
// of the reply's audio for synthesised speech.
type Word struct {
	Text       string
	From, To   time.Duration
	Confidence float64 // 0..1; 0 when the provider does not say
}

// Transcript is one result of a recognition stream.
type Transcript struct {
	Text       string
	Final      bool // settled: it will not change. A partial replaces the one before it
	Confidence float64
	// From and To are media-clock positions: the stream adds the offset it was
	// opened with, so that a redialled stream goes on in the same time.
	From, To interview.Sample
	Words    []Word
	// EndOfSpeech is set when the provider itself heard the utterance end.
	EndOfSpeech bool
	// Through is the media position up to which the provider has heard
	// everything; 0 when it does not say. Audio before it need not be replayed.
	Through interview.Sample
}

// Chunk is a piece of synthesised speech, in the order it is to be played.
type Chunk struct {
	// PCM is mono 16-bit at Rate. The receiver owns it.
	PCM  []int16
	Rate int
	// Words are the exact times of words within the reply's audio, when the
	// provider gives them; they may come before or after their audio.
	Words []Word
	// SentenceEnd is the 0-based index of the sentence that is complete with
	// this chunk, or -1.
	SentenceEnd int
}
