package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// identity is the user the database runs as.
type identity struct {
	uid, gid int
	name     string
	drop     bool // this process is root and must drop its rights for it
}

// serverIdentity is the user of this process, or for root, under which
// PostgreSQL refuses to run, the system's postgres user or else nobody.
func serverIdentity() (identity, error) {
	if uid := os.Geteuid(); uid != 0 {
		return identity{uid: uid, gid: os.Getegid(), name: strconv.Itoa(uid)}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err := errors.Join(err1, err2); err != nil {
			return identity{}, fmt.Errorf("user %s: %w", name, err)
		}
		return identity{uid: uid, gid: gid, name: name, drop: true}, nil
	}
	return identity{}, &StartError{
		Op: "start a private database as root", Err: errors.New("there is neither a user postgres nor nobody to run it as"),
		Hint: "start the program as a normal user, " + otherDatabase,
	}
}

// credential is what a child of this identity is started with.
func (id identity) credential() *syscall.Credential {
	if !id.drop {
		return nil
	}
	return &syscall.Credential{Uid: uint32(id.uid), Gid: uint32(id.gid)} //nolint:gosec // ids of /etc/passwd are not negative
}

// own gives a file or folder to the identity.
func (id identity) own(path string) error {
	if !id.drop {
		return nil
	}
	return os.Lchown(path, id.uid, id.gid)
}

// ownTree gives everything below path to the identity. It is needed when the
// cluster was made by another user than the one chosen today, as when a postgres
// user has come with a package since.
func (id identity) ownTree(path string) error {
	if !id.drop {
		return nil
	}
	if uid, _, ok := ownerOf(path); ok && uid == id.uid {
		return nil
	}
	return filepath.WalkDir(path, func(p string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return id.own(p)
	})
}

// canEnter reports, as an ErrUnreachable, the first folder on the way to dir, or
// dir itself, that the identity can't enter. Only root needs to ask: it can
// enter folders that the user it drops to can't. A missing folder is no error.
func (id identity) canEnter(dir string) error {
	if !id.drop {
		return nil
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := id.canEnter(parent); err != nil {
			return err
		}
	}
	info, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "enter", Path: dir, Err: syscall.ENOTDIR}
	}
	uid, gid, ok := ownerOf(dir)
	enter := fs.FileMode(0o001)
	switch {
	case !ok:
		return nil
	case uid == id.uid:
		enter = 0o100
	case gid == id.gid:
		enter = 0o010
	}
	if info.Mode().Perm()&enter == 0 {
		return fmt.Errorf("%w: user %s, whom root runs the database as, can't enter %s (mode %04o)", ErrUnreachable, id.name, dir, info.Mode().Perm())
	}
	return nil
}

// ownerOf is the owner of a path, and false where it can't be told.
func ownerOf(path string) (uid, gid int, ok bool) {
	info, err := os.Lstat(path)
	if err != nil {
		return 0, 0, false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(stat.Uid), int(stat.Gid), true
}
