package plan

import "time"

// Input is what happened to the conversation. The set is sealed.
type Input interface{ planInput() }

type (
	// Opened says that the conversation may begin.
	Opened struct{}
	// Answered is a whole turn of the candidate, as recognised or typed. Duration
	// is how long it took to say; 0 when typed.
	Answered struct {
		Text     string
		Duration time.Duration
	}
	// RepeatAsked and SkipAsked are the candidate's buttons; the same wishes said
	// aloud arrive as Answered.
	RepeatAsked struct{}
	// SkipAsked leaves the open question.
	SkipAsked struct{}
	// Silence says that nobody has spoken for a while, for the Nth time in a row
	// (from 1). The plan counts for each question itself; Nth is for the record.
	Silence struct{ Nth int }
	// TimeLow says that the time is nearly used up: from now on only questions
	// marked Must are put. Nothing is said at once (ActNone).
	TimeLow struct{}
	// TimeUp says that the time is used up: close.
	TimeUp struct{}
	// Finish says that the interview has to close for a reason that is not the
	// candidate's business.
	Finish struct{}
	// Continue goes on at the open question, without a greeting: the candidate is
	// back, or a recruiter handed the conversation back.
	Continue struct{}
	// ReplyFailed says that the reply before could not be spoken: apologise and
	// put the question again.
	ReplyFailed struct{}
	// OperatorSaid is a line a recruiter wants said, word for word.
	OperatorSaid struct{ Text string }
	// Whispered is a recruiter's hint for the interviewer's next words. Nothing is
	// said at once (ActNone).
	Whispered struct{ Text string }
)

func (Opened) planInput()       {}
func (Answered) planInput()     {}
func (RepeatAsked) planInput()  {}
func (SkipAsked) planInput()    {}
func (Silence) planInput()      {}
func (TimeLow) planInput()      {}
func (TimeUp) planInput()       {}
func (Finish) planInput()       {}
func (Continue) planInput()     {}
func (ReplyFailed) planInput()  {}
func (OperatorSaid) planInput() {}
func (Whispered) planInput()    {}

// Clock is the talk time of the interview at the moment of an input: pauses and
// absences are not in it.
type Clock struct{ Used, Left time.Duration }
