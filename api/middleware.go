package api

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path"
	"regexp"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/vantahire/vantahire/hiring"
)

const headerRequestID = "X-Request-Id"

// requestIDShape is what we take over from a proxy; anything else is replaced, so
// that nobody writes into our log.
var requestIDShape = regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`)

func requestID(c *fiber.Ctx) string { return c.Get(headerRequestID) }

// observe gives each request an id and logs it without its query: tokens travel
// there.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get(headerRequestID)
		if !requestIDShape.MatchString(id) {
			raw := make([]byte, 12)
			_, _ = rand.Read(raw)
			id = hex.EncodeToString(raw)
			r.Header.Set(headerRequestID, id)
		}
		w.Header().Set(headerRequestID, id)
		began := time.Now()
		seen := &observedWriter{ResponseWriter: w, status: http.StatusOK}
		about := &notes{}
		// Also of an answer that was broken off by a panic.
		defer func() {
			if about.keyID != "" && s.services.KeyLog != nil {
				s.services.KeyLog(keyLogOf(r, about.keyID, seen.status, began))
			}
		}()
		next.ServeHTTP(seen, r.WithContext(context.WithValue(r.Context(), notesKey{}, about)))
		s.log.Debug("request", "request", id, "method", r.Method, "path", r.URL.Path, "status", seen.status, "took", time.Since(began), "remote", r.RemoteAddr)
	})
}

// notes are what the edge learns about a request on its way; of one goroutine.
type notes struct {
	keyID string // of the API key that was used
}

type notesKey struct{}

// note returns the notes of a request.
func note(ctx context.Context) *notes {
	if n, ok := ctx.Value(notesKey{}).(*notes); ok {
		return n
	}
	return &notes{}
}

// maxLoggedPath bounds a logged path; ours are shorter.
const maxLoggedPath = 500

func keyLogOf(r *http.Request, keyID string, status int, began time.Time) hiring.KeyLog {
	took := int(time.Since(began) / time.Millisecond)
	e := hiring.KeyLog{KeyID: keyID, Endpoint: strings.ToValidUTF8(r.URL.Path[:min(len(r.URL.Path), maxLoggedPath)], "?"), Method: r.Method, Status: &status, Took: &took, CreatedAt: began}
	e.Endpoint = strings.ReplaceAll(e.Endpoint, "\x00", "?")
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		e.RemoteAddr = &host
	}
	return e
}

// observedWriter remembers the status.
type observedWriter struct {
	http.ResponseWriter

	status int
}

// WriteHeader notes the status.
func (w *observedWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach Flush.
func (w *observedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack hands the connection over to the WebSocket.
func (w *observedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.status = http.StatusSwitchingProtocols
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, fmt.Errorf("hijack: %w", err)
	}
	return conn, rw, nil
}

// known refuses what net/http's and Fiber's routers would answer in their own ways:
// paths that are not written in the one way, with a redirect, and unknown methods
// (contract section 1.1).
func (s *Server) known(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		written := r.URL.EscapedPath() // as the router of net/http looks at it
		clean := path.Clean(written)
		if strings.HasSuffix(written, "/") && clean != "/" {
			clean += "/" // another route, which there may be or not
		}
		switch r.Method {
		case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete:
			if clean == written {
				next.ServeHTTP(w, r)
				return
			}
		}
		writeError(w, http.StatusNotFound, errNotFoundRoute.message)
	})
}

// secure sets the headers every answer carries. The API serves no pages, so the
// content policy forbids everything.
func (s *Server) secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cache-Control", "no-store")
		if s.cfg.Production {
			h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
		}
		next.ServeHTTP(w, r)
	})
}

// allowOrigin is contract section 1.6: one exact origin, also on errors; others
// are served without the header. Every preflight is a 204.
func (s *Server) allowOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Vary", "Origin")
		h.Set("Access-Control-Allow-Credentials", "true")
		if r.Header.Get("Origin") == s.cfg.FrontendURL {
			h.Set("Access-Control-Allow-Origin", s.cfg.FrontendURL)
		}
		if r.Method == http.MethodOptions {
			h.Set("Access-Control-Allow-Methods", "GET,HEAD,PUT,POST,DELETE,PATCH")
			if asked := r.Header.Get("Access-Control-Request-Headers"); asked != "" {
				h.Set("Access-Control-Allow-Headers", asked)
				h.Add("Vary", "Access-Control-Request-Headers")
			}
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// panicError is a handler's panic on its way to the error handler.
type panicError struct{ value any }

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// recoverPanic turns a panic into a 500 in the contract's shape. The stack goes to
// the log. A deliberate abort passes.
func (s *Server) recoverPanic(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			s.log.Error("handler panicked", "request", r.Header.Get(headerRequestID), "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
			writeError(w, http.StatusInternalServerError, "Internal server error")
		}()
		next.ServeHTTP(w, r)
	})
}
