package deepgramtts

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers/simulated"
)

func TestHandshakesAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg    Config
		fault  ConnectFault
		key    string
		query  string
		status int
		body   string
	}{
		"no key":                    {key: "", query: query, status: 401, body: `"err_code":"INVALID_AUTH"`},
		"a key of another kind":     {key: "Basic k", query: query, status: 401, body: "INVALID_AUTH"},
		"a wrong key":               {cfg: Config{Keys: []string{"right"}}, key: "Token wrong", query: query, status: 401, body: "INVALID_AUTH"},
		"a bad voice":               {key: "Token k", query: "model=polly", status: 400, body: "No such model/version combination found"},
		"a bad encoding":            {key: "Token k", query: "encoding=mp3", status: 400, body: "INVALID_QUERY_PARAMETER"},
		"a bad rate":                {key: "Token k", query: "sample_rate=22050", status: 400, body: "INVALID_QUERY_PARAMETER"},
		"a container":               {key: "Token k", query: "container=wav", status: 400, body: "INVALID_QUERY_PARAMETER"},
		"a bad speed":               {key: "Token k", query: "speed=fast", status: 400, body: "INVALID_QUERY_PARAMETER"},
		"a bad opt-out":             {key: "Token k", query: "mip_opt_out=maybe", status: 400, body: "INVALID_QUERY_PARAMETER"},
		"no money":                  {fault: ConnectFault{Status: 402}, key: "Token k", query: query, status: 402, body: "PAYMENT"},
		"no permission":             {fault: ConnectFault{Status: 403}, key: "Token k", query: query, status: 403, body: "INSUFFICIENT_PERMISSIONS"},
		"told to be too many":       {fault: ConnectFault{Status: 429, RetryAfter: 3}, key: "Token k", query: query, status: 429, body: "Too Many Requests"},
		"the service down":          {fault: ConnectFault{Status: 503}, key: "Token k", query: query, status: 503, body: `"error_code"`},
		"late, and an error":        {fault: ConnectFault{Status: 500, Delay: time.Millisecond}, key: "Token k", query: query, status: 500, body: `"err_code"`},
		"really too many, at once":  {cfg: Config{MaxSockets: 1}, key: "Token k", query: query, status: 429, body: `"err_msg":"Too Many Requests"`},
		"too many despite a bearer": {cfg: Config{MaxSockets: 1}, key: "Bearer k", query: query, status: 429, body: "request_id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, url := serve(t, c.cfg)
			if c.cfg.MaxSockets == 1 {
				connect(t, url, query)
			}
			s.Connecting.Always(c.fault)
			ws, res, err := handshake(url, c.query, c.key)
			if err == nil {
				_ = ws.Close()
				t.Fatal("it was let in")
			}
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != c.status || !strings.Contains(string(body), c.body) || res.Header.Get("dg-error") == "" || res.Header.Get("dg-request-id") == "" {
				t.Errorf("%d %s %v", res.StatusCode, body, res.Header)
			}
			if c.fault.RetryAfter > 0 && res.Header.Get("Retry-After") != fmt.Sprint(c.fault.RetryAfter) {
				t.Errorf("%v", res.Header)
			}
			if s.Journal.Count("refuse") != 1 {
				t.Errorf("%v", s.Journal.Entries())
			}
		})
	}
}

func TestAPlaceIsFreeAgainAfterClose(t *testing.T) {
	t.Parallel()
	s, url := serve(t, brisk(Config{MaxSockets: 1}))
	c := connect(t, url, query)
	c.send(bye)
	wantClose(t, c, 1000, "")
	waitFor(t, "the place", func() bool { return s.Open() == 0 })
	connect(t, url, query)
}

func TestFaultsOfSpeechCome(t *testing.T) {
	t.Parallel()
	const text = "This is a sentence of some length. "
	for name, c := range map[string]struct {
		fault SpeechFault
		check func(t *testing.T, s *Server, c *client)
	}{
		"no sound at all": {SpeechFault{Mute: true}, func(t *testing.T, s *Server, c *client) {
			c.send(wipe)
			if all := c.until("Cleared"); kinds(all)["Flushed"] > 0 || len(all) > 2 {
				t.Errorf("%v", kinds(all))
			}
		}},
		"a stall in the middle": {SpeechFault{Stall: true, After: 500 * time.Millisecond}, func(t *testing.T, s *Server, c *client) {
			n := 0
			for n < 24000 {
				g, err := c.next()
				if err != nil {
					t.Fatal(err)
				}
				n += len(g.sound)
			}
			c.send(wipe)
			if all := c.until("Cleared"); n != 24000 || kinds(all)["Flushed"] > 0 {
				t.Errorf("%d bytes, %v", n, kinds(all))
			}
		}},
		"a dropped connection": {SpeechFault{Drop: true, After: 500 * time.Millisecond}, func(t *testing.T, s *Server, c *client) {
			for {
				if _, err := c.next(); err != nil {
					if websocket.IsCloseError(err, 1000, 1008, 1011) {
						t.Error(err)
					}
					return
				}
			}
		}},
		"a close code": {SpeechFault{CloseCode: 1011, Reason: "NET-0000"}, func(t *testing.T, s *Server, c *client) { wantClose(t, c, 1011, "NET-0000") }},
		"an error":     {SpeechFault{Error: true}, func(t *testing.T, s *Server, c *client) { c.until("Error") }},
		"a flush ignored": {SpeechFault{IgnoreFlush: true}, func(t *testing.T, s *Server, c *client) {
			waitFor(t, "the flush", func() bool { return s.Journal.Count("flush") == 1 })
			s.Speaking.Always(SpeechFault{})
			c.send(speakMessage(text), flush)
			if n, _ := sound(c.until("Flushed")); n != 2*bytesOf(text) {
				t.Errorf("%d bytes", n)
			}
		}},
		"a clear ignored": {SpeechFault{IgnoreClear: true}, func(t *testing.T, s *Server, c *client) {
			c.send(wipe)
			if all := c.until("Flushed"); kinds(all)["Cleared"] > 0 {
				t.Errorf("%v", kinds(all))
			}
		}},
		"garbage": {SpeechFault{Garbage: true}, func(t *testing.T, s *Server, c *client) {
			texts, empty := 0, 0
			for texts == 0 || empty == 0 {
				kind, raw, err := c.ws.ReadMessage()
				if err != nil {
					t.Fatal(err)
				}
				if kind == websocket.TextMessage && slices.Contains(garbage, string(raw)) {
					texts++
				}
				if kind == websocket.BinaryMessage && len(raw) == 0 {
					empty++
				}
			}
		}},
		"slower, and later": {SpeechFault{Pace: 30, FirstByte: simulated.Delay{P50: 20 * time.Millisecond}}, func(t *testing.T, s *Server, c *client) {
			if n, _ := sound(c.until("Flushed")); n != bytesOf(text) {
				t.Errorf("%d bytes", n)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, url := serve(t, brisk(Config{}))
			s.Speaking.Always(c.fault)
			cl := connect(t, url, query)
			cl.send(speakMessage(text), flush)
			c.check(t, s, cl)
		})
	}
}

func TestCloseEndsEverything(t *testing.T) {
	t.Parallel()
	s, url := serve(t, Config{})
	c := connect(t, url, query)
	c.send(speakMessage(strings.Repeat("x", 1000) + ". "))
	s.Connecting.Next(ConnectFault{Hang: true})
	hung := make(chan error, 1)
	go func() {
		ws, _, err := handshake(url, query, "Token k")
		if err == nil {
			_ = ws.Close()
		}
		hung <- err
	}()
	waitFor(t, "the handshake", func() bool { return s.Connecting.Taken() == 2 })
	s.Close()
	if err := <-hung; err == nil {
		t.Error("the handshake succeeded")
	}
	for {
		if _, _, err := c.ws.ReadMessage(); err != nil {
			break
		}
	}
	res, err := http.Get(url + "/v1/speak")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable || s.Open() != 0 {
		t.Errorf("%d", res.StatusCode)
	}
	s.Close()
}

func FuzzMessages(f *testing.F) {
	for _, m := range []string{speakMessage("Hello. You"), flush, wipe, `{"type":"Speak","text":"\ud800"}`, "{", `{"type":1}`} {
		f.Add([]byte(m))
	}
	s := New(Config{Instant: true})
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := newConn(s, nil, 1, "id", params{rate: 24000, encoding: "linear16"})
		for range 2 {
			if !c.take(raw) {
				break
			}
		}
		if len(c.text) > 2*maxMessage {
			t.Errorf("%d bytes wait", len(c.text))
		}
	})
}
