package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// lockPatience is how long a held lock is waited for: a process that was just
	// killed gives its locks up only when the kernel has torn it down.
	lockPatience = 2 * time.Second
	lockPoll     = 25 * time.Millisecond
)

// lock is an flock on a file that says who holds it. The kernel releases it with
// the process, however that ends. Children don't inherit it (Go opens files
// close-on-exec).
type lock struct {
	file      *os.File
	socketDir string // of the previous holder; empty when it is not known
}

// takeLock waits up to lockPatience. A held lock is an ErrInUse that names the
// holder's pid.
func takeLock(ctx context.Context, path string) (*lock, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(lockPatience)
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		pid, _ := readLock(path)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case !errors.Is(err, syscall.EWOULDBLOCK):
			_ = file.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		case time.Now().After(deadline):
			_ = file.Close()
			return nil, fmt.Errorf("%w: another program, pid %d, runs its database on it", ErrInUse, pid)
		}
		select {
		case <-time.After(lockPoll):
		case <-ctx.Done():
			_ = file.Close()
			return nil, context.Cause(ctx)
		}
	}
	_, socketDir := readLock(path)
	return &lock{file: file, socketDir: socketDir}, nil
}

// say writes who we are into the lock file.
func (l *lock) say(socketDir string) error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt(fmt.Appendf(nil, "%d\n%s\n", os.Getpid(), socketDir), 0)
	return err
}

// release gives the lock up. The file stays: removing it would let two processes
// lock two files of the same name.
func (l *lock) release() error { return l.file.Close() }

func readLock(path string) (pid int, socketDir string) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return 0, ""
	}
	first, rest, _ := strings.Cut(string(raw), "\n")
	pid, _ = strconv.Atoi(first)
	socketDir, _, _ = strings.Cut(rest, "\n")
	// Only a folder of ours may be removed on the word of this file.
	if !filepath.IsAbs(socketDir) || !strings.HasPrefix(filepath.Base(socketDir), socketPrefix) {
		socketDir = ""
	}
	return pid, socketDir
}
