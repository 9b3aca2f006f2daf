package voiceproto

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/vantahire/vantahire/interview"
)

// Bounds of what a client may say.
const (
	// MaxText is the length of a typed answer in characters (contract section
	// 2.5: a message's content).
	MaxText = 10_000
	// MaxName is the length in characters of the names a client sends: of itself,
	// of a consent text's version.
	MaxName = 200
	// MaxPlayedMS is the longest reply position a client can report: a day.
	MaxPlayedMS = 24 * 60 * 60 * 1000
)

// ClientMessage is what a candidate's client sends. The set is sealed.
type ClientMessage interface {
	clientType() string
	// settle brings a decoded message into its final form and checks its bounds.
	settle() (ClientMessage, error)
}

type (
	// Ping asks for a Pong.
	Ping struct{}
	// FinishSpeaking is the candidate's "I'm done": what is pending is processed
	// at once.
	FinishSpeaking struct{}
	// End completes the interview.
	End struct{}
	// Played says how much of a reply has been played. It is sent every 100 ms
	// while something plays and on Hold, Flush and the reply's end.
	Played struct {
		Reply interview.ReplyNo `json:"reply"`
		MS    int64             `json:"ms"` // from the reply's start
	}
	// Text is a typed answer: a whole turn.
	Text struct {
		Content string `json:"content"` // 1 to MaxText characters, without NUL
	}
	// Consent accepts the consent text of the given version.
	Consent struct {
		Version string `json:"version"`
	}
	// Skip leaves the present question.
	Skip struct{}
	// Repeat asks to hear the question again.
	Repeat struct{}
	// Pause stops the conversation and its clock.
	Pause struct{}
	// Resume goes on after Pause.
	Resume struct{}
	// Hello announces what the client can do. It is optional, and the first
	// message when it is sent: a client that sends neither Hello nor Played is
	// taken for one that knows only the contract.
	Hello struct {
		Acks   bool   `json:"acks"`             // it will send Played
		Gain   bool   `json:"gain"`             // it carries out Gain itself
		Typing bool   `json:"typing,omitempty"` // the candidate types: no microphone, no speech recognition needed
		Client string `json:"client,omitempty"` // name and version, for the log
	}
)

func (Ping) clientType() string           { return "ping" }
func (FinishSpeaking) clientType() string { return "finish_speaking" }
func (End) clientType() string            { return "end" }
func (Played) clientType() string         { return "played" }
func (Text) clientType() string           { return "text" }
func (Consent) clientType() string        { return "consent" }
func (Skip) clientType() string           { return "skip" }
func (Repeat) clientType() string         { return "repeat" }
func (Pause) clientType() string          { return "pause" }
func (Resume) clientType() string         { return "resume" }
func (Hello) clientType() string          { return "hello" }

func (m Ping) settle() (ClientMessage, error)           { return m, nil }
func (m FinishSpeaking) settle() (ClientMessage, error) { return m, nil }
func (m End) settle() (ClientMessage, error)            { return m, nil }
func (m Skip) settle() (ClientMessage, error)           { return m, nil }
func (m Repeat) settle() (ClientMessage, error)         { return m, nil }
func (m Pause) settle() (ClientMessage, error)          { return m, nil }
func (m Resume) settle() (ClientMessage, error)         { return m, nil }

func (m Played) settle() (ClientMessage, error) {
	switch {
	case m.Reply == 0:
		return nil, fmt.Errorf("%w: reply is missing", ErrInvalid)
	case m.MS < 0 || m.MS > MaxPlayedMS:
		return nil, fmt.Errorf("%w: ms is %d, not within 0..%d", ErrInvalid, m.MS, MaxPlayedMS)
	}
	return m, nil
}

func (m Text) settle() (ClientMessage, error) {
	m.Content = strings.TrimSpace(withoutNUL(m.Content))
	n := utf8.RuneCountInString(m.Content)
	if n == 0 || n > MaxText {
		return nil, fmt.Errorf("%w: content has %d characters, not 1 to %d", ErrInvalid, n, MaxText)
	}
	return m, nil
}

func (m Consent) settle() (ClientMessage, error) {
	m.Version = withoutNUL(m.Version)
	if m.Version == "" || utf8.RuneCountInString(m.Version) > MaxName {
		return nil, fmt.Errorf("%w: version must have 1 to %d characters", ErrInvalid, MaxName)
	}
	return m, nil
}

func (m Hello) settle() (ClientMessage, error) {
	m.Client = withoutNUL(m.Client)
	if utf8.RuneCountInString(m.Client) > MaxName {
		return nil, fmt.Errorf("%w: client has more than %d characters", ErrInvalid, MaxName)
	}
	return m, nil
}

// withoutNUL drops U+0000, which JSON can carry and PostgreSQL's text can't.
func withoutNUL(s string) string {
	return strings.ReplaceAll(s, "\x00", "")
}

var clientMessages = registry[ClientMessage]{
	"ping":            decodeAs[ClientMessage, Ping],
	"finish_speaking": decodeAs[ClientMessage, FinishSpeaking],
	"end":             decodeAs[ClientMessage, End],
	"played":          decodeAs[ClientMessage, Played],
	"text":            decodeAs[ClientMessage, Text],
	"consent":         decodeAs[ClientMessage, Consent],
	"skip":            decodeAs[ClientMessage, Skip],
	"repeat":          decodeAs[ClientMessage, Repeat],
	"pause":           decodeAs[ClientMessage, Pause],
	"resume":          decodeAs[ClientMessage, Resume],
	"hello":           decodeAs[ClientMessage, Hello],
}

// EncodeClient returns the JSON form of m. It does not check bounds: the server
// does.
func EncodeClient(m ClientMessage) ([]byte, error) {
	if m == nil {
		return nil, fmt.Errorf("encode client message: %w: nil", ErrInvalid)
	}
	return encode(m.clientType(), m)
}

// DecodeClient reads one message of a client: at most MaxMessage bytes. A
// message that must be ignored gives ErrUnknownType; what is wrong about any
// other is told by ErrTooLarge, ErrTooDeep, ErrMalformed or ErrInvalid.
func DecodeClient(raw []byte) (ClientMessage, error) {
	m, err := clientMessages.decode(raw)
	if err != nil {
		return nil, fmt.Errorf("decode client message: %w", err)
	}
	if m, err = m.settle(); err != nil {
		return nil, fmt.Errorf("decode client message: %w", err)
	}
	return m, nil
}
