package hiring

// Files is the service for the stored files. It is goroutine-safe.
type Files struct{}
