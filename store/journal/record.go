package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"time"
	"unicode/utf8"

	"github.com/vantahire/vantahire/interview"
)

const (
	format  = "vantahire journal"
	version = 1
	// maxRecord is the longest line that is written or read, its end not counted. An
	// event has some hundred bytes.
	maxRecord = 16 << 20
	sumDigits = 8
	prefix    = sumDigits + 1 // the checksum and a space
	// deepest is how many bytes a JSON text needs to be nested deeper than package
	// encoding/json reads, with some room for what is around it.
	deepest = 9000
)

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	// headerBegin tells a header from a record.
	headerBegin = []byte(`{"format":`)
)

// errRecord refuses a line.
var errRecord = errors.New("not a record")

// header is the first line of a file. Format stays its first field in all versions.
type header struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	// Ends says of earlier files, by number, up to which byte they are good.
	Ends map[int64]int64 `json:"ends,omitempty"`
}

// record is an event as JSON. A text that is not UTF-8 is stored in its own field
// as bytes, and so is a payload that is not compact JSON: each comes back byte for
// byte.
type record struct {
	Interview    string          `json:"interview,omitempty"`
	RawInterview []byte          `json:"interviewBytes,omitempty"`
	Seq          int64           `json:"seq"`
	Fence        int64           `json:"fence"`
	Kind         string          `json:"kind,omitempty"`
	RawKind      []byte          `json:"kindBytes,omitempty"`
	Second       int64           `json:"second"`     // since 1970, UTC
	Nanosecond   int64           `json:"nanosecond"` // of that second
	Clock        int64           `json:"clock"`      // nanoseconds
	Payload      json.RawMessage `json:"payload,omitempty"`
	RawPayload   *[]byte         `json:"payloadBytes,omitempty"`
}

// appendEvent appends an event's line with its line end. An event that is too long
// leaves line as it was.
func appendEvent(line []byte, ev interview.Event) ([]byte, error) {
	r := record{
		Seq: int64(ev.Seq), Fence: int64(ev.Fence), Second: ev.At.Unix(), Nanosecond: int64(ev.At.Nanosecond()), Clock: int64(ev.Clock),
	}
	if r.Interview = string(ev.Interview); !utf8.ValidString(r.Interview) {
		r.Interview, r.RawInterview = "", []byte(ev.Interview)
	}
	if r.Kind = string(ev.Kind); !utf8.ValidString(r.Kind) {
		r.Kind, r.RawKind = "", []byte(ev.Kind)
	}
	switch {
	case ev.Payload == nil:
	case clean(ev.Payload):
		r.Payload = ev.Payload
	default:
		raw := []byte(ev.Payload)
		r.RawPayload = &raw
	}
	line, err := appendLine(line, r)
	if err != nil {
		return line, fmt.Errorf("event %d of interview %s: %w", ev.Seq, ev.Interview, err)
	}
	return line, nil
}

// clean says whether a payload can stand in a line as it is.
func clean(payload []byte) bool {
	if !utf8.Valid(payload) || len(payload) > deepest && !shallow(payload) {
		return false
	}
	var compact bytes.Buffer
	return json.Compact(&compact, payload) == nil && bytes.Equal(compact.Bytes(), payload)
}

// shallow says whether a JSON text stays readable inside another one.
func shallow(text []byte) bool {
	return bytes.Count(text, []byte{'{'})+bytes.Count(text, []byte{'['}) < deepest || json.Valid(fmt.Appendf(nil, "[[%s]]", text))
}

// appendLine appends v as a line.
func appendLine(line []byte, v any) ([]byte, error) {
	began := len(line)
	buf := bytes.NewBuffer(append(line, "00000000 "...))
	enc := json.NewEncoder(buf) // ends with a line feed
	enc.SetEscapeHTML(false)    // a payload stays as it is
	if err := enc.Encode(v); err != nil {
		return line, err
	}
	line = buf.Bytes()
	text := line[began+prefix : len(line)-1]
	if len(text)+prefix > maxRecord {
		return line[:began], ErrTooLarge
	}
	copy(line[began:], fmt.Appendf(nil, "%08x", crc32.Checksum(text, castagnoli)))
	return line, nil
}

// checked returns the JSON of a line, which has no line end, when its checksum is
// right.
func checked(line []byte) ([]byte, error) {
	if len(line) <= prefix || len(line) > maxRecord || line[sumDigits] != ' ' {
		return nil, errRecord
	}
	// One form only, in small letters: a damaged checksum must not pass because it
	// says the same.
	var sum uint32
	for _, c := range line[:sumDigits] {
		switch {
		case c >= '0' && c <= '9':
			sum = sum<<4 | uint32(c-'0')
		case c >= 'a' && c <= 'f':
			sum = sum<<4 | uint32(c-'a'+10)
		default:
			return nil, errRecord
		}
	}
	text := line[prefix:]
	if sum != crc32.Checksum(text, castagnoli) {
		return nil, errRecord
	}
	return text, nil
}

// parseEvent reads a line without its line end.
func parseEvent(line []byte) (interview.Event, error) {
	text, err := checked(line)
	if err != nil || bytes.HasPrefix(text, headerBegin) {
		return interview.Event{}, errRecord
	}
	var r record
	if err := json.Unmarshal(text, &r); err != nil || r.Nanosecond < 0 || r.Nanosecond >= int64(time.Second) {
		return interview.Event{}, errRecord // the decoder's words would quote the line
	}
	ev := interview.Event{
		Interview: interview.ID(r.Interview), Seq: interview.Seq(r.Seq), Fence: interview.Fence(r.Fence), Kind: interview.EventKind(r.Kind),
		At: time.Unix(r.Second, r.Nanosecond).UTC(), Clock: time.Duration(r.Clock), Payload: r.Payload,
	}
	if r.RawInterview != nil {
		ev.Interview = interview.ID(r.RawInterview)
	}
	if r.RawKind != nil {
		ev.Kind = interview.EventKind(r.RawKind)
	}
	if r.RawPayload != nil {
		ev.Payload = *r.RawPayload
	}
	return ev, nil
}

// parseHeader reads the first line of a file. ok says whether it is a header, of
// whatever version.
func parseHeader(line []byte) (h header, ok bool) {
	text, err := checked(line)
	if err != nil || !bytes.HasPrefix(text, headerBegin) {
		return header{}, false
	}
	// A later version may have fields of other types: only its number is sure.
	var first struct {
		Format  string `json:"format"`
		Version int    `json:"version"`
	}
	if json.Unmarshal(text, &first) != nil || first.Format != format {
		return header{}, false
	}
	if first.Version == version && json.Unmarshal(text, &h) != nil {
		return header{}, false
	}
	h.Format, h.Version = first.Format, first.Version
	return h, true
}
