package codec

import (
	"time"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// The types of stored events. They are stored: never rename one.
const (
	typeBegin          = "begin"
	typeConnectionUp   = "up"
	typeConnectionDown = "down"
	typeSpeechStarted  = "speech"
	typeSpeechEnded    = "silence"
	typePartial        = "partial"
	typeFinal          = "final"
	typeBacklog        = "backlog"
	typeTyped          = "typed"
	typeFinishSpeaking = "done"
	typeRepeatAsked    = "repeat"
	typeSkipAsked      = "skip"
	typePauseAsked     = "pause"
	typeResumeAsked    = "resume"
	typeEndAsked       = "end"
	typePlanned        = "planned"
	typeSounding       = "sounding"
	typeSpoken         = "spoken"
	typeStopped        = "stopped"
	typeFailed         = "failed"
	typeStageChanged   = "stage"
	typeBudgetSpent    = "budget"
	typeFired          = "fired"
	typeWhispered      = "whisper"
	typeTakenOver      = "takeover"
	typeOperatorSaid   = "say"
	typeHandedBack     = "handback"
	typeTerminated     = "terminate"
)

// write is an input's form, but for what depends on the one before.
func write(in Input) (form, bool) {
	ago := func(t time.Duration) time.Duration { return in.At - t }
	switch e := in.Event.(type) {
	case turn.Begin:
		return form{Type: typeBegin, Flags: flags(e.Resumed)}, true
	case turn.ConnectionUp:
		return form{Type: typeConnectionUp, No: uint32(e.Conn), Flags: flags(e.Typing)}, true
	case turn.ConnectionDown:
		return form{Type: typeConnectionDown, No: uint32(e.Conn), Name: e.Reason}, true
	case turn.SpeechStarted:
		return form{Type: typeSpeechStarted, From: ago(e.From)}, true
	case turn.SpeechEnded:
		return form{Type: typeSpeechEnded, To: ago(e.To)}, true
	case turn.Partial:
		return form{Type: typePartial, Text: e.Text, From: ago(e.From), To: ago(e.To)}, true
	case turn.Final:
		return form{Type: typeFinal, No: uint32(e.Segment), Text: e.Text, Sure: number(e.Confidence), From: ago(e.From), To: ago(e.To)}, true
	case turn.Backlog:
		return form{Type: typeBacklog, Flags: flags(e.Behind)}, true
	case turn.Typed:
		return form{Type: typeTyped, No: uint32(e.Segment), Text: e.Text}, true
	case turn.FinishSpeaking:
		return form{Type: typeFinishSpeaking}, true
	case turn.RepeatAsked:
		return form{Type: typeRepeatAsked}, true
	case turn.SkipAsked:
		return form{Type: typeSkipAsked}, true
	case turn.PauseAsked:
		return form{Type: typePauseAsked}, true
	case turn.ResumeAsked:
		return form{Type: typeResumeAsked}, true
	case turn.EndAsked:
		return form{Type: typeEndAsked}, true
	case turn.Planned:
		return form{Type: typePlanned, No: uint32(e.Reply), Flags: flags(e.Closing, e.Patient, e.Wait)}, true
	case turn.Sounding:
		return form{Type: typeSounding, No: uint32(e.Reply)}, true
	case turn.Spoken:
		return form{Type: typeSpoken, No: uint32(e.Reply), Text: e.Text, Played: e.Played}, true
	case turn.Stopped:
		return form{Type: typeStopped, No: uint32(e.Reply), Text: e.Heard, Played: e.Played}, true
	case turn.Failed:
		return form{Type: typeFailed, No: uint32(e.Reply), Name: string(e.Stage), Text: e.Heard, Played: e.Played}, true
	case turn.StageChanged:
		return form{Type: typeStageChanged, Name: string(e.Stage), Flags: flags(e.Up)}, true
	case turn.BudgetSpent:
		return form{Type: typeBudgetSpent}, true
	case turn.Fired:
		return form{Type: typeFired, Name: string(e.Timer), From: ago(e.At)}, true
	case turn.Whispered:
		return form{Type: typeWhispered, Name: e.User, Text: e.Text}, true
	case turn.TakenOver:
		return form{Type: typeTakenOver, Name: e.User}, true
	case turn.OperatorSaid:
		return form{Type: typeOperatorSaid, Name: e.User, Text: e.Text}, true
	case turn.HandedBack:
		return form{Type: typeHandedBack, Name: e.User}, true
	case turn.Terminated:
		return form{Type: typeTerminated, Name: string(e.Reason)}, true
	}
	return form{}, false
}

// read is the event of a form that was told at the moment at.
func read(f form, at time.Duration) (turn.Event, bool) {
	reply, first := interview.ReplyNo(f.No), f.Flags&flagFirst != 0
	switch f.Type {
	case typeBegin:
		return turn.Begin{Resumed: first}, true
	case typeConnectionUp:
		return turn.ConnectionUp{Conn: interview.ConnNo(f.No), Typing: first}, true
	case typeConnectionDown:
		return turn.ConnectionDown{Conn: interview.ConnNo(f.No), Reason: f.Name}, true
	case typeSpeechStarted:
		return turn.SpeechStarted{From: at - f.From}, true
	case typeSpeechEnded:
		return turn.SpeechEnded{To: at - f.To}, true
	case typePartial:
		return turn.Partial{Text: f.Text, From: at - f.From, To: at - f.To}, true
	case typeFinal:
		return turn.Final{Segment: interview.SegmentNo(f.No), Text: f.Text, Confidence: f.Sure, From: at - f.From, To: at - f.To}, true
	case typeBacklog:
		return turn.Backlog{Behind: first}, true
	case typeTyped:
		return turn.Typed{Segment: interview.SegmentNo(f.No), Text: f.Text}, true
	case typeFinishSpeaking:
		return turn.FinishSpeaking{}, true
	case typeRepeatAsked:
		return turn.RepeatAsked{}, true
	case typeSkipAsked:
		return turn.SkipAsked{}, true
	case typePauseAsked:
		return turn.PauseAsked{}, true
	case typeResumeAsked:
		return turn.ResumeAsked{}, true
	case typeEndAsked:
		return turn.EndAsked{}, true
	case typePlanned:
		return turn.Planned{Reply: reply, Closing: first, Patient: f.Flags&flagSecond != 0, Wait: f.Flags&flagThird != 0}, true
	case typeSounding:
		return turn.Sounding{Reply: reply}, true
	case typeSpoken:
		return turn.Spoken{Reply: reply, Text: f.Text, Played: f.Played}, true
	case typeStopped:
		return turn.Stopped{Reply: reply, Heard: f.Text, Played: f.Played}, true
	case typeFailed:
		return turn.Failed{Reply: reply, Stage: providers.Stage(f.Name), Heard: f.Text, Played: f.Played}, true
	case typeStageChanged:
		return turn.StageChanged{Stage: providers.Stage(f.Name), Up: first}, true
	case typeBudgetSpent:
		return turn.BudgetSpent{}, true
	case typeFired:
		return turn.Fired{Timer: turn.TimerID(f.Name), At: at - f.From}, true
	case typeWhispered:
		return turn.Whispered{User: f.Name, Text: f.Text}, true
	case typeTakenOver:
		return turn.TakenOver{User: f.Name}, true
	case typeOperatorSaid:
		return turn.OperatorSaid{User: f.Name, Text: f.Text}, true
	case typeHandedBack:
		return turn.HandedBack{User: f.Name}, true
	case typeTerminated:
		return turn.Terminated{Reason: interview.EndReason(f.Name)}, true
	}
	return nil, false
}

func flags(set ...bool) uint8 {
	var f uint8
	for i, on := range set {
		if on {
			f |= flagFirst << i
		}
	}
	return f
}
