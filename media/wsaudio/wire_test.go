package wsaudio

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ear is a Handler that remembers.
type ear struct {
	mu       sync.Mutex
	audio    []byte
	messages []voiceproto.ClientMessage
	closes   int
	late     int // callbacks after OnClosed
	code     int
	err      error

	onMessage func(voiceproto.ClientMessage)
	arrived   chan struct{} // one token per callback
	closed    chan struct{}
}

func newEar() *ear {
	return &ear{arrived: make(chan struct{}, 100_000), closed: make(chan struct{})}
}

func (e *ear) OnAudio(pcm []byte) {
	e.note(func() { e.audio = append(e.audio, pcm...) })
}

func (e *ear) OnMessage(m voiceproto.ClientMessage) {
	e.note(func() { e.messages = append(e.messages, m) })
	if e.onMessage != nil {
		e.onMessage(m)
	}
}

func (e *ear) note(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closes > 0 {
		e.late++
	}
	f()
	e.arrived <- struct{}{}
}

func (e *ear) OnClosed(code int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closes++; e.closes == 1 {
		e.code, e.err = code, err
		close(e.closed)
	}
}

// ended waits for OnClosed and checks that it came once and last.
func (e *ear) ended(t *testing.T, code int, err error) {
	t.Helper()
	<-e.closed
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closes != 1 || e.late != 0 {
		t.Errorf("OnClosed came %d times, %d callbacks after it", e.closes, e.late)
	}
	if e.code != code || !errors.Is(e.err, err) || err == nil && e.err != nil {
		t.Errorf("closed with %d and %v, want %d and %v", e.code, e.err, code, err)
	}
}

// call is a served connection with a bare client at its other end.
type call struct {
	*Conn
	ear    *ear
	client *websocket.Conn
	result chan error // what Run returned
	cancel context.CancelFunc
}

// onLoopback serves a connection over real sockets.
func onLoopback(t testing.TB) *call {
	t.Helper()
	conns := make(chan *websocket.Conn, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := NewUpgrader(nil).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			close(conns)
			return
		}
		conns <- ws
	}))
	t.Cleanup(srv.Close)
	client, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(srv.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, <-conns, client)
}

// inBubble serves a connection over an unbuffered pipe, for virtual time: a
// write blocks until the other side reads.
func inBubble(t testing.TB) *call {
	t.Helper()
	here, there := net.Pipe()
	conns := make(chan *websocket.Conn, 1)
	go func() {
		ws, err := upgradePipe(here)
		if err != nil {
			t.Error(err)
		}
		conns <- ws
	}()
	dialer := websocket.Dialer{NetDial: func(string, string) (net.Conn, error) { return there, nil }}
	client, _, err := dialer.Dial("ws://pipe", nil)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, <-conns, client)
}

func run(t testing.TB, ws, client *websocket.Conn) *call {
	ctx, cancel := context.WithCancel(context.Background())
	c := &call{Conn: New(ws, Config{}), ear: newEar(), client: client, result: make(chan error, 1), cancel: cancel}
	go func() { c.result <- c.Run(ctx, c.ear) }()
	t.Cleanup(func() {
		_ = client.Close()
		cancel()
		<-c.ear.closed
	})
	return c
}

// upgradePipe answers the upgrade request that comes over nc.
func upgradePipe(nc net.Conn) (*websocket.Conn, error) {
	r, err := http.ReadRequest(bufio.NewReader(nc))
	if err != nil {
		return nil, err
	}
	return NewUpgrader(nil).Upgrade(&hijack{conn: nc}, r, nil)
}

// hijack is the ResponseWriter of a connection that has no HTTP server.
type hijack struct {
	http.ResponseWriter
	conn net.Conn
}

func (h *hijack) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}

// say sends the client's message.
func (c *call) say(t testing.TB, m voiceproto.ClientMessage) {
	t.Helper()
	raw, err := voiceproto.EncodeClient(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.client.WriteMessage(websocket.TextMessage, raw); err != nil {
		t.Fatal(err)
	}
}

// heard waits for n callbacks of the server.
func (c *call) heard(n int) {
	for range n {
		<-c.ear.arrived
	}
}

// sound is a binary message as the client saw it.
type sound []int16

// read returns the client's next message: a voiceproto.ServerMessage, a sound,
// or the error that ended reading.
func (c *call) read() any {
	kind, raw, err := c.client.ReadMessage()
	if err != nil {
		return err
	}
	if kind == websocket.BinaryMessage {
		pcm := make(sound, len(raw)/2)
		for i := range pcm {
			pcm[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
		}
		return pcm
	}
	m, err := voiceproto.DecodeServer(raw)
	if err != nil {
		return err
	}
	return m
}

// pcm is a frame that tells its reply and offset.
func pcm(reply interview.ReplyNo, offset int64) []int16 {
	f := make([]int16, media.PlayFrame)
	for i := range f {
		f[i] = int16(offset) + int16(i) - int16(reply)
	}
	return f
}

// at is the offset of the n-th frame.
func at(n int) int64 { return int64(n * media.PlayFrame) }

// feed writes frames from..to-1 of a reply, which must all be taken.
func (c *call) feed(t testing.TB, reply interview.ReplyNo, from, to int) {
	t.Helper()
	for n := from; n < to; n++ {
		if !c.WriteFrame(reply, at(n), pcm(reply, at(n))) {
			t.Fatalf("frame %d of reply %d was refused: %+v", n, reply, c.Stats())
		}
	}
}

func closeCode(err any) int {
	var goodbye *websocket.CloseError
	if e, ok := err.(error); ok && errors.As(e, &goodbye) {
		return goodbye.Code
	}
	return 0
}

// bytesOf is a binary message of n bytes.
func bytesOf(n int) []byte { return bytes.Repeat([]byte{1}, n) }

// soon bounds a test's wait for something that must come; it is no measurement.
const soon = 20 * time.Second
