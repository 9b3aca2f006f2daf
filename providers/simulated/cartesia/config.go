package cartesia

import (
	"slices"
	"time"

	"github.com/vantahire/vantahire/providers/simulated"
)

// Config says how the server behaves. The zero value of a field means its default.
type Config struct {
	Voice    simulated.Voice // makes the sound; required
	Keys     []string        // accepted; none: every key but the empty one
	Versions []string        // known; default all that the provider has had
	Models   []string        // known; default those that are in service
	Seed     uint64

	// Sockets and Contexts are the account's limits: of connections, and of
	// contexts that are generating. Defaults 10 times Contexts, and 15.
	Sockets, Contexts int
	// Expiry is how long a context stays open after its last sound. Default 1 s.
	Expiry time.Duration
	// Idle is how long a socket stays open without a request. Default 5 min.
	Idle time.Duration
	// FirstChunk is the delay before the first sound of a context that was silent.
	// Default 150 ms at the median, 250 ms at the 95 % quantile.
	FirstChunk simulated.Delay
	// PaceMin and PaceMax bound how much faster than it is played sound is made.
	// Defaults 2 and 6.
	PaceMin, PaceMax float64
	// RefuseExpired refuses text for a context that has expired; else it begins
	// anew under its id.
	RefuseExpired bool
	// SilentExpiry lets contexts expire without a message; else their end is told.
	SilentExpiry bool
	// TimesBySentence counts word times from each sentence; else from the context.
	TimesBySentence bool
}

func (c Config) withDefaults() Config {
	if c.Versions == nil {
		c.Versions = []string{"2024-06-10", "2024-11-13", "2025-04-16", structuredErrors, plainVoices}
	}
	if c.Models == nil {
		c.Models = []string{"sonic-3.5", "sonic-3.5-2026-05-04", "sonic-3", "sonic-3-2026-01-12", "sonic-3-2025-10-27", "sonic-latest", "sonic-3-latest"}
	}
	if c.Contexts <= 0 {
		c.Contexts = 15
	}
	if c.Sockets <= 0 {
		c.Sockets = 10 * c.Contexts
	}
	if c.Expiry <= 0 {
		c.Expiry = time.Second
	}
	if c.Idle <= 0 {
		c.Idle = 5 * time.Minute
	}
	if c.FirstChunk == (simulated.Delay{}) {
		c.FirstChunk = simulated.Delay{P50: 150 * time.Millisecond, P95: 250 * time.Millisecond}
	}
	if c.PaceMin <= 0 {
		c.PaceMin = 2
	}
	if c.PaceMax < c.PaceMin {
		c.PaceMax = max(6, c.PaceMin)
	}
	return c
}

// sunset are models that have been in service.
var sunset = []string{"sonic", "sonic-english", "sonic-multilingual", "sonic-2", "sonic-2-2025-03-07", "sonic-turbo", "sonic-turbo-2025-03-07"}

func isSunset(model string) bool { return slices.Contains(sunset, model) }

const (
	// structuredErrors is the first version whose errors have a title and a code,
	// plainVoices the first that takes a voice without its mode.
	structuredErrors = "2026-03-01"
	plainVoices      = "2026-08-14"
)

// FaultKind is what goes wrong.
type FaultKind string

// What can go wrong with a connection (Refuse) or with an input that has text (the
// others). The first sound of the input is its first chunk.
const (
	Refuse        FaultKind = "refuse"         // answers the upgrade with Status and Text
	Fail          FaultKind = "fail"           // answers with an error of Status and Text
	FailSocket    FaultKind = "fail-socket"    // the same without a context's id
	Ignore        FaultKind = "ignore"         // takes the text and says nothing, ever
	NoSound       FaultKind = "no-sound"       // ends the context without a sound
	Stall         FaultKind = "stall"          // stops after After chunks
	Drop          FaultKind = "drop"           // cuts TCP within the chunk after After chunks
	Close         FaultKind = "close"          // closes in good order after After chunks, not done
	BadBase64     FaultKind = "bad-base64"     // the chunk after After chunks is unreadable
	SplitSamples  FaultKind = "split-samples"  // chunks end within a sample
	Garbage       FaultKind = "garbage"        // Text as a message before the chunk after After chunks
	StrangeSound  FaultKind = "strange-sound"  // a chunk of a context nobody has opened
	BinaryMessage FaultKind = "binary-message" // a binary message
	Huge          FaultKind = "huge"           // a message beyond all bounds
	NoFlushDone   FaultKind = "no-flush-done"  // flushes are obeyed and not answered
	EarlyFlush    FaultKind = "early-flush"    // flushes are answered at once as well
)

// Fault is one thing that goes wrong; the zero value is none.
type Fault struct {
	Kind   FaultKind
	After  int // chunks
	Status int
	Text   string
}
