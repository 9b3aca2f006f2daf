package suite

import (
	"net/http"

	"github.com/vantahire/vantahire/providers/simulated"
	"github.com/vantahire/vantahire/providers/simulated/cartesia"
	"github.com/vantahire/vantahire/providers/simulated/deepgramstt"
	"github.com/vantahire/vantahire/providers/simulated/deepgramtts"
	"github.com/vantahire/vantahire/providers/simulated/groq"
	"github.com/vantahire/vantahire/providers/soundcode"
)

// Config tunes a Suite. The zero value of a delay means the published one of the
// real provider.
type Config struct {
	Seed uint64
	// Keys are the API keys that are accepted. Default: any.
	Keys []string
	// Final is the delay from the end of speech to the final transcript, FirstToken
	// and PerToken those of a model, FirstByte that of a voice.
	Final, FirstToken, PerToken, FirstByte simulated.Delay
	// InterimEvery is how much audio lies between two interim transcripts. Default
	// 1 s.
	InterimEvery simulated.Delay
}

// accountLimit is the number of sockets, contexts and connections an account may
// have here: enough for every load one machine can make.
const accountLimit = 2000

// Suite is all simulated providers. Goroutine-safe.
type Suite struct {
	Listen   *deepgramstt.Server
	Speak    *deepgramtts.Server
	Cartesia *cartesia.Server
	Groq     *groq.Server

	mux http.ServeMux
}

// New makes the servers.
func New(cfg Config) *Suite {
	s := &Suite{
		Listen: deepgramstt.New(deepgramstt.Config{
			Ear: soundcode.Ear{}, Keys: cfg.Keys, Seed: cfg.Seed, Final: cfg.Final, InterimEvery: cfg.InterimEvery.P50, Connections: accountLimit,
		}),
		Speak: deepgramtts.New(deepgramtts.Config{
			Voice: soundcode.Voice{}, Keys: cfg.Keys, Seed: cfg.Seed, FirstByte: cfg.FirstByte, MaxSockets: accountLimit,
		}),
		Cartesia: cartesia.New(cartesia.Config{
			Voice: soundcode.Voice{}, Keys: cfg.Keys, Seed: cfg.Seed, FirstChunk: cfg.FirstByte, Contexts: accountLimit,
		}),
		Groq: groq.New(groq.Config{Keys: cfg.Keys, Seed: cfg.Seed, FirstToken: cfg.FirstToken, PerToken: cfg.PerToken}),
	}
	for _, path := range []string{"/v1/listen", "/v2/listen"} {
		s.mux.Handle(path, s.Listen)
	}
	s.mux.Handle("/v1/speak", s.Speak)
	s.mux.Handle("/tts/", s.Cartesia)
	s.mux.Handle("/openai/v1/", s.Groq)
	s.mux.HandleFunc("POST /control/trouble", s.serveTrouble)
	s.mux.HandleFunc("GET /control/journal", s.serveJournal)
	return s
}

// ServeHTTP serves every provider's paths.
func (s *Suite) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close ends all connections and waits for them.
func (s *Suite) Close() {
	s.Listen.Close()
	s.Speak.Close()
	s.Cartesia.Close()
}
