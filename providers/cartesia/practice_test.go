package cartesia

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
	server "github.com/vantahire/vantahire/providers/simulated/cartesia"
)

// TestWhatGoesWrongInPractice has a subtest for each item the protocol's notes
// list.
func TestWhatGoesWrongInPractice(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T){
		"whitespace-only or punctuation-only transcripts are filtered, the closing message is not": filtered,
		"an error without context_id fails every context of its socket and crashes nothing":        errorWithoutContext,
		"pieces are joined with a space: no helpful.Tell me":                                       joined,
		"every turn is closed or cancelled, whatever happened":                                     alwaysEnded,
		"each turn has a context of its own, and a stalled one gets another":                       ownContexts,
		"an idle socket that fails at the first request: the turn is sent again once":              idleReuse,
		"a version in the query does not win over the configured one":                              oneVersion,
		"voice and rate never change within a context":                                             sameFields,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

func filtered(t *testing.T) {
	c, s := setup(t, server.Config{}, Config{})
	sentences := []string{"One.", "", "Three."}
	st := open(t, c)
	say(t, st, "One.", " \n ", "Three.")
	if err := st.Finish(); err != nil {
		t.Fatal(err)
	}
	hear(t, st).whole(t, sentences...)
	h := speak(t, c, "...", "—", "😀", "?!")
	if h.err != nil || len(h.pcm) > 0 || len(h.ends) != 4 {
		t.Errorf("%v, %d samples, ends %v", h.err, len(h.pcm), h.ends)
	}
	if h := speak(t, c); h.err != nil || len(h.ends) != 0 {
		t.Errorf("a reply of nothing: %v, ends %v", h.err, h.ends)
	}
	// The closing message of the first reply came: its context was done.
	until(t, "the end of the context", func() bool { return s.Journal.Count("done") == 1 })
	if s.Journal.Count("error") != 0 || s.Journal.Count("speak") != 2 {
		t.Errorf("%+v", s.Journal.Entries())
	}
}

func errorWithoutContext(t *testing.T) {
	c, s := setup(t, server.Config{}, Config{})
	s.Inputs.Nth(1, server.Fault{Kind: server.Ignore})
	s.Inputs.Nth(2, server.Fault{Kind: server.FailSocket, Status: 400, Text: "unreadable"})
	one, two := open(t, c), open(t, c)
	say(t, one, "The first one waits.")
	until(t, "the first text", func() bool { return s.Journal.Count("speak") == 1 })
	say(t, two, "The second one fails for all.")
	for _, st := range []providers.SpeechStream{one, two} {
		_, err := st.Recv(t.Context())
		var refusal *dial.Refusal
		var failed *providers.Error
		if !errors.As(err, &refusal) || refusal.Status != 400 || !errors.As(err, &failed) || failed.Retry || failed.Stage != providers.StageTTS || failed.Provider != Name {
			t.Errorf("%v", err)
		}
	}
	speak(t, c, "A new socket.").whole(t, "A new socket.")
	if st := c.Stats(); st.Dials != 2 {
		t.Errorf("%+v", st)
	}
}

func joined(t *testing.T) {
	c, s := setup(t, server.Config{}, Config{})
	speak(t, c, "That is helpful.", "Tell me").whole(t, "That is helpful.", "Tell me.")
	var all strings.Builder
	for _, e := range s.Journal.Entries("speak") {
		all.WriteString(e.Detail)
	}
	if all.String() != "That is helpful. Tell me. " {
		t.Errorf("%q", all.String())
	}
}

func alwaysEnded(t *testing.T) {
	c, s := setup(t, server.Config{Expiry: time.Hour, PaceMin: 1, PaceMax: 1}, Config{})
	long := strings.Repeat("a very long story ", 30)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	cut := errors.New("barge-in")
	byContext, err := c.Open(ctx, providers.VoiceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	byClose := open(t, c)
	for i, st := range []providers.SpeechStream{byContext, byClose} {
		say(t, st, long)
		for {
			got, err := st.Recv(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if len(got.PCM) > 0 {
				break
			}
		}
		if i == 0 {
			cancel(cut)
			if _, err := st.Recv(t.Context()); !errors.Is(err, cut) {
				t.Errorf("%v", err)
			}
		} else if err := st.Close(); err != nil {
			t.Error(err)
		}
		until(t, "the cancellation", func() bool { return s.Journal.Count("cancel") == i+1 })
	}
	if err := byClose.Say(t.Context(), "Too late."); err == nil {
		t.Error("a closed stream takes text")
	}
	_ = byContext.Close()
	until(t, "the end of all generation", func() bool { return s.Generating() == 0 && c.Stats().Replies == 0 })
}

func ownContexts(t *testing.T) {
	c, _ := setup(t, server.Config{Expiry: 400 * time.Millisecond}, Config{Renew: 200 * time.Millisecond})
	speak(t, c, "One.")
	speak(t, c, "Two.")
	if st := c.Stats(); st.Contexts != 2 {
		t.Errorf("%+v", st)
	}
	for _, sc := range []server.Config{{Expiry: 400 * time.Millisecond}, {Expiry: 400 * time.Millisecond, RefuseExpired: true, SilentExpiry: true}, {Expiry: time.Hour, TimesBySentence: true}} {
		c, s := setup(t, sc, Config{Renew: 200 * time.Millisecond})
		st := open(t, c)
		h := &heard{}
		sentences := []string{"Before the pause.", "And behind it.", "Right after."}
		say(t, st, sentences[0])
		for len(h.ends) == 0 {
			got, err := st.Recv(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			h.add(t, got)
		}
		stalled := time.Now()
		until(t, "the context's end", func() bool {
			return s.Journal.Count("expired") == 1 || sc.Expiry == time.Hour && time.Since(stalled) > 300*time.Millisecond
		})
		say(t, st, sentences[1:]...)
		_ = st.Finish()
		rest := hear(t, st)
		h.err = rest.err
		for _, at := range rest.at {
			h.at = append(h.at, at+samplesLength(len(h.pcm)))
		}
		h.pcm, h.words, h.ends = append(h.pcm, rest.pcm...), append(h.words, rest.words...), append(h.ends, rest.ends...)
		h.whole(t, sentences...)
		if st := c.Stats(); st.Contexts < 2 || st.Retried != 0 {
			t.Errorf("%+v", st)
		}
	}
}

func idleReuse(t *testing.T) {
	c, s := setup(t, server.Config{}, Config{})
	speak(t, c, "Warm.").whole(t, "Warm.")
	s.Inputs.Next(server.Fault{Kind: server.Close}) // takes the request, then closes
	speak(t, c, "Again.", "And more.").whole(t, "Again.", "And more.")
	if st := c.Stats(); st.Retried != 1 || st.Dials != 2 {
		t.Errorf("%+v", st)
	}
	// Only once.
	s.Inputs.Nth(s.Inputs.Taken()+1, server.Fault{Kind: server.Close})
	s.Inputs.Nth(s.Inputs.Taken()+2, server.Fault{Kind: server.Close})
	h := speak(t, c, "Twice unlucky.")
	var failed *providers.Error
	if !errors.As(h.err, &failed) || !failed.Retry || len(h.pcm) > 0 {
		t.Errorf("%v", h.err)
	}
	// A socket the provider closed while it was idle is not even tried.
	c, s = setup(t, server.Config{Idle: 50 * time.Millisecond}, Config{})
	speak(t, c, "One.").whole(t, "One.")
	until(t, "the idle close", func() bool { return s.Open() == 0 && c.Stats().Sockets == 0 })
	speak(t, c, "Two.").whole(t, "Two.")
	// And the client lets go of it first.
	c, s = setup(t, server.Config{}, Config{IdleClose: 20 * time.Millisecond})
	speak(t, c, "One.").whole(t, "One.")
	until(t, "the client's close", func() bool { return s.Open() == 0 })
	speak(t, c, "Two.").whole(t, "Two.")
	if st := c.Stats(); st.Retried != 0 {
		t.Errorf("%+v", st)
	}
}

func oneVersion(t *testing.T) {
	for _, version := range []string{"2025-04-16", "2026-03-01", "2026-08-14"} {
		c, s := setup(t, server.Config{}, Config{Version: version})
		c.pool.cfg.BaseURL += "/tts/websocket?cartesia_version=2024-06-10&tenant=7"
		speak(t, c, "Hello.").whole(t, "Hello.")
		if e := s.Journal.Entries("connect"); len(e) != 1 || e[0].Detail != version {
			t.Errorf("%+v", e)
		}
		s.Inputs.Next(server.Fault{Kind: server.Fail, Status: 403, Text: "not with sk_car_right: Secret plans."})
		h := speak(t, c, "Secret plans.")
		var refusal *dial.Refusal
		if !errors.As(h.err, &refusal) || refusal.Status != http.StatusForbidden || !strings.Contains(refusal.Message, "not with") || strings.Contains(h.err.Error(), "sk_car") || strings.Contains(h.err.Error(), "Secret plans") {
			t.Errorf("%s: %v", version, h.err)
		}
	}
}

func sameFields(t *testing.T) {
	c, s := setup(t, server.Config{}, Config{Model: "sonic-3"})
	st, err := c.Open(t.Context(), providers.VoiceOptions{Voice: "another", Rate: 1.2, Language: "de-DE"})
	if err != nil {
		t.Fatal(err)
	}
	say(t, st, "Eins.", "Zwei.", "Drei.")
	_ = st.Finish()
	hear(t, st).whole(t, "Eins.", "Zwei.", "Drei.")
	_ = st.Close()
	if s.Journal.Count("error") != 0 { // the server compares them
		t.Errorf("%+v", s.Journal.Entries("error"))
	}
	for name, x := range map[string]struct {
		model string
		rate  float64
		want  float64 // 0: no speed is sent
	}{
		"a model that takes it": {"sonic-3", 1.2, 1.2}, "too fast": {"sonic-3-2026-01-12", 9, 1.5}, "too slow": {"sonic-3-latest", .1, .6},
		"normal": {"sonic-3", 1, 0}, "unset": {"sonic-3", 0, 0}, "switched off": {"sonic-3.5", 1.2, 0}, "unknown": {"sonic-latest", 1.2, 0},
	} {
		r := template(Config{Model: x.model}.withDefaults(), providers.VoiceOptions{Rate: x.rate})
		if got := r.GenerationConfig; (got == nil) != (x.want == 0) || got != nil && got.Speed != x.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
