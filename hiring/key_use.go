package hiring

import "time"

// KeyUse is one counted use of an API key.
type KeyUse struct {
	Actor  Actor // its owner
	Scopes []string
	// Limit is how many requests the key has a day, Remaining how many are left,
	// and Reset when it has all of them again.
	Limit, Remaining int
	Reset            time.Time
}
