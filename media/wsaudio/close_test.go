package wsaudio

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/media/voiceproto"
)

func TestWhatIsQueuedLeavesBeforeTheGoodbye(t *testing.T) {
	t.Parallel()
	c := onLoopback(t)
	c.Send(voiceproto.Ended{InterviewID: "i", Reason: "finished"})
	c.Close(voiceproto.CloseCompleted, voiceproto.CloseReason(voiceproto.CloseCompleted))
	c.Close(voiceproto.CloseRevoked, "again")
	if c.Send(voiceproto.Processing{}) || c.WriteFrame(1, 0, pcm(1, 0)) {
		t.Error("a closing connection takes messages")
	}
	c.expect(t, voiceproto.Ended{InterviewID: "i", Reason: "finished"})
	var goodbye *websocket.CloseError
	if err, _ := c.read().(error); !errors.As(err, &goodbye) || goodbye.Code != 1000 || goodbye.Text != "Interview completed" {
		t.Errorf("goodbye is %v", goodbye)
	}
	c.ear.ended(t, voiceproto.CloseCompleted, nil)
	if err := <-c.result; err != nil {
		t.Error(err)
	}
}

func TestTheClientsGoodbyeIsAnswered(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		payload []byte
		code    int
	}{
		"with a code":    {websocket.FormatCloseMessage(4999, "bye"), 4999},
		"without a code": {nil, websocket.CloseNoStatusReceived},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := onLoopback(t)
			if err := c.client.WriteControl(websocket.CloseMessage, tc.payload, time.Now().Add(soon)); err != nil {
				t.Fatal(err)
			}
			if got := closeCode(c.read()); got != tc.code {
				t.Errorf("answered with %d, want %d", got, tc.code)
			}
			c.ear.ended(t, tc.code, nil)
		})
	}
}

func TestTheContextsEndIsGoingAway(t *testing.T) {
	t.Parallel()
	c := onLoopback(t)
	c.cancel()
	if got := closeCode(c.read()); got != voiceproto.CloseGoingAway {
		t.Errorf("closed with %d", got)
	}
	c.ear.ended(t, voiceproto.CloseGoingAway, nil)
}

func TestALongReasonIsCut(t *testing.T) {
	t.Parallel()
	c := onLoopback(t)
	c.Close(voiceproto.CloseInternal, strings.Repeat("x", 500))
	if got := closeCode(c.read()); got != voiceproto.CloseInternal {
		t.Errorf("closed with %d", got)
	}
}

func TestADroppedConnectionIsAbnormal(t *testing.T) {
	t.Parallel()
	for name, drop := range map[string]func(nc net.Conn){
		"by an end of stream": func(nc net.Conn) { _ = nc.Close() },
		"by a reset":          func(nc net.Conn) { _ = nc.(*net.TCPConn).SetLinger(0); _ = nc.Close() },
		"in a message": func(nc net.Conn) {
			_, _ = nc.Write([]byte{0x82, 0xfe, 0x01, 0x00, 1, 2, 3, 4, 5})
			_ = nc.Close()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := onLoopback(t)
			drop(c.client.NetConn())
			<-c.ear.closed
			if c.ear.code != voiceproto.CloseAbnormal || c.ear.err == nil {
				t.Errorf("closed with %d and %v", c.ear.code, c.ear.err)
			}
			c.Close(voiceproto.CloseCompleted, "too late")
			c.Flush(1)
			c.EndReply(1)
		})
	}
}

// What breaks a rule ends with a close frame the client gets to see, although it
// goes on sending.
func TestWhoBreaksARuleIsTold(t *testing.T) {
	t.Parallel()
	repeat := func(kind int, payload []byte, n int) func(*websocket.Conn) {
		return func(client *websocket.Conn) {
			for range n {
				if client.WriteMessage(kind, payload) != nil {
					return
				}
			}
		}
	}
	for name, tc := range map[string]struct {
		send func(client *websocket.Conn)
		code int
		err  error
	}{
		"a binary message over 64 KiB": {repeat(websocket.BinaryMessage, bytesOf(64<<10+1), 3), voiceproto.CloseTooBig, ErrTooBig},
		"a text message over 64 KiB":   {repeat(websocket.TextMessage, bytesOf(64<<10+1), 3), voiceproto.CloseTooBig, ErrTooBig},
		"a giant that is announced": {func(client *websocket.Conn) {
			_, _ = client.NetConn().Write([]byte{0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4})
		}, voiceproto.CloseTooBig, ErrTooBig},
		"a flood of text":        {repeat(websocket.TextMessage, []byte(`{"type":"ping"}`), 200), voiceproto.CloseFlood, ErrFlood},
		"a flood of long text":   {repeat(websocket.TextMessage, longText(), 40), voiceproto.CloseFlood, ErrFlood},
		"a flood of garbage":     {repeat(websocket.TextMessage, []byte(`{`), 200), voiceproto.CloseFlood, ErrFlood},
		"a flood of pings":       {repeat(websocket.PingMessage, nil, 200), voiceproto.CloseFlood, ErrFlood},
		"a flood of pongs":       {repeat(websocket.PongMessage, nil, 200), voiceproto.CloseFlood, ErrFlood},
		"a flood of empty audio": {repeat(websocket.BinaryMessage, nil, audioBurst+5000), voiceproto.CloseFlood, ErrFlood},
		"a flood of bytes":       {repeat(websocket.BinaryMessage, bytesOf(64<<10), 90), voiceproto.CloseFlood, ErrFlood},
		"no WebSocket at all": {func(client *websocket.Conn) {
			_, _ = client.NetConn().Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"))
		}, voiceproto.CloseProtocol, ErrProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := onLoopback(t)
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				tc.send(c.client)
			}()
			for {
				got := c.read()
				if _, ok := got.(error); !ok {
					continue
				}
				if closeCode(got) != tc.code {
					t.Errorf("the client was told %v, want %d", got, tc.code)
				}
				break
			}
			_ = c.client.Close()
			<-sent
			c.ear.ended(t, tc.code, tc.err)
		})
	}
}

func TestAPanickingHandlerEndsItsConnection(t *testing.T) {
	t.Parallel()
	c := onLoopback(t)
	c.ear.onMessage = func(voiceproto.ClientMessage) { panic("defect") }
	c.say(t, voiceproto.Skip{})
	if got := closeCode(c.read()); got != voiceproto.CloseInternal {
		t.Errorf("closed with %d", got)
	}
	c.ear.ended(t, voiceproto.CloseInternal, ErrPanicked)
}

func TestControlThatNobodyReadsClosesTheConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := inBubble(t)
		synctest.Wait() // the first ping is being written
		for n := range maxControl {
			if !c.Send(voiceproto.Processing{}) {
				t.Fatalf("message %d was refused", n)
			}
		}
		if c.Send(voiceproto.Processing{}) {
			t.Error("the queue has no bound")
		}
		began := time.Now()
		c.ear.ended(t, voiceproto.CloseTryAgain, ErrSlow)
		if took := time.Since(began); took != drainTime {
			t.Errorf("closed after %s, want %s", took, drainTime)
		}
	})
}

func TestAWriteThatBlocksEndsTheConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := inBubble(t)
		began := time.Now()
		c.ear.ended(t, voiceproto.CloseTryAgain, ErrSlow)
		if took := time.Since(began); took != writeTimeout {
			t.Errorf("closed after %s, want %s", took, writeTimeout)
		}
	})
}

// A half-open peer: packets go somewhere, nothing ever comes back.
func TestAPeerThatAnswersNoPingIsDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := inBubble(t)
		go func() { _, _ = io.Copy(io.Discard, c.client.NetConn()) }()
		began := time.Now()
		c.ear.ended(t, voiceproto.CloseAbnormal, ErrDead)
		if took := time.Since(began); took != deadAfter {
			t.Errorf("dead after %s, want %s", took, deadAfter)
		}
	})
}

func TestAPeerThatSendsButAnswersNoPingIsDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := inBubble(t)
		go func() { _, _ = io.Copy(io.Discard, c.client.NetConn()) }()
		for range 3 * deadAfter / time.Second {
			if c.client.WriteMessage(websocket.BinaryMessage, bytesOf(640)) != nil {
				break
			}
			time.Sleep(time.Second)
		}
		c.ear.ended(t, voiceproto.CloseAbnormal, ErrDead)
	})
}

func TestAQuietPeerThatAnswersPingsLives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := inBubble(t)
		go func() { _ = c.read() }() // answers pings
		time.Sleep(time.Hour)
		select {
		case <-c.ear.closed:
			t.Errorf("closed: %v", c.ear.err)
		default:
		}
		if s := c.Stats(); s.RoundTrip != 0 {
			t.Errorf("the round trip of a pipe is %s", s.RoundTrip)
		}
	})
}

func TestEveryStepOfClosingHasADeadline(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		peer func(c *call)
		took time.Duration
	}{
		"a peer that reads nothing": {func(*call) {}, drainTime},
		"a peer that does not answer the goodbye": {func(c *call) {
			go func() { _, _ = io.Copy(io.Discard, c.client.NetConn()) }()
		}, closeWait},
		"a peer that answers": {func(c *call) { go func() { _ = c.read() }() }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := inBubble(t)
				tc.peer(c)
				synctest.Wait()
				began := time.Now()
				c.Close(voiceproto.CloseCompleted, "bye")
				c.ear.ended(t, voiceproto.CloseCompleted, nil)
				if took := time.Since(began); took != tc.took {
					t.Errorf("closing took %s, want %s", took, tc.took)
				}
			})
		})
	}
}

func TestAConnectionClosedBeforeRunEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		defer func() { _ = there.Close() }()
		c := New(fromPipe(t, here, there), Config{})
		c.Close(voiceproto.CloseTakenOver, "Taken over")
		e := newEar()
		if err := c.Run(context.Background(), e); err != nil {
			t.Error(err)
		}
		e.ended(t, voiceproto.CloseTakenOver, nil)
	})
}
