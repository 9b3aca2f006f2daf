package journal

import (
	"bytes"
	"errors"
	"io"
)

const (
	scanChunk = 64 << 10
	// sector is what a disk can't read at a time, and maxUnreadable how many of them
	// are stepped over before a file is left unread.
	sector        = 4 << 10
	maxUnreadable = 64
)

// line is a line of a file.
type line struct {
	at      int64
	text    []byte // without the line end; valid until the next line
	ended   bool   // by a line end, not by the end of the file
	spoiled bool   // part of it can't be read or is not kept; text is empty
}

// scan tells visit the lines of the first size bytes of r, in order; it holds one
// line and a chunk. What can't be read spoils the line it is in.
func scan(r io.ReaderAt, size int64, visit func(line)) {
	chunk := make([]byte, scanChunk)
	var cur line
	for at, unreadable := int64(0), 0; at < size; {
		want := min(size-at, scanChunk)
		n, err := r.ReadAt(chunk[:want], at)
		for part := chunk[:n]; len(part) > 0; {
			text, rest, ended := bytes.Cut(part, []byte{'\n'})
			cur.add(text)
			at += int64(len(text))
			if ended {
				at++
				cur.ended = true
				visit(cur)
				cur = line{at: at, text: cur.text[:0]}
			}
			part = rest
		}
		if int64(n) == want {
			continue
		}
		cur.spoil()
		if unreadable++; errors.Is(err, io.EOF) || unreadable >= maxUnreadable {
			at = size
		} else {
			at = (at/sector + 1) * sector
		}
	}
	if cur.at < size {
		visit(cur)
	}
}

func (l *line) add(text []byte) {
	switch {
	case l.spoiled:
	case len(l.text)+len(text) > maxRecord:
		l.spoil()
	default:
		l.text = append(l.text, text...)
	}
}

func (l *line) spoil() { l.spoiled, l.text = true, l.text[:0] }

// sound returns what of the line is a record, without what a damaged line end has
// put before or behind it, and where in the line that begins. whole says that
// nothing had to be left out.
func (l *line) sound() (text []byte, skipped int, whole, ok bool) {
	if l.spoiled || len(l.text) == 0 {
		return nil, 0, false, false
	}
	if _, err := checked(l.text); err == nil {
		return l.text, 0, true, true
	}
	if text = l.text[:len(l.text)-1]; sumIsRight(text) {
		return text, 0, false, true
	}
	if text = l.text[1:]; sumIsRight(text) {
		return text, 1, false, true
	}
	return nil, 0, false, false
}

func sumIsRight(line []byte) bool {
	_, err := checked(line)
	return err == nil
}
