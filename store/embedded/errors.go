package embedded

import (
	"errors"
	"fmt"
	"strings"
)

// What can be wrong. A *StartError wraps one of them, or the system's error.
var (
	// ErrNoBinaries says that no usable PostgreSQL programs were found.
	ErrNoBinaries = errors.New("no PostgreSQL programs found")
	// ErrInUse says that another process uses the data directory.
	ErrInUse = errors.New("the data directory is in use")
	// ErrVersion says that the data was written by another major version.
	ErrVersion = errors.New("the data belongs to another PostgreSQL version")
	// ErrUnreachable says that the database's user can't get at a folder.
	ErrUnreachable = errors.New("not reachable")
	// ErrNotOurs says that a folder holds something this package did not make.
	ErrNotOurs = errors.New("not a data directory of this program")
	// ErrExited says that the server ended instead of serving.
	ErrExited = errors.New("the database server ended")
)

// otherDatabase ends most hints: it always is a way out.
const otherDatabase = "or set DATABASE_URL to a database of your own"

// StartError reports a private database that can't be had, with the way out.
type StartError struct {
	Op     string // what was being done
	Path   string // the folder or program it is about; may be empty
	Err    error
	Output string // what the program said last; may be empty
	Hint   string // what to do about it
}

// Error is one paragraph for a person.
func (e *StartError) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Path != "" {
		fmt.Fprintf(&b, " %s", e.Path)
	}
	fmt.Fprintf(&b, ": %v", e.Err)
	if e.Output != "" {
		fmt.Fprintf(&b, " (%s)", lastLine(e.Output))
	}
	if e.Hint != "" {
		fmt.Fprintf(&b, ": %s", e.Hint)
	}
	return b.String()
}

// Unwrap is the cause.
func (e *StartError) Unwrap() error { return e.Err }

// lastLine is the last line that says something bad, or else the last one.
func lastLine(output string) string {
	all := strings.Split(strings.TrimSpace(output), "\n")
	for i := len(all) - 1; i >= 0; i-- {
		for _, mark := range []string{"PANIC:", "FATAL:", "error:", "ERROR:"} {
			if strings.Contains(all[i], mark) {
				return strings.TrimSpace(all[i])
			}
		}
	}
	return strings.TrimSpace(all[len(all)-1])
}

// hints maps what PostgreSQL 14 to 18 and the dynamic linker say (with messages
// in English) to what a person can do. The servers have no error codes for what
// goes wrong before they serve, so this is the one place that reads text; it
// only chooses advice, never behaviour. The first match counts.
var hints = []struct{ text, hint string }{
	{"could not resize shared memory segment", "shared memory is too small: give the container more (docker run --shm-size=256m), " + otherDatabase},
	{"No space left on device", "the disk is full: free some space or choose a data directory on another disk (VANTAHIRE_DATA_DIR), " + otherDatabase},
	{"Disk quota exceeded", "the disk quota is used up: free some space or choose a data directory on another disk (VANTAHIRE_DATA_DIR), " + otherDatabase},
	{"Read-only file system", "choose a data directory on a writable disk (VANTAHIRE_DATA_DIR), " + otherDatabase},
	{"could not look up effective user ID", "the user id of this process has no entry in /etc/passwd, which PostgreSQL needs: run as a user that has one, " + otherDatabase},
	{"cannot be run as root", "start it as a normal user, " + otherDatabase},
	{"error while loading shared libraries", "the PostgreSQL programs are incomplete: run scripts/install-postgres.sh again or install PostgreSQL from your system, " + otherDatabase},
	{"pre-existing shared memory block", "an older database process is still running on this data: stop it and start again"},
	{"lock file", "an older database server is still running on this data: stop it and start again"},
	{"is too long", "set TMPDIR to a folder with a shorter path, such as /tmp"},
	{"incompatible with server", "use the PostgreSQL version that made the data, or move the data directory away to start empty"},
	{"has invalid permissions", "give the cluster folder mode 0700 (chmod 700)"},
	{"has wrong ownership", "give the cluster folder to the user that runs the server (chown -R)"},
	{"Permission denied", "let the user that runs the server read and write it, or choose another data directory (VANTAHIRE_DATA_DIR), " + otherDatabase},
	{"out of memory", "free some memory, " + otherDatabase},
	{"Cannot allocate memory", "free some memory, " + otherDatabase},
	{"could not locate a valid checkpoint record", "the data is damaged: restore a backup or move the data directory away to start empty"},
}

// hintFor says what to do about a program's output; without a match it is empty.
func hintFor(output string) string {
	for _, h := range hints {
		if strings.Contains(output, h.text) {
			return h.hint
		}
	}
	return ""
}
