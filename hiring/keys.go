package hiring

// Keys is the service for the API keys. It is goroutine-safe.
type Keys struct{}
