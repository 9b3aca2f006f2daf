package voiceclient

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/media/wsaudio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is the server's side of a call: a handler that remembers.
type desk struct {
	mu       sync.Mutex
	audio    []byte
	messages []voiceproto.ClientMessage
	code     int
	err      error
	heard    chan struct{} // a token per message
	closed   chan struct{}
}

func newDesk() *desk {
	return &desk{heard: make(chan struct{}, 10_000), closed: make(chan struct{})}
}

func (d *desk) OnAudio(pcm []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.audio = append(d.audio, pcm...)
}

func (d *desk) OnMessage(m voiceproto.ClientMessage) {
	d.mu.Lock()
	d.messages = append(d.messages, m)
	d.mu.Unlock()
	d.heard <- struct{}{}
}

func (d *desk) OnClosed(code int, err error) {
	d.code, d.err = code, err
	close(d.closed)
}

// listener serves calls over loopback: each gets a Conn and a desk.
func listener(t *testing.T) (url string, calls <-chan *wsaudio.Conn, d *desk) {
	t.Helper()
	d = newDesk()
	conns := make(chan *wsaudio.Conn, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("X-Interview-Token"); got != "secret" {
			t.Errorf("the token is %q", got)
		}
		ws, err := wsaudio.NewUpgrader(nil).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		c := wsaudio.New(ws, wsaudio.Config{})
		conns <- c
		_ = c.Run(context.Background(), d) // OnClosed tells
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/voice/1", conns, d
}

// diary collects a client's events.
type diary struct {
	mu     sync.Mutex
	events []Event
}

func (d *diary) note(e Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, e)
}

// kinds are the events without messages, which are told apart by their type.
func (d *diary) kinds() (out []EventKind) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.events {
		if e.Kind != EventMessage {
			out = append(out, e.Kind)
		}
	}
	return out
}

func TestARefusalTellsStatusTextAndPatience(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		want   DialError
	}{
		"the contract's JSON": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error":"Invalid or expired interview token"}`))
		}, DialError{Status: 401, Message: "Invalid or expired interview token"}},
		"a full server": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"error":"Too many interviews"}`))
		}, DialError{Status: 503, Message: "Too many interviews", RetryAfter: 7 * time.Second}},
		"a proxy's text": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "bad gateway", http.StatusBadGateway)
		}, DialError{Status: 502, Message: "bad gateway"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(tc.answer)
			t.Cleanup(srv.Close)
			c, err := Dial(t.Context(), NewOptions(srv.URL, "x"))
			var got *DialError
			if c != nil || !errors.As(err, &got) || !errors.Is(err, websocket.ErrBadHandshake) {
				t.Fatalf("client %v and error %v", c, err)
			}
			tc.want.Err = got.Err
			if diff := cmp.Diff(tc.want, *got, cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })); diff != "" {
				t.Errorf("refusal (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRetryAfterAsADate(t *testing.T) {
	t.Parallel()
	when := start.Add(90 * time.Second).UTC().Format(http.TimeFormat)
	for v, want := range map[string]time.Duration{when: 90 * time.Second, "": 0, "-3": 0, "soon": 0, "0": 0} {
		if got := retryAfter(v, start); got != want {
			t.Errorf("%q means %s, want %s", v, got, want)
		}
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	_, err = Dial(t.Context(), NewOptions("ws://"+addr, "x"))
	var got *DialError
	if !errors.As(err, &got) || got.Status != 0 || got.Err == nil {
		t.Errorf("error is %v", err)
	}
}

func TestTheServersGoodbyeIsTold(t *testing.T) {
	t.Parallel()
	url, calls, d := listener(t)
	var events diary
	o := NewOptions(url, "secret")
	o.OnEvent = events.note
	c, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	conn := <-calls
	<-d.heard
	conn.Send(voiceproto.Ended{InterviewID: "1", Reason: "finished"})
	conn.Close(voiceproto.CloseCompleted, "Interview completed")
	<-c.Done()
	got := c.Closed()
	if got.Code != voiceproto.CloseCompleted || got.Reason != "Interview completed" || got.Err != nil {
		t.Errorf("closed as %+v", got)
	}
	if diff := cmp.Diff([]EventKind{EventClosed}, events.kinds()); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	<-d.closed
	if diff := cmp.Diff([]voiceproto.ClientMessage{voiceproto.Hello{Acks: true, Gain: true, Client: "vantahire-go"}}, d.messages); diff != "" {
		t.Errorf("the server got (-want +got):\n%s", diff)
	}
	if err := c.Speak(t.Context(), make([]int16, 320)); !errors.Is(err, ErrClosed) {
		t.Errorf("speaking into a closed connection: %v", err)
	}
	if err := c.Send(voiceproto.Ping{}); err == nil {
		t.Error("a message went into a closed connection")
	}
	c.Close(1000) // harmless
	c.Drop()
}

func TestLeavingAndDropping(t *testing.T) {
	t.Parallel()
	t.Run("a goodbye has its code", func(t *testing.T) {
		t.Parallel()
		url, calls, d := listener(t)
		c, err := Dial(t.Context(), NewOptions(url, "secret"))
		if err != nil {
			t.Fatal(err)
		}
		<-calls
		c.StartMic()
		c.Close(4999)
		<-d.closed
		if d.code != 4999 || d.err != nil {
			t.Errorf("the server saw %d and %v", d.code, d.err)
		}
		if got := c.Closed(); got.Code != 4999 {
			t.Errorf("the client saw %+v", got)
		}
	})
	t.Run("a drop has none", func(t *testing.T) {
		t.Parallel()
		url, calls, d := listener(t)
		c, err := Dial(t.Context(), NewOptions(url, "secret"))
		if err != nil {
			t.Fatal(err)
		}
		<-calls
		c.StartMic()
		c.Drop()
		<-d.closed
		if d.code != voiceproto.CloseAbnormal || d.err == nil {
			t.Errorf("the server saw %d and %v", d.code, d.err)
		}
		if got := c.Closed(); got.Code != voiceproto.CloseAbnormal || got.Err == nil {
			t.Errorf("the client saw %+v", got)
		}
	})
}

func TestAPanickingCallbackEndsItsConnection(t *testing.T) {
	t.Parallel()
	url, calls, d := listener(t)
	o := NewOptions(url, "secret")
	o.OnEvent = func(Event) { panic("defect") }
	c, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	(<-calls).Send(voiceproto.Processing{})
	<-c.Done()
	if got := c.Closed(); !errors.Is(got.Err, ErrPanicked) {
		t.Errorf("closed as %+v", got)
	}
	<-d.closed
}

func TestAPlainClientSaysNothingAboutItself(t *testing.T) {
	t.Parallel()
	url, calls, d := listener(t)
	o := NewOptions(url, "secret")
	o.Acks = false
	c, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	conn := <-calls
	conn.WriteFrame(1, 0, make([]int16, 480))
	conn.EndReply(1)
	if err := c.Send(voiceproto.End{}); err != nil {
		t.Fatal(err)
	}
	<-d.heard
	c.Close(1000)
	<-d.closed
	if diff := cmp.Diff([]voiceproto.ClientMessage{voiceproto.End{}}, d.messages); diff != "" {
		t.Errorf("the server got (-want +got):\n%s", diff)
	}
}

func TestAClientThatTypesHasNoMicrophone(t *testing.T) {
	t.Parallel()
	url, _, d := listener(t)
	o := NewOptions(url, "secret")
	o.Typing, o.Acks = true, false
	c, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	c.StartMic()
	if err := c.Speak(t.Context(), make([]int16, 320)); !errors.Is(err, ErrTyping) {
		t.Errorf("speaking: %v", err)
	}
	if err := c.Send(voiceproto.Text{Content: "hello"}); err != nil {
		t.Fatal(err)
	}
	<-d.heard
	<-d.heard
	c.Close(1000)
	<-d.closed
	wants := []voiceproto.ClientMessage{voiceproto.Hello{Typing: true, Client: "vantahire-go"}, voiceproto.Text{Content: "hello"}}
	if diff := cmp.Diff(wants, d.messages); diff != "" || len(d.audio) != 0 {
		t.Errorf("the server got %d bytes of audio and (-want +got):\n%s", len(d.audio), diff)
	}
}

// A server that sends what it should not is survived.
func TestAStrangeServer(t *testing.T) {
	t.Parallel()
	here, there := net.Pipe()
	go func() {
		r, err := http.ReadRequest(bufio.NewReader(here))
		if err != nil {
			t.Error(err)
			return
		}
		ws, err := wsaudio.NewUpgrader(nil).Upgrade(&hijack{conn: here}, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		for _, m := range []struct {
			kind int
			raw  string
		}{
			{websocket.TextMessage, `{`},
			{websocket.TextMessage, `{"type":"news"}`},
			{websocket.BinaryMessage, "odd"},
			{websocket.BinaryMessage, ""},
			{websocket.TextMessage, `{"type":"release","reply":3}`},
			{websocket.TextMessage, `{"type":"hold","reply":3}`},
			{websocket.TextMessage, `{"type":"flush","reply":9}`},
			{websocket.TextMessage, `{"type":"gain","reply":10,"db":1000,"ms":-5}`},
			{websocket.TextMessage, `{"type":"speech","reply":10,"rate":-1,"from":-50}`},
			{websocket.BinaryMessage, "\x00\x70\x00\x70"},
			{websocket.TextMessage, `{"type":"audio_complete","reply":77}`},
		} {
			if err := ws.WriteMessage(m.kind, []byte(m.raw)); err != nil {
				t.Error(err)
			}
		}
		_ = ws.Close()
	}()
	o := NewOptions("ws://pipe", "")
	o.Acks = false
	o.NetDial = func(context.Context, string, string) (net.Conn, error) { return there, nil }
	c, err := Dial(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	rec := c.Heard()
	if rec.Broken != 2 || rec.Unknown != 1 {
		t.Errorf("%d broken and %d unknown messages, want 2 and 1", rec.Broken, rec.Unknown)
	}
}

// hijack is the ResponseWriter of a connection that has no HTTP server.
type hijack struct {
	http.ResponseWriter
	conn net.Conn
}

func (h *hijack) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.conn, bufio.NewReadWriter(bufio.NewReader(h.conn), bufio.NewWriter(h.conn)), nil
}
