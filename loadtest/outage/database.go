package outage

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/vantahire/vantahire/store/embedded"
)

// stopPatience bounds an orderly stop of the database.
const stopPatience = 30 * time.Second

// Database is a private PostgreSQL at one address over all its restarts, whose
// processes can be stopped and killed.
type Database struct {
	dir  string
	link string // to the folder of the socket, which changes with each start
	pg   *embedded.Postgres
}

// StartDatabase makes one in dir, which every user must be able to enter.
func StartDatabase(ctx context.Context, dir string) (*Database, error) {
	d := &Database{dir: dir, link: filepath.Join(dir, "socket")}
	return d, d.Start(ctx)
}

// Start runs it and returns when it answers.
func (d *Database) Start(ctx context.Context) error {
	pg, err := embedded.Start(ctx, embedded.Options{DataDir: filepath.Join(d.dir, "pg"), Fsync: true})
	if err != nil {
		return err
	}
	u, err := url.Parse(pg.URL())
	if err != nil {
		return err
	}
	_ = os.Remove(d.link)
	if err := os.Symlink(u.Query().Get("host"), d.link); err != nil {
		return err
	}
	d.pg = pg
	return nil
}

// URL is its address, whether it runs or not.
func (d *Database) URL() string {
	u, err := url.Parse(d.pg.URL())
	if err != nil {
		return ""
	}
	q := u.Query()
	q.Set("host", d.link)
	u.RawQuery = q.Encode()
	return u.String()
}

// Stop ends it in good order.
func (d *Database) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), stopPatience)
	defer cancel()
	return d.pg.Stop(ctx)
}

// Kill ends all its processes at once (SIGKILL) and keeps it away.
func (d *Database) Kill() error {
	if err := d.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	_ = d.Stop() // it says that it was killed
	return nil
}

// Signal sends all its processes a signal.
func (d *Database) Signal(sig syscall.Signal) error {
	raw, err := os.ReadFile(filepath.Join(d.dir, "pg", "cluster", "postmaster.pid"))
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(raw), "\n")
	master, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return fmt.Errorf("pid of the database: %w", err)
	}
	pids, err := children(master)
	if err != nil {
		return err
	}
	var errs []error
	for _, pid := range append(pids, master) {
		if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			errs = append(errs, fmt.Errorf("signal %d: %w", pid, err))
		}
	}
	return errors.Join(errs...)
}

// children are the processes that a process has started.
func children(parent int) ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, path := range stats {
		raw, err := os.ReadFile(path)
		if err != nil {
			continue // it is gone
		}
		// The name in parentheses may hold anything; behind it are state and parent.
		_, rest, _ := strings.Cut(string(raw[strings.LastIndexByte(string(raw), ')')+1:]), " ")
		fields := strings.Fields(rest)
		if len(fields) < 2 {
			continue
		}
		if ppid, err := strconv.Atoi(fields[1]); err == nil && ppid == parent {
			pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			if err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids, nil
}
