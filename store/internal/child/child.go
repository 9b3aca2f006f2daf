package child

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// outputGrace is how long the output of a dead process is still read. Its own
	// children may hold the pipe open long after it.
	outputGrace = time.Second
	// tailLines is how much output is kept for an error message.
	tailLines = 20
	// maxLine bounds one line of output; what is longer is cut.
	maxLine = 4 << 10
)

// Spec says what to run.
type Spec struct {
	Path       string
	Args       []string
	Env        []string // the whole environment; nil is an empty one
	Dir        string
	Credential *syscall.Credential // nil: as the user of this process
	// Line is given each line of output, standard output and error mixed, from one
	// goroutine at a time. It may be nil. It must not block: the process does.
	Line func(line string)
}

// Process is a running child.
type Process struct {
	cmd  *exec.Cmd
	out  *lines
	done chan struct{}
	err  error // set before done is closed
}

// Start runs the child in its own process group, so that a terminal's Ctrl-C
// reaches only the parent. On Linux the kernel interrupts it (SIGINT) when the
// parent dies. Start returns when the program runs or could not be executed.
func Start(spec Spec) (*Process, error) {
	out := &lines{line: spec.Line}
	cmd := exec.Command(spec.Path, spec.Args...) //nolint:gosec // the caller chose the program
	cmd.Env = append([]string{}, spec.Env...)
	cmd.Dir = spec.Dir
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = attributes(spec.Credential)
	cmd.WaitDelay = outputGrace
	p := &Process{cmd: cmd, out: out, done: make(chan struct{})}

	started := make(chan error, 1)
	go p.run(started)
	if err := <-started; err != nil {
		<-p.done
		return nil, fmt.Errorf("run %s: %w", spec.Path, err)
	}
	return p, nil
}

// run forks, and waits on the same thread: the kernel sends the parent-death
// signal when the forking *thread* ends, and the runtime ends idle threads of
// its own accord.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	started <- nil
	err := p.cmd.Wait()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well; only its output stayed open
	}
	p.err = err
	p.out.flush()
}

// PID is the process id. It may be another process's after Done.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended and was waited for.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how the process ended: nil for exit status 0. Call it after Done.
func (p *Process) Err() error { return p.err }

// Signal sends a signal; to a process that has ended it does nothing.
func (p *Process) Signal(sig os.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal process %d: %w", p.PID(), err)
	}
	return nil
}

// Output is the last lines of output so far.
func (p *Process) Output() string { return p.out.tail() }

// lines cuts output into lines, hands them on and keeps the last ones.
type lines struct {
	mu   sync.Mutex
	line func(string)
	part []byte // the line being written
	kept []string
}

// Write never fails: output that can't be used must not stop the child.
func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range b {
		if c == '\n' {
			l.end()
		} else if len(l.part) < maxLine {
			l.part = append(l.part, c)
		}
	}
	return len(b), nil
}

func (l *lines) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.part) > 0 {
		l.end()
	}
}

func (l *lines) end() {
	s := strings.ToValidUTF8(strings.TrimRight(string(l.part), "\r"), "?")
	l.part = l.part[:0]
	if len(l.kept) == tailLines {
		l.kept = append(l.kept[:0], l.kept[1:]...)
	}
	l.kept = append(l.kept, s)
	if l.line != nil {
		l.line(s)
	}
}

func (l *lines) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.kept, "\n")
}
