package wsaudio

import (
	"bytes"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/media/voiceproto"
)

func TestAudioArrivesAsItWasSent(t *testing.T) {
	t.Parallel()
	c := onLoopback(t)
	var want []byte
	for n, size := range []int{640, 1, 0, 641, 64 << 10, 256, 640} { // any length is for the handler to judge
		msg := bytes.Repeat([]byte{byte(n)}, size)
		want = append(want, msg...)
		if err := c.client.WriteMessage(websocket.BinaryMessage, msg); err != nil {
			t.Fatal(err)
		}
	}
	c.heard(7)
	c.ear.mu.Lock()
	defer c.ear.mu.Unlock()
	if !bytes.Equal(want, c.ear.audio) {
		t.Errorf("%d bytes arrived, want %d", len(c.ear.audio), len(want))
	}
	if s := c.Stats(); s.AudioMessages != 7 || s.AudioBytes != int64(len(want)) {
		t.Errorf("stats are %+v", s)
	}
}

func TestAMessageInFragmentsIsOne(t *testing.T) {
	t.Parallel()
	c := onLoopback(t)
	w, err := c.client.NextWriter(websocket.BinaryMessage)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := w.Write(bytesOf(10_000)); err != nil { // larger than the client's buffer: a fragment
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	c.heard(1)
	if s := c.Stats(); s.AudioMessages != 1 || s.AudioBytes != 50_000 {
		t.Errorf("stats are %+v", s)
	}
}

func TestGarbageIsIgnoredAndCounted(t *testing.T) {
	t.Parallel()
	c := onLoopback(t)
	for _, text := range []string{"", "{", "hello", `{"type":7}`, `{"type":"played","reply":"x"}`, "\xff\xfe", `{"type":"dance"}`} {
		if err := c.client.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	c.say(t, voiceproto.FinishSpeaking{})
	c.heard(1)
	c.ear.mu.Lock()
	defer c.ear.mu.Unlock()
	if diff := cmp.Diff([]voiceproto.ClientMessage{voiceproto.FinishSpeaking{}}, c.ear.messages); diff != "" {
		t.Errorf("the handler got (-want +got):\n%s", diff)
	}
	if s := c.Stats(); s.Malformed != 6 || s.Unknown != 1 || s.TextMessages != 8 {
		t.Errorf("stats are %+v", s)
	}
}

func TestAPingIsAnswered(t *testing.T) {
	t.Parallel()
	c := onLoopback(t)
	got := make(chan string, 1)
	c.client.SetPongHandler(func(payload string) error {
		got <- payload
		return nil
	})
	if err := c.client.WriteControl(websocket.PingMessage, []byte("there?"), time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	go func() { _ = c.read() }()
	if payload := <-got; payload != "there?" {
		t.Errorf("the pong says %q", payload)
	}
}

func TestARealPaceIsNoFlood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := inBubble(t)
		go func() { _ = c.read() }()
		synctest.Wait()
		for n := range 125 * 60 { // a minute of a browser's smallest blocks
			if err := c.client.WriteMessage(websocket.BinaryMessage, bytesOf(256)); err != nil {
				t.Fatal(err)
			}
			if n%12 == 0 {
				c.say(t, voiceproto.Ping{})
			}
			time.Sleep(8 * time.Millisecond)
		}
		c.heard(125*60 + 125*60/12)
	})
}

// longText is the longest typed answer: within the bounds of a message.
func longText() []byte {
	return []byte(`{"type":"text","content":"` + strings.Repeat("x", voiceproto.MaxText) + `"}`)
}

// The rate of messages alone would let 50 of the longest answers through each
// second: 500 kB of text to decode and keep, from one client.
func TestLongTextsAtARateOfFewMessagesAreAFlood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := inBubble(t)
		go func() { _ = c.read() }()
		synctest.Wait()
		sent := 0
		for sent < 500 && c.client.WriteMessage(websocket.TextMessage, longText()) == nil {
			sent++
			time.Sleep(time.Second / 40) // below the rate of messages
			synctest.Wait()
		}
		c.ear.ended(t, voiceproto.CloseFlood, ErrFlood)
		if least := charBurst / len(longText()); sent < least {
			t.Errorf("it ended after %d texts, %d are allowed at once", sent, least)
		}
	})
}

func TestAPastedAnswerNowAndThenIsNoFlood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := inBubble(t)
		go func() { _ = c.read() }()
		synctest.Wait()
		for range 20 { // pasted at once, impatiently
			if err := c.client.WriteMessage(websocket.TextMessage, longText()); err != nil {
				t.Fatal(err)
			}
		}
		for range 60 { // then the longest answer every other second
			time.Sleep(2 * time.Second)
			if err := c.client.WriteMessage(websocket.TextMessage, longText()); err != nil {
				t.Fatal(err)
			}
		}
		c.heard(80)
	})
}

// fromPipe upgrades the server's end of a pipe, with a client that goes away.
func fromPipe(t testing.TB, here, there net.Conn) *websocket.Conn {
	t.Helper()
	go func() {
		_, _ = io.WriteString(there, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		_, _ = io.Copy(io.Discard, there)
	}()
	ws, err := upgradePipe(here)
	if err != nil {
		t.Fatal(err)
	}
	return ws
}

// Any bytes at all after the upgrade: the connection ends, nothing panics.
func FuzzWire(f *testing.F) {
	f.Add([]byte{0x82, 0x84, 0, 0, 0, 0, 1, 2, 3, 4})
	f.Add([]byte("\x81\x8f\x00\x00\x00\x00{\"type\":\"ping\"}\x88\x82\x00\x00\x00\x00\x03\xe8"))
	f.Add([]byte{0x89, 0x80, 0, 0, 0, 0, 0x8a, 0x80, 0, 0, 0, 0, 0x02, 0x81, 0, 0, 0, 0, 9, 0x80, 0x80, 0, 0, 0, 0})
	long := longText() // in one frame, again and again
	f.Add(bytes.Repeat(append([]byte{0x81, 0xfe, byte(len(long) >> 8), byte(len(long)), 0, 0, 0, 0}, long...), 30))
	f.Fuzz(func(t *testing.T, raw []byte) {
		here, there := net.Pipe()
		c := New(fromPipe(t, here, there), Config{})
		e := newEar()
		go func() {
			_, _ = there.Write(raw)
			_ = there.Close()
		}()
		_ = c.Run(t.Context(), e)
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.closes != 1 {
			t.Fatalf("OnClosed came %d times", e.closes)
		}
	})
}
