package hiring

// Applications is the service for the candidates' applications. It is goroutine-safe.
type Applications struct{}
