package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
)

const (
	// socketPrefix begins the name of each socket folder. It is short because
	// socket paths are.
	socketPrefix = "vantahire-pg-"
	// socketFile is the name PostgreSQL gives the socket of its default port.
	socketFile = ".s.PGSQL.5432"
)

// maxSocketPath is the longest path of a unix socket: sun_path less its final
// zero byte (unix(7); 104 bytes on macOS).
func maxSocketPath() int {
	if runtime.GOOS == "linux" {
		return 107
	}
	return 103
}

// makeSocketDir makes a fresh private folder for the socket in the first of the
// parents where its path is short enough and the database's user gets to it.
func makeSocketDir(parents []string, as identity) (string, error) {
	var problems []error
	for _, parent := range slices.Compact(parents) {
		dir, err := makeSocketDirIn(parent, as)
		if err == nil {
			return dir, nil
		}
		problems = append(problems, err)
	}
	return "", &StartError{
		Op: "make a folder for the database socket", Err: errors.Join(problems...),
		Hint: "set TMPDIR to a writable folder with a short path, such as /tmp, " + otherDatabase,
	}
}

func makeSocketDirIn(parent string, as identity) (string, error) {
	// MkdirTemp appends up to ten digits.
	longest := filepath.Join(parent, socketPrefix+"0123456789", socketFile)
	if len(longest) > maxSocketPath() {
		return "", fmt.Errorf("%s: its path is too long for a unix socket: %d of %d bytes", parent, len(longest), maxSocketPath())
	}
	if err := as.canEnter(parent); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(parent, socketPrefix) // mode 0700
	if err != nil {
		return "", err
	}
	if err := as.own(dir); err != nil {
		return "", errors.Join(err, os.Remove(dir))
	}
	return dir, nil
}

// socketParents are the folders to try: the configured temporary folder first.
func socketParents() []string { return []string{os.TempDir(), "/tmp"} }
