package deepgramstt

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers/simulated"
)

// Server answers GET /v1/listen and /v2/listen. Goroutine-safe.
type Server struct {
	// Faults go wrong with connections, by their number.
	Faults simulated.Faults[Fault]
	// Journal notes "connect" (the path and query), "refuse", "keepalive",
	// "finalize", "closestream", "configure", "forceendturn", "final" (the text),
	// "endturn" (the text), "toofast" (audio beyond 1.25 times real time), "close"
	// (the code and reason the server sent), "drop", "connection" (billed: its
	// milliseconds) and "audio" (billed: milliseconds of audio).
	Journal simulated.Journal

	cfg      Config
	chance   *simulated.Random
	upgrader websocket.Upgrader

	mu      sync.Mutex
	conns   map[*conn]struct{}
	numbers int
	open    int // those that are still connecting included
	closed  bool
	done    chan struct{} // closed by Close
	running sync.WaitGroup
}

// New makes a server.
func New(cfg Config) *Server {
	return &Server{
		cfg: cfg.withDefaults(), chance: simulated.NewRandom(cfg.Seed), conns: map[*conn]struct{}{}, done: make(chan struct{}),
		upgrader: websocket.Upgrader{ReadBufferSize: 4 << 10, WriteBufferSize: 4 << 10, WriteBufferPool: &sync.Pool{}, CheckOrigin: func(*http.Request) bool { return true }},
	}
}

// ServeHTTP serves one connection until its end.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, ok := s.enter()
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer s.running.Done()
	defer s.leave()
	id := uuid.NewString()
	fault := s.Faults.Take(time.Now())
	if !s.hesitate(r.Context(), fault) {
		return
	}
	p, wrong := s.admit(r, fault)
	if wrong != nil {
		s.refuse(w, n, id, *wrong)
		return
	}
	ws, err := s.upgrader.Upgrade(w, r, http.Header{"Dg-Request-Id": {id}})
	if err != nil {
		return // it has answered
	}
	s.Journal.Add(simulated.Entry{Conn: n, Kind: "connect", Detail: r.URL.Path + "?" + r.URL.RawQuery})
	c := newConn(s, ws, n, id, p, fault)
	if !s.join(c) {
		_ = ws.Close()
		return
	}
	c.serve()
	s.part(c)
}

// enter counts whoever is served; false once the server is closed.
func (s *Server) enter() (n int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return 0, false
	}
	s.running.Add(1)
	s.numbers++
	s.open++
	return s.numbers, true
}

func (s *Server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open--
}

// hesitate waits as a fault asks; false when there is nobody to answer any more.
func (s *Server) hesitate(ctx context.Context, f Fault) bool {
	var late <-chan time.Time
	if !f.Hang {
		if f.Hesitate <= 0 {
			return true
		}
		t := time.NewTimer(f.Hesitate)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-late:
		return true
	case <-ctx.Done():
	case <-s.done:
	}
	return false
}

func (s *Server) join(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *Server) part(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// Open is how many connections there are.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open
}

// Cut drops all connections that are open, without a word.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.drop("cut")
	}
}

// Close drops all connections and refuses new ones with 503. It returns when they
// are gone. Idempotent.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	s.mu.Unlock()
	s.Cut()
	s.running.Wait()
}
