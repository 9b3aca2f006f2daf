package journal

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// faulty is a disk on which operations fail when told to.
type faulty struct {
	fileSystem

	mu   sync.Mutex
	fail func(op, name string) error // may be nil; name has its folder's
}

func newFaulty() *faulty { return &faulty{fileSystem: disk{}} }

// when sets which operations fail from now on.
func (f *faulty) when(fail func(op, name string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

// failing lets some operations fail.
func (f *faulty) failing(err error, ops ...string) {
	f.when(func(op, _ string) error {
		if slices.Contains(ops, op) {
			return err
		}
		return nil
	})
}

func (f *faulty) at(op, path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail == nil {
		return nil
	}
	return f.fail(op, filepath.Join(filepath.Base(filepath.Dir(path)), filepath.Base(path)))
}

func (f *faulty) remove(path string) error {
	if err := f.at("remove", path); err != nil {
		return err
	}
	return f.fileSystem.remove(path)
}

func (f *faulty) rename(from, to string) error {
	if err := f.at("rename", from); err != nil {
		return err
	}
	return f.fileSystem.rename(from, to)
}

func (f *faulty) syncDir(dir string) error {
	if err := f.at("syncDir", dir); err != nil {
		return err
	}
	return f.fileSystem.syncDir(dir)
}

func (f *faulty) list(dir string) ([]entry, error) {
	if err := f.at("list", dir); err != nil {
		return nil, err
	}
	return f.fileSystem.list(dir)
}

func (f *faulty) open(path string, flag int) (file, error) {
	op := "open"
	if flag&os.O_CREATE != 0 {
		op = "create"
	}
	if err := f.at(op, path); err != nil {
		return nil, err
	}
	opened, err := f.fileSystem.open(path, flag)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file: opened, disk: f, path: path}, nil
}

type faultyFile struct {
	file

	disk *faulty
	path string
}

// ReadAt that fails brings what is before the sector that the fault is in: the
// second one of the file.
func (f *faultyFile) ReadAt(p []byte, at int64) (int, error) {
	err := f.disk.at("read", f.path)
	if err == nil || at >= 2*sector || at+int64(len(p)) <= sector {
		return f.file.ReadAt(p, at)
	}
	n, _ := f.file.ReadAt(p[:max(0, sector-at)], at)
	return n, err
}

// WriteAt that fails writes one half.
func (f *faultyFile) WriteAt(p []byte, at int64) (int, error) {
	if err := f.disk.at("write", f.path); err != nil {
		n, _ := f.file.WriteAt(p[:len(p)/2], at)
		return n, err
	}
	return f.file.WriteAt(p, at)
}

func (f *faultyFile) Truncate(size int64) error {
	if err := f.disk.at("truncate", f.path); err != nil {
		return err
	}
	return f.file.Truncate(size)
}

func (f *faultyFile) Sync() error {
	if err := f.disk.at("sync", f.path); err != nil {
		return err
	}
	return f.file.Sync()
}
