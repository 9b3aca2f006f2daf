package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/vantahire/vantahire/store/internal/child"
)

const (
	superuser = "vantahire"
	database  = "vantahire"

	// startLimit bounds one start of the server, crash recovery included.
	startLimit = 2 * time.Minute
	// firstPoll and slowestPoll bound the pauses between two questions whether the
	// server is ready; measured: a warm start takes 180-210 ms.
	firstPoll   = 10 * time.Millisecond
	slowestPoll = 200 * time.Millisecond
	pingLimit   = 5 * time.Second

	// What the server is given to end: a fast shutdown, then an immediate one.
	stopInterrupt = 10 * time.Second
	stopQuit      = 5 * time.Second
	// stopHurried replaces both when the caller's context has ended.
	stopHurried = 2 * time.Second
)

// serverEnv is the whole environment of the programs we run: nothing of ours may
// change what they do (PGOPTIONS, LC_ALL), and they speak English for the hints.
var serverEnv = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", "TZ=UTC"}

// Options says how to run the private database.
type Options struct {
	// DataDir keeps the data. Empty means DefaultDataDir.
	DataDir string
	// BinDir holds the PostgreSQL programs. Empty means that they are searched.
	BinDir string
	// Fsync makes commits survive a power failure. Without it a commit is fast and
	// survives only a killed server: for tests.
	Fsync bool
	// Logger gets the life of the server, and at Debug what it prints. Nil drops it.
	Logger *slog.Logger
	// Settings are PostgreSQL settings that override ours.
	Settings map[string]string
}

// Postgres is a running private database. Stop it.
type Postgres struct {
	log       *slog.Logger
	tuning    tuning
	bin       binaries
	dir       *dataDir
	args      []string
	socketDir string
	restarts  atomic.Int64
	once      sync.Once
	stop      chan context.Context // at most one; Stop's
	done      chan struct{}
	err       error // set before done is closed
}

// Start runs the private database and returns when it answers: a second or two
// the first time, then about 200 ms. Afterwards a died server is started again
// until Stop. ctx bounds the start only. The errors are *StartError; each says
// what to do.
func Start(ctx context.Context, o Options) (*Postgres, error) {
	return start(ctx, o, defaultTuning())
}

func start(ctx context.Context, o Options, tune tuning) (_ *Postgres, err error) {
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	as, err := serverIdentity()
	if err != nil {
		return nil, err
	}
	path := o.DataDir
	if path == "" {
		if path, err = DefaultDataDir(); err != nil {
			return nil, err
		}
	}
	dir, err := openDataDir(ctx, path, as)
	if err != nil {
		return nil, err
	}
	p := &Postgres{log: log, tuning: tune, dir: dir, stop: make(chan context.Context, 1), done: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.cleanUp())
		}
	}()
	if p.bin, err = findBinariesFor(o.BinDir, dir); err != nil {
		return nil, err
	}
	if err := as.canEnter(p.bin.dir); err != nil {
		return nil, &StartError{Op: "use the PostgreSQL programs in", Path: p.bin.dir, Err: err, Hint: "choose programs that every user can run, " + otherDatabase}
	}
	if err := dir.init(ctx, p.bin, o.Fsync); err != nil {
		return nil, err
	}
	if dir.lock.socketDir != "" {
		_ = os.RemoveAll(dir.lock.socketDir) // of a killed program; a leftover is harmless
	}
	if p.socketDir, err = makeSocketDir(tune.socketParents, as); err != nil {
		return nil, err
	}
	if err := dir.lock.say(p.socketDir); err != nil {
		return nil, &StartError{Op: "write", Path: filepath.Join(dir.path, lockName), Err: err, Hint: hintFor(capitalised(err))}
	}
	p.args = serverArgs(dir.cluster(), p.socketDir, o)
	began := time.Now()
	proc, err := p.launch(ctx)
	if err != nil {
		return nil, err
	}
	log.Info("private database is up", "version", p.bin.version, "data", dir.path, "took", time.Since(began))
	go p.supervise(proc)
	return p, nil
}

func findBinariesFor(explicit string, dir *dataDir) (binaries, error) {
	major, err := dir.major()
	if err != nil {
		return binaries{}, err
	}
	return findBinaries(explicit, major)
}

// serverArgs is the command line. Everything is given here, so that the files
// initdb made never matter.
func serverArgs(cluster, socketDir string, o Options) []string {
	onOff := map[bool]string{true: "on", false: "off"}
	settings := map[string]string{
		"listen_addresses":        "", // unix socket only
		"unix_socket_directories": socketDir,
		"unix_socket_permissions": "0700",
		"port":                    "5432", // part of the socket's name
		"fsync":                   onOff[o.Fsync],
		"synchronous_commit":      onOff[o.Fsync],
		"full_page_writes":        onOff[o.Fsync],
		"shared_buffers":          "64MB", // the data of one machine's interviews; 128MB made no difference
		"max_connections":         "100",
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"lc_messages":             "C",
		"logging_collector":       "off", // stderr is read by us
		"log_destination":         "stderr",
		"log_line_prefix":         "",
		// What people said must not reach a log: no statements, no row contents.
		"log_min_error_statement": "panic",
		"log_error_verbosity":     "terse",
		"cluster_name":            "vantahire",
	}
	for k, v := range o.Settings {
		settings[k] = v
	}
	args := []string{"-D", cluster}
	for _, k := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", k+"="+settings[k])
	}
	return args
}

// URL is the address for a PostgreSQL client: postgres:///vantahire?host=...
// It stays the same when the server is started again.
func (p *Postgres) URL() string { return p.urlOf(database) }

func (p *Postgres) urlOf(db string) string { return socketURL(p.socketDir, db) }

// Version is the version of the server's programs, such as 15.18.
func (p *Postgres) Version() string { return p.bin.version }

// Restarts counts how often a died server was started again.
func (p *Postgres) Restarts() int { return int(p.restarts.Load()) }

// Done is closed when the database is gone for good: stopped, or given up after
// too many deaths.
func (p *Postgres) Done() <-chan struct{} { return p.done }

// Err says why the database is gone; nil after a clean stop. Call it after Done.
func (p *Postgres) Err() error { return p.err }

// launch clears the way, runs the server and waits until it answers.
func (p *Postgres) launch(ctx context.Context) (*child.Process, error) {
	if err := clearStale(ctx, p.dir.cluster(), p.tuning.stale, p.log); err != nil {
		return nil, err
	}
	proc, err := child.Start(child.Spec{
		Path: filepath.Join(p.bin.dir, "postgres"), Args: p.args, Env: serverEnv, Dir: p.dir.path,
		Credential: p.dir.as.credential(), Line: p.logLine,
	})
	if err != nil {
		return nil, &StartError{Op: "start a private database in", Path: p.dir.path, Err: err, Hint: orElse(hintFor(capitalised(err)), otherDatabase)}
	}
	if err := p.waitReady(ctx, proc); err != nil {
		_ = end(proc, stopHurried, stopHurried, ctx.Done()) // why it did not start is what counts
		return nil, err
	}
	return proc, nil
}

// waitReady asks until the server answers a query in our database.
func (p *Postgres) waitReady(ctx context.Context, proc *child.Process) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startLimit, fmt.Errorf("not ready after %s", startLimit))
	defer cancel()
	pause := firstPoll
	for {
		err := p.ping(ctx)
		if err == nil {
			return nil
		}
		p.log.Debug("private database is not ready yet", "err", err)
		select {
		case <-proc.Done():
			out := proc.Output()
			return &StartError{Op: "start a private database in", Path: p.dir.path, Err: errors.Join(ErrExited, proc.Err()), Output: out, Hint: hintFor(out)}
		case <-ctx.Done():
			return &StartError{Op: "start a private database in", Path: p.dir.path, Err: context.Cause(ctx), Output: proc.Output(), Hint: hintFor(proc.Output())}
		case <-time.After(pause):
			pause = min(2*pause, slowestPoll)
		}
	}
}

// ping asks the server for an answer and makes our database if it is missing.
func (p *Postgres) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingLimit)
	defer cancel()
	conn, err := pgx.Connect(ctx, p.urlOf("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).Scan(&exists); err != nil || exists {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{database}.Sanitize())
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42P04" { // duplicate_database
		return nil
	}
	return err
}

// logLine passes on what the server prints. The server reports each client's
// error as well, and those are the clients' to report.
func (p *Postgres) logLine(line string) {
	level := slog.LevelDebug
	switch {
	case strings.HasPrefix(line, "PANIC:"):
		level = slog.LevelError
	case strings.HasPrefix(line, "WARNING:"):
		level = slog.LevelWarn
	}
	p.log.Log(context.Background(), level, "postgres", "line", line)
}

// Stop shuts the server down: a fast shutdown, after 10 s an immediate one,
// after 5 s more a kill. When ctx ends it hurries, and still takes up to 4 s. It
// reports a stop that was not clean; the data is safe in any case, only the next
// start has to recover it. Further calls wait and answer the same.
func (p *Postgres) Stop(ctx context.Context) error {
	p.once.Do(func() { p.stop <- ctx })
	<-p.done
	return p.err
}

// cleanUp removes what a stopped server leaves outside its data.
func (p *Postgres) cleanUp() error {
	var err error
	if p.socketDir != "" {
		err = os.RemoveAll(p.socketDir)
	}
	return errors.Join(err, p.dir.lock.release())
}

// end stops a process with growing force and reports how it went: nil when the
// first signal was enough. hurry shortens the waits.
func end(proc *child.Process, interrupt, quit time.Duration, hurry <-chan struct{}) error {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, interrupt}, {syscall.SIGQUIT, quit}} {
		if err := proc.Signal(step.signal); err != nil {
			return err
		}
		if waitDone(proc, step.wait, hurry) {
			if step.signal == syscall.SIGINT {
				return proc.Err()
			}
			return errors.New("the server had to be stopped at once; the next start recovers")
		}
	}
	if err := proc.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-proc.Done()
	return errors.New("the server had to be killed; the next start recovers")
}

// waitDone waits for the end of the process: limit, and from the moment hurry
// fires at most stopHurried more.
func waitDone(proc *child.Process, limit time.Duration, hurry <-chan struct{}) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-proc.Done():
		return true
	case <-timer.C:
		return false
	case <-hurry:
	}
	short := time.NewTimer(stopHurried)
	defer short.Stop()
	select {
	case <-proc.Done():
		return true
	case <-short.C:
		return false
	}
}
