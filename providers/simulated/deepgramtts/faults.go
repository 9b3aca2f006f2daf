package deepgramtts

import (
	"time"

	"github.com/vantahire/vantahire/providers/simulated"
)

// ConnectFault is what goes wrong with a handshake or a REST request.
type ConnectFault struct {
	// Status refuses it: 400, 401, 402, 403, 429, 500, 503 or another.
	Status int
	// RetryAfter is told with the refusal, in seconds; 0 = not.
	RetryAfter int
	// Hang never answers, until the client or the server goes away.
	Hang bool
	// Delay answers late.
	Delay time.Duration
}

// SpeechFault is what goes wrong with one piece of synthesis: a sentence, or what
// a Flush forced out.
type SpeechFault struct {
	// Mute makes no sound and acknowledges nothing.
	Mute bool
	// Stall, Drop and CloseCode end the sound once After of it was sent: by silence,
	// by the end of the TCP connection, or by a close frame with Reason.
	Stall, Drop bool
	CloseCode   int
	Reason      string
	After       time.Duration
	// Pace is how much faster than it sounds audio is made, below 1 for too slow;
	// 0 = as configured.
	Pace float64
	// FirstByte replaces the configured delay when it isn't zero.
	FirstByte simulated.Delay
	// Garbage sends text frames between the sound that are no known message, and
	// empty binary frames.
	Garbage bool
	// Error sends an Error message instead of sound.
	Error bool
	// IgnoreFlush leaves the Flush after this piece without an acknowledgement and
	// IgnoreClear a Clear.
	IgnoreFlush, IgnoreClear bool
}

// pieces of text frames no client should trip over.
var garbage = []string{
	"{", "null", "[]", `"Flushed"`, `{"type":7}`, `{"type":"Flushed","sequence_id":"x"}`, `{"type":"Novelty","audio":[1]}`,
	`{"type":"Warning","code":{"a":1},"description":null}`, "\x00\xff", `{"type":"Metadata","request_id":1}`,
}
