package wsaudio

import "time"

// What a client may send, per second and at once. A microphone needs 50 binary
// messages and 32 kB a second (125 messages from a browser that does not gather
// its 128-sample blocks), and a client may catch up after a stall or push a
// whole recording; a person's clicks, typing and acknowledgements make some 15
// texts a second, and nobody types or pastes 32 kB of text in each of them. The
// bounds only stop what keeps a core busy.
const (
	textRate, textBurst   = 50, 100
	charRate, charBurst   = 32 << 10, 256 << 10 // bytes of text
	audioRate, audioBurst = 1000, 10_000
	byteRate, byteBurst   = 256 << 10, 4 << 20
)

// bucket is a token bucket: rate tokens a second, at most burst at once.
type bucket struct {
	rate, burst float64
	level       float64
	at          time.Time
}

func newBucket(rate, burst float64, now time.Time) bucket {
	return bucket{rate: rate, burst: burst, level: burst, at: now}
}

// take removes n tokens; false when there are not as many.
func (b *bucket) take(n float64, now time.Time) bool {
	if d := now.Sub(b.at); d > 0 {
		b.level = min(b.burst, b.level+d.Seconds()*b.rate)
		b.at = now
	}
	if b.level < n {
		return false
	}
	b.level -= n
	return true
}
