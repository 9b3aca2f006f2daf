package record

import (
	"time"

	"github.com/vantahire/vantahire/interview"
)

// SourceLate is the Source of lines that come from late events.
const SourceLate = "late"

// Record is all that is stored of an interview.
type Record struct {
	Interview   interview.ID
	Events      []interview.Event // by seq
	Lines       []Line            // the transcript as it is stored, in its order
	Late        []interview.Event // of writers that were overtaken, by fence and seq
	Quarantined []Quarantined     // by seq
	Seal        *Seal             // nil: it is not sealed
}

// Line is one stored line of the transcript.
type Line struct {
	Seq         interview.Seq     `json:"seq,omitempty"` // of the event it was derived from; 0: of none
	Role        interview.Role    `json:"role"`
	Content     string            `json:"content"`
	Source      string            `json:"source,omitempty"` // "voice", SourceLate, ...
	Turn        interview.TurnNo  `json:"turn,omitempty"`
	Reply       interview.ReplyNo `json:"reply,omitempty"`
	Interrupted bool              `json:"interrupted,omitempty"`
	At          time.Time         `json:"at"`
}

// Quarantined tells of an event that could not be stored. Its content is in
// quarantine and not part of a record.
type Quarantined struct {
	Seq    interview.Seq       `json:"seq"`
	Fence  interview.Fence     `json:"fence"`
	Kind   interview.EventKind `json:"kind"`
	Reason string              `json:"reason"`
}

// LineOf is the line of the transcript that an event makes; false for one that
// makes none, because of its kind or because nothing was said or heard. It fails for
// a payload that is not that of its kind.
func LineOf(e interview.Event) (Line, bool, error) {
	switch e.Kind {
	case interview.KindTurnCommitted:
		t, err := payload[interview.TurnCommitted](e)
		return Line{Seq: e.Seq, Role: interview.RoleUser, Content: t.Text, Turn: t.Turn, At: e.At}, err == nil && t.Text != "", err
	case interview.KindReplyEnded:
		r, err := payload[interview.ReplyEnded](e)
		return Line{
			Seq: e.Seq, Role: interview.RoleAssistant, Content: r.Heard, Turn: r.Turn, Reply: r.Reply, Interrupted: r.Interrupted, At: e.At,
		}, err == nil && r.Heard != "", err
	default:
		return Line{}, false, nil // in the record only
	}
}
