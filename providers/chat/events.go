package chat

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxEvent bounds one event of a stream, and one line of it.
const maxEvent = 1 << 20

// errTooLong indicates an event over that bound.
var errTooLong = errors.New("event of more than 1 MiB")

// events reads server-sent events. It keeps what a chat completion needs: the
// event's name and its data.
type events struct {
	r    *bufio.Reader
	line []byte
	data []byte
}

// event is one of them. Data is valid until the next.
type event struct {
	name string
	data []byte
	// open is set when the stream ended within the event.
	open bool
}

func newEvents(r io.Reader) *events { return &events{r: bufio.NewReaderSize(r, 8<<10)} }

var byteOrderMark = []byte("\xef\xbb\xbf")

// next returns the next event with data; io.EOF at the end.
func (e *events) next() (event, error) {
	var ev event
	e.data = e.data[:0]
	filled := false
	for {
		line, err := e.readLine()
		if err != nil && (!errors.Is(err, io.EOF) || len(line) == 0 && !filled) {
			return event{}, err
		}
		switch name, value := field(line); {
		case len(line) == 0 && err == nil:
			if filled {
				ev.data = e.data
				return ev, nil
			}
			ev = event{}
		case name == "event":
			ev.name = string(value[:min(len(value), 64)])
		case name == "data":
			if len(e.data)+len(value) >= maxEvent {
				return event{}, errTooLong
			}
			if filled {
				e.data = append(e.data, '\n')
			}
			e.data, filled = append(e.data, value...), true
		}
		if err != nil {
			if !filled {
				return event{}, io.EOF
			}
			ev.data, ev.open = e.data, true
			return ev, nil
		}
	}
}

// field splits a line; comments have no name.
func field(line []byte) (name string, value []byte) {
	before, value, _ := bytes.Cut(line, []byte(":"))
	return string(before), bytes.TrimPrefix(value, []byte(" "))
}

// readLine returns a line without its end, with io.EOF when the stream ended
// within it. It is valid until the next.
func (e *events) readLine() ([]byte, error) {
	e.line = e.line[:0]
	for {
		piece, err := e.r.ReadSlice('\n')
		if len(e.line)+len(piece) > maxEvent {
			return nil, errTooLong
		}
		e.line = append(e.line, piece...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		line := bytes.TrimSuffix(bytes.TrimSuffix(e.line, []byte("\n")), []byte("\r"))
		return bytes.TrimPrefix(line, byteOrderMark), err
	}
}
