package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/vantahire/vantahire/interview"
)

const (
	// maxBatch bounds what one call of Append may bring: positions in a file have 32
	// bits.
	maxBatch = 1 << 30
	// keptBuffer is the largest buffer that is kept for the next call.
	keptBuffer = 1 << 20
)

var errTooManyFiles = errors.New("too many files have failed")

// Append makes events durable and returns when they are; it waits for the disk
// (write and fsync). With ErrFull nothing was written: Release makes room. After
// any other error none of the events counts as stored either, but some may be read
// back after a restart: storing an event twice must be harmless. The next call
// tries it on a new file.
func (j *Journal) Append(events []interview.Event) error {
	j.tail.Lock()
	defer j.tail.Unlock()
	if j.isClosed() {
		return ErrClosed
	}
	if len(events) == 0 {
		return nil
	}
	spans, err := j.encode(events)
	if err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	if err := j.write(spans, events[0].At); err != nil {
		return fmt.Errorf("append %d events to journal: %w", len(events), err)
	}
	if cap(j.buf) > keptBuffer {
		j.buf = nil
	}
	return nil
}

// encode puts the events' lines into the buffer and returns where each is in it.
func (j *Journal) encode(events []interview.Event) ([]span, error) {
	buf, spans := j.buf[:0], make([]span, 0, len(events))
	for i := range events {
		buf = append(buf, '\n') // so that a line end that is lost joins nothing
		at := len(buf)
		var err error
		if buf, err = appendEvent(buf, events[i]); err != nil {
			return nil, err
		}
		if len(buf) > maxBatch {
			return nil, ErrTooLarge
		}
		spans = append(spans, span{at: uint32(at), n: uint32(len(buf) - 1 - at)})
	}
	j.buf = buf
	return spans, nil
}

// write brings the buffer to the active file, or to a new one. oldest is when its
// first event happened.
func (j *Journal) write(spans []span, oldest time.Time) error {
	if j.active != nil && j.active.size+int64(len(j.buf)) > j.o.fileBytes {
		j.leave()
	}
	if j.active == nil {
		return j.writeNew(spans, oldest)
	}
	if !j.fits(len(j.buf)) {
		return ErrFull
	}
	seg := j.active
	_, err := j.out.WriteAt(j.buf, seg.size)
	if err == nil {
		err = j.out.Sync()
	}
	if err != nil {
		// What it holds stays good. The rest gives its room back; whether that succeeds
		// is not relied on.
		_ = j.out.Truncate(seg.size)
		j.leave()
		j.mu.Lock()
		defer j.mu.Unlock()
		j.ends[seg.number] = seg.size
		j.n.Failures++
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.enter(seg, spans, seg.size, oldest)
	return nil
}

// writeNew brings a header and the buffer to a new file.
func (j *Journal) writeNew(spans []span, oldest time.Time) error {
	j.junk = slices.DeleteFunc(j.junk, func(number int64) bool {
		err := j.o.files.remove(j.path(fileName(number)))
		return err == nil || errors.Is(err, fs.ErrNotExist)
	})
	h := header{Format: format, Version: version, Ends: make(map[int64]int64)}
	for _, number := range j.junk {
		h.Ends[number] = 0
	}
	j.mu.Lock()
	maps.Copy(h.Ends, j.ends)
	j.mu.Unlock()
	if len(h.Ends) >= maxEnds || j.number >= maxNumber {
		return errTooManyFiles
	}
	text, err := appendLine(nil, h)
	if err != nil {
		return err
	}
	if !j.fits(len(text) + len(j.buf)) {
		return ErrFull
	}
	j.number++ // also for a failure: no name is used twice
	seg := &segment{number: j.number}
	if err := j.create(seg, text); err != nil {
		j.mu.Lock()
		defer j.mu.Unlock()
		j.n.Failures++
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.active = seg
	j.segments = append(j.segments, seg)
	j.enter(seg, spans, int64(len(text)), oldest)
	return nil
}

// create makes the file of seg the one that is written to. A file that fails holds
// nothing and goes.
func (j *Journal) create(seg *segment, head []byte) error {
	path := j.path(seg.name())
	out, err := j.o.files.open(path, os.O_RDWR|os.O_CREATE|os.O_EXCL)
	if err != nil {
		return err
	}
	if _, err = out.WriteAt(head, 0); err == nil {
		_, err = out.WriteAt(j.buf, int64(len(head)))
	}
	if err == nil {
		err = out.Sync()
	}
	if err == nil {
		err = j.o.files.syncDir(j.dir)
	}
	if err == nil {
		j.out = out
		return nil
	}
	_ = out.Close()
	if j.o.files.remove(path) != nil {
		j.junk = append(j.junk, seg.number)
	}
	return err
}

// enter counts in what is durable now, behind from; under mu.
func (j *Journal) enter(seg *segment, spans []span, from int64, oldest time.Time) {
	seg.spans = slices.Grow(seg.spans, len(spans))
	for _, s := range spans {
		seg.spans = append(seg.spans, span{at: s.at + uint32(from), n: s.n})
	}
	if j.n.Events == 0 {
		j.n.Oldest = oldest
	}
	now := from + int64(len(j.buf))
	j.n.Bytes += now - seg.size
	seg.size = now
	j.n.Events += len(spans)
	j.n.Appended += uint64(len(spans))
}

// leave ends the active file.
func (j *Journal) leave() {
	_ = j.out.Close() // all that counts is durable
	j.out = nil
	j.mu.Lock()
	defer j.mu.Unlock()
	j.active = nil
}

func (j *Journal) fits(n int) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.n.Bytes+int64(n) <= j.o.MaxBytes
}
