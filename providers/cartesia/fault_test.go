package cartesia

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
	"github.com/vantahire/vantahire/providers/simulated"
	server "github.com/vantahire/vantahire/providers/simulated/cartesia"
)

const (
	longText  = "A sentence with enough words in it that it comes in a good number of chunks."
	shortText = "And a short one."
)

func TestFaultsBeforeAnySoundAreMadeGood(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string][]server.Fault{
		"a failure of the server":             {{Kind: server.Fail, Status: 503, Text: "down"}},
		"a failure of the socket":             {{Kind: server.FailSocket, Status: 500, Text: "down"}},
		"TCP is cut within the first chunk":   {{Kind: server.Drop}},
		"closed before the first chunk":       {{Kind: server.Close}},
		"the first chunk is unreadable":       {{Kind: server.BadBase64}},
		"the context ends without sound":      {{Kind: server.NoSound}},
		"too many, twice":                     {{Kind: server.Fail, Status: 429}, {Kind: server.Fail, Status: 429}},
		"a message beyond all bounds":         {{Kind: server.Huge}},
		"samples split between chunks":        {{Kind: server.SplitSamples}, {Kind: server.SplitSamples}},
		"sound of a context nobody has":       {{Kind: server.StrangeSound, After: 1}},
		"a binary message":                    {{Kind: server.BinaryMessage, After: 1}},
		"half a JSON object":                  {{Kind: server.Garbage, After: 1, Text: `{"type":"chunk","con`}},
		"a list":                              {{Kind: server.Garbage, Text: `[1,2]`}},
		"a kind nobody knows":                 {{Kind: server.Garbage, Text: `{"type":"weather","context_id":"x"}`}},
		"wrong types":                         {{Kind: server.Garbage, Text: `{"type":{},"context_id":7,"data":[]}`}},
		"a flush_done with nothing behind it": {{Kind: server.Garbage, Text: `{"type":"flush_done"}`}},
		"flushes answered too early":          {{Kind: server.EarlyFlush}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var cfg server.Config
			if faults[0].Kind == server.EarlyFlush { // before any sound, also on a busy machine
				cfg.FirstChunk = simulated.Delay{P50: 500 * time.Millisecond}
			}
			c, s := setup(t, cfg, Config{})
			for i, f := range faults {
				s.Inputs.Nth(i+1, f)
			}
			h := speak(t, c, longText, shortText)
			h.whole(t, longText, shortText)
			until(t, "the end of generation", func() bool { return s.Generating() == 0 && c.Stats().Replies == 0 })
		})
	}
}

func TestFaultsAreTold(t *testing.T) {
	t.Parallel()
	short := Config{FirstChunk: 2 * time.Second, NextChunk: time.Second} // the reply behind must fit on a busy machine
	for name, x := range map[string]struct {
		faults []server.Fault
		cfg    Config
		is     error
		status int
		retry  bool
		sound  bool
	}{
		"no sound within the deadline":       {[]server.Fault{{Kind: server.Ignore}}, short, providers.ErrNoProgress, 0, true, false},
		"a stall within a sentence":          {[]server.Fault{{Kind: server.Stall, After: 2}}, short, providers.ErrNoProgress, 0, true, true},
		"TCP is cut within a later chunk":    {[]server.Fault{{Kind: server.Drop, After: 2}}, Config{}, errDropped, 0, true, true},
		"closed before the end":              {[]server.Fault{{Kind: server.Close, After: 2}}, Config{}, errDropped, 0, true, true},
		"a later chunk is unreadable":        {[]server.Fault{{Kind: server.BadBase64, After: 2}}, Config{}, errCorrupt, 0, true, true},
		"no money":                           {[]server.Fault{{Kind: server.Fail, Status: 402}}, Config{}, nil, 402, false, false},
		"a wrong request":                    {[]server.Fault{{Kind: server.Fail, Status: 400}}, Config{}, nil, 400, false, false},
		"too many, three times":              {[]server.Fault{{Kind: server.Fail, Status: 429}, {Kind: server.Fail, Status: 429}, {Kind: server.Fail, Status: 429}}, Config{}, nil, 429, true, false},
		"the server fails twice":             {[]server.Fault{{Kind: server.Fail, Status: 500}, {Kind: server.Fail, Status: 502}}, Config{}, nil, 502, true, false},
		"no sound, twice":                    {[]server.Fault{{Kind: server.NoSound}, {Kind: server.NoSound}}, Config{}, errNoSound, 0, true, false},
		"too many, and no time for the next": {[]server.Fault{{Kind: server.Fail, Status: 429}}, Config{FirstChunk: time.Second, BackoffMin: 5 * time.Second, BackoffMax: 5 * time.Second}, nil, 429, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := setup(t, server.Config{}, x.cfg)
			for i, f := range x.faults {
				s.Inputs.Nth(i+1, f)
			}
			h := speak(t, c, longText)
			var failed *providers.Error
			if !errors.As(h.err, &failed) || failed.Retry != x.retry || x.is != nil && !errors.Is(h.err, x.is) || (len(h.pcm) > 0) != x.sound || len(h.ends) != 0 {
				t.Errorf("%v with %d samples, ends %v", h.err, len(h.pcm), h.ends)
			}
			var refusal *dial.Refusal
			if x.status != 0 && (!errors.As(h.err, &refusal) || refusal.Status != x.status) {
				t.Errorf("%v, want status %d", h.err, x.status)
			}
			if strings.Contains(h.err.Error(), longText) {
				t.Errorf("the text is in %v", h.err)
			}
			s.Inputs.Always(server.Fault{})
			speak(t, c, shortText).whole(t, shortText)
		})
	}
}

func TestWithoutAnswersToFlushesTheEndComesWithTheContext(t *testing.T) {
	t.Parallel()
	c, s := setup(t, server.Config{}, Config{})
	s.Inputs.Always(server.Fault{Kind: server.NoFlushDone})
	h := speak(t, c, longText, shortText)
	if want := spokenLength(longText) + spokenLength(shortText); h.err != nil || len(h.ends) != 2 || samplesLength(len(h.pcm)) != want {
		t.Errorf("%v, ends %v, %s of %s", h.err, h.ends, samplesLength(len(h.pcm)), want)
	}
}

func TestRefusedHandshakes(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		faults []server.Fault
		status int // of the error; 0: it is made good
		dials  int
	}{
		"a wrong key":              {[]server.Fault{{Kind: server.Refuse, Status: 401, Text: "bad key sk_car_right"}}, 401, 1},
		"no money":                 {[]server.Fault{{Kind: server.Refuse, Status: 402}}, 402, 1},
		"no permission":            {[]server.Fault{{Kind: server.Refuse, Status: 403}}, 403, 1},
		"too many sockets, once":   {[]server.Fault{{Kind: server.Refuse, Status: 429}}, 0, 2},
		"too many sockets, thrice": {[]server.Fault{{Kind: server.Refuse, Status: 429}, {Kind: server.Refuse, Status: 429}, {Kind: server.Refuse, Status: 429}}, 429, 3},
		"a failure, once":          {[]server.Fault{{Kind: server.Refuse, Status: 503}}, 0, 2},
		"a failure, twice":         {[]server.Fault{{Kind: server.Refuse, Status: 503}, {Kind: server.Refuse, Status: 500}}, 500, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := setup(t, server.Config{}, Config{})
			for i, f := range x.faults {
				s.Connections.Nth(i+1, f)
			}
			st, err := c.Open(t.Context(), providers.VoiceOptions{})
			var refusal *dial.Refusal
			switch {
			case x.status == 0 && err != nil:
				t.Error(err)
			case x.status != 0 && (!errors.As(err, &refusal) || refusal.Status != x.status || strings.Contains(err.Error(), "sk_car")):
				t.Errorf("%v, want status %d", err, x.status)
			}
			if err == nil {
				_ = st.Close()
			}
			if got := c.Stats(); got.Dials != x.dials || got.Replies != 0 {
				t.Errorf("%+v", got)
			}
		})
	}
}

func TestRepliesShareSocketsWithinTheirLimits(t *testing.T) {
	t.Parallel()
	c, s := setup(t, server.Config{}, Config{Contexts: 5, PerSocket: 2})
	var open5 []providers.SpeechStream
	for range 5 {
		open5 = append(open5, open(t, c))
	}
	_, err := c.Open(t.Context(), providers.VoiceOptions{})
	var failed *providers.Error
	if !errors.Is(err, providers.ErrBusy) || !errors.As(err, &failed) || !failed.Retry {
		t.Errorf("beyond the limit: %v", err)
	}
	if s.Open() != 3 || c.Stats().Busy != 1 {
		t.Errorf("%d sockets, %+v", s.Open(), c.Stats())
	}
	for i, st := range open5 {
		text := strings.Repeat("Many talk at once. ", i+1)
		say(t, st, text)
		_ = st.Finish()
	}
	for i, st := range open5 {
		hear(t, st).whole(t, strings.TrimSpace(strings.Repeat("Many talk at once. ", i+1)))
	}
	// Whatever was spoken frees its place before it is closed.
	speak(t, c, shortText).whole(t, shortText)
}

func TestAFullPoolIsBusy(t *testing.T) {
	t.Parallel()
	c, _ := setup(t, server.Config{}, Config{Contexts: 5, PerSocket: 1, Sockets: 1})
	st := open(t, c)
	if _, err := c.Open(t.Context(), providers.VoiceOptions{}); !errors.Is(err, providers.ErrBusy) {
		t.Errorf("%v", err)
	}
	_ = st.Close()
	speak(t, c, shortText).whole(t, shortText)
}

func TestAProbeHearsASound(t *testing.T) {
	t.Parallel()
	c, s := setup(t, server.Config{}, Config{FirstChunk: 2 * time.Second})
	if err := c.Probe(t.Context()); err != nil {
		t.Error(err)
	}
	s.Inputs.Next(server.Fault{Kind: server.Ignore})
	if err := c.Probe(t.Context()); !errors.Is(err, providers.ErrNoProgress) {
		t.Errorf("a silent service: %v", err)
	}
	c, _ = setup(t, server.Config{}, Config{Key: "sk_car_wrong"})
	var refusal *dial.Refusal
	if err := c.Probe(t.Context()); !errors.As(err, &refusal) || refusal.Status != http.StatusUnauthorized {
		t.Errorf("a wrong key: %v", err)
	}
	if c.Name() != "cartesia" {
		t.Error(c.Name())
	}
}

func TestAClosedSynthesizerOpensNothing(t *testing.T) {
	t.Parallel()
	c, s := setup(t, server.Config{}, Config{})
	speak(t, c, shortText).whole(t, shortText)
	for range 2 {
		if err := c.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	var failed *providers.Error
	if _, err := c.Open(t.Context(), providers.VoiceOptions{}); !errors.As(err, &failed) || failed.Retry {
		t.Errorf("%v", err)
	}
	until(t, "the end of the socket", func() bool { return s.Open() == 0 })
}

func TestWhatAStreamSaysAfterItsEnd(t *testing.T) {
	t.Parallel()
	c, _ := setup(t, server.Config{}, Config{})
	st := open(t, c)
	say(t, st, shortText)
	_, _ = st.Finish(), st.Finish()
	if err := st.Say(t.Context(), "More."); !errors.Is(err, errFinished) {
		t.Errorf("after the end: %v", err)
	}
	if h := hear(t, st); h.err != nil {
		t.Error(h.err)
	}
	if _, err := st.Recv(t.Context()); !errors.Is(err, io.EOF) {
		t.Errorf("again: %v", err)
	}
	_, _ = st.Close(), st.Close()
	if _, err := st.Recv(t.Context()); !errors.Is(err, errClosed) {
		t.Errorf("closed: %v", err)
	}
}
