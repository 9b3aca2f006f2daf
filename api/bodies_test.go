package api

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// raw opens a connection without any HTTP client's manners.
func (b *bundle) raw() (net.Conn, *bufio.Reader) {
	b.t.Helper()
	conn, err := net.Dial("tcp", b.http.Listener.Addr().String()) //nolint:noctx // a test's own server
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
	return conn, bufio.NewReader(conn)
}

func readAnswer(t *testing.T, r *bufio.Reader) answer {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("no answer came: %v", err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(body)}
}

// ended waits until the server has closed the connection.
func ended(t *testing.T, r io.Reader) {
	t.Helper()
	_, err := io.Copy(io.Discard, r)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		t.Error("the connection is still open")
	}
}

func TestABodyThatDoesNotComeHoldsNoConnection(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		request string
		status  int // 0: only the end matters
	}{
		"one byte of a million":               {"POST /anything HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nx", http.StatusRequestTimeout},
		"nothing of ten":                      {"POST /interviews HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n", http.StatusRequestTimeout},
		"a chunk that does not end":           {"POST /interviews HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", http.StatusRequestTimeout},
		"a body nobody reads, of a preflight": {"OPTIONS / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx", http.StatusNoContent},
		"a body nobody reads, of a voice call": {
			"GET /voice/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nx", http.StatusUnauthorized,
		},
		"more than is allowed": {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\nx", http.StatusRequestEntityTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, func(c *Config) { c.BodyWait = 50 * time.Millisecond })
			conn, reader := b.raw()
			if _, err := io.WriteString(conn, tc.request); err != nil {
				t.Fatal(err)
			}
			a := readAnswer(t, reader)
			if a.status != tc.status {
				t.Errorf("the answer is %d %s, want %d", a.status, a.body, tc.status)
			}
			if a.status == http.StatusRequestTimeout && a.body != `{"error":"Request timed out"}` {
				t.Errorf("the answer says %s", a.body)
			}
			ended(t, reader)
		})
	}
}

func TestASlowBodyThatKeepsComingIsRead(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *Config) { c.BodyWait = 2 * time.Second })
	conn, reader := b.raw()
	const pieces, size = 10, 8 << 10 // each earns a second more
	_, _ = fmt.Fprintf(conn, "POST /interviews HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", pieces*size)
	for range pieces {
		time.Sleep(250 * time.Millisecond) //nolint:forbidigo // a real connection; 2.5 s in all, more than the wait
		if _, err := io.WriteString(conn, strings.Repeat(" ", size)); err != nil {
			t.Fatal(err)
		}
	}
	if a := readAnswer(t, reader); a.status != http.StatusUnauthorized {
		t.Errorf("the answer is %d %s", a.status, a.body)
	}
}

func TestTheBodysDeadlineDoesNotOutliveIt(t *testing.T) {
	t.Parallel()
	b := setup(t, func(c *Config) { c.BodyWait = 300 * time.Millisecond })
	conn, reader := b.raw()
	for n := range 3 {
		if n > 0 {
			time.Sleep(500 * time.Millisecond) //nolint:forbidigo // a kept connection, longer than the wait
		}
		if _, err := io.WriteString(conn, "POST /interviews HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"); err != nil {
			t.Fatal(err)
		}
		if a := readAnswer(t, reader); a.status != http.StatusUnauthorized {
			t.Fatalf("answer %d on the kept connection is %d %s", n+1, a.status, a.body)
		}
	}
}

func TestBodiesTogetherAreBoundedInMemory(t *testing.T) {
	t.Parallel()
	var all atomic.Int64
	all.Store(bodyMemory - 10)
	fits := &heldBody{from: strings.NewReader("0123456789"), all: &all}
	if _, err := io.ReadAll(fits); err != nil {
		t.Errorf("the last bytes there is room for: %v", err)
	}
	over := &heldBody{from: strings.NewReader("x"), all: &all}
	if _, err := io.ReadAll(over); !errors.Is(err, errBodyMemory) {
		t.Errorf("one byte more: %v", err)
	}
	over.release()
	fits.release()
	if left := all.Load(); left != bodyMemory-10 {
		t.Errorf("%d bytes are held after the release", left)
	}
}
