package simulated

// Voice makes the sound of a text, as a speech synthesiser does: mono 16-bit PCM.
// Package soundcode has one whose text can be read back from the sound.
type Voice interface {
	// Speak returns the sound of text at rate samples per second, and for each of
	// its words where it lies in it.
	Speak(text string, rate int) (pcm []int16, words []SpokenWord)
}

// SpokenWord is a word with its place in the sound, in samples.
type SpokenWord struct {
	Text     string
	From, To int
}

// Ear recognises what a Voice has said from the sound that arrives.
type Ear interface {
	// Listen begins a stream at rate samples per second. One goroutine uses it.
	Listen(rate int) Listener
}

// Listener is one stream of an Ear.
type Listener interface {
	// Hear takes the next samples and returns the words that became certain with
	// them, in order; their places count from the start of the stream.
	Hear(pcm []int16) []SpokenWord
}
