package journal

import (
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// defaultMaxBytes holds about a million events: 100 calls write 300 a second, so
	// it is enough for an hour without a database.
	defaultMaxBytes = 256 << 20
	// fileBytes is where a file ends, so that what was released can be removed while
	// new events come.
	fileBytes = 8 << 20
	// maxEnds bounds the files that failed while being written to and still hold
	// events. A disk on which that many fail is no place for more.
	maxEnds = 256
)

// What the journal refuses.
var (
	// ErrFull says that the journal has as many bytes as it may have.
	ErrFull = errors.New("journal is full")
	// ErrTooLarge says that one event has more than 16 MiB.
	ErrTooLarge = errors.New("event is too large for the journal")
	// ErrClosed says that the journal was closed.
	ErrClosed = errors.New("journal is closed")
)

// Options are a journal's settings. The zero value is good.
type Options struct {
	// MaxBytes is how large a slot's files may be together, those kept for their
	// damage not counted. Defaults to 256 MiB.
	MaxBytes int64
	// Logger is told what is wrong, without any content. Defaults to none.
	Logger *slog.Logger

	files     fileSystem // defaults to the disk
	fileBytes int64      // defaults to fileBytes
}

func (o Options) withDefaults() Options {
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.files == nil {
		o.files = disk{}
	}
	if o.fileBytes <= 0 {
		o.fileBytes = fileBytes
	}
	return o
}

// Journal is a held slot and its events. Open makes one; Close gives it back.
type Journal struct {
	o        Options
	log      *slog.Logger
	slot     int
	dir      string
	instance string
	held     io.Closer // the slot's lock

	// Locks are taken in this order: head, tail, mu. Files are written to under
	// tail, read from and removed under head. mu is never held over file work.
	head sync.Mutex
	in   reading // the file that is read from; under head

	tail   sync.Mutex
	out    file    // the file that is written to, or nil; under tail
	buf    []byte  // for encoding; under tail
	number int64   // of the newest file; under tail
	junk   []int64 // files that failed empty and could not be removed; under tail

	mu       sync.Mutex
	closed   bool
	segments []*segment      // oldest first
	active   *segment        // the last one, when it is written to
	ends     map[int64]int64 // files whose end is not known to be good, and the part that is
	stuck    []*segment      // released, but could not be removed
	n        Stats
}

// Stats are figures of a journal.
type Stats struct {
	Events   int       // appended or found, and not released
	Bytes    int64     // of all its files on the disk, those kept for their damage not counted
	Appended uint64    // events since Open
	Damaged  uint64    // faults in what was stored, since Open: each an alarm
	Torn     uint64    // ends that a crash left, found by Open: nothing that was acknowledged
	Kept     int       // damaged files in the folder that are kept for someone to look at
	Failures uint64    // calls of Append that failed on the disk, since Open
	Oldest   time.Time // when the oldest event that is not released happened; zero when there is none
}

// Instance is the slot's id: a UUID that stays over restarts. Whoever holds the
// slot knows that all earlier processes of this instance are dead.
func (j *Journal) Instance() string { return j.instance }

// Slot is the number of the slot, from 1.
func (j *Journal) Slot() int { return j.slot }

// Len is how many events were appended or found, and not released.
func (j *Journal) Len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.n.Events
}

// Stats returns the figures. It does not wait for the disk.
func (j *Journal) Stats() Stats {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.n
}

// Close waits for calls under way and gives the slot up. Files stay. Later calls
// of it do nothing, later calls of other methods fail with ErrClosed.
func (j *Journal) Close() error {
	j.head.Lock()
	defer j.head.Unlock()
	j.tail.Lock()
	defer j.tail.Unlock()
	j.mu.Lock()
	closed := j.closed
	j.closed, j.active = true, nil
	j.mu.Unlock()
	if closed {
		return nil
	}
	j.in.close()
	if j.out != nil {
		_ = j.out.Close() // all that counts is durable
		j.out = nil
	}
	return j.held.Close()
}

func (j *Journal) isClosed() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.closed
}
