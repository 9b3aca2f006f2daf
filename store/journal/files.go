package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// fileSystem is what a journal does with its folder. Tests put one in that fails,
// or that forgets what was not synchronized.
type fileSystem interface {
	// mkdir makes a folder, and those above it, durably.
	mkdir(dir string) error
	// list returns what is in a folder, sorted by name.
	list(dir string) ([]entry, error)
	// open takes the flags of package os. Symbolic links are refused.
	open(path string, flag int) (file, error)
	remove(path string) error
	rename(from, to string) error
	// syncDir makes durable which files a folder has.
	syncDir(dir string) error
	// lock takes the lock on a file, which it makes when it is not there. It does
	// not wait: errHeld.
	lock(path string) (io.Closer, error)
}

// file is an open file.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	size() (int64, error)
	Truncate(size int64) error
	Sync() error
}

// entry is a name in a folder.
type entry struct {
	name    string
	dir     bool
	regular bool
}

var errHeld = errors.New("the slot is held")

const (
	folderMode = 0o700
	fileMode   = 0o600
)

// disk is the real one.
type disk struct{}

func (disk) remove(path string) error { return os.Remove(path) }
func (disk) rename(from, to string) error {
	return os.Rename(from, to) //nolint:gosec // names of our own folder
}

func (d disk) mkdir(dir string) error {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		return &fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	above := filepath.Dir(dir)
	if err := d.mkdir(above); err != nil {
		return err
	}
	if err := os.Mkdir(dir, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return d.syncDir(above)
}

func (disk) list(dir string) ([]entry, error) {
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, len(found))
	for i, f := range found {
		entries[i] = entry{name: f.Name(), dir: f.IsDir(), regular: f.Type().IsRegular()}
	}
	return entries, nil
}

func (disk) open(path string, flag int) (file, error) {
	f, err := os.OpenFile(path, flag|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, fileMode) // a named pipe must not make it wait
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (disk) syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (disk) lock(path string) (io.Closer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, fileMode)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err == nil {
		return heldLock{f}, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errHeld
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}

// heldLock is a file with its lock.
type heldLock struct{ *os.File }

// Close gives the lock up by name. To close the file would not do: a child process
// that is just being started has a copy of it until it runs its own program, and
// the lock lasts as long as any copy.
func (l heldLock) Close() error {
	return errors.Join(syscall.Flock(int(l.Fd()), syscall.LOCK_UN), l.File.Close())
}

type osFile struct{ *os.File }

func (f osFile) size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
