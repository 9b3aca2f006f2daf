package turn

import (
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// Event is something that happened to the conversation. The set is sealed.
type Event interface{ turnEvent() }

type (
	// Begin says that the ears and the voice are up, or that the candidate chose
	// to type: the conversation may start. Resumed asks to go on at the same
	// question after a restart of the process, without a greeting.
	Begin struct{ Resumed bool }

	// ConnectionUp says that connection Conn of the candidate carries the call
	// now. Typing is set when it can't or won't use a microphone.
	ConnectionUp struct {
		Conn   interview.ConnNo
		Typing bool
	}
	// ConnectionDown says that connection Conn is gone. A stale one is ignored.
	ConnectionDown struct {
		Conn   interview.ConnNo
		Reason string
	}

	// SpeechStarted says that the candidate's voice set in at From.
	SpeechStarted struct{ From time.Duration }
	// SpeechEnded says that it fell silent at To, which lies some way back: the
	// detector waits to be sure.
	SpeechEnded struct{ To time.Duration }
	// Partial is what recognition believes to have heard so far of the present
	// segment; each replaces the one before.
	Partial struct {
		Text     string
		From, To time.Duration
	}
	// Final is a settled piece of speech. Segments come in order, each once. Text
	// is empty when recognition settled on nothing.
	Final struct {
		Segment    interview.SegmentNo
		Text       string
		Confidence float64
		From, To   time.Duration
	}
	// Backlog says whether recognition is behind the microphone (after a redial):
	// while it is, no turn ends.
	Backlog struct{ Behind bool }
	// Typed is a text the candidate wrote. It is a whole turn.
	Typed struct {
		Segment interview.SegmentNo
		Text    string
	}

	// FinishSpeaking is the candidate's "I'm done".
	FinishSpeaking struct{}
	// RepeatAsked is the candidate's button to hear the question again.
	RepeatAsked struct{}
	// SkipAsked leaves the present question.
	SkipAsked struct{}
	// PauseAsked stops the clock and the conversation.
	PauseAsked struct{}
	// ResumeAsked starts them again.
	ResumeAsked struct{}
	// EndAsked ends the interview now.
	EndAsked struct{}

	// Planned tells what the plan decided for a reply that was asked for.
	Planned struct {
		Reply   interview.ReplyNo
		Closing bool // the interview ends when this reply was spoken
		// Patient is set when the question invites thinking: longer pauses.
		Patient bool
		// Wait is set when the reply asks nothing ("Take your time."): the same
		// turn's question stays open and the candidate is not hurried.
		Wait bool
	}
	// Sounding says that the reply's first frame left.
	Sounding struct{ Reply interview.ReplyNo }
	// Spoken says that the whole reply was played out to the candidate, or shown
	// when there is no voice.
	Spoken struct {
		Reply  interview.ReplyNo
		Text   string
		Played time.Duration
	}
	// Stopped answers a Cancel: what of the reply was really heard. Heard is a
	// prefix of the generated text, on a word boundary.
	Stopped struct {
		Reply  interview.ReplyNo
		Heard  string
		Played time.Duration
	}
	// Failed says that the reply can't be produced or spoken to its end. Heard is
	// what was heard of it.
	Failed struct {
		Reply  interview.ReplyNo
		Stage  providers.Stage
		Heard  string
		Played time.Duration
	}
	// StageChanged says that recognition or the voice went away or came back.
	StageChanged struct {
		Stage providers.Stage
		Up    bool
	}

	// BudgetSpent says that what the interview may cost is used up: who speaks, and
	// who was being asked, may finish; then it closes.
	BudgetSpent struct{}

	// Fired is a timer that ran out. A stale one (not the one last set under this
	// id) is ignored.
	Fired struct {
		Timer TimerID
		At    time.Duration // the moment it was set for
	}

	// Whispered is a recruiter's hint for the interviewer's next words.
	Whispered struct{ User, Text string }
	// TakenOver says that a recruiter speaks for the interviewer now.
	TakenOver struct{ User string }
	// OperatorSaid is a line the recruiter wants said.
	OperatorSaid struct{ User, Text string }
	// HandedBack gives the conversation back to the interviewer.
	HandedBack struct{ User string }

	// Terminated ends the interview from outside (revoked, completed elsewhere,
	// shutdown): nothing more is said.
	Terminated struct{ Reason interview.EndReason }
)

func (Begin) turnEvent()          {}
func (ConnectionUp) turnEvent()   {}
func (ConnectionDown) turnEvent() {}
func (SpeechStarted) turnEvent()  {}
func (SpeechEnded) turnEvent()    {}
func (Partial) turnEvent()        {}
func (Final) turnEvent()          {}
func (Backlog) turnEvent()        {}
func (Typed) turnEvent()          {}
func (FinishSpeaking) turnEvent() {}
func (RepeatAsked) turnEvent()    {}
func (SkipAsked) turnEvent()      {}
func (PauseAsked) turnEvent()     {}
func (ResumeAsked) turnEvent()    {}
func (EndAsked) turnEvent()       {}
func (Planned) turnEvent()        {}
func (Sounding) turnEvent()       {}
func (Spoken) turnEvent()         {}
func (Stopped) turnEvent()        {}
func (Failed) turnEvent()         {}
func (StageChanged) turnEvent()   {}
func (BudgetSpent) turnEvent()    {}
func (Fired) turnEvent()          {}
func (Whispered) turnEvent()      {}
func (TakenOver) turnEvent()      {}
func (OperatorSaid) turnEvent()   {}
func (HandedBack) turnEvent()     {}
func (Terminated) turnEvent()     {}
