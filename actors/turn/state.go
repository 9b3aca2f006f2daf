package turn

import (
	"time"

	"github.com/vantahire/vantahire/interview"
)

// Resume holds the numbers an interview goes on from: the last ones used. The
// zero value begins a new one.
type Resume struct {
	Turn    interview.TurnNo
	Reply   interview.ReplyNo
	Segment interview.SegmentNo
	Conn    interview.ConnNo
	Used    time.Duration
}

// State is a conversation between two events. It is a value: copies share
// nothing that is ever changed. The zero value is a conversation that is over.
type State struct {
	rules *rules

	now     time.Duration // the latest moment seen
	born    time.Duration // the first one, which the hard cap counts from
	seen    bool
	begun   bool
	ending  interview.EndReason // set once the end was decided
	endBy   time.Duration       // when it comes whatever is still owed
	over    bool
	clock   talkClock
	line    line
	ears    ears
	turn    openTurn
	reply   reply
	overlap overlap
	desk    desk

	lastTurn    interview.TurnNo
	lastReply   interview.ReplyNo
	lastSegment interview.SegmentNo

	want     wish
	quiet    time.Duration // since when nobody has spoken
	patient  bool          // the question invites thinking
	nudges   int           // unanswered in a row
	retries  int           // of failed replies to the present turn
	failures int           // replies in a row
	cut      bool          // the last reply was cut by a sound without a word, so far
	answered time.Duration // when the last turn that a reply was heard to was decided
	released time.Duration // when a reply last went on after an overlap

	timeUp   bool
	broke    bool          // what the interview may cost is used up
	limitAt  time.Duration // when the time was up
	closings int           // how often closing words were begun
	endAs    interview.EndReason
	closeBy  time.Duration // when the closing is over at the latest

	timers [timerCount]time.Duration // what SetTimer asked for last; 0 = not set
	shown  Show
}

// New is the state before the first event. Zero fields of cfg mean their
// defaults; the rest is taken as it is, so Validate comes first.
func New(cfg Config, r Resume) State {
	return State{
		rules:    newRules(cfg),
		clock:    talkClock{used: r.Used},
		line:     line{conn: r.Conn},
		lastTurn: r.Turn, lastReply: r.Reply, lastSegment: r.Segment,
		shown: Show{AgentStarting, UserAway},
	}
}

// talkClock counts the time of conversation: it stands still while the candidate
// is away or has a break.
type talkClock struct {
	used    time.Duration // until since
	since   time.Duration
	running bool
}

func (c talkClock) at(now time.Duration) time.Duration {
	if c.running {
		return c.used + max(0, now-c.since)
	}
	return c.used
}

func (c *talkClock) run(on bool, now time.Duration) {
	if on == c.running {
		return
	}
	c.used, c.since, c.running = c.at(now), now, on
}

// line is the way to the candidate.
type line struct {
	conn    interview.ConnNo
	up      bool
	known   bool          // there was a connection before
	down    time.Duration // since when there is none
	gone    time.Duration // absences so far, in all
	paused  bool
	since   time.Duration // of the break
	typing  bool          // it has no microphone
	noVoice bool          // recognition is down
	fresh   time.Duration // when the candidate last came back
}

// deaf reports that no final is to be expected.
func (l line) deaf() bool { return l.typing || l.noVoice }

// ears are what is known of the candidate's speech.
type ears struct {
	speaking bool
	from     time.Duration // true onset of the present or last speech
	end      time.Duration // true end of the last speech
	partial  string        // words that are not settled
	wordAt   time.Duration // when recognition last found a new word
	owed     bool          // recognition owes a final of speech that ended
	asked    int           // how often it was asked for it
	finalBy  time.Duration
	behind   bool // recognition is late
	behindBy time.Duration
}

// openTurn is what the candidate said that is not a line yet.
type openTurn struct {
	no       interview.TurnNo // 0: nothing
	text     string
	segments []interview.SegmentNo // appended to a clipped copy only
	ending   Completeness
	from     time.Duration // when the first of it was said
	heardTo  time.Duration // end of speech the detector missed
	done     bool          // "I'm done", or typed
	aside    bool          // said over a reply without stopping it
	asked    int           // segments that the present reply was asked to answer
	askedLen int           // and the length of their text
}

// wish is a reply that is wanted as soon as it can be asked for.
type wish struct {
	cause AskCause // "": none
	turn  interview.TurnNo
	text  string
}

// desk is the recruiter's.
type desk struct {
	taken   bool
	lines   string // to be said
	whisper string // for the next reply
}

// Used is the talk time so far: pauses and absences are not in it.
func (s State) Used(now time.Duration) time.Duration { return s.clock.at(max(now, s.now)) }

// Reply is the newest reply's number, 0 before the first.
func (s State) Reply() interview.ReplyNo { return s.lastReply }

// Turn is the newest turn's number, 0 before the first.
func (s State) Turn() interview.TurnNo { return s.lastTurn }

// Ended reports whether the conversation is over: no event has an effect.
func (s State) Ended() bool { return s.over || s.rules == nil }

// Idle reports whether nothing is being said, wanted or waiting for an answer.
func (s State) Idle() bool {
	return s.begun && s.ending == "" && s.reply.phase == replyNone && s.want.cause == "" && s.turn.no == 0
}

// PendingText is what the candidate said in the turn that is not committed.
func (s State) PendingText() string { return s.turn.text }

// Agent is what the interviewer does.
func (s State) Agent() AgentState {
	switch {
	case s.Ended():
		return AgentEnded
	case s.line.paused:
		return AgentPaused
	case !s.begun:
		return AgentStarting
	}
	switch s.reply.phase {
	case replyAsked:
		if s.overlap.on {
			return AgentListening
		}
		return AgentThinking
	case replySounding:
		if s.reply.voice == voiceHeld {
			return AgentListening
		}
		return AgentSpeaking
	case replyNone, replyCut:
	}
	return AgentListening
}

// User is what the candidate does.
func (s State) User() UserState {
	switch {
	case !s.line.up:
		return UserAway
	case s.ears.speaking:
		return UserSpeaking
	}
	return UserListening
}

// present reports whether the conversation runs: nobody is away, no break.
func (s *State) present() bool {
	return s.begun && s.line.up && !s.line.paused && s.ending == ""
}

// silent reports whether the candidate has fallen silent and all of it is known.
func (s *State) silent() bool { return !s.ears.speaking && !s.ears.owed && !s.ears.behind }
