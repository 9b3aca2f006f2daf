package wsaudio

import "time"

// Stats counts what a connection did. Counters only rise.
type Stats struct {
	FramesSent    int64 // 20 ms frames whose write began
	FramesDropped int64 // accepted, then dropped by a flush or the close
	FramesRefused int64 // of a revoked or superseded reply
	WindowFull    int64 // frames refused because too much was under way
	QueueFull     int64 // frames refused because the socket takes no more
	ControlSent   int64 // text messages
	ControlPeak   int   // most control messages that waited at once

	AudioMessages int64 // binary messages of the client
	AudioBytes    int64
	TextMessages  int64
	Unknown       int64 // of a type the server does not know: ignored
	Malformed     int64 // no message at all: ignored

	Acks        int64
	AcksClamped int64 // claimed more than was sent
	AcksStale   int64 // went backwards
	AcksUnknown int64 // of a reply that was not sent on this connection

	SlowestWrite time.Duration
	RoundTrip    time.Duration // by ping; 0 until measured
}
