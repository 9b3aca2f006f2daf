package interview

import "time"

// ID names an interview: a UUID string, the primary key of its row.
type ID string

// TurnNo counts the candidate's turns, from 1. 0 means "no turn": a reply that
// answers nothing (the opening line, a nudge).
type TurnNo uint32

// ReplyNo counts each thing the interviewer says, from 1. It rises over the
// whole interview, across reconnects and restarts: it is the epoch that every
// message, audio chunk and packet of a reply carries.
type ReplyNo uint32

// ConnNo counts the candidate's connections, from 1. What a replaced connection
// still sends is dropped by it.
type ConnNo uint32

// SegmentNo counts the final transcript segments of an interview, from 1.
type SegmentNo uint32

// Seq orders an interview's durable events, from 1, without a gap.
type Seq int64

// Fence is the ownership number of a live interview. It rises with each claim;
// a write that carries an older fence than the stored one is refused.
type Fence int64

// MicRate is the sample rate of the media clock: what the candidate says is
// counted in samples of 16 kHz mono since the interview began.
const MicRate = 16000

// Sample is a position on the media clock: samples of 16 kHz mono since the
// interview's first frame, across all its connections.
type Sample int64

// Duration is the time the position stands for.
func (s Sample) Duration() time.Duration {
	return time.Duration(s) * time.Second / MicRate
}

// SampleAt is the position reached after d of audio.
func SampleAt(d time.Duration) Sample {
	return Sample(d * MicRate / time.Second)
}

// Mode is the medium of an interview.
type Mode string

// The media of the contract (section 10, enum InterviewType).
const (
	ModeText  Mode = "TEXT"
	ModeVoice Mode = "VOICE"
)

// Status is the life of an interview as the contract's section 3.1 draws it.
type Status string

// The statuses of the contract.
const (
	StatusPending    Status = "PENDING"
	StatusInProgress Status = "IN_PROGRESS"
	StatusCompleted  Status = "COMPLETED"
	StatusExpired    Status = "EXPIRED"
)

// Role says who speaks a transcript line (contract section 1.5: lower case).
type Role string

// The roles a stored message can have.
const (
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
	RoleSystem    Role = "system"
)

// Line is one line of the transcript: what was really said, or really heard.
type Line struct {
	Seq         Seq
	Role        Role
	Text        string
	Turn        TurnNo  // set on lines of the candidate and on the replies to them
	Reply       ReplyNo // set on lines of the interviewer
	Interrupted bool    // the interviewer was cut off: Text is what was heard
	At          time.Time
}
