package wsaudio

import (
	"net"
	"net/http"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// readBuffer takes a 20 ms frame of the microphone (640 bytes and 8 of header)
	// in one read.
	readBuffer = 1 << 10
	// writeBuffer takes a 20 ms frame of speech (960 bytes) in one write.
	writeBuffer = 1 << 10
	// handshakeTimeout bounds writing the answer to the upgrade request.
	handshakeTimeout = 5 * time.Second
	// sendBuffer is the size asked for the kernel's send buffer. Linux doubles it
	// for its own bookkeeping: about 16 KiB, a third of a second of audio.
	sendBuffer = 8 << 10
)

// NewUpgrader returns an upgrader with buffers cut to 20 ms frames and without
// compression. checkOrigin decides about browsers' origins; nil allows only the
// server's own.
func NewUpgrader(checkOrigin func(*http.Request) bool) *websocket.Upgrader {
	return &websocket.Upgrader{
		HandshakeTimeout: handshakeTimeout,
		ReadBufferSize:   readBuffer,
		WriteBufferSize:  writeBuffer,
		CheckOrigin:      checkOrigin,
	}
}

// shrinkSendBuffer keeps the kernel from taking seconds of audio that a client
// does not read. It does nothing for connections that are no sockets.
func shrinkSendBuffer(nc net.Conn) error {
	if inner, ok := nc.(interface{ NetConn() net.Conn }); ok { // TLS
		nc = inner.NetConn()
	}
	if s, ok := nc.(interface{ SetWriteBuffer(bytes int) error }); ok {
		return s.SetWriteBuffer(sendBuffer)
	}
	return nil
}
