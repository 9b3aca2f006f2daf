package wsaudio

import (
	"net"
	"testing"
)

// socket remembers the size of its send buffer.
type socket struct {
	net.Conn
	size int
}

func (s *socket) SetWriteBuffer(n int) error {
	s.size = n
	return nil
}

// tunnel hides a socket, as TLS does.
type tunnel struct {
	net.Conn
	inner net.Conn
}

func (t *tunnel) NetConn() net.Conn { return t.inner }

func TestTheSendBufferIsSmallAlsoBehindTLS(t *testing.T) {
	t.Parallel()
	bare, hidden := &socket{}, &socket{}
	for _, nc := range []net.Conn{bare, &tunnel{inner: hidden}} {
		if err := shrinkSendBuffer(nc); err != nil {
			t.Fatal(err)
		}
	}
	if bare.size != sendBuffer || hidden.size != sendBuffer {
		t.Errorf("send buffers are %d and %d, want %d", bare.size, hidden.size, sendBuffer)
	}
	if err := shrinkSendBuffer(&tunnel{}); err != nil {
		t.Errorf("what is no socket fails: %v", err)
	}
}
