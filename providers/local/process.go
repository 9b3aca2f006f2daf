package local

import (
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

const (
	// outputGrace is how long a dead worker's standard error is still read: a
	// process of its own may hold it open.
	outputGrace = time.Second
	// keptNotes is how much of a worker's standard error is kept for the log.
	keptNotes = 2 << 10
)

// process is a running worker.
type process struct {
	in  io.WriteCloser
	out io.Reader
	// kill ends it at once, which also ends out. It is idempotent.
	kill func()
	// wait returns how it ended. Call it once out has ended.
	wait func() error
	// notes is the last it printed to standard error.
	notes func() string
}

// launcher starts a worker.
type launcher func() (process, error)

// command launches workers as child processes: in a group of their own, so that a
// terminal's Ctrl-C reaches only the server, which then stops them in order, and
// on Linux killed by the kernel when the server dies.
func command(argv, env []string) launcher {
	return func() (process, error) {
		cmd := exec.Command(argv[0], argv[1:]...) //nolint:gosec // configured by the operator
		notes := &tail{}
		cmd.Env, cmd.Stderr, cmd.WaitDelay = env, notes, outputGrace
		cmd.SysProcAttr = attributes()
		in, err := cmd.StdinPipe()
		if err != nil {
			return process{}, fmt.Errorf("pipe to %s: %w", argv[0], err)
		}
		out, err := cmd.StdoutPipe()
		if err != nil {
			return process{}, fmt.Errorf("pipe from %s: %w", argv[0], err)
		}
		started, drained, ended := make(chan error, 1), make(chan struct{}), make(chan struct{})
		var exit error
		go func() {
			// The kernel watches the thread that forked, and the runtime ends idle
			// threads of its own accord: this one stays until the worker is gone.
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			defer close(ended)
			err := cmd.Start()
			started <- err
			if err != nil {
				return
			}
			<-drained // Wait closes the pipes, so the last frame must be read by then
			exit = cmd.Wait()
		}()
		if err := <-started; err != nil {
			<-ended
			return process{}, fmt.Errorf("run %s: %w", argv[0], err)
		}
		return process{
			in: in, out: out,
			kill:  func() { killGroup(cmd.Process) },
			wait:  func() error { close(drained); <-ended; return exit },
			notes: notes.String,
		}, nil
	}
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, b...)
	if over := len(t.kept) - keptNotes; over > 0 {
		t.kept = append(t.kept[:0], t.kept[over:]...)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.ToValidUTF8(strings.TrimSpace(string(t.kept)), "?")
}
