package child

import (
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// roleEnv makes the test binary play a process instead of running tests.
const roleEnv = "VANTAHIRE_TEST_CHILD_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "parent":
		os.Exit(playParent())
	case "child":
		// Asked for by name: a shell's background jobs inherit an ignored SIGINT.
		interrupted := make(chan os.Signal, 1)
		signal.Notify(interrupted, os.Interrupt)
		<-interrupted
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// playParent starts one child, prints its id and waits for it.
func playParent() int {
	exe, err := os.Executable()
	if err != nil {
		return 1
	}
	p, err := Start(Spec{Path: exe, Env: []string{roleEnv + "=child"}})
	if err != nil {
		return 1
	}
	fmt.Println(p.PID())
	<-p.Done()
	return 0
}

func TestAChildHandsOnItsOutputAndItsEnd(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		script string
		lines  []string
		fails  bool
	}{
		"both streams, the last line unended": {"echo one; echo two >&2; printf three", []string{"one", "two", "three"}, false},
		"an exit status":                      {"echo why; exit 3", []string{"why"}, true},
		"killed by a signal":                  {"kill -9 $$", nil, true},
		"bytes that are no text":              {`printf 'a\377b\n'`, []string{"a?b"}, false},
		"a grandchild keeps the output open":  {"sleep 60 & echo gone", []string{"gone"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			p, err := Start(Spec{Path: "/bin/sh", Args: []string{"-c", tc.script}, Env: []string{"PATH=/bin:/usr/bin"}, Line: func(s string) { got = append(got, s) }})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = syscall.Kill(-p.PID(), syscall.SIGKILL) })
			<-p.Done()
			if (p.Err() != nil) != tc.fails {
				t.Errorf("ended with %v, want failure: %v", p.Err(), tc.fails)
			}
			if want := strings.Join(tc.lines, "\n"); strings.Join(got, "\n") != want || p.Output() != want {
				t.Errorf("lines %q, kept %q, want %q", got, p.Output(), want)
			}
			if err := p.Signal(os.Interrupt); err != nil {
				t.Errorf("a signal after the end: %v", err)
			}
		})
	}
}

func TestOutputIsBounded(t *testing.T) {
	t.Parallel()
	l := &lines{}
	_, _ = fmt.Fprint(l, strings.Repeat("x", 10*maxLine)+"\n")
	if n := len(l.tail()); n != maxLine {
		t.Errorf("a long line kept %d bytes, want %d", n, maxLine)
	}
	for i := range 3 * tailLines {
		_, _ = fmt.Fprintln(l, i)
	}
	if got := strings.Split(l.tail(), "\n"); len(got) != tailLines || got[tailLines-1] != strconv.Itoa(3*tailLines-1) {
		t.Errorf("kept %d lines ending in %q", len(got), got[len(got)-1])
	}
}

func TestAProgramThatIsMissingIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := Start(Spec{Path: "/nonexistent/program"}); err == nil {
		t.Error("started a program that does not exist")
	}
}
