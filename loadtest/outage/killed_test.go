package outage

import (
	"math/rand/v2"
	"testing"
	"time"
)

// The server is killed again and again at any moment, and started again at once.
func TestAKilledServerLosesNoLineThatAnybodyWasToldOf(t *testing.T) {
	t.Parallel()
	h := open(t, nil)
	s := h.serve(nil)
	p := h.invite(s, *calls, nil)
	p.talking(make([]int, *calls), 2)
	var listening []time.Duration
	seed := uint64(time.Now().UnixNano())    //nolint:gosec // any
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // moments need no secret
	t.Logf("seed %d", seed)
	for range *kills {
		during(time.Second + time.Duration(random.Int64N(int64(7*time.Second))))
		killed := time.Now()
		s.Kill()
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		listening = append(listening, time.Since(killed))
	}
	p.talking(p.each(), 2)
	found := p.verify()
	var ready, word []time.Duration
	for _, a := range p.absences() {
		if !a.Ready.IsZero() {
			ready = append(ready, a.Ready.Sub(a.Lost))
		}
		if !a.Word.IsZero() {
			word = append(word, a.Word.Sub(a.Lost))
		}
	}
	h.figure("%d kills under %d calls: %s", *kills, *calls, found)
	h.figure("from the kill until the server listens: %s; until the candidates are back: %s; until they hear a word: %s", quantiles(listening), quantiles(ready), quantiles(word))
	if len(word) == 0 {
		t.Error("nobody heard a word after a kill")
	}
	if found.MostUnheard > 1 {
		t.Errorf("%d utterances of one call were lost by one kill, 1 is allowed", found.MostUnheard)
	}
}
