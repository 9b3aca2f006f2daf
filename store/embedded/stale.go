package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// stalePoll is how often it is looked whether an older server is gone.
const stalePoll = 20 * time.Millisecond

// patience is what an older server of the same cluster is given to go after each
// signal.
type patience struct{ interrupt, quit, kill time.Duration }

// stalePatience suits a server that is on its way already, because the kernel
// interrupted it when its program died: a fast shutdown writes a checkpoint.
var stalePatience = patience{interrupt: 10 * time.Second, quit: 3 * time.Second, kill: 2 * time.Second}

// pidFile is what postmaster.pid says (PostgreSQL's pidfile.h: pid, data
// directory, start time, port, socket directory, ... one a line).
type pidFile struct {
	pid     int
	dataDir string
}

// parsePIDFile reads the lines that are there: the server writes them one after
// the other while it starts.
func parsePIDFile(raw []byte) (pidFile, error) {
	lines := strings.Split(string(raw), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil {
		return pidFile{}, fmt.Errorf("postmaster.pid: %w", err)
	}
	// A standalone backend (postgres --single) writes its pid negated.
	if pid < 0 {
		pid = -pid
	}
	if pid <= 1 || pid > 1<<30 {
		return pidFile{}, fmt.Errorf("postmaster.pid: %d is not a process id", pid)
	}
	f := pidFile{pid: pid}
	if len(lines) > 1 {
		f.dataDir = strings.TrimSpace(lines[1])
	}
	return f, nil
}

// clearStale makes sure that no process works on the cluster: it stops an older
// server, then processes that outlived theirs. The caller holds the data
// directory's lock, so whatever runs there belongs to a program that is gone.
func clearStale(ctx context.Context, cluster string, grace patience, log *slog.Logger) error {
	path := filepath.Join(cluster, "postmaster.pid")
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return &StartError{Op: "look for an older server in", Path: cluster, Err: err, Hint: hintFor(capitalised(err))}
	}
	file, err := parsePIDFile(raw)
	if err != nil {
		// The server refuses to start on such a file and knows what to say.
		log.Warn("unreadable postmaster.pid", "path", path, "err", err)
		return nil
	}
	running, certain := serverProcesses(cluster, file.pid)
	if len(running) == 0 {
		return clearReusedPID(path, file.pid, certain, log)
	}
	log.Warn("an older database server is still running; waiting for it to stop", "pid", file.pid, "cluster", cluster)
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, grace.interrupt}, {syscall.SIGQUIT, grace.quit}, {syscall.SIGKILL, grace.kill}} {
		targets := running // the workers too: they must not outlive their server
		if step.signal == syscall.SIGINT {
			if !slices.Contains(running, file.pid) {
				continue // only workers are left; this signal would not end them
			}
			targets = []int{file.pid}
		}
		if err := signalAll(targets, step.signal); err != nil {
			return &StartError{
				Op: "stop the older database server on", Path: cluster, Err: err,
				Hint: fmt.Sprintf("stop it with the rights of its user (kill -INT %d) and start again", file.pid),
			}
		}
		gone, err := waitGone(ctx, step.wait, func() bool {
			running, _ = serverProcesses(cluster, file.pid)
			return len(running) == 0
		})
		if gone || err != nil {
			return err
		}
	}
	return &StartError{
		Op: "stop the older database server on", Path: cluster, Err: fmt.Errorf("%w: process %d does not end", ErrInUse, running[0]),
		Hint: "stop it by hand or restart the machine, and start again",
	}
}

// clearReusedPID removes a leftover postmaster.pid whose pid now belongs to some
// other program, as after a reboot or in a new container: the server would take
// that for a running one. The file also guards the cluster against workers that
// outlived their server, so it goes only when it is certain that there are none.
func clearReusedPID(path string, pid int, certain bool, log *slog.Logger) error {
	if !certain || syscall.Kill(pid, 0) != nil {
		return nil
	}
	log.Info("removing the leftover postmaster.pid of a server that is gone", "path", path, "pid", pid)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &StartError{Op: "remove the leftover", Path: path, Err: err}
	}
	return nil
}

// signalAll signals processes; those that are gone are fine.
func signalAll(pids []int, sig syscall.Signal) error {
	for _, pid := range pids {
		if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("signal process %d: %w", pid, err)
		}
	}
	return nil
}

// waitGone polls until gone or the limit, and reports which.
func waitGone(ctx context.Context, limit time.Duration, gone func() bool) (bool, error) {
	deadline := time.Now().Add(limit)
	for !gone() {
		if time.Now().After(deadline) {
			return false, nil
		}
		select {
		case <-time.After(stalePoll):
		case <-ctx.Done():
			return false, context.Cause(ctx)
		}
	}
	return true, nil
}
