package outage

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// startPatience bounds a start, the replay of a journal included.
	startPatience = 60 * time.Second
	// logKept is how much of a server's log is kept for a failed test, in bytes.
	logKept = 256 << 10
)

// Build compiles the program into dir and returns its path.
func Build(ctx context.Context, dir string) (string, error) {
	path := dir + "/vantahire"
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/vantahire/vantahire/cmd/vantahire")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w: %s", err, out)
	}
	return path, nil
}

// Server is one process of the program at a fixed address, over all its restarts.
// It is not goroutine-safe but for Log.
type Server struct {
	program string
	env     []string
	// URL is where it listens.
	URL string
	// DataDir is its data folder.
	DataDir string

	cmd  *exec.Cmd
	done chan struct{} // closed when the process is gone
	log  tail
}

// NewServer prepares a server on a free port of the loopback interface.
func NewServer(program, dataDir string, env map[string]string) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is closed at once
	if err != nil {
		return nil, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return nil, err
	}
	s := &Server{program: program, DataDir: dataDir, URL: "http://127.0.0.1:" + strconv.Itoa(port)}
	for _, key := range []string{"PATH", "HOME"} {
		s.env = append(s.env, key+"="+os.Getenv(key))
	}
	s.env = append(s.env, "PORT="+strconv.Itoa(port), "VANTAHIRE_DATA_DIR="+dataDir, "VANTAHIRE_LOCAL_CALLS=0", "VANTAHIRE_MAX_CALLS=1000")
	for key, value := range env {
		s.env = append(s.env, key+"="+value)
	}
	return s, nil
}

var listening = regexp.MustCompile(`listens on (\S+)`)

// Start runs it and returns when it listens. Its process dies with this one.
func (s *Server) Start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	cmd := exec.Command(s.program, "serve") //nolint:noctx // it outlives the start
	cmd.Env = s.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = &s.log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	up, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if listening.MatchString(lines.Text()) {
				close(up)
			}
		}
		_, _ = io.Copy(io.Discard, out)
		_ = cmd.Wait()
	}()
	s.cmd, s.done = cmd, done
	select {
	case <-up:
		return nil
	case <-done:
		return fmt.Errorf("the server ended at its start: %s", s.Log())
	case <-ctx.Done():
		s.Kill()
		return fmt.Errorf("the server does not listen: %w: %s", context.Cause(ctx), s.Log())
	}
}

// Signal sends the process a signal.
func (s *Server) Signal(sig os.Signal) {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(sig)
	}
}

// Kill ends it at once (SIGKILL) and waits until it is gone.
func (s *Server) Kill() {
	if s.cmd == nil {
		return
	}
	s.Signal(syscall.SIGKILL)
	<-s.done
}

// FullDisk makes every file of the process refuse further bytes, as a full disk
// would, or ends that.
func (s *Server) FullDisk(full bool) error {
	limit := unix.Rlimit{Cur: unix.RLIM_INFINITY, Max: unix.RLIM_INFINITY}
	if full {
		limit.Cur = 1
	}
	return unix.Prlimit(s.Pid(), unix.RLIMIT_FSIZE, &limit, nil)
}

// Done is closed when the present process is gone.
func (s *Server) Done() <-chan struct{} { return s.done }

// Pid is the present process.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Log is the end of what it has logged.
func (s *Server) Log() string { return s.log.String() }

// Key is the server's development key.
func (s *Server) Key() (string, error) {
	raw, err := os.ReadFile(s.DataDir + "/dev.key")
	return strings.TrimSpace(string(raw)), err
}

// Get reads a path; the status is 0 when there is no answer.
func (s *Server) Get(ctx context.Context, path string) (status int, body string, header http.Header) {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		return 0, err.Error(), nil
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error(), nil
	}
	defer func() { _ = res.Body.Close() }()
	const most = 4 << 20
	raw, err := io.ReadAll(io.LimitReader(res.Body, most))
	if err != nil {
		return 0, err.Error(), nil
	}
	return res.StatusCode, string(raw), res.Header
}

// errNoMetric indicates a metric the server does not have.
var errNoMetric = errors.New("no such metric")

// Metric reads one value of /metrics; name includes its labels.
func (s *Server) Metric(ctx context.Context, name string) (float64, error) {
	status, body, _ := s.Get(ctx, "/metrics")
	if status != http.StatusOK {
		return 0, fmt.Errorf("read metrics: %d %s", status, body)
	}
	for line := range strings.Lines(body) {
		if value, found := strings.CutPrefix(line, name+" "); found {
			return strconv.ParseFloat(strings.TrimSpace(value), 64)
		}
	}
	return 0, fmt.Errorf("%w: %s", errNoMetric, name)
}

// tail keeps the end of a log. Goroutine-safe.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

// Write appends.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if over := len(t.buf) - logKept; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(p), nil
}

// String is what is kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.buf)
}
