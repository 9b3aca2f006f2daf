package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/vantahire/vantahire/store/internal/child"
)

const (
	clusterName = "cluster"
	initName    = "cluster.init" // a cluster that initdb has not finished
	lockName    = "lock"
)

// DefaultDataDir is where the private database keeps its data: never in the
// checkout, and for root where the user it drops to can reach it.
func DefaultDataDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/vantahire/pg", nil
	}
	// Relative paths in it are invalid and must be ignored (XDG Base Directory
	// Specification 0.8).
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "vantahire", "pg"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", &StartError{Op: "choose a data directory", Err: err, Hint: "set HOME or XDG_DATA_HOME, or choose a data directory (VANTAHIRE_DATA_DIR), " + otherDatabase}
	}
	return filepath.Join(home, ".local", "share", "vantahire", "pg"), nil
}

// dataDir is a prepared data directory that this process has locked.
type dataDir struct {
	path string // absolute, without symbolic links
	as   identity
	lock *lock
}

func (d *dataDir) cluster() string { return filepath.Join(d.path, clusterName) }

// openDataDir makes the directory if needed, checks that the database's user can
// work in it, and locks it. It waits a little for a lock that is being given up.
func openDataDir(ctx context.Context, path string, as identity) (*dataDir, error) {
	fail := func(err error, hint string) error {
		return &StartError{Op: "use the data directory", Path: path, Err: err, Hint: hint}
	}
	elsewhere := "choose a data directory that it can use (VANTAHIRE_DATA_DIR), such as /var/lib/vantahire, " + otherDatabase
	if !as.drop {
		elsewhere = "give it to the user of this process or choose another data directory (VANTAHIRE_DATA_DIR), " + otherDatabase
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fail(err, "")
	}
	if err := as.canEnter(filepath.Dir(path)); err != nil {
		return nil, fail(err, elsewhere)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // the database's user must pass through
		return nil, fail(err, orElse(hintFor(capitalised(err)), elsewhere))
	}
	if err := os.Mkdir(path, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fail(err, orElse(hintFor(capitalised(err)), elsewhere))
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return nil, fail(err, elsewhere)
	}
	if err := checkContents(path); err != nil {
		return nil, fail(err, "choose an empty folder, or set DATABASE_URL to the database that lives there")
	}
	if err := errors.Join(as.own(path), as.canEnter(path)); err != nil {
		return nil, fail(err, elsewhere)
	}
	if uid, _, ok := ownerOf(path); ok && uid != as.uid {
		return nil, fail(fmt.Errorf("%w: it belongs to user %d and this process runs as user %d", ErrUnreachable, uid, as.uid), elsewhere)
	}
	held, err := takeLock(ctx, filepath.Join(path, lockName))
	if err != nil {
		hint := elsewhere
		if errors.Is(err, ErrInUse) {
			hint = "stop that program first, or choose another data directory (VANTAHIRE_DATA_DIR), " + otherDatabase
		}
		return nil, fail(err, hint)
	}
	return &dataDir{path: path, as: as, lock: held}, nil
}

func orElse(s, other string) string {
	if s != "" {
		return s
	}
	return other
}

// capitalised is the text of a system error as C programs print it, which is how
// the hints know it.
func capitalised(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 && i+2 < len(text) {
		return strings.ToUpper(text[i+2:i+3]) + text[i+3:]
	}
	return text
}

// checkContents refuses a folder with other things in it: as root it would be
// given to another user.
func checkContents(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch e.Name() {
		case clusterName, initName, lockName, "lost+found", ".DS_Store":
		case "PG_VERSION":
			return fmt.Errorf("%w: it is the data directory of another PostgreSQL server", ErrNotOurs)
		default:
			return fmt.Errorf("%w: it holds %s", ErrNotOurs, e.Name())
		}
	}
	return nil
}

// major is the version that wrote the cluster; 0 when there is none yet.
func (d *dataDir) major() (int, error) {
	raw, err := os.ReadFile(filepath.Join(d.cluster(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(d.cluster()); err == nil {
			return 0, &StartError{
				Op: "use the database cluster", Path: d.cluster(), Err: fmt.Errorf("%w: PG_VERSION is missing", ErrNotOurs),
				Hint: "move the folder away to start empty",
			}
		}
		return 0, nil
	}
	if err != nil {
		return 0, &StartError{Op: "use the database cluster", Path: d.cluster(), Err: err, Hint: hintFor(capitalised(err))}
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0, &StartError{Op: "use the database cluster", Path: d.cluster(), Err: fmt.Errorf("PG_VERSION: %w", err), Hint: "restore a backup, or move the folder away to start empty"}
	}
	return major, nil
}

// init makes the cluster when there is none. It works beside the final name and
// renames, so that a killed start leaves nothing that looks finished.
func (d *dataDir) init(ctx context.Context, bin binaries, sync bool) error {
	major, err := d.major()
	if err != nil {
		return err
	}
	if major != 0 {
		if major != bin.major {
			return &StartError{
				Op: "use the database cluster", Path: d.cluster(),
				Err:  fmt.Errorf("%w: PostgreSQL %d made it and the programs in %s are version %s", ErrVersion, major, bin.dir, bin.version),
				Hint: fmt.Sprintf("install PostgreSQL %d or set %s to its programs, or move the folder away to start empty, %s", major, EnvBinaries, otherDatabase),
			}
		}
		if err := d.as.ownTree(d.cluster()); err != nil {
			return &StartError{Op: "use the database cluster", Path: d.cluster(), Err: err}
		}
		return nil
	}
	unfinished := filepath.Join(d.path, initName)
	if err := os.RemoveAll(unfinished); err != nil {
		return &StartError{Op: "remove the unfinished cluster", Path: unfinished, Err: err}
	}
	if err := d.initdb(ctx, bin, unfinished, locale(), sync); err != nil {
		return err
	}
	if err := os.Rename(unfinished, d.cluster()); err != nil {
		return &StartError{Op: "finish the cluster", Path: d.cluster(), Err: err}
	}
	return syncDir(d.path)
}

// locale orders text by code point on every machine. macOS has no C.UTF-8.
func locale() string {
	if runtime.GOOS == "linux" {
		return "C.UTF-8"
	}
	return "C"
}

func (d *dataDir) initdb(ctx context.Context, bin binaries, into, locale string, sync bool) error {
	args := []string{
		"-D", into, "-U", superuser, "--auth=trust", "--encoding=UTF8", "--locale=" + locale,
		"--lc-messages=C", "--data-checksums", "--no-instructions",
	}
	if !sync {
		args = append(args, "--no-sync")
	}
	p, err := child.Start(child.Spec{Path: filepath.Join(bin.dir, "initdb"), Args: args, Env: serverEnv, Dir: d.path, Credential: d.as.credential()})
	if err != nil {
		return &StartError{Op: "make a database in", Path: d.path, Err: err, Hint: orElse(hintFor(capitalised(err)), otherDatabase)}
	}
	select {
	case <-p.Done():
	case <-ctx.Done():
		_ = p.Signal(os.Kill)
		<-p.Done()
		return fmt.Errorf("make a database in %s: %w", d.path, context.Cause(ctx))
	}
	if err := p.Err(); err != nil {
		return &StartError{Op: "make a database in", Path: d.path, Err: fmt.Errorf("initdb: %w", err), Output: p.Output(), Hint: hintFor(p.Output())}
	}
	return nil
}

// syncDir makes a rename in the folder durable.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
