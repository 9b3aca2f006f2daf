package ledger

import (
	"context"

	"github.com/vantahire/vantahire/interview"
)

// Ledger makes events durable. Implementations are goroutine-safe.
type Ledger interface {
	// Claim makes owner the one writer of an interview and returns its new fence
	// and what is stored already. *interview.OwnedElsewhereError: its owner is
	// another process that is alive.
	Claim(ctx context.Context, id interview.ID, owner string) (interview.Claim, error)
	// Elsewhere is nil unless another process that is alive owns the interview: then
	// it is an *interview.OwnedElsewhereError.
	Elsewhere(ctx context.Context, id interview.ID, owner string) error
	// Commit stores a batch of events, which may belong to many interviews, in one
	// transaction and returns when they are durable. Storing an event a second
	// time is no error. Events whose fence is not the current one are refused by
	// *interview.StaleFenceError, and events that can never be stored by an error
	// that is RefusedEvents, while the others are stored; both may be joined. Any
	// other error means that nothing was stored and the batch may be tried again.
	Commit(ctx context.Context, batch []interview.Event) error
	// Release gives the ownership back.
	Release(ctx context.Context, id interview.ID, fence interview.Fence) error
	// AppendLate keeps events whose fence is not the current one. It may be
	// repeated.
	AppendLate(ctx context.Context, events []interview.Event) error
	// SettleLate makes lines of what the late events of interviews left open.
	SettleLate(ctx context.Context, ids []interview.ID) error
}

// RefusedEvents is an error about events that can never be stored as they are,
// however often they are tried. They are in quarantine.
type RefusedEvents interface {
	error
	// Refusal is why the event was refused; nil when it was not.
	Refusal(id interview.ID, seq interview.Seq) error
}

// Journal keeps events on the local disk while the database does not take them.
// Implementations are goroutine-safe. Append and Read block on the disk.
type Journal interface {
	// Append makes events durable and returns when they are. After an error none
	// of them counts as stored.
	Append(events []interview.Event) error
	// Read returns up to limit of the oldest events that were not let go.
	Read(limit int) ([]interview.Event, error)
	// Release lets go of the n oldest.
	Release(n int) error
	// Len is how many there are.
	Len() int
}
