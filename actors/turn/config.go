package turn

import (
	"fmt"
	"time"
)

// Config tunes a conversation. The zero value of a field is not a default: start
// from DefaultConfig.
type Config struct {
	// EndComplete, EndUnsure and EndDangling are the pauses after which a turn
	// passes, by how complete its words sound. They count from the true end of
	// speech.
	EndComplete, EndUnsure, EndDangling time.Duration
	// PatientFactor stretches the pauses after a question that invites thinking.
	PatientFactor float64
	// FinalWait is how long recognition may owe a final after the speech ended.
	FinalWait time.Duration
	// HoldAfter is how long the candidate must talk over a reply, from the true
	// onset, until the reply is held.
	HoldAfter time.Duration
	// DecideAfter is how long speech over a reply is, at the latest, taken for an
	// interruption.
	DecideAfter time.Duration
	// ReleaseSilence is how long after such speech ended without words the reply
	// goes on.
	ReleaseSilence time.Duration
	// NudgeAfter and NudgePatient are the silences after which the candidate is
	// spoken to; after Nudges unanswered ones the interview ends.
	NudgeAfter, NudgePatient time.Duration
	Nudges                   int
	// GraceEach and GraceTotal bound the candidate's absences.
	GraceEach, GraceTotal time.Duration
	// TimeLimit is the talk time of the interview, HardCap its absolute end after
	// the beginning, pauses included.
	TimeLimit, HardCap time.Duration
	// Overtime is how long a candidate who is talking may go on beyond TimeLimit.
	Overtime time.Duration
	// ReplyDeadline is how long a reply may take until it sounds.
	ReplyDeadline time.Duration
	// PauseLimit bounds one pause of the candidate.
	PauseLimit time.Duration
}

// DefaultConfig has the numbers the targets of design section 8 ask for.
func DefaultConfig() Config {
	return Config{
		EndComplete: 300 * time.Millisecond, EndUnsure: 600 * time.Millisecond, EndDangling: 1200 * time.Millisecond, PatientFactor: 2,
		FinalWait: 2 * time.Second,
		HoldAfter: 240 * time.Millisecond, DecideAfter: 750 * time.Millisecond, ReleaseSilence: 500 * time.Millisecond,
		NudgeAfter: 10 * time.Second, NudgePatient: 20 * time.Second, Nudges: 3,
		GraceEach: 120 * time.Second, GraceTotal: 4 * time.Minute,
		TimeLimit: 30 * time.Minute, HardCap: 3 * time.Hour, Overtime: 30 * time.Second,
		ReplyDeadline: 12 * time.Second, PauseLimit: 10 * time.Minute,
	}
}

// Validate says which number is out of bounds.
func (c Config) Validate() error {
	for _, d := range []struct {
		name      string
		value     time.Duration
		low, high time.Duration
	}{
		{"EndComplete", c.EndComplete, 150 * time.Millisecond, 3 * time.Second},
		{"EndUnsure", c.EndUnsure, c.EndComplete, 5 * time.Second},
		{"EndDangling", c.EndDangling, c.EndUnsure, 8 * time.Second},
		{"FinalWait", c.FinalWait, 200 * time.Millisecond, 10 * time.Second},
		{"HoldAfter", c.HoldAfter, 0, 2 * time.Second},
		{"DecideAfter", c.DecideAfter, c.HoldAfter, 5 * time.Second},
		{"GraceEach", c.GraceEach, time.Second, time.Hour},
		{"GraceTotal", c.GraceTotal, c.GraceEach, 2 * time.Hour},
		{"TimeLimit", c.TimeLimit, time.Minute, 4 * time.Hour},
		{"HardCap", c.HardCap, time.Minute, 24 * time.Hour},
		{"NudgeAfter", c.NudgeAfter, time.Second, 5 * time.Minute},
		{"NudgePatient", c.NudgePatient, c.NudgeAfter, 10 * time.Minute},
		{"ReplyDeadline", c.ReplyDeadline, time.Second, time.Minute},
	} {
		if d.value < d.low || d.value > d.high {
			return fmt.Errorf("turn: %s is %s; use %s to %s", d.name, d.value, d.low, d.high)
		}
	}
	return nil
}
