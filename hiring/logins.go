package hiring

import (
	"context"
	"time"
)

// Login is a session of a user (contract section 1.2).
type Login struct {
	ID        string // 32 characters; who has it is the user
	UserID    string
	Email     string
	Role      UserRole
	CreatedAt time.Time
}

// Logins stores sessions. Every method blocks on Redis until ctx ends, for a second
// at most.
type Logins interface {
	// Open makes a session of the user with a new id.
	Open(ctx context.Context, user User) (Login, error)
	// Find returns a session that has not run out, or ErrNotFound.
	Find(ctx context.Context, id string) (Login, error)
	// Close ends one session; ending none is no error.
	Close(ctx context.Context, id string) error
	// CloseAll ends all sessions of a user and returns how many there were.
	CloseAll(ctx context.Context, userID string) (int, error)
}
