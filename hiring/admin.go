package hiring

// Admin is the service for what administrators see and set. It is goroutine-safe.
type Admin struct{}
