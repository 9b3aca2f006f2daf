package journal

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
)

var errCrashed = errors.New("the machine has crashed")

// simulated is a disk in memory that forgets what was not synchronized. From its
// crashAt-th change on nothing works any more; that change may have been done in
// part.
type simulated struct {
	mu      sync.Mutex
	rnd     *rand.Rand
	changes int
	crashAt int // 0: never
	folders map[string]*simFolder
	locked  map[string]bool
}

type simFolder struct {
	now, durable map[string]*simFile
	pending      []func(map[string]*simFile) // changes of durable, in order
}

type simFile struct{ now, durable []byte }

func newSimulated(seed uint64) *simulated {
	return &simulated{rnd: rand.New(rand.NewPCG(seed, 1)), folders: make(map[string]*simFolder), locked: make(map[string]bool)}
}

// loss is what a crash takes.
type loss int

const (
	killed    loss = iota // nothing but the process
	cutOff                // files lose the end of what was not synchronized
	scattered             // each sector of what was not synchronized is there, or not, or zero
)

const simSector = 64

// restart is the disk as the next start finds it.
func (d *simulated) restart(l loss) *simulated {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := newSimulated(d.rnd.Uint64())
	for name, folder := range d.folders {
		files := folder.now
		if l != killed {
			files = maps.Clone(folder.durable)
			for _, change := range folder.pending[:d.rnd.IntN(len(folder.pending)+1)] {
				change(files)
			}
		}
		after := &simFolder{now: make(map[string]*simFile), durable: make(map[string]*simFile)}
		for name, f := range files {
			data := f.after(l, d.rnd)
			kept := &simFile{now: data, durable: slices.Clone(data)}
			after.now[name], after.durable[name] = kept, kept
		}
		next.folders[name] = after
	}
	return next
}

func (f *simFile) after(l loss, rnd *rand.Rand) []byte {
	switch {
	case l == killed:
		return slices.Clone(f.now)
	case l == cutOff && len(f.now) >= len(f.durable):
		return slices.Clone(f.now[:len(f.durable)+rnd.IntN(len(f.now)-len(f.durable)+1)])
	}
	size := min(len(f.now), len(f.durable))
	if more := max(len(f.now), len(f.durable)) - size; more > 0 {
		size += rnd.IntN(more + 1)
	}
	data := make([]byte, size)
	for at := 0; at < size; at += simSector {
		sources := [][]byte{f.now, f.durable}
		if from := sources[rnd.IntN(len(sources))]; at < len(from) {
			copy(data[at:min(at+simSector, size)], from[at:])
		}
	}
	return data
}

// change says whether one more change can be made, or whether a part of it can.
func (d *simulated) change() (err error, partly bool) {
	d.changes++
	switch {
	case d.crashAt == 0 || d.changes < d.crashAt:
		return nil, true
	case d.changes == d.crashAt:
		return errCrashed, d.rnd.IntN(2) == 0
	}
	return errCrashed, false
}

func (d *simulated) crashed() bool { return d.crashAt > 0 && d.changes >= d.crashAt }

func (d *simulated) mkdir(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.folders[dir] != nil {
		return nil
	}
	err, do := d.change()
	if do {
		d.folders[dir] = &simFolder{now: make(map[string]*simFile), durable: make(map[string]*simFile)}
	}
	return err
}

func (d *simulated) list(dir string) (entries []entry, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	folder := d.folders[dir]
	switch {
	case d.crashed():
		return nil, errCrashed
	case folder == nil:
		return nil, fs.ErrNotExist
	}
	for name := range d.folders {
		if filepath.Dir(name) == dir {
			entries = append(entries, entry{name: filepath.Base(name), dir: true})
		}
	}
	for name := range folder.now {
		entries = append(entries, entry{name: name, regular: true})
	}
	return entries, nil
}

// alter makes a change to a folder.
func (d *simulated) alter(dir string, change func(map[string]*simFile)) error {
	err, do := d.change()
	if do {
		change(d.folders[dir].now)
		d.folders[dir].pending = append(d.folders[dir].pending, change)
	}
	return err
}

func (d *simulated) open(path string, flag int) (file, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.crashed() {
		return nil, errCrashed
	}
	dir, name := filepath.Split(path)
	dir = filepath.Clean(dir)
	f := d.folders[dir].now[name]
	switch {
	case f == nil && flag&os.O_CREATE == 0:
		return nil, fs.ErrNotExist
	case f != nil && flag&os.O_EXCL != 0:
		return nil, fs.ErrExist
	case f == nil:
		f = &simFile{}
		if err := d.alter(dir, func(files map[string]*simFile) { files[name] = f }); err != nil {
			return nil, err
		}
	case flag&os.O_TRUNC != 0:
		f.now = nil
	}
	return &simOpen{d, f}, nil
}

func (d *simulated) remove(path string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	dir, name := filepath.Split(path)
	return d.alter(filepath.Clean(dir), func(files map[string]*simFile) { delete(files, name) })
}

func (d *simulated) rename(from, to string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.alter(filepath.Dir(from), func(files map[string]*simFile) {
		files[filepath.Base(to)] = files[filepath.Base(from)]
		delete(files, filepath.Base(from))
	})
}

func (d *simulated) syncDir(dir string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err, do := d.change()
	if folder := d.folders[dir]; do {
		folder.durable, folder.pending = maps.Clone(folder.now), nil
	}
	return err
}

func (d *simulated) lock(path string) (io.Closer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked[path] {
		return nil, errHeld
	}
	d.locked[path] = true
	return closerFunc(func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.locked, path)
		return nil
	}), nil
}

type closerFunc func() error

func (f closerFunc) Close() error { return f() }

type simOpen struct {
	d *simulated
	f *simFile
}

func (o *simOpen) Close() error { return nil }

func (o *simOpen) size() (int64, error) {
	o.d.mu.Lock()
	defer o.d.mu.Unlock()
	return int64(len(o.f.now)), nil
}

func (o *simOpen) ReadAt(p []byte, at int64) (int, error) {
	o.d.mu.Lock()
	defer o.d.mu.Unlock()
	n := copy(p, o.f.now[min(at, int64(len(o.f.now))):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (o *simOpen) WriteAt(p []byte, at int64) (int, error) {
	o.d.mu.Lock()
	defer o.d.mu.Unlock()
	err, do := o.d.change()
	switch {
	case !do:
		return 0, err
	case err != nil:
		p = p[:o.d.rnd.IntN(len(p)+1)]
	}
	if end := int(at) + len(p); end > len(o.f.now) {
		o.f.now = append(o.f.now, make([]byte, end-len(o.f.now))...)
	}
	return copy(o.f.now[at:], p), err
}

func (o *simOpen) Truncate(size int64) error {
	o.d.mu.Lock()
	defer o.d.mu.Unlock()
	err, do := o.d.change()
	if !do {
		return err
	}
	if size > int64(len(o.f.now)) {
		return syscall.EINVAL
	}
	o.f.now = slices.Clone(o.f.now[:size])
	return err
}

func (o *simOpen) Sync() error {
	o.d.mu.Lock()
	defer o.d.mu.Unlock()
	err, do := o.d.change()
	if do {
		o.f.durable = slices.Clone(o.f.now)
	}
	return err
}
