package voiceproto

import (
	"fmt"

	"github.com/vantahire/vantahire/interview"
)

// PCM is the only audio encoding of the WebSocket.
const PCM = "pcm_s16le"

// ServerMessage is what the server sends. The set is sealed.
type ServerMessage interface{ serverType() string }

// The messages of the contract (section 6); fields beyond it are additions.
type (
	// Ready says that the call runs and microphone audio is welcome.
	Ready struct {
		InterviewID interview.ID     `json:"interviewId"`
		Audio       Format           `json:"audio"`   // what the server sends
		Input       Format           `json:"input"`   // what the client has to send
		Resumed     bool             `json:"resumed"` // the conversation goes on where it stopped
		Conn        interview.ConnNo `json:"conn"`
	}
	// Transcript is what was understood. A final one is durable; an interim one
	// replaces the interim one before it.
	Transcript struct {
		Text       string              `json:"text"`
		IsFinal    bool                `json:"isFinal"`
		Confidence float64             `json:"confidence"`        // 0..1
		Segment    interview.SegmentNo `json:"segment,omitempty"` // set on finals
	}
	// Processing says that the candidate's turn is being answered.
	Processing struct{}
	// Response is a durable line of the interviewer.
	Response struct {
		Text  string            `json:"text"`
		Reply interview.ReplyNo `json:"reply"`
	}
	// AudioComplete follows the last audio frame of a reply; for a flushed reply
	// it follows Flush.
	AudioComplete struct {
		Reply interview.ReplyNo `json:"reply"`
	}
	// Error tells the candidate what went wrong.
	Error struct {
		Message string    `json:"message"` // in plain words, ready to be shown
		Code    ErrorCode `json:"code"`
		Retry   bool      `json:"retry"` // whether the same may work later
	}
	// Pong answers a Ping.
	Pong struct{}
	// Ended says that the interview is over. Close code 1000 follows.
	Ended struct {
		InterviewID interview.ID        `json:"interviewId"`
		Reason      interview.EndReason `json:"reason"`
	}
)

// The additions to the contract.
type (
	// Speech precedes the first binary frame of a reply on this connection, and
	// any frame that does not continue the one before it.
	Speech struct {
		Reply interview.ReplyNo `json:"reply"`
		Rate  int               `json:"rate"`           // samples per second of the frames that follow
		From  int64             `json:"from,omitempty"` // where in the reply the next frame begins, ms; beyond 0 after a reconnect
		Text  string            `json:"text,omitempty"`
	}
	// Gain asks the client to bring the reply's volume to DB within MS by a
	// linear ramp. A new reply begins at 0 dB.
	Gain struct {
		Reply interview.ReplyNo `json:"reply"`
		DB    float64           `json:"db"`
		MS    int               `json:"ms"`
	}
	// Hold stops the reply where it is; what is not played yet is kept.
	Hold struct {
		Reply interview.ReplyNo `json:"reply"`
	}
	// Release goes on with the very next sample after a Hold.
	Release struct {
		Reply interview.ReplyNo `json:"reply"`
	}
	// Flush drops what is not played yet of the reply and of every one before.
	// No frame of them follows.
	Flush struct {
		Reply interview.ReplyNo `json:"reply"`
	}
	// State is what the two are doing, in the words of package turn.
	State struct {
		Agent string `json:"agent"`
		User  string `json:"user"`
	}
	// Turn reports where the time of an answered turn went.
	Turn struct {
		Turn   interview.TurnNo  `json:"turn"`
		Reply  interview.ReplyNo `json:"reply"`
		Stages Stages            `json:"stages"`
	}
	// Gone says that this connection will be closed while the interview goes on
	// or can be resumed.
	Gone struct {
		Reason GoneReason `json:"reason"`
	}
	// ConsentRequired asks for a Consent with this version before anything is
	// heard or stored.
	ConsentRequired struct {
		Version string `json:"version"`
		Text    string `json:"text"`
	}
	// Caption is a sentence about to be spoken with its place in the reply's
	// audio, so that captions can follow the voice.
	Caption struct {
		Reply interview.ReplyNo `json:"reply"`
		Text  string            `json:"text"`
		From  int64             `json:"from"` // ms from the reply's start
		To    int64             `json:"to"`
	}
	// Notice tells the candidate about a change that is no error.
	Notice struct {
		Text string    `json:"text"`
		Code ErrorCode `json:"code"`
	}
)

// Format describes a direction's binary frames.
type Format struct {
	Encoding   string `json:"encoding"`
	SampleRate int    `json:"sampleRate"`
	Channels   int    `json:"channels"`
}

// Stage is one step from the end of the candidate's speech to the moment the
// answer plays.
type Stage string

// The stages of a turn, in order; StageTotal is their sum.
const (
	StageSpeechEndToFinal     Stage = "speechEndToFinal"
	StageFinalToDecision      Stage = "finalToDecision"
	StageDecisionToFirstToken Stage = "decisionToFirstToken"
	StageFirstTokenToSentence Stage = "firstTokenToSentence"
	StageSentenceToAudio      Stage = "sentenceToAudio"
	StageAudioToFirstPacket   Stage = "audioToFirstPacket"
	StageFirstPacketToPlayed  Stage = "firstPacketToPlayed" // by the client's acknowledgements
	StageTotal                Stage = "total"
)

// Stages holds milliseconds per stage; a stage that did not happen is missing.
type Stages map[Stage]float64

func (Ready) serverType() string           { return "ready" }
func (Transcript) serverType() string      { return "transcript" }
func (Processing) serverType() string      { return "processing" }
func (Response) serverType() string        { return "response" }
func (AudioComplete) serverType() string   { return "audio_complete" }
func (Error) serverType() string           { return "error" }
func (Pong) serverType() string            { return "pong" }
func (Ended) serverType() string           { return "ended" }
func (Speech) serverType() string          { return "speech" }
func (Gain) serverType() string            { return "gain" }
func (Hold) serverType() string            { return "hold" }
func (Release) serverType() string         { return "release" }
func (Flush) serverType() string           { return "flush" }
func (State) serverType() string           { return "state" }
func (Turn) serverType() string            { return "turn" }
func (Gone) serverType() string            { return "gone" }
func (ConsentRequired) serverType() string { return "consent_required" }
func (Caption) serverType() string         { return "caption" }
func (Notice) serverType() string          { return "notice" }

var serverMessages = registry[ServerMessage]{
	"ready":            decodeAs[ServerMessage, Ready],
	"transcript":       decodeAs[ServerMessage, Transcript],
	"processing":       decodeAs[ServerMessage, Processing],
	"response":         decodeAs[ServerMessage, Response],
	"audio_complete":   decodeAs[ServerMessage, AudioComplete],
	"error":            decodeAs[ServerMessage, Error],
	"pong":             decodeAs[ServerMessage, Pong],
	"ended":            decodeAs[ServerMessage, Ended],
	"speech":           decodeAs[ServerMessage, Speech],
	"gain":             decodeAs[ServerMessage, Gain],
	"hold":             decodeAs[ServerMessage, Hold],
	"release":          decodeAs[ServerMessage, Release],
	"flush":            decodeAs[ServerMessage, Flush],
	"state":            decodeAs[ServerMessage, State],
	"turn":             decodeAs[ServerMessage, Turn],
	"gone":             decodeAs[ServerMessage, Gone],
	"consent_required": decodeAs[ServerMessage, ConsentRequired],
	"caption":          decodeAs[ServerMessage, Caption],
	"notice":           decodeAs[ServerMessage, Notice],
}

// EncodeServer returns the JSON form of m. It fails for a number JSON has no
// form for (NaN, infinity) and for nil, which are defects of the caller.
func EncodeServer(m ServerMessage) ([]byte, error) {
	if m == nil {
		return nil, fmt.Errorf("encode server message: %w: nil", ErrInvalid)
	}
	return encode(m.serverType(), m)
}

// DecodeServer reads one message of a server, with the bounds and errors of
// DecodeClient.
func DecodeServer(raw []byte) (ServerMessage, error) {
	m, err := serverMessages.decode(raw)
	if err != nil {
		return nil, fmt.Errorf("decode server message: %w", err)
	}
	return m, nil
}

// ServerType is the name m has on the wire.
func ServerType(m ServerMessage) string { return m.serverType() }

// ClientType is the name m has on the wire.
func ClientType(m ClientMessage) string { return m.clientType() }
