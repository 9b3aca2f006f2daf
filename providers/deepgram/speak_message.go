package deepgram

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gorilla/websocket"
)

// speakMessage is a text frame of the service, the spellings of all its versions
// taken together.
type speakMessage struct {
	kind        string // "Flushed", "Warning", ...
	code        string // of a warning or an error
	description string
}

// readSpeakMessage reads a text frame. A field of a wrong type counts as missing.
func readSpeakMessage(raw []byte) (speakMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return speakMessage{}, fmt.Errorf("read message: %w", err)
	}
	pick := func(names ...string) string {
		for _, name := range names {
			var s string
			if json.Unmarshal(fields[name], &s) == nil && s != "" {
				return s
			}
		}
		return ""
	}
	m := speakMessage{kind: pick("type"), code: pick("code", "warn_code", "err_code"), description: pick("description", "warn_msg", "err_msg", "message")}
	if m.kind == "" {
		return m, errors.New("message without a type")
	}
	var sequence int
	if raw, given := fields["sequence_id"]; given && json.Unmarshal(raw, &sequence) != nil {
		return speakMessage{}, errors.New("acknowledgement without its number")
	}
	return m, nil
}

// refusesFlush reports a warning that a flush was ignored. The code's exact text
// is not published.
func (m speakMessage) refusesFlush() bool {
	return strings.Contains(strings.ToLower(m.code+" "+m.description), "flush")
}

// SpeakCloseError is the end of a socket as the service told it.
type SpeakCloseError struct {
	Code   int    // of the WebSocket's close frame; 1006 without one
	Reason string // "DATA-0001", ...
}

// Error is the code and the reason.
func (e *SpeakCloseError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("socket closed with %d %s", e.Code, e.Reason))
}

// Retry reports whether the same text may succeed on another socket: what is wrong
// with a message stays wrong, while a limit, a time-out or a fault of the service
// goes by.
func (e *SpeakCloseError) Retry() bool {
	switch e.Code {
	case websocket.CloseUnsupportedData, websocket.CloseMessageTooBig:
		return false
	case websocket.ClosePolicyViolation:
		return strings.Contains(e.Reason, "DATA-0001")
	}
	return true
}

// speakReadFailure is why a socket can't be read any more.
func speakReadFailure(err error) error {
	var closed *websocket.CloseError
	if !errors.As(err, &closed) {
		return speakFailure(true, fmt.Errorf("read: %w", err))
	}
	e := &SpeakCloseError{Code: closed.Code, Reason: speakShort(closed.Text)}
	return speakFailure(e.Retry(), e)
}

// speakErrorMessage is an Error message of the service.
func speakErrorMessage(m speakMessage) error {
	return speakFailure(true, fmt.Errorf("the service says: %s", speakShort(m.code+" "+m.description)))
}

// speakShort bounds the service's own words.
func speakShort(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
	if len(s) > 200 {
		cut := 200
		for !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut]
	}
	return s
}
