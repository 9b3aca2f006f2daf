package deepgramtts

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers/simulated"
)

// Server answers GET /v1/speak (a WebSocket) and POST /v1/speak. Goroutine-safe.
type Server struct {
	// Connecting goes wrong with handshakes and REST requests, Speaking with pieces
	// of synthesis, on sockets that are open already too.
	Connecting simulated.Faults[ConnectFault]
	Speaking   simulated.Faults[SpeechFault]
	// Journal notes "connect", "request", "refuse", "speak" (billed: characters),
	// "flush", "clear", "cleared", "warning", "close" (the client's) and "end" (the
	// close code).
	Journal simulated.Journal

	cfg      Config
	chance   *simulated.Random
	upgrader websocket.Upgrader
	done     chan struct{} // closed by Close

	mu       sync.Mutex
	conns    map[*conn]struct{}
	numbers  int
	sockets  int // open, those that are still connecting included
	requests int
	closed   bool
	running  sync.WaitGroup
}

// New makes a server.
func New(cfg Config) *Server {
	return &Server{
		cfg: cfg.withDefaults(), chance: simulated.NewRandom(cfg.Seed), done: make(chan struct{}), conns: map[*conn]struct{}{},
		upgrader: websocket.Upgrader{ReadBufferSize: 4 << 10, WriteBufferSize: 16 << 10, WriteBufferPool: &sync.Pool{}, CheckOrigin: func(*http.Request) bool { return true }},
	}
}

// ServeHTTP serves one socket or request until its end.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, ok := s.enter()
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	defer s.running.Done()
	id := uuid.NewString()
	if r.URL.Path != "/v1/speak" {
		s.refuse(w, n, id, refusal{status: http.StatusNotFound, code: "NOT_FOUND", message: "Not Found"})
		return
	}
	fault := s.Connecting.Take(time.Now())
	if !s.hesitate(r, fault) {
		return
	}
	if fault.Status != 0 {
		s.refuse(w, n, id, scripted(fault))
		return
	}
	if !s.authorised(r) {
		s.refuse(w, n, id, badKey)
		return
	}
	switch {
	case websocket.IsWebSocketUpgrade(r):
		s.serveSocket(w, r, n, id)
	case r.Method == http.MethodPost:
		s.serveRequest(w, r, n, id)
	default:
		s.refuse(w, n, id, refusal{status: http.StatusMethodNotAllowed, code: "METHOD_NOT_ALLOWED", message: "Method Not Allowed"})
	}
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
	return s.numbers, true
}

// hesitate waits as a fault asks; false when there is nobody to answer any more.
func (s *Server) hesitate(r *http.Request, f ConnectFault) bool {
	var late <-chan time.Time
	if !f.Hang {
		if f.Delay <= 0 {
			return true
		}
		t := time.NewTimer(f.Delay)
		defer t.Stop()
		late = t.C
	}
	select {
	case <-late:
		return true
	case <-r.Context().Done():
	case <-s.done:
	}
	return false
}

// admit takes a place among so many; leave gives it back.
func (s *Server) admit(taken *int, limit int) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if *taken >= limit {
		return nil, false
	}
	*taken++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		*taken--
	}, true
}

func (s *Server) serveSocket(w http.ResponseWriter, r *http.Request, n int, id string) {
	p, wrong := parse(r.URL.Query(), true)
	if wrong != nil {
		s.refuse(w, n, id, *wrong)
		return
	}
	leave, ok := s.admit(&s.sockets, s.cfg.MaxSockets)
	if !ok {
		s.refuse(w, n, id, tooMany)
		return
	}
	defer leave()
	s.Journal.Add(simulated.Entry{Conn: n, Kind: "connect", Detail: describe(p)}) // before the client knows
	ws, err := s.upgrader.Upgrade(w, r, http.Header{"Dg-Request-Id": {id}, "Dg-Model-Name": {p.model}})
	if err != nil {
		return // it has answered
	}
	c := newConn(s, ws, n, id, p)
	if !s.join(c) {
		_ = ws.Close()
		return
	}
	defer s.part(c)
	c.serve()
}

func describe(p params) string {
	return p.model + " " + p.encoding + " " + strconv.Itoa(p.rate) + " speed " + fmt.Sprint(p.speed)
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

// Open is how many sockets are open.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sockets
}

// Drop ends all sockets at once, as a lost network does: without a close frame.
func (s *Server) Drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.ws.NetConn().Close()
	}
}

// Close ends all connections and waits for them. What comes later gets a 503.
// Idempotent.
func (s *Server) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	s.mu.Unlock()
	s.Drop()
	s.running.Wait()
}
