package voiceclient

import (
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// EventKind says what an Event is about.
type EventKind int

// What a client reports.
const (
	EventMessage    EventKind = iota // Message has arrived
	EventFirstAudio                  // the first packet of Reply has arrived
	EventLastAudio                   // audio_complete of Reply has arrived; At is when its last packet did
	EventPlayedOut                   // all of Reply has been played
	EventSpeakBegan                  // the first frame of an utterance leaves
	EventSpeakEnded                  // its last frame has left
	EventClosed                      // the connection is over: Code and Err; nothing follows
)

// Event is something that happened, for a timeline of the call.
type Event struct {
	At      time.Time
	Kind    EventKind
	Message voiceproto.ServerMessage // EventMessage
	Reply   interview.ReplyNo        // the three about audio
	Code    int                      // EventClosed: the close code, voiceproto.CloseAbnormal when it broke
	Reason  string                   // EventClosed: the close frame's text
	Err     error                    // EventClosed: what broke it; nil after a close frame
}
