package deepgramstt

import (
	"time"

	"github.com/vantahire/vantahire/providers/simulated"
)

// Fault is what goes wrong with one connection. The zero value is none. Lengths
// of audio count from the connection's start.
type Fault struct {
	// Status refuses the handshake over HTTP: 429, 500, ... Code and Message are what
	// the refusal says, RetryAfter its header.
	Status        int
	Code, Message string
	RetryAfter    time.Duration
	// Hesitate delays the answer to the handshake; Hang never answers.
	Hesitate time.Duration
	Hang     bool

	// Delay is added to whatever is sent.
	Delay simulated.Delay
	// Drop cuts the connection without a word after so much audio.
	Drop time.Duration
	// Close closes it properly after so much audio, with CloseCode (default 1011)
	// and CloseReason.
	Close       time.Duration
	CloseCode   int
	CloseReason string
	// Mute sends nothing after so much audio, while the socket stays open.
	Mute time.Duration
	// ReadPause is how long the server waits after each message before it reads the
	// next: a slow reader.
	ReadPause time.Duration
	// LateFinals delays what CloseStream brings.
	LateFinals time.Duration

	// What is never said.
	NoSpeechStarted, NoSpeechFinal, NoUtteranceEnd, NoFinalizeAnswer, NoMetadata bool
	// NoisyStart makes sound without words start a turn of Flux.
	NoisyStart bool
	// Garbage is sent right after the handshake, each as a text message.
	Garbage []string
	// Complaint is sent as an Error message right after the handshake.
	Complaint string
	// Padding makes each Results so many bytes longer.
	Padding int
}
