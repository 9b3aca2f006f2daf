package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// readBytes is how much one Read brings at most, beside its first event.
const readBytes = 8 << 20

// Read returns up to limit of the oldest events that were not released, and fewer
// when they have more than 8 MiB together; only an empty journal gives none. They
// stay in the journal. What turns out to be damaged is left out, counted and
// reported; the next Release counts without it. An error is one that may pass: the
// events are still there.
func (j *Journal) Read(limit int) ([]interview.Event, error) {
	j.head.Lock()
	defer j.head.Unlock()
	if j.isClosed() {
		return nil, ErrClosed
	}
	events, err := j.readOldest(limit)
	_ = j.retire() // files with nothing but damage left; what fails is tried again by Release
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	return events, nil
}

// readOldest reads under head.
func (j *Journal) readOldest(limit int) (events []interview.Event, err error) {
	j.mu.Lock()
	segments := slices.Clone(j.segments)
	j.mu.Unlock()
	room := readBytes
	for _, seg := range segments {
		if len(events) >= limit {
			break
		}
		j.mu.Lock()
		spans := slices.Clone(seg.spans[:min(len(seg.spans), limit-len(events))])
		j.mu.Unlock()
		var bad []int
		full := false
		for i, s := range spans {
			if room -= int(s.n); room < 0 && len(events) > 0 {
				full = true
				break
			}
			ev, ok, err := j.readOne(seg, s)
			if err != nil {
				j.drop(seg, bad)
				return nil, err
			}
			if ok {
				events = append(events, ev)
			} else {
				bad = append(bad, i)
			}
		}
		j.drop(seg, bad)
		if full {
			break
		}
	}
	return events, nil
}

// readOne reads a record. ok is false when it is damaged or gone.
func (j *Journal) readOne(seg *segment, s span) (ev interview.Event, ok bool, err error) {
	text := make([]byte, s.n)
	for try := range 2 {
		f, err := j.open(seg)
		if errors.Is(err, fs.ErrNotExist) {
			return interview.Event{}, false, nil // somebody removed it
		}
		if err != nil {
			return interview.Event{}, false, err
		}
		n, _ := f.ReadAt(text, int64(s.at))
		if n == len(text) {
			if ev, err := parseEvent(text); err == nil {
				return ev, true, nil
			}
		}
		if try == 0 {
			j.in.close()
		}
	}
	return interview.Event{}, false, nil
}

// drop forgets damaged records, by their places among the oldest of seg.
func (j *Journal) drop(seg *segment, bad []int) {
	if len(bad) == 0 {
		return
	}
	j.log.Error("ALARM stored events can't be read any more: the file is kept", "file", seg.name(), "faults", len(bad))
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, i := range slices.Backward(bad) {
		seg.spans = slices.Delete(seg.spans, i, i+1)
	}
	seg.damaged = true
	j.n.Damaged += uint64(len(bad))
	j.forget(len(bad))
}

// Release lets go of the n oldest events, which are the first n of what Read
// returned last. Files with nothing left are removed, or set aside when they are
// damaged. It is not stored what was released: after a restart everything that is
// still in a file is read again. An error says that a file could not be removed
// yet; the events are released all the same.
func (j *Journal) Release(n int) error {
	j.head.Lock()
	defer j.head.Unlock()
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return ErrClosed
	}
	if n < 0 || n > j.n.Events {
		defer j.mu.Unlock()
		return fmt.Errorf("release %d events of a journal that has %d", n, j.n.Events)
	}
	j.forget(n)
	for _, seg := range j.segments {
		k := min(n, len(seg.spans))
		seg.spans = seg.spans[k:]
		n -= k
	}
	j.mu.Unlock()
	err := j.retire()
	j.lookAtOldest()
	if err != nil {
		return fmt.Errorf("release journal: %w", err)
	}
	return nil
}

// forget counts events out; under mu.
func (j *Journal) forget(n int) {
	if j.n.Events -= n; j.n.Events == 0 {
		j.n.Oldest = time.Time{}
	}
}

// lookAtOldest finds out how old the oldest event is; under head.
func (j *Journal) lookAtOldest() {
	events, err := j.readOldest(1)
	if err != nil || len(events) == 0 {
		return // as good as before
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.n.Oldest = events[0].At
}

// retire removes the files in front that have nothing left; under head.
func (j *Journal) retire() error {
	for {
		seg := j.finished()
		if seg == nil {
			break
		}
		if j.in.number == seg.number {
			j.in.close()
		}
		j.stuck = append(j.stuck, seg)
	}
	if len(j.stuck) == 0 {
		return nil
	}
	var failed []error
	kept := false
	j.stuck = slices.DeleteFunc(j.stuck, func(seg *segment) bool {
		err := j.dispose(seg)
		if err != nil {
			failed = append(failed, err)
		}
		kept = kept || seg.damaged
		return err == nil
	})
	if kept {
		if err := j.o.files.syncDir(j.dir); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// finished takes the first file out when it has nothing left. When that is the one
// that is written to, the next event begins a new one.
func (j *Journal) finished() *segment {
	j.mu.Lock()
	if len(j.segments) == 0 || len(j.segments[0].spans) > 0 {
		j.mu.Unlock()
		return nil
	}
	seg := j.segments[0]
	active := seg == j.active
	if !active {
		j.segments = j.segments[1:]
	}
	j.mu.Unlock()
	if !active {
		return seg
	}
	j.tail.Lock()
	defer j.tail.Unlock()
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(seg.spans) > 0 {
		return nil // an event came
	}
	if j.active == seg {
		_ = j.out.Close() // all that counts is durable
		j.out, j.active = nil, nil
	}
	j.segments = j.segments[1:]
	return seg
}

// dispose removes the file of seg, or sets it aside for its damage.
func (j *Journal) dispose(seg *segment) error {
	path := j.path(seg.name())
	var err error
	if seg.damaged {
		err = j.o.files.rename(path, path+keptExtension)
	} else {
		err = j.o.files.remove(path)
	}
	gone := errors.Is(err, fs.ErrNotExist)
	if err != nil && !gone {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.n.Bytes -= seg.size
	if seg.damaged && !gone {
		j.n.Kept++
	}
	delete(j.ends, seg.number)
	return nil
}
