package interview

import (
	"encoding/json"
	"fmt"
	"time"
)

// EventKind names what happened. Kinds are stored: never rename one.
type EventKind string

// The durable events of a live interview, in the order they usually come.
const (
	KindStarted        EventKind = "started"         // Started: the call runs
	KindConnected      EventKind = "connected"       // Connection
	KindConnectionLost EventKind = "connection_lost" // Connection
	KindSegmentFinal   EventKind = "segment_final"   // SegmentFinal: one settled piece of speech, or typed text
	KindTurnCommitted  EventKind = "turn_committed"  // TurnCommitted: becomes a message of the candidate
	KindReplyStarted   EventKind = "reply_started"   // ReplyStarted: what we are about to say
	KindReplyWritten   EventKind = "reply_written"   // ReplyWritten: the whole generated text
	KindReplyEnded     EventKind = "reply_ended"     // ReplyEnded: becomes a message of the interviewer
	KindPlanMoved      EventKind = "plan_moved"      // PlanMoved: where the question plan stands
	KindTalkTime       EventKind = "talk_time"       // TalkTime: used time and last played ack
	KindPaused         EventKind = "paused"          // the candidate stopped the clock
	KindResumed        EventKind = "resumed"         // and started it again
	KindWhispered      EventKind = "whispered"       // Operator
	KindTakenOver      EventKind = "taken_over"      // Operator
	KindHandedBack     EventKind = "handed_back"     // Operator
	KindDegraded       EventKind = "degraded"        // Degraded: a provider is down
	KindTurnMeasured   EventKind = "turn_measured"   // TurnMeasured: where the time of an answered turn went
	KindBudgetSpent    EventKind = "budget_spent"    // BudgetSpent: the interview has to close
	KindTurnBegan      EventKind = "turn_began"      // TurnBegan: the turn machine starts, or starts again after a restart
	KindTurnInputs     EventKind = "turn_inputs"     // TurnInputs: what the turn machine was told since
	KindQuarantined    EventKind = "quarantined"     // Quarantined: holds the place of an event that can't be stored
	KindEnded          EventKind = "ended"           // Ended: nothing follows
)

// Event is one durable fact of an interview. (Interview, Seq) is unique; a
// writer whose Fence is not the current one is refused.
type Event struct {
	Interview ID
	Seq       Seq
	Fence     Fence
	Kind      EventKind
	At        time.Time     // wall clock, UTC, millisecond precision
	Clock     time.Duration // monotonic time since the interview's start, pauses included
	Payload   json.RawMessage
}

// NewEvent builds an event with its payload encoded. It fails only for a
// payload that has no JSON form, which is a defect of the caller.
func NewEvent(id ID, seq Seq, fence Fence, kind EventKind, at time.Time, clock time.Duration, payload any) (Event, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return Event{}, fmt.Errorf("encode %s event %d of interview %s: %w", kind, seq, id, err)
	}
	return Event{Interview: id, Seq: seq, Fence: fence, Kind: kind, At: at.UTC().Truncate(time.Millisecond), Clock: clock, Payload: raw}, nil
}

// Started is the payload of KindStarted.
type Started struct {
	Mode      Mode          `json:"mode"`
	JobRole   string        `json:"jobRole"`
	TimeLimit time.Duration `json:"timeLimit"` // nanoseconds
	Plan      string        `json:"plan"`      // the plan's name
}

// Connection is the payload of KindConnected and KindConnectionLost.
type Connection struct {
	Conn   ConnNo `json:"conn"`
	Reason string `json:"reason,omitempty"`
}

// SegmentFinal is the payload of KindSegmentFinal.
type SegmentFinal struct {
	Segment    SegmentNo     `json:"segment"`
	Text       string        `json:"text"`
	Confidence float64       `json:"confidence"` // 0..1; 1 for typed text
	From       time.Duration `json:"from"`       // media clock
	To         time.Duration `json:"to"`
	Typed      bool          `json:"typed,omitempty"`
}

// TurnCommitted is the payload of KindTurnCommitted.
type TurnCommitted struct {
	Turn     TurnNo      `json:"turn"`
	Text     string      `json:"text"`
	Segments []SegmentNo `json:"segments"`
	// Aside marks words said while the interviewer spoke that did not stop it
	// ("mhm") or came too late to change an answered turn: a line of the
	// transcript that nobody owes a reply.
	Aside bool `json:"aside,omitempty"`
}

// ReplyStarted is the payload of KindReplyStarted.
type ReplyStarted struct {
	Reply ReplyNo `json:"reply"`
	Turn  TurnNo  `json:"turn,omitempty"`
	Text  string  `json:"text"` // the first sentence
}

// ReplyWritten is the payload of KindReplyWritten.
type ReplyWritten struct {
	Reply ReplyNo `json:"reply"`
	Text  string  `json:"text"`
}

// ReplyEnded is the payload of KindReplyEnded.
type ReplyEnded struct {
	Reply       ReplyNo       `json:"reply"`
	Turn        TurnNo        `json:"turn,omitempty"`
	Heard       string        `json:"heard"`
	Interrupted bool          `json:"interrupted,omitempty"`
	Played      time.Duration `json:"played"`
}

// PlanMoved is the payload of KindPlanMoved: the plan's own state document.
type PlanMoved struct {
	State json.RawMessage `json:"state"`
}

// TalkTime is the payload of KindTalkTime.
type TalkTime struct {
	Used   time.Duration `json:"used"`
	Reply  ReplyNo       `json:"reply,omitempty"`
	Played time.Duration `json:"played,omitempty"`
	Words  int           `json:"words,omitempty"` // of the reply that were heard
	// Tokens and Characters are what language model and voice have cost so far.
	Tokens     int `json:"tokens,omitempty"`
	Characters int `json:"characters,omitempty"`
}

// Operator is the payload of a recruiter's whisper, takeover and hand-back.
type Operator struct {
	User string `json:"user"`
	Text string `json:"text,omitempty"`
}

// Degraded is the payload of KindDegraded.
type Degraded struct {
	Stage  string `json:"stage"` // stt, llm or tts
	Reason string `json:"reason"`
}

// TurnMeasured is the payload of KindTurnMeasured: milliseconds per stage, and
// their sum as "total".
type TurnMeasured struct {
	Turn   TurnNo             `json:"turn"`
	Reply  ReplyNo            `json:"reply"`
	Stages map[string]float64 `json:"stages"`
}

// BudgetSpent is the payload of KindBudgetSpent.
type BudgetSpent struct {
	Tokens     int `json:"tokens"`     // of the language model, so far
	Characters int `json:"characters"` // of the voice, so far
}

// TurnBegan is the payload of KindTurnBegan: what the turn machine started with.
// With it and the TurnInputs that follow, its decisions can be replayed.
type TurnBegan struct {
	Program string          `json:"program,omitempty"` // the build that ran it
	Config  json.RawMessage `json:"config"`            // turn.Config
	Numbers json.RawMessage `json:"numbers"`           // turn.Resume
	Resumed bool            `json:"resumed,omitempty"`
}

// TurnInputs is the payload of KindTurnInputs: the events the turn machine was fed
// since the last of its kind, in order. It is stored before any event the machine
// decided on, so that every stored decision can be derived from what is before it.
type TurnInputs struct {
	Inputs []json.RawMessage `json:"inputs"`
}

// Quarantined is the payload of KindQuarantined. The event itself is in quarantine.
type Quarantined struct {
	Kind   EventKind `json:"kind"`
	Reason string    `json:"reason"` // without any of its content
}

// Ended is the payload of KindEnded.
type Ended struct {
	Reason EndReason     `json:"reason"`
	Used   time.Duration `json:"used"`
}
