package deepgramstt

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/providers/simulated"
)

const configured = `{"type":"Configure","keyterms":["Kubernetes","gRPC"]}`

// TestConfigure changes a connection's settings on both protocols.
func TestConfigure(t *testing.T) {
	t.Parallel()
	isAnswer := func(m message) bool { return strings.HasPrefix(m.Type, "Configure") }
	for name, tc := range map[string]struct {
		query, ask, answer, code string
		terms                    []string
	}{
		"v1 takes key terms":                       {novaQuery, configured, "ConfigureSuccess", "", []string{"Kubernetes", "gRPC"}},
		"v1 clears them":                           {novaQuery, `{"type":"Configure","keyterms":[]}`, "ConfigureSuccess", "", []string{}},
		"v1 with an older model takes none":        {strings.Replace(novaQuery, "nova-3", "nova-2", 1), configured, "ConfigureFailure", "KeytermsNotSupported", nil},
		"v2 takes key terms":                       {fluxQuery, configured, "ConfigureSuccess", "", []string{"Kubernetes", "gRPC"}},
		"v2 refuses a threshold out of its bounds": {fluxQuery, `{"type":"Configure","thresholds":{"eot_threshold":0.95}}`, "ConfigureFailure", "INVALID_CONFIGURATION", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, url := serve(t, Config{Instant: true})
			c := connect(t, url+tc.query)
			c.text(tc.ask)
			c.text(`{"type":"CloseStream"}`)
			got, _, _ := c.rest()
			at := slices.IndexFunc(got, isAnswer)
			if at < 0 || got[at].Type != tc.answer || got[at].Code != tc.code || !slices.Equal(got[at].Keyterms, tc.terms) {
				t.Fatalf("%+v", got)
			}
			if slices.ContainsFunc(got[at+1:], isAnswer) || s.Journal.Count("configure") != 1 {
				t.Errorf("answered more than once: %+v", got)
			}
		})
	}
	t.Run("v1 with a list over the limit hears nothing more and ends with 1011 NET-0000", func(t *testing.T) {
		t.Parallel()
		_, url := serve(t, Config{Instant: true, FirstAudio: 100 * time.Millisecond})
		c := connect(t, url+novaQuery)
		c.audio(silence(100 * time.Millisecond))
		c.text(`{"type":"Configure","keyterms":["` + strings.Repeat(`a","`, maxTerms) + `a"]}`)
		c.audio(say("nobody hears this", time.Second))
		stop := make(chan struct{})
		over := make(chan struct{})
		go func() {
			defer close(over)
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for {
				c.audio(silence(100 * time.Millisecond))
				select {
				case <-stop:
					return
				case <-tick.C:
				}
			}
		}()
		got, code, reason := c.rest()
		close(stop)
		<-over
		if code != 1011 || !strings.Contains(reason, "NET-0000") || slices.ContainsFunc(got, isAnswer) || slices.ContainsFunc(got, func(m message) bool { return m.text != "" }) {
			t.Errorf("%d %s after %+v", code, reason, got)
		}
	})
	t.Run("v2 refuses a second one before the first is answered, and takes a third after", func(t *testing.T) {
		t.Parallel()
		// The answers are late, so the second comes before the first is answered.
		s, url := serve(t, Config{Interim: simulated.Delay{P50: time.Second}})
		c := connect(t, url+fluxQuery)
		c.text(configured)
		c.text(configured)
		var answers []message
		for len(answers) < 2 {
			got := c.until(isAnswer)
			answers = append(answers, got[len(got)-1])
		}
		if answers[0].Type != "ConfigureSuccess" || answers[1].Type != "ConfigureFailure" || !strings.Contains(answers[1].Description, "Another Configure") {
			t.Errorf("%+v", answers)
		}
		if *answers[1].Sequence != *answers[0].Sequence+1 {
			t.Errorf("the answers are not numbered one after the other: %+v", answers)
		}
		c.text(configured)
		if got := c.until(isAnswer); got[len(got)-1].Type != "ConfigureSuccess" || s.Journal.Count("configure") != 3 {
			t.Errorf("%+v", got)
		}
	})
}

func TestManyStreamsAtOnceAreHeardApart(t *testing.T) {
	t.Parallel()
	const streams = 120
	s, url := serve(t, Config{Instant: true})
	words := []string{"alpha", "bravo", "delta", "echo"}
	sounds := make([][]int16, len(words))
	for i, w := range words {
		sounds[i] = say(w, 400*time.Millisecond)
	}
	clients := make([]*client, streams)
	for i := range clients {
		clients[i] = connect(t, url+novaQuery)
	}
	if s.Open() != streams {
		t.Errorf("%d are open", s.Open())
	}
	faults := make(chan string, streams)
	var all sync.WaitGroup
	for i, c := range clients {
		all.Go(func() {
			c.audio(sounds[i%len(words)])
			c.text(`{"type":"CloseStream"}`)
			got, code, reason := c.rest()
			heard := ""
			for _, m := range got {
				if m.IsFinal {
					heard += m.text
				}
			}
			if want := words[i%len(words)]; code != 1000 || bare(heard) != want {
				faults <- fmt.Sprintf("stream %d: %q instead of %s, %d %s", i, heard, want, code, reason)
			}
		})
	}
	all.Wait()
	close(faults)
	for f := range faults {
		t.Error(f)
	}
}
