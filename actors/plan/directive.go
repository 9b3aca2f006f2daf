package plan

// Act is what one reply of the interviewer does.
type Act uint8

// The acts. Those marked * put Directive.Question.
const (
	ActNone       Act = iota // say nothing; only the state changed
	ActGreet                 // * say the greeting, then put the first question
	ActAsk                   // * react in a few words, then put the next question
	ActFollowUp              // * dig into the answer for Directive.Reason
	ActHelp                  // * the candidate does not know: offer Directive.Angle, once
	ActRepeat                // * put the question again in other, plainer words
	ActResume                // * come back to the open question, without a greeting
	ActAnswer                // * answer the candidate's question, then put ours
	ActNudge                 // encourage a silent candidate; the second time * put the question again
	ActWait                  // grant time to think; nothing is asked
	ActConfirmEnd            // ask whether the candidate really wants to end here
	ActRelay                 // say Directive.Say exactly
	ActClose                 // thank, tell the next steps, say goodbye
)

var actNames = [...]string{
	"none", "greet", "ask", "follow_up", "help", "repeat", "resume", "answer", "nudge", "wait", "confirm_end", "relay", "close",
}

// String is the act's name in lower snake case, for logs and metrics.
func (a Act) String() string {
	if int(a) < len(actNames) {
		return actNames[a]
	}
	return "unknown"
}

// Reason says why the plan chose an act.
type Reason uint8

// The reasons.
const (
	ReasonNone Reason = iota

	// Of ActFollowUp: what the answer lacks.
	ReasonTooShort  // a few words
	ReasonOffTopic  // nothing to do with the question; orders to the interviewer count as that
	ReasonVague     // names nothing in particular
	ReasonNoExample // an example was asked for and none told
	ReasonMustCover // the one point this question is about was not touched
	ReasonEcho      // our own words came back
	ReasonHostile   // insults instead of an answer
	ReasonWhisper   // a recruiter wants to hear about Directive.Angle

	// Of ActAsk, ActAnswer and ActClose: how the question before was left.
	ReasonAnswered
	ReasonUnknown  // the candidate does not know
	ReasonDeclined // the candidate will not say
	ReasonSkipped  // the candidate asked for the next one
	ReasonUnfit    // what came was no answer
	ReasonSilent   // nothing came, however often we asked

	// Of ActResume.
	ReasonReturned // the candidate was away, or a recruiter hands back
	ReasonAside    // something else was talked about in between
	ReasonApology  // our own reply failed; say so
	ReasonGoOn     // the candidate does not want to end after all

	// Of ActAnswer.
	ReasonFact      // Directive.Answer is what the plan says
	ReasonNoFact    // the plan does not say: a person will come back to it
	ReasonWithheld  // how answers are rated is not told
	ReasonAutomated // the candidate asks whether this is a person: it is not
	ReasonAudible   // the candidate asks whether we hear them: we do
	ReasonTimeAsked // the candidate asks for the time left: Directive.Minutes

	// Of ActClose.
	ReasonDone           // every question was put
	ReasonTimeUp         // the time is used up
	ReasonCandidateEnded // the candidate wants to stop
	ReasonAbsent         // nobody answers any more

	// Of ActNone.
	ReasonNoted     // taken into account later
	ReasonProtected // the recruiter's words touch a protected trait and are not said
)

var reasonNames = [...]string{
	"none",
	"too_short", "off_topic", "vague", "no_example", "must_cover", "echo", "hostile", "whisper",
	"answered", "unknown", "declined", "skipped", "unfit", "silent",
	"returned", "aside", "apology", "go_on",
	"fact", "no_fact", "withheld", "automated", "audible", "time_asked",
	"done", "time_up", "candidate_ended", "absent",
	"noted", "protected",
}

// String is the reason's name in lower snake case, for logs and metrics.
func (r Reason) String() string {
	if int(r) < len(reasonNames) {
		return reasonNames[r]
	}
	return "unknown"
}

// Directive is what the next reply has to do. It holds everything its wording
// needs besides the conversation itself.
type Directive struct {
	Act Act
	// Question is the one question this reply puts; zero when it puts none.
	Question Question
	// Again is set when the candidate was asked Question before.
	Again  bool
	Reason Reason
	// Left is a second reason. Of ActAnswer with a new Question: how the question
	// before was left. Of ActClose: the same, or, when Asked is set, what to answer.
	Left Reason
	// Quote is two to six words of the answer worth picking up; "" when none are.
	Quote string
	// Angle is what a follow-up or help asks for; it fits "tell me about ...".
	Angle string
	// Previous is the text of the question the candidate was asked last.
	Previous string
	// Asked is what the candidate asked us, and Answer what the plan says to it.
	Asked, Answer string
	// Minutes are left, when that was asked for.
	Minutes int
	// Nth counts from 1: how often in a row this question was repeated, or its
	// silence was met with a nudge.
	Nth int
	// Hurry is set the first time the clock leaves out questions: say that time
	// is short.
	Hurry bool
	// Last is set when no question comes after this one.
	Last bool
	// Patient is set when the question invites thinking: long pauses are part of
	// the answer.
	Patient bool
	// Greeting is what to say before the first question; Farewell and NextSteps
	// what to close with.
	Greeting, Farewell, NextSteps string
	// Whisper is a recruiter's hint to take into account, in their own words.
	Whisper string
	// Say is the whole reply, word for word, when the plan insists on one; usually
	// "".
	Say string
	// Closing is set when the interview ends by itself after this reply.
	Closing bool
}

// Asks reports whether the reply ends in a question to the candidate.
func (d Directive) Asks() bool { return d.Question.ID != "" || d.Act == ActConfirmEnd }

// Waits reports whether the reply leaves the floor with the candidate: the open
// question stays as it is.
func (d Directive) Waits() bool { return d.Act == ActWait || d.Act == ActNudge && d.Question.ID == "" }
