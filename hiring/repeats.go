package hiring

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"
)

// Request names a request that may be sent again: who sends it, where to, under which
// key, and with what body.
type Request struct {
	Principal, Route string
	Key, Body        [sha256.Size]byte
}

// Repeated is what is known of a request that was sent before.
type Repeated struct {
	SameBody bool
	// Status is 0 while the first one is under way.
	Status int
	Answer []byte // nil when it was not kept
}

// RepeatStore keeps answers to requests. Every method blocks on the database until
// ctx ends.
type RepeatStore interface {
	// Begin notes that a request is carried out. When it was sent before, that is
	// returned and nothing noted; one that has been under way since before stale is
	// taken for dead, and this one takes its place.
	Begin(ctx context.Context, r Request, stale time.Time) (*Repeated, error)
	// Finish keeps the answer.
	Finish(ctx context.Context, r Request, status int, answer []byte) error
	// Forget drops a request that was not carried out.
	Forget(ctx context.Context, r Request) error
}

// Repeats carries out each request once, however often it is sent. It is
// goroutine-safe.
type Repeats struct {
	store RepeatStore
	now   func() time.Time
}

// NewRepeats wires the service.
func NewRepeats(store RepeatStore) *Repeats { return &Repeats{store: store, now: now} }

// underWay is how long a request may take before its process counts as dead: longer
// than any handler takes.
const underWay = 3 * time.Minute

// What a repeated request may be refused for.
var (
	ErrRepeatedUnderWay = Refuse(KindConflict, "A request with this Idempotency-Key is under way")
	ErrRepeatedOther    = Refuse(KindUnprocessable, "This Idempotency-Key was used with another body")
	ErrRepeatedSecret   = Refuse(KindConflict, "This request was carried out before; its answer is not kept")
)

// Begin notes that a request is carried out; nil says go on. Otherwise it was carried
// out before, with that answer.
func (s *Repeats) Begin(ctx context.Context, r Request) (*Repeated, error) {
	before, err := s.store.Begin(ctx, r, s.now().Add(-underWay))
	switch {
	case err != nil:
		return nil, fmt.Errorf("begin a request under a key: %w", err)
	case before == nil:
		return nil, nil //nolint:nilnil // nothing was before
	case !before.SameBody:
		return nil, ErrRepeatedOther
	case before.Status == 0:
		return nil, ErrRepeatedUnderWay
	case before.Answer == nil:
		return nil, ErrRepeatedSecret
	}
	return before, nil
}

// Finish keeps the answer for who sends the request again; nil keeps none of it.
func (s *Repeats) Finish(ctx context.Context, r Request, status int, answer []byte) error {
	return s.store.Finish(ctx, r, status, answer)
}

// Forget lets a request that was refused be sent again.
func (s *Repeats) Forget(ctx context.Context, r Request) error { return s.store.Forget(ctx, r) }
