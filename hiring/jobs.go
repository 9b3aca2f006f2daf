package hiring

// Jobs is the service for the jobs and their approval. It is goroutine-safe.
type Jobs struct{}
