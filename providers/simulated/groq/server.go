package groq

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vantahire/vantahire/providers/simulated"
)

// Kind is whose server is simulated.
type Kind string

// The kinds of server.
const (
	Groq   Kind = "groq"
	VLLM   Kind = "vllm"   // no limits, flat errors, reasoning_content, unknown fields ignored
	Ollama Kind = "ollama" // no limits, any key, unknown fields ignored
)

// Config describes a Server. The zero value of a field means its default.
type Config struct {
	Kind Kind // default Groq
	// Keys are the keys that are accepted. Default: any that is not empty for
	// Groq; VLLM without Keys asks for none; Ollama never does.
	Keys []string
	// Models are what it has. Default: the gpt-oss models and a qwen one.
	Models []string
	Seed   uint64
	// FirstToken is the delay to the first piece. Default P50 98 ms, P95 217 ms,
	// as measured with gpt-oss-120b; a negative P50 = none.
	FirstToken simulated.Delay
	// PerToken is the delay between pieces. Default P50 4 ms, P95 6 ms; a negative
	// P50 = none.
	PerToken simulated.Delay
	// Thoughts lets reasoning models show their reasoning unless the request
	// forbids it.
	Thoughts bool
	// Split, when positive, flushes each event in parts of that many bytes, so
	// that a reader meets every place to be cut.
	Split int
	// Write words the replies. Default: Obey.
	Write WriterFunc
	// TokensPerMinute and RequestsPerDay are the limits of Groq's kind. Defaults
	// 6,000,000 and 500,000: enough for hundreds of interviews.
	TokensPerMinute, RequestsPerDay int
	// Now is the clock of the limits. Default time.Now.
	Now func() time.Time
}

// defaultModels are Groq's of late 2026; the llama models that so much code names
// are gone, and answer as what never was.
var defaultModels = []string{"openai/gpt-oss-120b", "openai/gpt-oss-20b", "qwen/qwen3.6-27b"}

func (c Config) withDefaults() Config {
	if c.Kind == "" {
		c.Kind = Groq
	}
	if len(c.Models) == 0 {
		c.Models = defaultModels
	}
	if c.FirstToken.P50 == 0 {
		c.FirstToken = simulated.Delay{P50: 98 * time.Millisecond, P95: 217 * time.Millisecond}
	}
	if c.PerToken.P50 == 0 {
		c.PerToken = simulated.Delay{P50: 4 * time.Millisecond, P95: 6 * time.Millisecond}
	}
	if c.Write == nil {
		c.Write = Obey
	}
	if c.TokensPerMinute <= 0 {
		c.TokensPerMinute = 6_000_000
	}
	if c.RequestsPerDay <= 0 {
		c.RequestsPerDay = 500_000
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Server is the simulated server.
type Server struct {
	// Faults decides what goes wrong with each completion. Requests for the list
	// of models are not counted.
	Faults simulated.Faults[Fault]
	// Journal notes "completion" (billed: all tokens), "refused" (its status),
	// "cancelled" (billed: the tokens written so far) and "models".
	Journal simulated.Journal

	cfg    Config
	random *simulated.Random
	limits limiter
	number atomic.Int64
	routes *http.ServeMux

	mu   sync.Mutex
	last request
}

// New makes a server. It answers below /openai/v1 and /v1.
func New(cfg Config) *Server {
	cfg = cfg.withDefaults()
	s := &Server{cfg: cfg, random: simulated.NewRandom(cfg.Seed), routes: http.NewServeMux()}
	s.limits = limiter{
		requests: bucket{size: float64(cfg.RequestsPerDay), per: 24 * time.Hour},
		tokens:   bucket{size: float64(cfg.TokensPerMinute), per: time.Minute},
	}
	for _, base := range []string{"/openai/v1", "/v1"} {
		s.routes.HandleFunc("POST "+base+"/chat/completions", s.complete)
		s.routes.HandleFunc("GET "+base+"/models", s.list)
	}
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.routes.ServeHTTP(w, r) }

// LastBody is the body of the newest completion that was understood, as fields.
func (s *Server) LastBody() map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last.fields
}

// authorized checks the key.
func (s *Server) authorized(r *http.Request) bool {
	key, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case s.cfg.Kind == Ollama:
		return true
	case len(s.cfg.Keys) > 0:
		return bearer && slices.Contains(s.cfg.Keys, key)
	case s.cfg.Kind == VLLM:
		return true
	}
	return bearer && key != ""
}

// list answers with the models.
func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	if !s.authorized(r) {
		s.refuse(w, 0, s.wrongKey())
		return
	}
	s.Journal.Add(simulated.Entry{Kind: "models"})
	type model struct {
		ID      string `json:"id"`
		Object  string `json:"object"`
		Created int64  `json:"created"`
		Owner   string `json:"owned_by"`
		Active  bool   `json:"active"`
	}
	models := []model{}
	for _, id := range s.cfg.Models {
		models = append(models, model{id, "model", 1790000000, "simulated", true})
	}
	reply(w, http.StatusOK, map[string]any{"object": "list", "data": models})
}
