package suite

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/vantahire/vantahire/providers/simulated/cartesia"
	"github.com/vantahire/vantahire/providers/simulated/deepgramstt"
	"github.com/vantahire/vantahire/providers/simulated/deepgramtts"
	"github.com/vantahire/vantahire/providers/simulated/groq"
)

// The providers, as Trouble names them.
const (
	Listen   = "deepgram-stt"
	Speak    = "deepgram-tts"
	Cartesia = "cartesia"
	Groq     = "groq"
	All      = "all"
)

// The kinds of trouble.
const (
	None    = "none"    // all is well again
	Down    = "down"    // every request is refused with 503, and what is open is cut
	Cut     = "cut"     // what is open is cut, once
	Silent  = "silent"  // connections are taken and nothing comes, ever
	Stall   = "stall"   // it breaks off in the middle: of the words, of the sentence, of the reply
	Limited = "limited" // 429 to everything
	Barred  = "barred"  // 401 to everything
)

// stallAfter is how far into a sentence or an utterance a stall comes, and
// stallPieces how far into a reply.
const (
	stallAfter  = 700 * time.Millisecond
	stallPieces = 6
)

// Trouble is something that goes wrong with a provider from now on.
type Trouble struct {
	Provider string `json:"provider"`
	Kind     string `json:"kind"`
	// Seconds is how long; 0 = until something else is asked for.
	Seconds float64 `json:"seconds"`
}

// Check refuses a trouble that is not known.
func (s *Suite) Check(t Trouble) error {
	names, kinds := []string{Listen, Speak, Cartesia, Groq, All}, []string{None, Down, Cut, Silent, Stall, Limited, Barred}
	switch {
	case !slices.Contains(names, t.Provider):
		return fmt.Errorf("there is no provider %q; use one of %v", t.Provider, names)
	case !slices.Contains(kinds, t.Kind):
		return fmt.Errorf("there is no trouble %q; use one of %v", t.Kind, kinds)
	case t.Seconds < 0 || t.Seconds > maxSeconds:
		return fmt.Errorf("%v seconds are none; use 0 to %d", t.Seconds, maxSeconds)
	}
	return nil
}

// maxSeconds bounds a trouble that ends by itself: a day.
const maxSeconds = 24 * 60 * 60

// Make lets a trouble begin. It fails for what Check refuses.
func (s *Suite) Make(t Trouble) error {
	if err := s.Check(t); err != nil {
		return err
	}
	for name, begin := range map[string]func(kind string){Listen: s.troubleListen, Speak: s.troubleSpeak, Cartesia: s.troubleCartesia, Groq: s.troubleGroq} {
		if t.Provider != name && t.Provider != All {
			continue
		}
		begin(t.Kind)
		if t.Seconds > 0 {
			time.AfterFunc(time.Duration(t.Seconds*float64(time.Second)), func() { begin(None) })
		}
	}
	return nil
}

func status(kind string) (code int, retryAfter time.Duration) {
	switch kind {
	case Down:
		return http.StatusServiceUnavailable, 0
	case Limited:
		return http.StatusTooManyRequests, 2 * time.Second
	case Barred:
		return http.StatusUnauthorized, 0
	}
	return 0, 0
}

func (s *Suite) troubleListen(kind string) {
	code, after := status(kind)
	f := deepgramstt.Fault{Status: code, RetryAfter: after}
	switch kind {
	case None, Limited, Barred:
	case Down:
		s.Listen.Faults.Always(f)
		s.Listen.Cut()
		return
	case Cut:
		s.Listen.Cut()
		return
	case Silent:
		f.Mute = time.Millisecond
	case Stall:
		f.Mute = stallAfter
	}
	s.Listen.Faults.Always(f)
}

func (s *Suite) troubleSpeak(kind string) {
	code, after := status(kind)
	connect, speech := deepgramtts.ConnectFault{Status: code, RetryAfter: int(after.Seconds())}, deepgramtts.SpeechFault{}
	switch kind {
	case None, Limited, Barred:
	case Down:
		defer s.Speak.Drop()
	case Cut:
		s.Speak.Drop()
		return
	case Silent:
		speech.Mute = true
	case Stall:
		speech.Stall, speech.After = true, stallAfter
	}
	s.Speak.Connecting.Always(connect)
	s.Speak.Speaking.Always(speech)
}

func (s *Suite) troubleCartesia(kind string) {
	code, _ := status(kind)
	connect, input := cartesia.Fault{}, cartesia.Fault{}
	if code != 0 {
		connect = cartesia.Fault{Kind: cartesia.Refuse, Status: code}
		input = cartesia.Fault{Kind: cartesia.Fail, Status: code}
	}
	switch kind {
	case None, Limited, Barred, Down:
	case Cut:
		s.Cartesia.Inputs.Next(cartesia.Fault{Kind: cartesia.Drop})
		return
	case Silent:
		input = cartesia.Fault{Kind: cartesia.Ignore}
	case Stall:
		input = cartesia.Fault{Kind: cartesia.Stall, After: 2}
	}
	s.Cartesia.Connections.Always(connect)
	s.Cartesia.Inputs.Always(input)
}

func (s *Suite) troubleGroq(kind string) {
	code, after := status(kind)
	f := groq.Fault{Status: code, RetryAfter: after}
	switch kind {
	case None, Limited, Barred, Down:
	case Cut:
		s.Groq.Faults.Next(groq.Fault{Reset: true})
		return
	case Silent:
		f.Silent = true
	case Stall:
		f.After, f.Break = stallPieces, groq.Stall
	}
	s.Groq.Faults.Always(f)
}

// maxControl bounds the body of an order.
const maxControl = 4 << 10

func (s *Suite) serveTrouble(w http.ResponseWriter, r *http.Request) {
	var t Trouble
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxControl)).Decode(&t); err != nil {
		http.Error(w, "the body is no trouble: "+err.Error(), http.StatusBadRequest)
		return
	}
	if err := s.Make(t); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// Totals is what one provider was asked, and what it would have billed.
type Totals struct {
	Count  map[string]int `json:"count"`
	Billed map[string]int `json:"billed"`
}

func (s *Suite) serveJournal(w http.ResponseWriter, _ *http.Request) {
	totals := map[string]Totals{}
	for name, j := range map[string]interface {
		Kinds() []string
		Count(kind string) int
		Billed(kind string) int
	}{Listen: &s.Listen.Journal, Speak: &s.Speak.Journal, Cartesia: &s.Cartesia.Journal, Groq: &s.Groq.Journal} {
		t := Totals{Count: map[string]int{}, Billed: map[string]int{}}
		for _, kind := range j.Kinds() {
			t.Count[kind] = j.Count(kind)
			if n := j.Billed(kind); n > 0 {
				t.Billed[kind] = n
			}
		}
		totals[name] = t
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(totals) // a client that left needs no answer
}
