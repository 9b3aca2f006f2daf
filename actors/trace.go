package actors

import (
	"encoding/json"
	"runtime/debug"
	"sync"
	"time"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/actors/turn/codec"
	"github.com/vantahire/vantahire/interview"
)

const (
	// traceInputs and traceTexts bound what is kept of the turn machine's inputs
	// before it is stored: some minutes of a conversation in which nothing is
	// decided, and a sixteenth of what a document of the ledger may hold.
	traceInputs = 256
	traceTexts  = 64 << 10 // bytes
)

// trace is what the turn machine was told since that was last stored. What it
// decides depends on far more than what becomes a line: onsets, hypotheses, timers.
// With them every stored decision can be derived again from what is stored before
// it, see Replay.
type trace struct {
	inputs []codec.Input
	texts  int // bytes
}

// traceBegan stores what the turn machine starts with.
func (a *interviewActor) traceBegan(cfg turn.Config, numbers turn.Resume, resumed bool) {
	began := interview.TurnBegan{Program: program(), Resumed: resumed}
	var err, err2 error
	began.Config, err = json.Marshal(cfg.Complete()) // not what a later program takes for a default
	began.Numbers, err2 = json.Marshal(numbers)
	if err != nil || err2 != nil { // plain structs of numbers and texts: a defect
		a.log.Error("the turn machine's settings can't be encoded", "error", err, "error_numbers", err2)
	}
	a.record(interview.KindTurnBegan, began, nil)
}

// traceInput notes an input, before the machine is told of it.
func (a *interviewActor) traceInput(at time.Duration, ev turn.Event) {
	if a.turn.Ended() {
		return // it decides nothing any more
	}
	a.trace.inputs = append(a.trace.inputs, codec.Input{At: at, Event: ev})
	if p, ok := ev.(turn.Partial); ok {
		a.trace.texts += len(p.Text)
	}
	if len(a.trace.inputs) >= traceInputs || a.trace.texts >= traceTexts {
		a.storeTrace()
	}
}

// storeTrace stores the inputs so far. It comes before every event the machine
// decided on.
func (a *interviewActor) storeTrace() {
	if len(a.trace.inputs) == 0 {
		return
	}
	docs, err := codec.Encode(a.trace.inputs)
	clear(a.trace.inputs)
	a.trace.inputs, a.trace.texts = a.trace.inputs[:0], 0
	if err != nil { // an event without a form: a defect, which a test excludes
		a.log.Error("the turn machine's inputs can't be encoded", "error", err)
		return
	}
	a.record(interview.KindTurnInputs, interview.TurnInputs{Inputs: docs}, nil)
}

// decided reports whether events of a kind come from a decision of the turn
// machine, or say how far it has come.
func decided(kind interview.EventKind) bool {
	switch kind {
	case interview.KindTurnCommitted, interview.KindReplyEnded, interview.KindPaused, interview.KindResumed, interview.KindTalkTime, interview.KindEnded:
		return true
	case interview.KindStarted, interview.KindConnected, interview.KindConnectionLost, interview.KindSegmentFinal, interview.KindReplyStarted,
		interview.KindReplyWritten, interview.KindPlanMoved, interview.KindWhispered, interview.KindTakenOver, interview.KindHandedBack,
		interview.KindDegraded, interview.KindTurnMeasured, interview.KindBudgetSpent, interview.KindTurnBegan, interview.KindTurnInputs,
		interview.KindQuarantined:
		return false
	}
	return false
}

// program names the build: the revision it was built from, else the version of the
// module, else nothing.
var program = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	revision, changed := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				changed = "+"
			}
		}
	}
	if revision != "" {
		return revision[:min(12, len(revision))] + changed
	}
	return info.Main.Version
})
