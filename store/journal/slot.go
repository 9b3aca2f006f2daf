package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

const (
	// maxSlots bounds the processes that share a folder.
	maxSlots     = 64
	lockName     = "lock"
	instanceName = "instance"
	// maxInstance is more than an instance file has.
	maxInstance = 100
)

// Open takes the first free slot of a folder, which it makes when it is not there,
// and reads what the slot's earlier holders left. A slot that can't be read, or
// that a later version has written to, is passed over with an alarm: its events
// stay where they are. Open does not wait for locks; the lock of a process that was
// killed is free once the kernel has torn that process down.
func Open(dir string, o Options) (*Journal, error) {
	o = o.withDefaults()
	if err := o.files.mkdir(dir); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	var failed []error
	for n := 1; n <= maxSlots; n++ {
		fresh, err := isFresh(dir, n, o)
		if err == nil {
			var j *Journal
			if j, err = openSlot(dir, n, o); err == nil {
				return j, nil
			}
		}
		if errors.Is(err, errHeld) {
			continue
		}
		failed = append(failed, fmt.Errorf("slot %d: %w", n, err))
		if fresh {
			break // the next one would not be any better
		}
		o.Logger.Error("ALARM journal slot can't be used: what is in it waits", "slot", n, "error", err)
	}
	if len(failed) == 0 {
		return nil, fmt.Errorf("open journal: all %d slots are held", maxSlots)
	}
	return nil, fmt.Errorf("open journal: %w", errors.Join(failed...))
}

// Orphans opens the other slots that nobody holds: what dead processes left there
// is drained by whoever comes next. Each has the instance of the dead ones, and is
// a journal like self, possibly an empty one. Close each, so that it can be taken
// again. A process that was killed a moment ago may still hold its slot: ask again
// later.
func Orphans(dir string, self *Journal, o Options) ([]*Journal, error) {
	o = o.withDefaults()
	entries, err := o.files.list(dir)
	if err != nil {
		return nil, fmt.Errorf("look for orphaned journals: %w", err)
	}
	var orphans []*Journal
	for _, e := range entries {
		n, err := strconv.Atoi(e.name)
		if err != nil || !e.dir || n < 1 || n > maxSlots || strconv.Itoa(n) != e.name || self != nil && n == self.slot && filepath.Clean(dir) == filepath.Dir(self.dir) {
			continue
		}
		if fresh, err := isFresh(dir, n, o); err != nil || fresh {
			continue
		}
		j, err := openSlot(dir, n, o)
		switch {
		case err == nil:
			orphans = append(orphans, j)
		case !errors.Is(err, errHeld):
			o.Logger.Error("ALARM orphaned journal can't be used: what is in it waits", "slot", n, "error", err)
		}
	}
	return orphans, nil
}

// isFresh says whether a slot was never held.
func isFresh(dir string, n int, o Options) (bool, error) {
	entries, err := o.files.list(filepath.Join(dir, strconv.Itoa(n)))
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(entries, func(e entry) bool { return e.name == instanceName }), nil
}

// openSlot takes a slot, or says errHeld.
func openSlot(dir string, n int, o Options) (*Journal, error) {
	j := &Journal{
		o: o, slot: n, dir: filepath.Join(dir, strconv.Itoa(n)), log: o.Logger.With("slot", n), ends: make(map[int64]int64),
	}
	if err := o.files.mkdir(j.dir); err != nil {
		return nil, err
	}
	held, err := o.files.lock(j.path(lockName))
	if err != nil {
		return nil, err
	}
	j.held = held
	if err := j.takeOver(dir); err != nil {
		return nil, errors.Join(err, held.Close())
	}
	return j, nil
}

// takeOver reads what is in the slot, under its lock.
func (j *Journal) takeOver(dir string) (err error) {
	if j.instance, err = j.readInstance(); err != nil {
		return err
	}
	if j.instance == "" {
		if err := j.makeInstance(); err != nil {
			return err
		}
		if err := j.o.files.syncDir(dir); err != nil { // the slot itself
			return err
		}
	}
	if err := j.recover(); err != nil {
		return err
	}
	j.lookAtOldest()
	return nil
}

// readInstance returns the slot's id, or nothing when it has none that is sound.
func (j *Journal) readInstance() (string, error) {
	f, err := j.o.files.open(j.path(instanceName), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	text := make([]byte, maxInstance)
	n, err := f.ReadAt(text, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	id := strings.TrimSuffix(string(text[:n]), "\n")
	if parsed, err := uuid.Parse(id); err != nil || parsed.String() != id {
		j.log.Error("journal slot has lost its instance: it gets a new one", "bytes", n)
		return "", nil
	}
	return id, nil
}

// makeInstance gives the slot an id, which is there whole or not at all.
func (j *Journal) makeInstance() error {
	j.instance = uuid.NewString()
	temporary := j.path(instanceName + ".new")
	f, err := j.o.files.open(temporary, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte(j.instance+"\n"), 0)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := j.o.files.rename(temporary, j.path(instanceName)); err != nil {
		return err
	}
	return j.o.files.syncDir(j.dir)
}
