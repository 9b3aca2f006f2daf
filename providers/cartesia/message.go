package cartesia

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
)

// kind is what a server's message means for a context.
type kind int

const (
	sound   kind = iota + 1 // pcm
	times                   // words
	flushed                 // flush: all sound before that flush was sent
	over                    // the context has ended
	refused                 // err
	corrupt                 // sound that can't be read
	broken                  // err: the socket is gone; no message of the server
)

// event is one message to a context.
type event struct {
	kind    kind
	context string
	pcm     []byte           // little-endian 16 bit; may begin or end within a sample
	words   []providers.Word // their times count from the context's first sample
	flush   int              // from 1
	err     error            // *dial.Refusal for refused
}

var (
	errNoMessage = errors.New("not a message of the protocol")
	errUnknown   = errors.New("message of a kind nobody knows")
)

const (
	// latest bounds the time of a word within a context: nobody speaks for an hour.
	latest = time.Hour
	// maxWords bounds the words of one message; a sentence has some dozens.
	maxWords = 4096
)

// message is a server's message as it stands on the wire.
type message struct {
	Type       string          `json:"type"`
	ContextID  string          `json:"context_id"`
	Data       string          `json:"data"`
	StatusCode int             `json:"status_code"`
	FlushID    int             `json:"flush_id"`
	Words      json.RawMessage `json:"word_timestamps"`
	RequestID  string          `json:"request_id"`
}

// decode reads a message. Fields of a wrong type are taken as missing. An error
// means that there is nothing to act on.
func decode(raw []byte) (event, error) {
	var m message
	if err := json.Unmarshal(raw, &m); err != nil {
		var wrong *json.UnmarshalTypeError
		if !errors.As(err, &wrong) || m.Type == "" {
			return event{}, errNoMessage
		}
	}
	e := event{context: m.ContextID}
	switch m.Type {
	case "chunk":
		pcm, err := base64.StdEncoding.DecodeString(m.Data)
		e.kind, e.pcm = sound, pcm
		if err != nil || m.Data == "" {
			e.kind, e.pcm = corrupt, nil
		}
	case "timestamps":
		e.kind, e.words = times, readWords(m.Words)
	case "flush_done":
		e.kind, e.flush = flushed, m.FlushID
	case "done":
		e.kind = over
	case "error":
		e.kind, e.err = refused, readRefusal(m, raw)
	case "":
		return event{}, errNoMessage
	default:
		return event{}, errUnknown
	}
	return e, nil
}

// readWords takes words as far as their times make sense.
func readWords(raw json.RawMessage) []providers.Word {
	var w struct {
		Words []string  `json:"words"`
		Start []float64 `json:"start"`
		End   []float64 `json:"end"`
	}
	if json.Unmarshal(raw, &w) != nil {
		return nil
	}
	n := min(len(w.Words), len(w.Start), len(w.End), maxWords)
	words := make([]providers.Word, 0, n)
	for i := range n {
		from, to := w.Start[i], w.End[i]
		if from < 0 || to < from || to > latest.Seconds() {
			continue
		}
		words = append(words, providers.Word{Text: w.Words[i], From: seconds(from), To: seconds(to)})
	}
	return words
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// readRefusal reads both shapes of errors: {"error":"..."} and, since 2026-03-01,
// title, message and error_code.
func readRefusal(m message, raw []byte) *dial.Refusal {
	if m.StatusCode < 400 || m.StatusCode > 599 {
		m.StatusCode = http.StatusInternalServerError
	}
	r := dial.NewRefusal(&http.Response{StatusCode: m.StatusCode, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(raw))})
	if r.Code == "error" { // the message's type
		r.Code = ""
	}
	if r.RequestID = m.RequestID; len(r.RequestID) > maxRequestID {
		r.RequestID = r.RequestID[:maxRequestID]
	}
	return r
}

// maxRequestID is how much of a request's id an error repeats; they are about 100
// characters.
const maxRequestID = 200
