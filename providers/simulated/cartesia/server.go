package cartesia

import (
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers/simulated"
)

// maxInput bounds a client's message.
const maxInput = 1 << 20

// Server is a simulated Cartesia.
type Server struct {
	// Connections and Inputs decide what goes wrong with connections and with
	// inputs that have text.
	Connections, Inputs simulated.Faults[Fault]
	// Journal notes "connect", "refused", "speak" (its text; billed by the
	// character), "flush", "cancel", "done", "expired", "error", "bytes" and "close".
	Journal simulated.Journal

	cfg    Config
	random *simulated.Random
	wg     sync.WaitGroup

	mu         sync.Mutex
	conns      map[*conn]struct{}
	accepted   int // connections in all
	generating int // contexts of all connections
	closed     bool
}

// New makes a server.
func New(cfg Config) *Server {
	cfg = cfg.withDefaults()
	return &Server{cfg: cfg, random: simulated.NewRandom(cfg.Seed), conns: map[*conn]struct{}{}}
}

// ServeHTTP answers /tts/websocket and /tts/bytes.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/tts/websocket":
		s.socket(w, r)
	case "/tts/bytes":
		s.bytes(w, r)
	default:
		http.NotFound(w, r)
	}
}

// Close ends all connections and waits for them. Later ones are refused.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		c.cut()
	}
	s.mu.Unlock()
	s.wg.Wait()
}

// Open is how many connections there are, Generating how many contexts generate.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Generating is how many contexts are generating.
func (s *Server) Generating() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generating
}

// admit checks key and version as all paths do. The query wins over the header.
func (s *Server) admit(r *http.Request) (version string, refused *refusal) {
	query := r.URL.Query()
	version = query.Get("cartesia_version")
	if version == "" {
		version = r.Header.Get("Cartesia-Version")
	}
	key := query.Get("api_key")
	for _, other := range []string{query.Get("access_token"), r.Header.Get("X-Api-Key"), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")} {
		if key == "" {
			key = other
		}
	}
	switch {
	case key == "" || len(s.cfg.Keys) > 0 && !slices.Contains(s.cfg.Keys, key):
		return version, &refusal{http.StatusUnauthorized, "unauthorized", "Unauthorized", "invalid API key"}
	case version == "":
		return version, bad("Cartesia-Version is missing")
	case !slices.Contains(s.cfg.Versions, version):
		return version, bad("unknown Cartesia-Version")
	}
	return version, nil
}

func (s *Server) refuse(w http.ResponseWriter, version string, no *refusal) {
	s.Journal.Add(simulated.Entry{Kind: "refused", Detail: no.code})
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(no.status)
	_, _ = w.Write(appendError(nil, version, "", no)) // the client may have gone
}

func (s *Server) socket(w http.ResponseWriter, r *http.Request) {
	version, no := s.admit(r)
	if fault := s.Connections.Take(time.Now()); fault.Kind == Refuse {
		no = &refusal{fault.Status, "refused", http.StatusText(fault.Status), fault.Text}
	}
	c := &conn{server: s, version: version, contexts: map[string]*contextState{}, expired: map[string]bool{}, inputs: make(chan message, 16), gone: make(chan struct{})}
	if no == nil {
		no = s.enter(c)
	}
	if no != nil {
		s.refuse(w, version, no)
		return
	}
	defer s.exit(c)
	ws, err := (&websocket.Upgrader{ReadBufferSize: 4 << 10, WriteBufferPool: &writeBuffers, CheckOrigin: func(*http.Request) bool { return true }}).Upgrade(w, r, nil)
	if err != nil {
		return
	}
	c.serve(ws)
}

var writeBuffers sync.Pool

func (s *Server) enter(c *conn) *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return &refusal{http.StatusServiceUnavailable, "unavailable", "Unavailable", "shutting down"}
	case len(s.conns) >= s.cfg.Sockets:
		return &refusal{http.StatusTooManyRequests, "concurrency_limited", "Too many connections", "too many open sockets"}
	}
	s.accepted++
	c.number = s.accepted
	s.conns[c] = struct{}{}
	s.wg.Add(1)
	s.Journal.Add(simulated.Entry{Conn: c.number, Kind: "connect", Detail: c.version})
	return nil
}

func (s *Server) exit(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.Journal.Add(simulated.Entry{Conn: c.number, Kind: "close"})
	s.wg.Done()
}

// start takes a place among the contexts that generate.
func (s *Server) start() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generating >= s.cfg.Contexts {
		return false
	}
	s.generating++
	return true
}

func (s *Server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generating--
}

// bytes answers a whole sound.
func (s *Server) bytes(w http.ResponseWriter, r *http.Request) {
	version, no := s.admit(r)
	var in input
	if no == nil {
		raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxInput))
		if err != nil || json.Unmarshal(raw, &in) != nil {
			no = bad("unreadable body")
		} else if no = in.check(version, s.cfg.Models, false); no == nil && !speaks(*in.Transcript) {
			no = bad("transcript is empty")
		}
	}
	if no == nil && in.Format.Container != "raw" && in.Format.Container != "wav" {
		no = bad("output_format.container is not simulated")
	}
	if no == nil && !s.start() {
		no = tooMany()
	}
	if no != nil {
		s.refuse(w, version, no)
		return
	}
	defer s.stop()
	pcm, _ := s.cfg.Voice.Speak(*in.Transcript, in.Format.SampleRate)
	s.Journal.Add(simulated.Entry{Kind: "bytes", Detail: *in.Transcript, Billed: len([]rune(*in.Transcript))})
	var out []byte
	if in.Format.Container == "wav" {
		w.Header().Set("Content-Type", "audio/wav")
		out = wavHeader(len(pcm), in.Format.SampleRate)
	}
	_, _ = w.Write(appendPCM(out, pcm)) // the client may have gone
}

func tooMany() *refusal {
	return &refusal{http.StatusTooManyRequests, "concurrency_limited", "Too many concurrent requests", "concurrency limit of the plan reached"}
}

func appendPCM(to []byte, pcm []int16) []byte {
	to = slices.Grow(to, 2*len(pcm))
	for _, v := range pcm {
		to = binary.LittleEndian.AppendUint16(to, uint16(v))
	}
	return to
}

func wavHeader(samples, rate int) []byte {
	h := []byte("RIFF")
	h = binary.LittleEndian.AppendUint32(h, uint32(36+2*samples))
	h = append(h, "WAVEfmt "...)
	for _, v := range []uint32{16, 1 | 1<<16, uint32(rate), uint32(2 * rate), 2 | 16<<16} {
		h = binary.LittleEndian.AppendUint32(h, v)
	}
	h = append(h, "data"...)
	return binary.LittleEndian.AppendUint32(h, uint32(2*samples))
}
