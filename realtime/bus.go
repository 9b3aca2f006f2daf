package realtime

import (
	"sync"
	"sync/atomic"
)

// Event is one live event of a topic (contract section 5.4).
type Event struct {
	Topic   string // "user:<id>" or "interview:<id>"
	Name    string
	Payload any // a JSON document; shared, so never changed
}

// DefaultQueue is how many events may wait for a follower. A call makes a few a
// second, so a follower that is this far behind has been away for a minute.
const DefaultQueue = 256

// Bus is the events' exchange within this process.
type Bus struct {
	mu        sync.RWMutex
	followers map[string]map[*Follower]struct{}
	dropped   atomic.Uint64
	published atomic.Uint64
}

// NewBus makes an empty one.
func NewBus() *Bus { return &Bus{followers: map[string]map[*Follower]struct{}{}} }

// Follower receives the events of its topics.
type Follower struct {
	bus    *Bus
	topics []string
	events chan Event
	once   sync.Once
	slow   atomic.Bool
}

// Follow subscribes to topics with a queue of the given length (0: DefaultQueue).
// The caller ends it with Close.
func (b *Bus) Follow(queue int, topics ...string) *Follower {
	if queue <= 0 {
		queue = DefaultQueue
	}
	f := &Follower{bus: b, topics: topics, events: make(chan Event, queue)}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range topics {
		if b.followers[t] == nil {
			b.followers[t] = map[*Follower]struct{}{}
		}
		b.followers[t][f] = struct{}{}
	}
	return f
}

// Publish hands an event to every follower of its topic. A follower whose queue
// is full is dropped: its channel closes.
func (b *Bus) Publish(e Event) {
	b.published.Add(1)
	var slow []*Follower
	b.mu.RLock()
	for f := range b.followers[e.Topic] {
		select {
		case f.events <- e:
		default:
			slow = append(slow, f)
		}
	}
	b.mu.RUnlock()
	for _, f := range slow {
		b.dropped.Add(1)
		f.slow.Store(true)
		f.Close()
	}
}

// Dropped counts followers that were dropped because they did not keep up.
func (b *Bus) Dropped() uint64 { return b.dropped.Load() }

// Published counts all events.
func (b *Bus) Published() uint64 { return b.published.Load() }

// Events is closed when the follower has ended.
func (f *Follower) Events() <-chan Event { return f.events }

// Slow reports whether the follower was dropped for being slow.
func (f *Follower) Slow() bool { return f.slow.Load() }

// Close ends the subscription; idempotent.
func (f *Follower) Close() {
	f.once.Do(func() {
		f.bus.mu.Lock()
		defer f.bus.mu.Unlock()
		for _, t := range f.topics {
			delete(f.bus.followers[t], f)
			if len(f.bus.followers[t]) == 0 {
				delete(f.bus.followers, t)
			}
		}
		close(f.events)
	})
}
