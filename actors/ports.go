package actors

import (
	"context"
	"errors"
	"time"

	"github.com/vantahire/vantahire/actors/ledger"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
)

// Transcriber is a speech recognition provider.
type Transcriber interface {
	Name() string
	// Open starts a stream. It may block for as long as a dial takes; ctx bounds
	// the dial and the stream's life.
	Open(ctx context.Context, o providers.TranscribeOptions) (providers.TranscribeStream, error)
}

// Synthesizer is a speech synthesis provider.
type Synthesizer interface {
	Name() string
	// Open starts the stream of one reply; ctx's end cancels it.
	Open(ctx context.Context, o providers.VoiceOptions) (providers.SpeechStream, error)
}

// Chat is a language model.
type Chat interface {
	Name() string
	// Reply starts one reply; ctx's end cancels it.
	Reply(ctx context.Context, r providers.ChatRequest) (providers.TokenStream, error)
}

// The ports of the ledger's writer, which the interviews share.
type (
	// Ledger makes events durable.
	Ledger = ledger.Ledger
	// Journal keeps them on the local disk meanwhile.
	Journal = ledger.Journal
	// RefusedEvents is an error about events that can never be stored.
	RefusedEvents = ledger.RefusedEvents
)

// Lifecycle moves an interview through the states of contract section 3.1 and
// tells whoever follows it. Calls may block on a database; they run in owned
// goroutines.
type Lifecycle interface {
	// Started moves PENDING to IN_PROGRESS; an interview in progress stays so.
	// ErrNotActive: it is over, or gone.
	Started(ctx context.Context, id interview.ID, at time.Time) error
	// Ended moves it to COMPLETED when reason is final; else nothing changes.
	Ended(ctx context.Context, id interview.ID, at time.Time, reason interview.EndReason) error
}

// ErrNotActive indicates an interview that can't be held any more.
var ErrNotActive = errors.New("interview is not active")

// Publisher tells live followers what happened. Publish never blocks and never
// fails the caller: what can't be delivered is dropped and counted.
type Publisher interface {
	Publish(e LiveEvent)
}

// LiveEvent is what followers of an interview see.
type LiveEvent struct {
	Interview interview.ID
	Name      string // "interview:message", ... (contract section 5.4)
	Payload   any    // its JSON document
}

// Transport is one connection of a candidate as the interview sees it. No method
// blocks. Its reader side delivers to a Connection.
type Transport interface {
	media.Sink
	// Send queues a control message; false when the connection is gone or so slow
	// that it is being closed.
	Send(m voiceproto.ServerMessage) bool
	// Flush drops unsent audio of reply and everything before it, refuses more of
	// it and tells the client to drop what it holds.
	Flush(reply interview.ReplyNo)
	// EndReply marks the end of a reply's audio, behind its last frame.
	EndReply(reply interview.ReplyNo)
	// Played is how much of the reply the client says it has played, never more
	// than was sent; false when the client does not say.
	Played(reply interview.ReplyNo) (ms int64, known bool)
	// Close says goodbye with a code of package voiceproto.
	Close(code int, reason string)
}
