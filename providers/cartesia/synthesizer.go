package cartesia

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/vantahire/vantahire/providers"
)

// Stats counts what happened since the start, but for the first three, which are
// the present state.
type Stats struct {
	Sockets int // connected or being dialled
	Replies int // being spoken
	Limit   int // of Replies

	Dials        int
	DialFailures int
	Busy         int // replies refused at the limit
	Contexts     int // opened
	Renewed      int // contexts opened because the one before had been silent for too long
	Retried      int // repetitions on a fresh socket
	Throttled    int // repetitions because there were too many
	Cancelled    int
	LostCancels  int // not sent, the socket was full
	Characters   int // sent to be spoken, which is what is billed
	Timeouts     int // no sound within its deadline
	LateDone     int // no end within its deadline, after all sound had come
	Stray        int // messages for contexts that are over
	Garbage      int // messages nobody can read
	BadSound     int // chunks that are no sound
	OddSound     int // chunks that ended within a sample
	EarlyFlush   int // ends of sentences without their sound; not believed
	Floods       int // replies failed by more than they can hold
}

// Synthesizer speaks through Cartesia. Goroutine-safe.
type Synthesizer struct {
	cfg    Config
	pool   *pool
	slots  chan struct{}
	prefix string // of context ids
	number atomic.Uint64
}

// NewSynthesizer makes one. It connects when the first reply is opened.
func NewSynthesizer(cfg Config) *Synthesizer {
	cfg = cfg.withDefaults()
	var id [6]byte
	_, _ = rand.Read(id[:]) // never fails
	return &Synthesizer{cfg: cfg, pool: newPool(cfg), slots: make(chan struct{}, cfg.Contexts), prefix: "vh-" + hex.EncodeToString(id[:]) + "-"}
}

// Name is "cartesia".
func (s *Synthesizer) Name() string { return Name }

// Open starts the speech of one reply; the end of ctx cancels it. It blocks while
// a socket is dialled, for Config.FirstChunk at most. It fails with
// providers.ErrBusy at the limit of replies, and with a *providers.Error that
// wraps a *dial.Refusal when the provider refused. A rate is used by models that
// take one, within 0.6 to 1.5, and ignored by others.
func (s *Synthesizer) Open(ctx context.Context, o providers.VoiceOptions) (providers.SpeechStream, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	select {
	case s.slots <- struct{}{}:
	default:
		s.pool.count(func(c *Stats) { c.Busy++ })
		return nil, busy()
	}
	st := newStream(ctx, s.cfg.SampleRate)
	d := &driver{synth: s, stream: st, template: template(s.cfg, o), log: s.cfg.Logger, slot: func() { <-s.slots }}
	d.until = time.Now().Add(s.cfg.FirstChunk)
	if err := d.connect(false); err != nil {
		d.leave()
		st.cancel(err)
		return nil, failure(err)
	}
	go d.run()
	return st, nil
}

// Probe lets the provider say a word and waits for its first sound. A mere
// handshake would find a service well that takes text and stays silent.
func (s *Synthesizer) Probe(ctx context.Context) error {
	st, err := s.Open(ctx, providers.VoiceOptions{})
	if err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	defer func() { _ = st.Close() }()
	if err := st.Say(ctx, "Hi."); err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	if err := st.Finish(); err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	for {
		c, err := st.Recv(ctx)
		if err != nil {
			return fmt.Errorf("probe: %w", err)
		}
		if len(c.PCM) > 0 {
			return nil
		}
	}
}

// Close lets sockets go as replies end and cuts what is left when ctx ends, at the
// latest after 5 s. No reply can be opened any more.
func (s *Synthesizer) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	return s.pool.close(ctx)
}

// Stats returns the counters.
func (s *Synthesizer) Stats() Stats {
	s.pool.mu.Lock()
	sockets := len(s.pool.sockets)
	s.pool.mu.Unlock()
	s.pool.stats.Lock()
	defer s.pool.stats.Unlock()
	st := s.pool.stats.Stats
	st.Sockets, st.Replies, st.Limit = sockets, len(s.slots), cap(s.slots)
	return st
}

func (s *Synthesizer) newID() string {
	s.pool.count(func(c *Stats) { c.Contexts++ })
	return s.prefix + strconv.FormatUint(s.number.Add(1), 10)
}
