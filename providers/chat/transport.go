package chat

import (
	"net"
	"net/http"
	"time"
)

const (
	// connectWithin bounds the dial, and the TLS handshake on top.
	connectWithin = 5 * time.Second
	// idleFor is how long an unused connection is kept: below the minute or so
	// after which servers and balancers drop it without a word.
	idleFor = 45 * time.Second
	// pooled is how many connections wait for the next reply: 150 streams at once
	// over HTTP/1.1 must not dial anew each turn.
	pooled = 200
	// maxHeader bounds an answer's header.
	maxHeader = 256 << 10
)

// newTransport makes the pool of one client. Answers are not compressed: a
// decompressor holds tokens back.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: connectWithin, KeepAlive: 15 * time.Second}
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSHandshakeTimeout:    connectWithin,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 5 * time.Second},
		MaxIdleConns:           pooled,
		MaxIdleConnsPerHost:    pooled,
		IdleConnTimeout:        idleFor,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,
	}
}
