package api

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"
)

const (
	// bodyWait is how long a body may take, whatever its size, and bodyRate, in
	// bytes a second, what earns it more: 1 MiB over a slow mobile line passes, a
	// client that says a length and sends one byte is gone after bodyWait.
	bodyWait = 15 * time.Second
	bodyRate = 8 << 10
	// bodyMemory bounds the bytes of all bodies held at once.
	bodyMemory = 128 << 20
)

// errBodyMemory indicates that the bodies held at once take all the room there is.
var errBodyMemory = errors.New("too many request bodies at once")

// paceBodies gives every body a deadline that moves with what arrives. It covers
// also what net/http itself reads of a body that no handler wanted. What follows
// on the connection is not hurt: net/http sets its own deadline for the next
// request, and so does a WebSocket.
func (s *Server) paceBodies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Body != nil && r.Body != http.NoBody {
			body := &pacedBody{ReadCloser: r.Body, conn: http.NewResponseController(w), due: time.Now().Add(s.cfg.BodyWait)}
			body.arm()
			r.Body = body
		}
		next.ServeHTTP(w, r)
	})
}

// pacedBody is a body whose connection breaks when it comes too slowly. The last
// deadline stays after an error, and is lifted at the body's end.
type pacedBody struct {
	io.ReadCloser

	conn *http.ResponseController
	due  time.Time
}

// Read reads on; os.ErrDeadlineExceeded when the body is too slow.
func (b *pacedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.due = b.due.Add(time.Duration(n) * time.Second / bodyRate)
	switch {
	case err == nil:
		b.arm()
	case errors.Is(err, io.EOF):
		_ = b.conn.SetReadDeadline(time.Time{}) // as in arm
	}
	return n, err
}

func (b *pacedBody) arm() {
	_ = b.conn.SetReadDeadline(b.due) // fails on a closed connection, which reading tells, and in tests without one
}

// heldBody counts the bytes of a body that is kept in memory.
type heldBody struct {
	from io.Reader
	all  *atomic.Int64 // of every body of the bridge
	own  int64
}

// Read reads on; errBodyMemory when there is no room for more.
func (b *heldBody) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	b.own += int64(n)
	if b.all.Add(int64(n)) > bodyMemory {
		return n, errBodyMemory
	}
	return n, err
}

func (b *heldBody) release() { b.all.Add(-b.own) }

// refuseBody answers a request whose body can't be had. The rest of it may still
// be on its way, so the connection is closed.
func refuseBody(w http.ResponseWriter, err error) {
	var tooLarge *http.MaxBytesError
	w.Header().Set("Connection", "close")
	switch {
	case errors.As(err, &tooLarge):
		writeError(w, http.StatusRequestEntityTooLarge, "Request body too large")
	case errors.Is(err, os.ErrDeadlineExceeded):
		writeError(w, http.StatusRequestTimeout, "Request timed out")
	case errors.Is(err, errBodyMemory):
		w.Header().Set("Retry-After", strconv.Itoa(retryWhenFull))
		writeError(w, http.StatusServiceUnavailable, "Server is busy")
	default:
		writeError(w, http.StatusBadRequest, "Request body could not be read")
	}
}
