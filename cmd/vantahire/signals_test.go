package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/loadtest/candidate"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// roleEnv makes the test binary play the program: "command" is the whole of it,
// "deaf" a command that does not heed its context.
const roleEnv = "VANTAHIRE_TEST_ROLE"

// playDeaf tells of each signal and ends by none of them.
func playDeaf() {
	ctx, _ := untilSignal(context.Background(), os.Stderr, os.Exit)
	_, _ = os.Stdout.WriteString("none\n")
	<-ctx.Done()
	_, _ = os.Stdout.WriteString("first\n")
	<-further(ctx)
	_, _ = os.Stdout.WriteString("second\n")
	<-make(chan struct{})
}

// process is this program as a child, in a process group of its own: a signal to
// the group is what a terminal sends for Ctrl-C.
type process struct {
	t        *testing.T
	cmd      *exec.Cmd
	out, err output
	done     chan struct{}
	url      string
}

func start(t *testing.T, role string, args []string, env ...string) *process {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.Command(exe, args...), done: make(chan struct{})} //nolint:gosec // this test binary
	p.cmd.Env = append(append(os.Environ(), roleEnv+"="+role), env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.done
	})
	return p
}

// startServer runs serve until it listens.
func startServer(t *testing.T, env ...string) *process {
	t.Helper()
	dir, err := os.MkdirTemp("", "vantahire-signals-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the database runs as another user when we are root
		t.Fatal(err)
	}
	p := start(t, "command", []string{"serve"}, append([]string{
		"VANTAHIRE_DATA_DIR=" + dir, "PORT=0", "LOG_LEVEL=warn", "VANTAHIRE_LOCAL_CALLS=0", "VANTAHIRE_CONSENT=implied", "VANTAHIRE_DEV_KEY=" + testDevKey,
	}, env...)...)
	p.until("it listens", func() bool {
		m := listens.FindStringSubmatch(p.out.String())
		if m != nil {
			p.url = m[1]
		}
		return m != nil
	})
	return p
}

const testDevKey = "dev_of_the_signal_tests_0123456789"

// until waits for something that real processes do.
func (p *process) until(what string, done func() bool) {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			p.t.Fatalf("not within a minute: %s; it said %q %q", what, p.out.String(), p.err.String())
		}
	}
}

// interrupt is Ctrl-C: the whole group is told.
func (p *process) interrupt() {
	p.t.Helper()
	if err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGINT); err != nil {
		p.t.Fatal(err)
	}
}

// ended waits for the end and returns the exit status.
func (p *process) ended() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(time.Minute):
		p.t.Fatalf("it does not end; it said %q %q", p.out.String(), p.err.String())
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) get(path string) (status int, body string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.url+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(raw)
}

// dial brings a candidate to the door; status is what came instead of an upgrade.
func (p *process) dial(i candidate.Invitation) (ws *websocket.Conn, status int) {
	p.t.Helper()
	url := "ws" + strings.TrimPrefix(p.url, "http") + "/voice/" + string(i.Interview) + "?typing=1&token=" + i.Token
	ws, res, err := websocket.DefaultDialer.DialContext(p.t.Context(), url, nil)
	if res != nil {
		status = res.StatusCode
		_ = res.Body.Close()
	}
	if err != nil {
		return nil, status
	}
	p.t.Cleanup(func() { _ = ws.Close() })
	_ = ws.SetReadDeadline(time.Now().Add(time.Minute))
	return ws, status
}

// hears reads until the server says text, or closes; it returns the close code.
func hears(t *testing.T, ws *websocket.Conn, text string) (code int) {
	t.Helper()
	for {
		_, raw, err := ws.ReadMessage()
		var closed *websocket.CloseError
		if errors.As(err, &closed) {
			return closed.Code
		}
		if err != nil {
			t.Fatalf("waiting for %s: %v", text, err)
		}
		if strings.Contains(string(raw), text) {
			return 0
		}
	}
}

func TestAServerWithoutCallsStopsAtOnce(t *testing.T) {
	t.Parallel()
	p := startServer(t, "VANTAHIRE_DRAIN_TIMEOUT=1h")
	p.interrupt()
	if status := p.ended(); status != exitOK || !strings.Contains(p.out.String(), "Stopping") || strings.Contains(p.out.String(), "may go on") {
		t.Errorf("exit status %d: %q %q", status, p.out.String(), p.err.String())
	}
}

func TestASignalLeavesLiveCallsTheirDatabaseAndASecondOneHandsThemOver(t *testing.T) {
	t.Parallel()
	p := startServer(t, "VANTAHIRE_DRAIN_TIMEOUT=1h")
	api := candidate.API{Server: p.url, Key: testDevKey}
	invite := func() candidate.Invitation {
		i, err := api.Create(t.Context(), "Engineer", 15, "implied", []byte(shortPlan))
		if err != nil {
			t.Fatal(err)
		}
		return i
	}
	live, stranger := invite(), invite()
	ws, status := p.dial(live)
	if ws == nil {
		t.Fatalf("refused with %d", status)
	}
	hears(t, ws, `"ready"`)
	if status, body := p.get("/ready"); status != http.StatusOK {
		t.Errorf("before the signal: %d %s", status, body)
	}

	p.interrupt()
	p.until("it is not ready", func() bool {
		status, body := p.get("/ready")
		return status == http.StatusServiceUnavailable && strings.Contains(body, `"stopping"`)
	})
	p.until("it says what it waits for", func() bool { return strings.Contains(p.out.String(), "interviews that are live (1) may go on for 1h") })
	if refused, status := p.dial(stranger); refused != nil || status != http.StatusServiceUnavailable {
		t.Errorf("a new interview: %d", status)
	}
	if status, body := p.get("/health"); status != http.StatusOK {
		t.Errorf("Ctrl-C took the database: %d %s", status, body)
	}
	invite() // the other routes are served
	_ = ws.Close()
	again, status := p.dial(live)
	if again == nil {
		t.Fatalf("a candidate of a live interview is refused with %d", status)
	}
	hears(t, again, `"ready"`)

	p.interrupt()
	if code := hears(t, again, string(voiceproto.GoneShutdown)); code != 0 {
		t.Errorf("closed with %d before it was told why", code)
	}
	if code := hears(t, again, "nothing that is ever said"); code != voiceproto.CloseGoingAway {
		t.Errorf("closed with %d", code)
	}
	if status := p.ended(); status != exitOK {
		t.Errorf("exit status %d: %s", status, p.err.String())
	}
}

func TestAThirdSignalEndsTheProcessWhateverHangs(t *testing.T) {
	t.Parallel()
	p := start(t, "deaf", nil)
	for _, told := range []string{"none\n", "first\n", "second\n"} {
		p.until(told, func() bool { return strings.HasSuffix(p.out.String(), told) })
		p.interrupt()
	}
	if status := p.ended(); status != exitFailed || !strings.Contains(p.err.String(), "the third signal") {
		t.Errorf("exit status %d: %q", status, p.err.String())
	}
}

func TestAStopThatHangsEndsTheProcess(t *testing.T) {
	t.Parallel()
	exited := make(chan int, 1)
	var errOut output
	hangs := func(ctx context.Context) error {
		<-ctx.Done()
		exited <- <-exited // until the process would have ended
		return ctx.Err()
	}
	if err := closeWithin(time.Millisecond, hangs, &errOut, func(status int) { exited <- status }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("close: %v", err)
	}
	if status := <-exited; status != exitFailed || !strings.Contains(errOut.String(), "took longer than 1ms") {
		t.Errorf("exit status %d: %q", status, errOut.String())
	}
}
