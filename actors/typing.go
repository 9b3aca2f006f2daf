package actors

import "time"

const (
	// typingBurst is how many written lines may come at once, and typingEvery how
	// often one more. Each may ask the language model anew, which is what the bound
	// protects; nobody types faster for long.
	typingBurst = 10
	typingEvery = time.Second
)

// typingPace bounds written lines. Its zero value is full.
type typingPace struct {
	used float64 // of the burst
	at   time.Duration
}

// take reports whether one more line may come now.
func (p *typingPace) take(now time.Duration) bool {
	p.used = max(0, p.used-(now-p.at).Seconds()/typingEvery.Seconds())
	p.at = now
	if p.used+1 > typingBurst {
		return false
	}
	p.used++
	return true
}
