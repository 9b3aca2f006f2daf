package turn

import (
	"time"

	"github.com/vantahire/vantahire/interview"
)

// Effect is something the interview actor has to do. The set is sealed; effects
// are carried out in order, before the next event.
type Effect interface{ turnEffect() }

// AskCause says why a reply is wanted; the plan decides what it says.
type AskCause string

// The causes of a reply.
const (
	AskOpening  AskCause = "opening"  // greet and put the first question
	AskResume   AskCause = "resume"   // back after a restart: the same question, no greeting
	AskAnswer   AskCause = "answer"   // the candidate finished a turn
	AskRepeat   AskCause = "repeat"   // say the question again
	AskSkip     AskCause = "skip"     // leave the question
	AskNudge    AskCause = "nudge"    // nobody has said anything for a while
	AskWrapUp   AskCause = "wrap_up"  // the time is used up: closing words
	AskOperator AskCause = "operator" // say the recruiter's words exactly
	AskApology  AskCause = "apology"  // the reply before failed: say so and put the question again
)

// CancelCause says why a reply is cut.
type CancelCause string

// The causes of a cut.
const (
	CancelBargeIn    CancelCause = "barge_in"
	CancelSuperseded CancelCause = "superseded" // the candidate went on before a word of it was heard
	CancelButton     CancelCause = "button"     // skip, repeat, pause, typed text
	CancelTakeover   CancelCause = "takeover"
	CancelEnd        CancelCause = "end"
	CancelFailed     CancelCause = "failed"
)

// AgentState is what the interviewer does, in the words the client shows.
type AgentState string

// The agent's states.
const (
	AgentStarting  AgentState = "initializing"
	AgentListening AgentState = "listening"
	AgentThinking  AgentState = "thinking"
	AgentSpeaking  AgentState = "speaking"
	AgentPaused    AgentState = "paused"
	AgentEnded     AgentState = "ended"
)

// UserState is what the candidate does.
type UserState string

// The candidate's states.
const (
	UserListening UserState = "listening"
	UserSpeaking  UserState = "speaking"
	UserAway      UserState = "away" // the connection is gone
)

// TimerID names a timer; setting it again replaces it.
type TimerID string

// The timers of a conversation.
const (
	TimerEndOfTurn TimerID = "end_of_turn" // the pause that passes the turn
	TimerFinal     TimerID = "final"       // recognition owes a final, or is behind
	TimerHold      TimerID = "hold"        // ducked long enough: hold
	TimerDecide    TimerID = "decide"      // held long enough: decide
	TimerNudge     TimerID = "nudge"       // nobody speaks
	TimerGrace     TimerID = "grace"       // the candidate is away, or has a break
	TimerLimit     TimerID = "limit"       // the interview's time is used up
	TimerHardCap   TimerID = "hard_cap"    // absolute end
	TimerClosing   TimerID = "closing"     // the closing words, or the last finals, take too long
	TimerReply     TimerID = "reply"       // a reply makes no sound, no end, or no report of its cut
)

type (
	// Ask starts a reply: plan, LLM and voice. It supersedes every reply before.
	Ask struct {
		Reply interview.ReplyNo
		Turn  interview.TurnNo // the turn it answers; 0 when it answers none
		Cause AskCause
		Text  string // the turn's words, or the recruiter's
		Nth   int    // nudges: the how-manieth in a row
		// Whisper is what a recruiter whispered since the last reply that sounded.
		Whisper string
		// SpeechEnd is the true end of the turn's speech, and Spoke how long after
		// its beginning that was, absences included; 0 when the reply answers no turn.
		SpeechEnd, Spoke time.Duration
	}
	// Duck lowers the voice, Restore brings it back, Hold stops it keeping every
	// unplayed sample, Release goes on from the very sample where it stopped.
	Duck struct{ Reply interview.ReplyNo }
	// Restore undoes Duck.
	Restore struct{ Reply interview.ReplyNo }
	// Hold stops the voice in place. It may come before Sounding: then the first
	// frame is kept back until Release.
	Hold struct{ Reply interview.ReplyNo }
	// Release undoes Hold and Duck.
	Release struct{ Reply interview.ReplyNo }
	// Cancel revokes the reply for good: voice, client buffer, TTS, LLM. The
	// actor answers with Stopped.
	Cancel struct {
		Reply interview.ReplyNo
		Cause CancelCause
	}
	// Finalize asks recognition to settle what was said.
	Finalize struct{}
	// Processing tells the client that its turn is being answered.
	Processing struct{ Turn interview.TurnNo }
	// CommitTurn makes the candidate's words a line of the transcript.
	CommitTurn struct {
		Turn     interview.TurnNo
		Text     string
		Segments []interview.SegmentNo
		Aside    bool
	}
	// CommitReply closes a reply and makes what was heard a line of the transcript;
	// no line is written when nothing was heard. Each Ask is closed once.
	CommitReply struct {
		Reply       interview.ReplyNo
		Turn        interview.TurnNo
		Heard       string
		Interrupted bool
		Played      time.Duration
	}
	// SetTimer asks for Fired{Timer, At} at the moment At.
	SetTimer struct {
		Timer TimerID
		At    time.Duration
	}
	// StopTimer takes it back.
	StopTimer struct{ Timer TimerID }
	// Show tells clients the two states; sent when either changed.
	Show struct {
		Agent AgentState
		User  UserState
	}
	// NoteGone and NoteBack record the candidate's absence; the clock is stopped
	// between them.
	NoteGone struct{ Conn interview.ConnNo }
	// NoteBack ends an absence.
	NoteBack struct {
		Conn interview.ConnNo
		Away time.Duration
	}
	// NotePaused records that the candidate stopped the clock, or started it.
	NotePaused struct{ Paused bool }
	// End is the last effect of a conversation.
	End struct{ Reason interview.EndReason }
)

func (Ask) turnEffect()         {}
func (Duck) turnEffect()        {}
func (Restore) turnEffect()     {}
func (Hold) turnEffect()        {}
func (Release) turnEffect()     {}
func (Cancel) turnEffect()      {}
func (Finalize) turnEffect()    {}
func (Processing) turnEffect()  {}
func (CommitTurn) turnEffect()  {}
func (CommitReply) turnEffect() {}
func (SetTimer) turnEffect()    {}
func (StopTimer) turnEffect()   {}
func (Show) turnEffect()        {}
func (NoteGone) turnEffect()    {}
func (NoteBack) turnEffect()    {}
func (NotePaused) turnEffect()  {}
func (End) turnEffect()         {}
