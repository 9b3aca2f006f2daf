package testdb

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vantahire/vantahire/store/embedded"
)

const (
	// roleEnv makes a test binary the process of the server, in the folder it names.
	roleEnv = "VANTAHIRE_TESTDB_SERVER"
	// lingerEnv overrides defaultLinger (a Go duration).
	lingerEnv = "VANTAHIRE_TESTDB_LINGER"

	// defaultLinger is how long a server waits for its next user: long enough for
	// the go command to link the next package's tests.
	defaultLinger = 15 * time.Second

	usersPoll = 250 * time.Millisecond
	// startLimit bounds the wait for a server, two cores busy with builds included.
	startLimit = 2 * time.Minute
	askLimit   = 10 * time.Second
	stopLimit  = 10 * time.Second
	// connections is enough for a few packages with many parallel tests each.
	connections = "300"

	reportFD = 3 // the first of ExtraFiles
	ready    = "ready"
)

func init() {
	if dir := os.Getenv(roleEnv); dir != "" {
		syscall.CloseOnExec(reportFD) // the database must not hold the report open
		os.Exit(serve(dir, os.NewFile(reportFD, "report")))
	}
}

// shared is the server this process uses, found once.
var shared struct {
	once  sync.Once
	url   string
	err   error
	users *os.File // the lock; held until the process ends
}

// server returns the address of the running server's "postgres" database. It
// starts one when there is none.
func server() (string, error) {
	shared.once.Do(func() {
		shared.url, shared.users, shared.err = join(home())
	})
	return shared.url, shared.err
}

// home is the folder of this user's server. The database's user must be able to
// enter it, which rules the private caches out.
func home() string {
	return filepath.Join(os.TempDir(), "vantahire-testdb-"+strconv.Itoa(os.Geteuid()))
}

// join becomes a user of the server in dir, which is started if need be. The
// server stays while the returned file is open.
func join(dir string) (string, *os.File, error) {
	if err := prepare(dir); err != nil {
		return "", nil, err
	}
	// Blocks only while a server on its way out holds it alone.
	users, err := lockFile(filepath.Join(dir, "users"), syscall.LOCK_SH)
	if err != nil {
		return "", nil, err
	}
	url, err := findOrStart(dir)
	if err != nil {
		return "", nil, errors.Join(err, users.Close())
	}
	return url, users, nil
}

// prepare makes the folder, and refuses one that another user put there.
func prepare(dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) { //nolint:gosec // the database's user must pass
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is not a folder of this user: remove it", dir)
	}
	return nil
}

// findOrStart returns the address of a server that answers.
func findOrStart(dir string) (string, error) {
	start, err := lockFile(filepath.Join(dir, "start"), syscall.LOCK_EX)
	if err != nil {
		return "", err
	}
	defer func() { _ = start.Close() }()
	address := filepath.Join(dir, "url")
	if raw, err := os.ReadFile(address); err == nil && answers(string(raw)) { //nolint:gosec // our own folder
		return string(raw), nil
	}
	if err := spawn(dir); err != nil {
		return "", err
	}
	raw, err := os.ReadFile(address) //nolint:gosec // our own folder
	return string(raw), err
}

func answers(url string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return false
	}
	return conn.Close(ctx) == nil
}

// spawn runs this test binary as the server's process and waits for its report.
// The process gets none of our files but the report's pipe: the go command waits
// for everybody who holds the test's output.
func spawn(dir string) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	report, child, err := os.Pipe()
	if err != nil {
		return err
	}
	defer func() { _ = report.Close() }()
	cmd := exec.Command(exe) //nolint:gosec // this test binary
	// Its socket's folder is made in TMPDIR: here, where the next one sweeps.
	cmd.Env = append(os.Environ(), roleEnv+"="+dir, "TMPDIR="+dir)
	cmd.Dir = dir
	cmd.ExtraFiles = []*os.File{child}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	_ = child.Close()
	if err != nil {
		return fmt.Errorf("run the test database's process: %w", err)
	}
	if err := report.SetReadDeadline(time.Now().Add(startLimit)); err != nil {
		return err
	}
	// The end of the file is the end of the report, or of the process.
	said, err := io.ReadAll(report)
	if err == nil && string(said) != ready {
		err = errors.New(strings.TrimSpace("it ended: " + string(said)))
	}
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return fmt.Errorf("start the test database: %w", err)
	}
	return cmd.Process.Release()
}

// serve is the server's process: it runs the database until nobody uses it.
func serve(dir string, report *os.File) int {
	linger, err := time.ParseDuration(os.Getenv(lingerEnv))
	if err != nil {
		linger = defaultLinger
	}
	postgres, data, err := startServer(dir)
	if err != nil {
		_, _ = fmt.Fprint(report, err)
		return 1
	}
	_, _ = io.WriteString(report, ready)
	_ = report.Close()
	users := waitUnused(filepath.Join(dir, "users"), linger, postgres.Done())
	if users != nil {
		defer func() { _ = users.Close() }() // only then may the next user look for a server
	}
	address := filepath.Join(dir, "url")
	if raw, err := os.ReadFile(address); err == nil && string(raw) == postgres.URL() { //nolint:gosec // our own folder
		_ = os.Remove(address)
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
	defer cancel()
	if err := errors.Join(postgres.Stop(ctx), os.RemoveAll(data)); err != nil {
		return 1
	}
	return 0
}

// startServer starts on empty data. What servers left that did not get to clean
// up is removed; should one of them still be stopping, that only hurries it.
func startServer(dir string) (postgres *embedded.Postgres, data string, err error) {
	left, _ := filepath.Glob(filepath.Join(dir, "*pg-*")) // the pattern is well formed
	for _, old := range left {
		_ = os.RemoveAll(old) // or the next time
	}
	data = filepath.Join(dir, "pg-"+rand.Text()[:12])
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	postgres, err = embedded.Start(ctx, embedded.Options{DataDir: data, Settings: map[string]string{
		"max_connections": connections,
		"autovacuum":      "off", // it would hold databases that are to be dropped
	}})
	if err != nil {
		return nil, "", err
	}
	if err := writeFile(filepath.Join(dir, "url"), postgres.URL()); err != nil {
		return nil, "", errors.Join(err, postgres.Stop(ctx))
	}
	return postgres, data, nil
}

// waitUnused returns the file with its lock when nobody has held it for the
// linger time, and without it when the server is gone.
func waitUnused(path string, linger time.Duration, gone <-chan struct{}) *os.File {
	users, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // our own folder
	if err != nil {
		return nil
	}
	tick := time.NewTicker(usersPoll)
	defer tick.Stop()
	used := time.Now()
	for {
		select {
		case <-gone:
			return users
		case <-tick.C:
		}
		if syscall.Flock(int(users.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			used = time.Now()
			continue
		}
		if time.Since(used) > linger {
			return users
		}
		_ = syscall.Flock(int(users.Fd()), syscall.LOCK_UN)
	}
}

// lockFile opens a file and waits for its lock.
func lockFile(path string, how int) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // our own folder
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(file.Fd()), how)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, syscall.EINTR) {
			return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
		}
	}
}

// writeFile replaces a file at once: its reader never sees half an address.
func writeFile(path, text string) error {
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
