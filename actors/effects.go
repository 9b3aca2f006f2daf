package actors

import (
	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// apply carries out one decision of the turn machine.
func (a *interviewActor) apply(c *engine.Ctx[interviewMsg], effect turn.Effect) {
	switch e := effect.(type) {
	case turn.Ask:
		a.ask(c, e)
	case turn.Duck:
		a.duck(e.Reply)
	case turn.Restore:
		a.restore(e.Reply)
	case turn.Hold:
		a.hold(e.Reply)
	case turn.Release:
		a.release(e.Reply)
	case turn.Cancel:
		a.cut(c, e)
	case turn.Finalize:
		a.settleSpeech()
	case turn.Processing:
		a.send(voiceproto.Processing{})
	case turn.CommitTurn:
		a.commitTurn(e)
	case turn.CommitReply:
		a.commitReply(e)
	case turn.SetTimer:
		a.setTimer(c, e)
	case turn.StopTimer:
		a.stopTimer(e.Timer)
	case turn.Show:
		a.show(e)
	case turn.NoteGone, turn.NoteBack:
		// the connection events are in the ledger already
	case turn.NotePaused:
		kind := interview.KindResumed
		if e.Paused {
			kind = interview.KindPaused
		}
		a.mic.open.Store(!e.Paused)
		a.record(kind, struct{}{}, nil)
	case turn.End:
		a.end(c, e.Reason)
	}
}

func (a *interviewActor) setTimer(c *engine.Ctx[interviewMsg], e turn.SetTimer) {
	a.stopTimer(e.Timer)
	a.timers[e.Timer] = c.After(max(0, e.At-a.since()), timerFired{timer: e.Timer, at: e.At})
}

func (a *interviewActor) stopTimer(id turn.TimerID) {
	if t := a.timers[id]; t != nil {
		t.Stop()
		delete(a.timers, id)
	}
}

func (a *interviewActor) show(e turn.Show) {
	a.send(voiceproto.State{Agent: string(e.Agent), User: string(e.User)})
	a.deps.Publisher.Publish(LiveEvent{Interview: a.info.ID, Name: "interview:state", Payload: liveState{a.info.ID, e.Agent, e.User}})
}

// commitTurn makes the candidate's words a line.
func (a *interviewActor) commitTurn(e turn.CommitTurn) {
	text := cleanText(e.Text)
	if text == "" {
		return
	}
	a.remember(interview.RoleUser, text)
	a.record(interview.KindTurnCommitted, interview.TurnCommitted{Turn: e.Turn, Text: text, Segments: e.Segments, Aside: e.Aside}, func() {
		if a.desk == nil { // contract section 5.4: in writing, the interviewer's lines alone are told
			a.publishLine(interview.RoleUser, text)
		}
	})
}

// commitReply makes what was heard of a reply a line.
func (a *interviewActor) commitReply(e turn.CommitReply) {
	heard := cleanText(e.Heard)
	if heard != "" {
		a.remember(interview.RoleAssistant, heard)
	}
	answer := func() {}
	if a.desk != nil && heard != "" {
		answer = a.desk.answered(heard)
	}
	a.record(interview.KindReplyEnded, interview.ReplyEnded{
		Reply: e.Reply, Turn: e.Turn, Heard: heard, Interrupted: e.Interrupted, Played: e.Played,
	}, func() {
		if heard != "" {
			a.publishLine(interview.RoleAssistant, heard)
		}
		answer()
	})
}

func (a *interviewActor) publishLine(role interview.Role, text string) {
	a.deps.Publisher.Publish(LiveEvent{Interview: a.info.ID, Name: "interview:message", Payload: liveLine{a.info.ID, lineText{role, text}}})
}

// The payloads of live events (contract section 5.4; the state is an addition).
type (
	liveLine struct {
		InterviewID interview.ID `json:"interviewId"`
		Message     lineText     `json:"message"`
	}
	lineText struct {
		Role    interview.Role `json:"role"`
		Content string         `json:"content"`
	}
	liveState struct {
		InterviewID interview.ID    `json:"interviewId"`
		Agent       turn.AgentState `json:"agent"`
		User        turn.UserState  `json:"user"`
	}
)
