package wsaudio

import (
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// wireFrame is what a frame takes on the wire: 4 bytes of header.
const wireFrame = frameBytes + 4

// drain reads a client's socket without a WebSocket library, whose allocations
// would count, and puts a token into got for each frame's worth of bytes.
func drain(nc net.Conn, got chan<- struct{}) {
	buf := make([]byte, 64<<10)
	for have := 0; ; {
		n, err := nc.Read(buf)
		if err != nil {
			return
		}
		for have += n; have >= wireFrame; have -= wireFrame {
			got <- struct{}{}
		}
	}
}

// sender returns a function that sends one frame and waits until it has arrived.
func sender(tb testing.TB, c *call) func() {
	got := make(chan struct{}, ringFrames)
	go drain(c.client.NetConn(), got)
	frame, n := pcm(1, 0), 0
	return func() {
		if !c.WriteFrame(1, at(n), frame) {
			tb.Fatalf("frame %d was refused", n)
		}
		<-got
		n++
	}
}

// The budget is 0 allocations from WriteFrame to the wire, in steady state.
func TestSendingAFrameAllocatesNothing(t *testing.T) {
	c := onLoopback(t)
	send := sender(t, c)
	for range 50 {
		send()
	}
	allocs := testing.AllocsPerRun(1000, send)
	if allocs != 0 {
		t.Errorf("%.0f allocations per frame, want none", allocs)
	}
}

// The budget is 1 allocation per message of the microphone: the library's reader.
func TestReceivingAFrameAllocatesOnce(t *testing.T) {
	c := onLoopback(t)
	raw := maskedFrame()
	allocs := testing.AllocsPerRun(1000, func() {
		if _, err := c.client.NetConn().Write(raw); err != nil {
			t.Fatal(err)
		}
		c.heard(1)
		c.ear.audio = c.ear.audio[:0]
	})
	if allocs > 1 {
		t.Errorf("%.0f allocations per message, want 1 at most", allocs)
	}
}

// maskedFrame is one 20 ms frame of a microphone as it is on the wire.
func maskedFrame() []byte {
	raw := []byte{0x80 | websocket.BinaryMessage, 0x80 | 126, 0, 0, 1, 2, 3, 4}
	binary.BigEndian.PutUint16(raw[2:], 2*uint16(media.MicFrame))
	return append(raw, bytesOf(2*media.MicFrame)...)
}

// BenchmarkSend is a frame's whole way: WriteFrame, the writer, gorilla, the
// kernel, until a client has its bytes.
func BenchmarkSend(b *testing.B) {
	c := onLoopback(b)
	send := sender(b, c)
	send() // with the announcement
	b.ReportAllocs()
	for b.Loop() {
		send()
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}

// BenchmarkReceive is a microphone frame's whole way from the client's socket to
// the handler.
func BenchmarkReceive(b *testing.B) {
	c := onLoopback(b)
	c.audio = newBucket(1e9, 1e9, c.audio.at)
	c.bytes = newBucket(1e12, 1e12, c.bytes.at)
	raw := maskedFrame()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.client.NetConn().Write(raw); err != nil {
			b.Fatal(err)
		}
		c.heard(1)
		c.ear.audio = c.ear.audio[:0]
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
}

// BenchmarkWriteFrame is what the pacer's goroutine pays.
func BenchmarkWriteFrame(b *testing.B) {
	c := onLoopback(b)
	go func() { _, _ = io.Copy(io.Discard, c.client.NetConn()) }()
	frame := pcm(1, 0)
	taken := 0
	b.ReportAllocs()
	for b.Loop() {
		if c.WriteFrame(1, at(taken), frame) {
			taken++
		}
	}
	b.ReportMetric(100*float64(taken)/float64(b.N), "%taken")
}

// BenchmarkAck is a client's acknowledgement from its bytes to the handler.
func BenchmarkAck(b *testing.B) {
	c := onLoopback(b)
	c.feed(b, 1, 0, 1)
	_, _ = c.read(), c.read()
	raw, err := voiceproto.EncodeClient(voiceproto.Played{Reply: 1, MS: 10})
	if err != nil {
		b.Fatal(err)
	}
	c.texts = newBucket(1e9, 1e9, c.texts.at)
	b.ReportAllocs()
	for b.Loop() {
		if err := c.client.WriteMessage(websocket.TextMessage, raw); err != nil {
			b.Fatal(err)
		}
		c.heard(1)
		c.ear.messages = c.ear.messages[:0]
	}
}
