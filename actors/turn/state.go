package turn

import (
	"slices"
	"strings"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// Resume holds the numbers an interview goes on from.
type Resume struct {
	Turn    interview.TurnNo
	Reply   interview.ReplyNo
	Segment interview.SegmentNo
	Conn    interview.ConnNo
	Used    time.Duration
}

// State is a conversation between two events. It is a value.
type State struct {
	cfg     Config
	begun   bool
	ended   bool
	beganAt time.Duration
	turnNo  interview.TurnNo
	replyNo interview.ReplyNo

	used    time.Duration // talk time up to since
	since   time.Duration
	ticking bool

	conn      interview.ConnNo
	here      bool
	typing    bool
	goneAt    time.Duration
	goneTotal time.Duration
	paused    bool
	operator  bool

	deaf   bool // no recognition
	behind bool
	voice  bool // the candidate speaks
	from   time.Duration
	to     time.Duration // true end of the last speech
	owed   bool          // a final of ended speech is due

	open   []segment // the turn that is not committed
	asked  bool      // its reply was asked for
	finish bool      // "I'm done"

	say      *speech
	then     *wish // asked for once the cut reply has reported
	patient  bool
	nudges   int
	failures int // replies in a row
	retries  int // of this turn
	wrap     bool
	wraps    int

	timers map[TimerID]time.Duration
	shown  Show
}

type segment struct {
	no   interview.SegmentNo
	text string
}

// speech is a reply; never changed in place.
type speech struct {
	no       interview.ReplyNo
	turn     interview.TurnNo
	cause    AskCause
	sounding bool
	ducked   bool
	held     bool // while a barge-in is open
	frozen   bool // while the candidate is away or pauses
	cut      bool // cancelled, Stopped is awaited
	closing  bool
	wait     bool
}

type wish struct {
	cause AskCause
	text  string
}

// New is the state before the beginning.
func New(cfg Config, r Resume) State {
	return State{cfg: cfg, turnNo: r.Turn, replyNo: r.Reply, conn: r.Conn, used: r.Used, shown: Show{AgentStarting, UserListening}}
}

// Used is the talk time so far: pauses and absences are not in it.
func (s State) Used(now time.Duration) time.Duration {
	if s.ticking {
		return s.used + max(0, now-s.since)
	}
	return s.used
}

// Reply is the newest reply's number.
func (s State) Reply() interview.ReplyNo { return s.replyNo }

// Turn is the newest turn's number.
func (s State) Turn() interview.TurnNo { return s.turnNo }

// Ended reports whether the conversation is over.
func (s State) Ended() bool { return s.ended }

// PendingText is what the candidate said in the turn that is not committed.
func (s State) PendingText() string {
	texts := make([]string, len(s.open))
	for i, g := range s.open {
		texts[i] = g.text
	}
	return strings.Join(texts, " ")
}

// Agent is what the interviewer does.
func (s State) Agent() AgentState {
	switch {
	case s.ended:
		return AgentEnded
	case !s.begun:
		return AgentStarting
	case s.paused:
		return AgentPaused
	case s.say != nil && s.say.sounding && !s.say.cut && !s.say.held:
		return AgentSpeaking
	case s.say != nil && !s.say.sounding && !s.say.cut:
		return AgentThinking
	}
	return AgentListening
}

// User is what the candidate does.
func (s State) User() UserState {
	switch {
	case !s.here:
		return UserAway
	case s.voice:
		return UserSpeaking
	}
	return UserListening
}

// step is one call of Next: a copy of the state on its way to the next.
type step struct {
	State

	now time.Duration
	out []Effect
}

func (x *step) do(e Effect) { x.out = append(x.out, e) }

func (x *step) set(id TimerID, at time.Duration) {
	at = max(at, x.now)
	if x.timers[id] == at && at != 0 {
		return
	}
	timers := make(map[TimerID]time.Duration, len(x.timers)+1)
	for k, v := range x.timers {
		timers[k] = v
	}
	timers[id] = at
	x.timers = timers
	x.do(SetTimer{id, at})
}

func (x *step) stop(id TimerID) {
	if _, set := x.timers[id]; !set {
		return
	}
	timers := make(map[TimerID]time.Duration, len(x.timers))
	for k, v := range x.timers {
		if k != id {
			timers[k] = v
		}
	}
	x.timers = timers
	x.do(StopTimer{id})
}

// edit changes a copy of the present reply.
func (x *step) edit(change func(*speech)) {
	copied := *x.say
	change(&copied)
	x.say = &copied
}

func (x *step) clock(run bool) {
	if run == x.ticking {
		return
	}
	x.used = x.Used(x.now)
	x.since, x.ticking = x.now, run
	if run {
		x.set(TimerLimit, x.now+max(0, x.cfg.TimeLimit-x.used))
	} else {
		x.stop(TimerLimit)
	}
}

func (x *step) addSegment(g segment) { x.open = append(slices.Clone(x.open), g) }

func (x *step) show() {
	if s := (Show{x.Agent(), x.User()}); s != x.shown {
		x.shown = s
		x.do(s)
	}
}
