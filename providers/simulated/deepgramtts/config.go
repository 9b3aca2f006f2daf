package deepgramtts

import (
	"time"

	"github.com/vantahire/vantahire/providers/simulated"
)

// Config tunes a Server. The zero value of a field means its default.
type Config struct {
	// Voice makes the sound. Default: a tone of 62 ms per character.
	Voice simulated.Voice
	// Keys are the API keys that are accepted. Default: any.
	Keys []string
	// Seed makes delays, frame sizes and jitter repeatable.
	Seed uint64
	// FirstByte is the time from a sentence's arrival to its first sound. Default
	// p50 200 ms, p95 300 ms; Instant switches it off.
	FirstByte simulated.Delay
	// Instant makes sound without any delay or pacing.
	Instant bool
	// SlowestPace and FastestPace are how much faster than it sounds audio is made.
	// Defaults 3 and 10.
	SlowestPace, FastestPace float64
	// MaxSockets is how many WebSockets and MaxRequests how many REST requests may
	// be open at once before a 429. Defaults 45 and 15.
	MaxSockets, MaxRequests int
	// Characters per minute and Flushes per minute a socket may ask for, and the
	// minute itself. Defaults 2400, 20 and 60 s.
	Characters, Flushes int
	Minute              time.Duration
	// MaxAge is a socket's life. Default 60 min.
	MaxAge time.Duration
	// Idle is how long a socket may be silent; pings count. Default 2 min: the real
	// value is not published.
	Idle time.Duration
	// Stalled is how long a client may not read before it is given up. Default 5 s.
	Stalled time.Duration
}

const (
	// maxText is how many characters one Speak or request may have.
	maxText = 2000
	// maxMessage bounds one message of a client.
	maxMessage = 64 << 10
	// maxBody bounds the body of a request.
	maxBody = 2 << 20
	// perCharacter is how long the tone sounds for a character.
	perCharacter = 62 * time.Millisecond
)

func (c Config) withDefaults() Config {
	if c.Voice == nil {
		c.Voice = tone{}
	}
	if c.FirstByte == (simulated.Delay{}) {
		c.FirstByte = simulated.Delay{P50: 200 * time.Millisecond, P95: 300 * time.Millisecond}
	}
	if c.Instant {
		c.FirstByte = simulated.Delay{}
	}
	setDefault(&c.SlowestPace, 3)
	setDefault(&c.FastestPace, 10)
	setDefault(&c.MaxSockets, 45)
	setDefault(&c.MaxRequests, 15)
	setDefault(&c.Characters, 2400)
	setDefault(&c.Flushes, 20)
	setDefault(&c.Minute, time.Minute)
	setDefault(&c.MaxAge, time.Hour)
	setDefault(&c.Idle, 2*time.Minute)
	setDefault(&c.Stalled, 5*time.Second)
	return c
}

func setDefault[T int | float64 | time.Duration](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}
