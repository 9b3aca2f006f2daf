package rest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"strings"
	"time"
)

// answerTimeout bounds one exchange; a server that takes longer has failed it.
const answerTimeout = 30 * time.Second

// Read is a request that is measured.
type Read struct {
	Name string
	// Bytes is the whole request, as it is sent each time.
	Bytes []byte
}

// Get is the read of a path with pairs of headers.
func Get(name, path string, headers ...string) Read {
	return Read{name, []byte(head("GET", path, headers...) + "\r\n")}
}

// head is a request's line and headers, without the empty line at their end.
func head(method, path string, headers ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: rest.test\r\n", method, path)
	for i := 0; i+1 < len(headers); i += 2 {
		fmt.Fprintf(&b, "%s: %s\r\n", headers[i], headers[i+1])
	}
	return b.String()
}

// conn is a kept connection.
type conn struct {
	raw net.Conn
	in  *bufio.Reader
}

func dial(ctx context.Context, addr string) (*conn, error) {
	var d net.Dialer
	raw, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &conn{raw, bufio.NewReaderSize(raw, 32<<10)}, nil
}

// ask sends a request and reads its whole answer. size counts the body's bytes.
func (c *conn) ask(r Read) (status int, size int64, err error) {
	if err := c.raw.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return 0, 0, err
	}
	if _, err := c.raw.Write(r.Bytes); err != nil {
		return 0, 0, err
	}
	return c.answer(io.Discard)
}

// answer reads an answer and gives its body to a writer.
func (c *conn) answer(body io.Writer) (status int, size int64, err error) {
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, 0, err
	}
	if len(line) < len("HTTP/1.1 200") || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, 0, fmt.Errorf("no answer's line: %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, err
	}
	length, chunked := int64(0), false
	for {
		if line, err = c.in.ReadSlice('\n'); err != nil {
			return status, 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return status, 0, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
	if chunked {
		if size, err = io.Copy(body, httputil.NewChunkedReader(c.in)); err == nil {
			_, err = c.in.Discard(len("\r\n"))
		}
		return status, size, err
	}
	size, err = io.CopyN(body, c.in, length)
	return status, size, err
}

func (c *conn) close() { _ = c.raw.Close() }
