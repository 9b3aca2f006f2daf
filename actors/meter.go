package actors

import (
	"time"

	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
)

// Meter counts what live interviews do, for whoever runs the server. Methods are
// goroutine-safe, cheap and never block.
type Meter interface {
	// Turn takes the stages of an answered turn.
	Turn(stages voiceproto.Stages)
	// Spent takes what was asked of a paid provider: tokens of a language model,
	// characters of a voice.
	Spent(stage providers.Stage, n int)
	// Wasted takes what of that nobody heard: it was cut or came too late.
	Wasted(stage providers.Stage, n int)
	// Apology says that a candidate was asked for a moment.
	Apology()
	// Degraded says that an interview goes on without a stage.
	Degraded(stage providers.Stage)
	// Durable takes how long an event took from its handing over until it was
	// durable.
	Durable(took time.Duration)
}

// noMeter counts nothing.
type noMeter struct{}

func (noMeter) Turn(voiceproto.Stages)      {}
func (noMeter) Spent(providers.Stage, int)  {}
func (noMeter) Wasted(providers.Stage, int) {}
func (noMeter) Apology()                    {}
func (noMeter) Degraded(providers.Stage)    {}
func (noMeter) Durable(time.Duration)       {}
