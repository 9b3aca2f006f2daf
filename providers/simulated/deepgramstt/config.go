package deepgramstt

import (
	"time"

	"github.com/vantahire/vantahire/providers/simulated"
)

// Config tunes a Server. The zero value of a field means its default.
type Config struct {
	// Ear finds the words in the sound. Default: one that is deaf.
	Ear simulated.Ear
	// Keys are the API keys that are accepted. Default: any.
	Keys []string
	// Seed makes delays repeatable.
	Seed uint64
	// Final is the time from the end of speech to the final that settles it, as far
	// as the server could know of the end by then. Default p50 247 ms, p95 298 ms:
	// 1000 samples of nova-3 in pipecat's stt-benchmark.
	Final simulated.Delay
	// Interim is the time from audio's arrival to what is said of it unsettled.
	// Default p50 60 ms, p95 120 ms. Flux answers with it as well.
	Interim simulated.Delay
	// Instant switches both delays off.
	Instant bool
	// InterimEvery is how much audio lies between two interims. Default 1 s.
	InterimEvery time.Duration
	// Segment is how much audio a range may hold before its words but the last are
	// settled without an end of speech. Default 4 s.
	Segment time.Duration
	// Quiet is how much silence is settled by an empty final. Default 3 s.
	Quiet time.Duration
	// Level is how loud sound must be to count as speech, as the root mean square
	// of 16-bit samples. Default 300, about -41 dBFS.
	Level int
	// Connections is how many sockets may be open at once before a 429. Default 150.
	Connections int
	// Idle is how long a /v1 socket may be without any message before 1011 NET-0001,
	// and FluxIdle a /v2 socket, where pings count, before it is dropped. Defaults
	// 10 s and 60 s.
	Idle, FluxIdle time.Duration
	// FirstAudio is how long a socket may be without any audio before 1011
	// NET-0000. Default 30 s.
	FirstAudio time.Duration
	// Stalled is how long a client may not read before it is given up. Default 5 s.
	Stalled time.Duration
}

const (
	// maxMessage bounds one message of a client.
	maxMessage = 1 << 20
	// maxWaiting bounds the messages that wait to be sent to one client; one more
	// ends its connection.
	maxWaiting = 4096
	// finalizeLeast is the shortest time to the answer to a Finalize.
	finalizeLeast = 50 * time.Millisecond
	// hangUp is how long a client may take to close after it was told to.
	hangUp = time.Second
)

func (c Config) withDefaults() Config {
	if c.Ear == nil {
		c.Ear = deaf{}
	}
	if c.Final == (simulated.Delay{}) {
		c.Final = simulated.Delay{P50: 247 * time.Millisecond, P95: 298 * time.Millisecond}
	}
	if c.Interim == (simulated.Delay{}) {
		c.Interim = simulated.Delay{P50: 60 * time.Millisecond, P95: 120 * time.Millisecond}
	}
	if c.Instant {
		c.Final, c.Interim = simulated.Delay{}, simulated.Delay{}
	}
	setDefault(&c.InterimEvery, time.Second)
	setDefault(&c.Segment, 4*time.Second)
	setDefault(&c.Quiet, 3*time.Second)
	setDefault(&c.Level, 300)
	setDefault(&c.Connections, 150)
	setDefault(&c.Idle, 10*time.Second)
	setDefault(&c.FluxIdle, time.Minute)
	setDefault(&c.FirstAudio, 30*time.Second)
	setDefault(&c.Stalled, 5*time.Second)
	return c
}

func setDefault[T int | time.Duration](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

// deaf hears nothing.
type deaf struct{}

func (deaf) Listen(int) simulated.Listener       { return deaf{} }
func (deaf) Hear([]int16) []simulated.SpokenWord { return nil }
