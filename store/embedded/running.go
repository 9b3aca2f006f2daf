package embedded

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// ErrNotRunning says that no private database runs in a data directory.
var ErrNotRunning = errors.New("no private database runs there")

// RunningURL is the connection URL of the private database that another process
// runs in the data directory dir. It changes nothing, and whether the database
// answers is seen when connecting to it. Only the user that runs it, and root, can
// connect. ErrNotRunning: there is none.
func RunningURL(dir string) (string, error) {
	_, socketDir := readLock(filepath.Join(dir, lockName))
	if socketDir == "" {
		return "", fmt.Errorf("%s: %w", dir, ErrNotRunning)
	}
	if _, err := os.Stat(filepath.Join(socketDir, socketFile)); err != nil {
		return "", fmt.Errorf("%s: %w: %w", dir, ErrNotRunning, err)
	}
	return socketURL(socketDir, database), nil
}

// socketURL names a database behind a socket folder.
func socketURL(socketDir, db string) string {
	q := url.Values{"host": {socketDir}, "user": {superuser}}
	return "postgres:///" + db + "?" + q.Encode()
}
