package deepgram

// SpeakStats counts what a Synthesizer did and met.
type SpeakStats struct {
	Sockets, Idle int // open now; of them unused

	Dialled    int // handshakes that succeeded
	Refused    int // handshakes that did not
	Busy       int // replies that found no place
	Replies    int // opened
	Characters int // sent
	Cut        int // replies cut off while the service owed sound
	ClearLate  int // sockets dropped because they did not get quiet in time
	Stale      int // frames of sound that belonged to nobody any more
	Malformed  int // messages that could not be read
	Warnings   int
	Refusals   int // flushes refused by a warning
	Unmarked   int // sentences taken for complete without their acknowledgement
	Rotated    int // changes of the socket within a reply, before a limit
	Redialled  int // changes of the socket within a reply, after a loss before sound
	Lost       int // sockets that ended by themselves
}
