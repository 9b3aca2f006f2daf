package simulated

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// maxEntries bounds a Journal; the oldest entries go first. The totals go on.
const maxEntries = 100_000

// Entry is something a client asked for or did.
type Entry struct {
	At     time.Time
	Conn   int    // which connection or request, from 1
	Kind   string // "connect", "speak", "finalize", "completion", ...
	Detail string // the text, the refusal, the close code
	Billed int    // in the provider's unit: characters, milliseconds of audio, tokens
}

// Journal remembers what a server was asked and what it would have billed.
// Goroutine-safe; the zero value is ready.
type Journal struct {
	mu      sync.Mutex
	entries []Entry
	billed  map[string]int
	count   map[string]int
}

// Add notes an entry; a zero At is now.
func (j *Journal) Add(e Entry) {
	if e.At.IsZero() {
		e.At = time.Now()
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.count == nil {
		j.billed, j.count = map[string]int{}, map[string]int{}
	}
	if len(j.entries) == maxEntries {
		j.entries = slices.Delete(j.entries, 0, maxEntries/10)
	}
	j.entries = append(j.entries, e)
	j.count[e.Kind]++
	j.billed[e.Kind] += e.Billed
}

// Entries returns what was noted, of the given kinds or of all.
func (j *Journal) Entries(kinds ...string) []Entry {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(kinds) == 0 {
		return slices.Clone(j.entries)
	}
	var found []Entry
	for _, e := range j.entries {
		if slices.Contains(kinds, e.Kind) {
			found = append(found, e)
		}
	}
	return found
}

// Count is how often a kind was noted.
func (j *Journal) Count(kind string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.count[kind]
}

// Billed is the sum of what was billed for a kind.
func (j *Journal) Billed(kind string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.billed[kind]
}

// Kinds are the kinds that were noted, sorted.
func (j *Journal) Kinds() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Sorted(maps.Keys(j.count))
}
