package api

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"sync/atomic"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// bridgeChunk is how much of a streamed answer is copied at once; each piece is
// flushed, so that an event stream's events leave when they are made.
const bridgeChunk = 32 << 10

// requestKey carries the request of net/http into the Fiber app.
type requestKey struct{}

// bridge serves a Fiber app from net/http. Fiber runs on fasthttp, which takes no
// part in the connection here: the request is copied in, the answer copied out.
//
//   - A body over the limit is a 413 whether it says its length or not: fasthttp
//     itself would hand the error's text to the handler as the body.
//   - The request context's end reaches the handlers (useRequestContext).
//   - Streamed answers are flushed piece by piece, and one that breaks off breaks
//     the connection, so that no client takes half a file for a whole one.
//   - The fasthttp context is never reused: what a handler still holds after it
//     returned stays its own.
type bridge struct {
	handler   fasthttp.RequestHandler
	bodyLimit int64
	held      atomic.Int64 // bytes of the bodies in memory
}

func newBridge(app *fiber.App, bodyLimit int64) *bridge {
	return &bridge{handler: app.Handler(), bodyLimit: bodyLimit}
}

// ServeHTTP runs one request through the app.
func (b *bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	held := &heldBody{all: &b.held}
	defer held.release()
	body, err := b.readBody(w, r, held)
	if err != nil {
		refuseBody(w, err)
		return
	}
	fctx := new(fasthttp.RequestCtx)
	fctx.Init2(addressedConn{remote: remoteAddr(r.RemoteAddr), local: localAddr(r)}, nil, false)
	copyRequest(&fctx.Request, r, body)
	fctx.SetUserValue(requestKey{}, r)
	b.handler(fctx)
	copyResponse(w, r, &fctx.Response)
}

func (b *bridge) readBody(w http.ResponseWriter, r *http.Request, held *heldBody) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	if r.ContentLength > b.bodyLimit {
		return nil, &http.MaxBytesError{Limit: b.bodyLimit}
	}
	held.from = http.MaxBytesReader(w, r.Body, b.bodyLimit)
	return io.ReadAll(held)
}

func copyRequest(to *fasthttp.Request, r *http.Request, body []byte) {
	to.Header.SetMethod(r.Method)
	to.SetRequestURI(r.URL.RequestURI())
	to.Header.SetHost(r.Host)
	to.SetHost(r.Host)
	for name, values := range r.Header {
		for _, v := range values {
			to.Header.Add(name, v)
		}
	}
	if r.TLS != nil {
		to.URI().SetScheme("https")
	}
	if len(body) > 0 {
		to.SetBodyRaw(body)
	}
	to.Header.SetContentLength(len(body))
}

func copyResponse(w http.ResponseWriter, r *http.Request, from *fasthttp.Response) {
	header := w.Header()
	for name, value := range from.Header.All() {
		switch string(name) {
		case fasthttp.HeaderConnection, fasthttp.HeaderTransferEncoding, fasthttp.HeaderContentLength:
			continue // net/http's own business
		}
		header.Add(string(name), string(value))
	}
	head := r.Method == http.MethodHead
	if from.IsBodyStream() {
		if n := from.Header.ContentLength(); n >= 0 {
			header.Set("Content-Length", strconv.Itoa(n))
		}
		w.WriteHeader(from.StatusCode())
		streamBody(w, r.Context(), from, head)
		return
	}
	body := from.Body()
	if n := from.Header.ContentLength(); head && len(body) == 0 && n > 0 {
		header.Set("Content-Length", strconv.Itoa(n))
	} else if !bodyless(from.StatusCode()) {
		header.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(from.StatusCode())
	if !head && !bodyless(from.StatusCode()) {
		_, _ = w.Write(body) // the client's leaving is not ours to report
	}
}

func bodyless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified || status < http.StatusOK
}

// streamBody copies a streamed body, flushing every piece. It ends the stream's
// writer when the client leaves, and the connection when the stream breaks off.
func streamBody(w http.ResponseWriter, ctx context.Context, from *fasthttp.Response, head bool) { //nolint:revive // the writer comes first, as in net/http
	stream := from.BodyStream()
	stop := context.AfterFunc(ctx, func() { closeStream(stream) })
	defer func() {
		stop()
		_ = from.CloseBodyStream()
	}()
	if head {
		return
	}
	flusher := http.NewResponseController(w)
	buf := make([]byte, bridgeChunk)
	for {
		n, err := stream.Read(buf)
		if n > 0 {
			if _, werr := w.Write(buf[:n]); werr != nil {
				return
			}
			_ = flusher.Flush()
		}
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

func closeStream(stream io.Reader) {
	if c, ok := stream.(io.Closer); ok {
		_ = c.Close()
	}
}

// useRequestContext hands the request's context to the handlers, so that a client
// that leaves cancels the work done for it.
func useRequestContext(c *fiber.Ctx) error {
	c.SetUserContext(requestOf(c).Context())
	return c.Next()
}

// requestOf is the request as net/http has it.
func requestOf(c *fiber.Ctx) *http.Request {
	if r, ok := c.Context().UserValue(requestKey{}).(*http.Request); ok {
		return r
	}
	return &http.Request{Header: http.Header{}, URL: &url.URL{}} // an app without the bridge, in tests
}

// addressedConn tells fasthttp who is calling. Nothing is read from or written to
// it: handlers must not use the connection.
type addressedConn struct {
	net.Conn

	remote, local net.Addr
}

func (c addressedConn) RemoteAddr() net.Addr { return c.remote }
func (c addressedConn) LocalAddr() net.Addr  { return c.local }

func remoteAddr(s string) net.Addr {
	addr, err := netip.ParseAddrPort(s)
	if err != nil {
		return &net.TCPAddr{IP: net.IPv4zero}
	}
	return net.TCPAddrFromAddrPort(addr)
}

func localAddr(r *http.Request) net.Addr {
	if addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		return addr
	}
	return &net.TCPAddr{IP: net.IPv4zero}
}
