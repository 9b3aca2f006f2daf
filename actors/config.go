package actors

import (
	"log/slog"
	"time"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/media/vad"
)

// Config tunes live interviews. The zero value of a field means its default.
type Config struct {
	// MaxCalls is how many interviews may be live at once. Default 100.
	MaxCalls int
	// MaxTexts is how many interviews in writing may be live at once beside them: they
	// cost no speech, and hardly any memory. Default 1000.
	MaxTexts int
	// ParkAfter is how long an interview in writing stays live when its last message
	// is answered; the next message takes it up again, in whatever process. Default
	// 3 s: shorter than the wait of a message for its owner, so that it is answered
	// wherever it arrives.
	ParkAfter time.Duration
	// Owner names this process in the ledger. Default: a random name.
	Owner string
	// ReplayBuffer is how much microphone audio is kept for recognition to catch
	// up with after a redial. Default 10 s.
	ReplayBuffer time.Duration
	// OutageBuffer is how much is kept while recognition is down, so that what is
	// said meanwhile is a line afterwards. Default 2 min, 3.8 MB for a call in
	// trouble.
	OutageBuffer time.Duration
	// PlayoutBuffer is how much synthesised speech may wait; a provider that is
	// ahead by more is not read. Default 3 s: voices keep a few seconds on their
	// side as well, and a second of it is 48 kB for each call that speaks.
	PlayoutBuffer time.Duration
	// StopTimeout bounds each stop. Default 5 s.
	StopTimeout time.Duration
	// STTStart bounds how long the first recognition stream may take to come up
	// before the call is refused (4002). Default 10 s.
	STTStart time.Duration
	// Budget bounds what one interview may cost.
	Budget Budget
	// Turn tunes the conversation.
	Turn turn.Config
	// VAD tunes the voice detector; Model nil means the energy gate.
	VAD   vad.Config
	Model *vad.Model
}

func (c Config) withDefaults() Config {
	if c.MaxCalls == 0 {
		c.MaxCalls = 100
	}
	if c.MaxTexts == 0 {
		c.MaxTexts = 1000
	}
	if c.ParkAfter == 0 {
		c.ParkAfter = 3 * time.Second
	}
	if c.ReplayBuffer == 0 {
		c.ReplayBuffer = 10 * time.Second
	}
	if c.OutageBuffer == 0 {
		c.OutageBuffer = 2 * time.Minute
	}
	if c.PlayoutBuffer == 0 {
		c.PlayoutBuffer = 3 * time.Second
	}
	if c.StopTimeout == 0 {
		c.StopTimeout = 5 * time.Second
	}
	if c.STTStart == 0 {
		c.STTStart = 10 * time.Second
	}
	return c
}

// Deps are what live interviews need from the rest of the program.
type Deps struct {
	// STT may be nil: candidates type. TTS may be nil: replies are text.
	STT  Transcriber
	TTS  Synthesizer
	Chat Chat
	// Spare words replies without cost once the budget is used up; nil: Chat does.
	Spare     Chat
	Ledger    Ledger
	Journal   Journal // may be nil: then events wait in memory while the database is away
	Lifecycle Lifecycle
	Publisher Publisher
	Log       *slog.Logger
	// Meter may be nil.
	Meter Meter
}
