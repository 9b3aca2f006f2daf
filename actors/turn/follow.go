package turn

import "time"

// timerIDs are the timers in the order their effects come.
var timerIDs = [...]TimerID{
	TimerHold, TimerDecide, TimerFinal, TimerEndOfTurn, TimerReply, TimerNudge, TimerClosing, TimerLimit, TimerGrace, TimerHardCap,
}

const timerCount = len(timerIDs)

func timerIndex(id TimerID) int {
	for i, t := range timerIDs {
		if t == id {
			return i
		}
	}
	return -1
}

// follow brings voice, timers and shown states in line with the state: they are
// functions of it, so none can be forgotten or left over.
func (m *machine) follow() {
	m.followVoice()
	for i := range timerIDs {
		at := m.due(timerIDs[i])
		switch {
		case at == m.timers[i]:
		case at > 0:
			m.do(SetTimer{Timer: timerIDs[i], At: at})
		default:
			m.do(StopTimer{Timer: timerIDs[i]})
		}
		m.timers[i] = at
	}
	if s := (Show{Agent: m.Agent(), User: m.User()}); s != m.shown {
		m.shown = s
		m.do(s)
	}
}

// followVoice orders what the present reply's voice ought to do.
func (m *machine) followVoice() {
	r := &m.reply
	if r.phase != replyAsked && r.phase != replySounding {
		return
	}
	want := voiceFull
	switch {
	case m.kept():
		want = voiceHeld
	case m.overlap.on:
		want = voiceDucked
	}
	if want == r.voice {
		return
	}
	switch {
	case want == voiceHeld:
		m.do(Hold{Reply: r.no})
	case want == voiceDucked:
		m.do(Duck{Reply: r.no})
	case r.voice == voiceHeld:
		r.from = m.now
		m.do(Release{Reply: r.no})
	default:
		m.do(Restore{Reply: r.no})
	}
	r.voice = want
}

// due is the moment a timer is wanted for, 0 when it is not.
func (s *State) due(id TimerID) time.Duration {
	if s.over {
		return 0
	}
	present := s.present()
	switch id {
	case TimerHardCap:
		if s.ending == "" {
			return s.hardCap()
		}
	case TimerClosing:
		switch {
		case s.ending != "":
			return s.endBy
		case present:
			return s.closeBy
		}
	case TimerGrace:
		if s.ending == "" {
			return s.graceDue()
		}
	case TimerFinal:
		return s.recognitionAt()
	case TimerReply:
		if s.ending == "" {
			return s.replyBy()
		}
	case TimerHold:
		if present {
			return s.holdDue()
		}
	case TimerDecide:
		if present {
			return s.overlapBy()
		}
	case TimerLimit:
		return s.limitDue()
	case TimerEndOfTurn:
		if present && s.reply.phase == replyNone && s.silent() && s.turn.no != 0 {
			return s.turnDue()
		}
	case TimerNudge:
		if present && s.reply.phase == replyNone && s.silent() && s.turn.no == 0 && !s.desk.taken && !s.rules.Written {
			return s.nudgeDue()
		}
	}
	return 0
}

// recognitionAt is when recognition is asked again, given up or taken as caught
// up.
func (s *State) recognitionAt() time.Duration {
	switch {
	case s.ending != "":
		return 0
	case s.ears.behind:
		return s.ears.behindBy
	case s.ears.speaking:
		return s.stuckDue()
	case s.ears.owed:
		return s.ears.finalBy
	}
	return 0
}

// limitDue is when the talk time, or the overtime after it, is used up.
func (s *State) limitDue() time.Duration {
	limit := s.rules.TimeLimit
	switch {
	case !s.clock.running || s.closings > 0 || (s.desk.taken || s.rules.Written) && s.timeUp:
		return 0
	case s.timeUp && s.reply.phase != replyNone:
		return 0 // looked at again when the reply is over
	case s.timeUp:
		limit += s.rules.Overtime
	}
	return s.clock.since + limit - s.clock.used
}
