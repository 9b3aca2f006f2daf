package record

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/vantahire/vantahire/interview"
)

const (
	fileFormat  = "vantahire record"
	fileVersion = 1

	// maxLine, maxFile and maxEntries bound what Read takes: a document of the
	// ledger has at most 1 MiB, and a call of four hours some ten thousand events.
	maxLine    = 4 << 20
	maxFile    = 256 << 20
	maxEntries = 1 << 20
)

// ErrNotRecord says that what was read is not a record, or not a whole one.
var ErrNotRecord = errors.New("not a record")

// entry is one line of a file: exactly one of its fields is set.
type entry struct {
	Head        *head        `json:"record,omitempty"`
	Event       *event       `json:"event,omitempty"`
	Line        *Line        `json:"line,omitempty"`
	Late        *event       `json:"late,omitempty"`
	Quarantined *Quarantined `json:"quarantined,omitempty"`
	Seal        *Seal        `json:"seal,omitempty"`
	Entries     *int         `json:"entries,omitempty"` // the last line: how many are between it and the head
}

type head struct {
	Format    string       `json:"format"`
	Version   int          `json:"version"`
	Interview interview.ID `json:"interview"`
}

type event struct {
	Interview *interview.ID       `json:"interview,omitempty"` // when it is not that of the record
	Seq       interview.Seq       `json:"seq"`
	Fence     interview.Fence     `json:"fence"`
	Kind      interview.EventKind `json:"kind"`
	At        time.Time           `json:"at"`
	Clock     time.Duration       `json:"clock"` // nanoseconds
	Payload   json.RawMessage     `json:"payload"`
}

// Write writes a record as lines of JSON: a head, one line for each event and line,
// and their number as the last line, so that a file that was cut off is known.
func Write(w io.Writer, r Record) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	n := 0
	put := func(e entry) error {
		n++
		return enc.Encode(e)
	}
	err := enc.Encode(entry{Head: &head{Format: fileFormat, Version: fileVersion, Interview: r.Interview}})
	for i := 0; err == nil && i < len(r.Events); i++ {
		err = put(entry{Event: toFile(r.Interview, r.Events[i])})
	}
	for i := 0; err == nil && i < len(r.Lines); i++ {
		err = put(entry{Line: &r.Lines[i]})
	}
	for i := 0; err == nil && i < len(r.Late); i++ {
		err = put(entry{Late: toFile(r.Interview, r.Late[i])})
	}
	for i := 0; err == nil && i < len(r.Quarantined); i++ {
		err = put(entry{Quarantined: &r.Quarantined[i]})
	}
	if err == nil && r.Seal != nil {
		err = put(entry{Seal: r.Seal})
	}
	if err == nil {
		err = enc.Encode(entry{Entries: &n})
	}
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		return fmt.Errorf("write record of interview %s: %w", r.Interview, err)
	}
	return nil
}

func toFile(id interview.ID, e interview.Event) *event {
	f := &event{Seq: e.Seq, Fence: e.Fence, Kind: e.Kind, At: e.At.UTC(), Clock: e.Clock, Payload: e.Payload}
	if e.Interview != id {
		f.Interview = &e.Interview
	}
	return f
}

func (f *event) event(id interview.ID) interview.Event {
	if f.Interview != nil {
		id = *f.Interview
	}
	return interview.Event{Interview: id, Seq: f.Seq, Fence: f.Fence, Kind: f.Kind, At: f.At.UTC(), Clock: f.Clock, Payload: f.Payload}
}

// Read reads what Write wrote. Errors are those of in, or ErrNotRecord with the
// number of the line.
func Read(in io.Reader) (Record, error) {
	limited := &io.LimitedReader{R: in, N: maxFile + 1}
	lines := bufio.NewScanner(limited)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	var r Record
	bad := func(n int, what string) (Record, error) {
		return Record{}, fmt.Errorf("%w: line %d: %s", ErrNotRecord, n, what)
	}
	n, done := 0, false
	for lines.Scan() {
		n++
		var e entry
		switch err := strict(lines.Bytes(), &e); {
		case err != nil:
			return bad(n, "not a line of a record")
		case n > maxEntries:
			return bad(n, "too many lines")
		case done:
			return bad(n, "something follows the last line")
		case n == 1 && (e.Head == nil || e.Head.Format != fileFormat):
			return bad(n, "no head")
		case n == 1 && e.Head.Version != fileVersion:
			return bad(n, fmt.Sprintf("version %d is not known", e.Head.Version))
		case n == 1:
			r.Interview = e.Head.Interview
			continue
		case e.Entries != nil:
			if *e.Entries != n-2 {
				return bad(n, fmt.Sprintf("%d lines are there, %d were written", n-2, *e.Entries))
			}
			done = true
			continue
		}
		if !r.take(e) {
			return bad(n, "not a line of a record")
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return bad(n+1, "it is too long")
	case err != nil:
		return Record{}, fmt.Errorf("read record: %w", err)
	case limited.N == 0:
		return bad(n, "the file is too long")
	case !done:
		return bad(n, "the end is missing")
	}
	return r, nil
}

// take adds a line's content; false when it has none.
func (r *Record) take(e entry) bool {
	switch {
	case e.Event != nil && e.Event.Payload != nil:
		r.Events = append(r.Events, e.Event.event(r.Interview))
	case e.Line != nil:
		r.Lines = append(r.Lines, *e.Line)
	case e.Late != nil && e.Late.Payload != nil:
		r.Late = append(r.Late, e.Late.event(r.Interview))
	case e.Quarantined != nil:
		r.Quarantined = append(r.Quarantined, *e.Quarantined)
	case e.Seal != nil && r.Seal == nil:
		r.Seal = e.Seal
	default:
		return false
	}
	return true
}

// strict decodes one line, which has no field this program does not know: leaving
// one out would change what is verified.
func strict(line []byte, e *entry) error {
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(e); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return ErrNotRecord
	}
	return nil
}
