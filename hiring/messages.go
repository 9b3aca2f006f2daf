package hiring

// Messages is the service for the mails and WhatsApp messages of interviews. It is goroutine-safe.
type Messages struct{}
