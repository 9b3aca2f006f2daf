package api

import (
	"sync"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

// texts knows the links by which interviews in writing are held here, so that the
// watch ends them as it ends calls: they have no socket to be found by. Its bound is
// the messages under way and the live interviews. Goroutine-safe.
type texts struct {
	mu    sync.Mutex
	links map[hiring.LiveLink]int // messages under way
}

func newTexts() *texts { return &texts{links: map[hiring.LiveLink]int{}} }

// begin notes a message of a link, which done ends.
func (t *texts) begin(link hiring.LiveLink) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.links[link]++
}

func (t *texts) done(link hiring.LiveLink) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.links[link]--
}

// sweep forgets the links of interviews that are not live and have no message under
// way, and returns the others.
func (t *texts) sweep(live func(interview.ID) bool) map[hiring.LiveLink]bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	links := make(map[hiring.LiveLink]bool, len(t.links))
	for link, n := range t.links {
		if n == 0 && !live(link.Interview) {
			delete(t.links, link)
			continue
		}
		links[link] = true
	}
	return links
}
