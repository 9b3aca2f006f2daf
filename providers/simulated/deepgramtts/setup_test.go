package deepgramtts

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers/simulated"
)

// serve starts a server; its address begins with http.
func serve(t testing.TB, cfg Config) (*Server, string) {
	t.Helper()
	s := New(cfg)
	web := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		web.Close()
	})
	return s, web.URL
}

// client is a raw socket.
type client struct {
	t  testing.TB
	ws *websocket.Conn
}

func handshake(url, query, key string) (*websocket.Conn, *http.Response, error) {
	d := websocket.Dialer{}
	return d.Dial("ws"+strings.TrimPrefix(url, "http")+"/v1/speak?"+query, http.Header{"Authorization": {key}})
}

func connect(t testing.TB, url, query string) *client {
	t.Helper()
	ws, _, err := handshake(url, query, "Token k")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.Close() })
	_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	return &client{t, ws}
}

func (c *client) send(messages ...string) {
	c.t.Helper()
	for _, m := range messages {
		if err := c.ws.WriteMessage(websocket.TextMessage, []byte(m)); err != nil {
			c.t.Fatal(err)
		}
	}
}

func speakMessage(text string) string {
	raw, _ := json.Marshal(map[string]string{"type": "Speak", "text": text})
	return string(raw)
}

// got is a message of the server.
type got struct {
	sound  []byte
	fields map[string]any
	at     time.Time
}

func (g got) kind() string { s, _ := g.fields["type"].(string); return s }

// next reads one message; a close frame is the error.
func (c *client) next() (got, error) {
	kind, raw, err := c.ws.ReadMessage()
	g := got{at: time.Now()}
	if err != nil {
		return g, err
	}
	if kind == websocket.BinaryMessage {
		g.sound = raw
		return g, nil
	}
	return g, json.Unmarshal(raw, &g.fields)
}

// until reads up to a message of a kind and returns what came, that included.
func (c *client) until(kind string) []got {
	c.t.Helper()
	var all []got
	for {
		g, err := c.next()
		if err != nil {
			c.t.Fatalf("waiting for %s: %v", kind, err)
		}
		all = append(all, g)
		if g.kind() == kind {
			return all
		}
	}
}

// closed reads to the end and returns how it came.
func (c *client) closed() (code int, reason string) {
	c.t.Helper()
	for {
		if _, _, err := c.ws.ReadMessage(); err != nil {
			var e *websocket.CloseError
			if !errors.As(err, &e) {
				c.t.Fatalf("no close frame: %v", err)
			}
			return e.Code, e.Text
		}
	}
}

// sound is the bytes of what came, frames how many pieces they came in.
func sound(all []got) (bytes, frames int) {
	for _, g := range all {
		if g.sound != nil {
			bytes, frames = bytes+len(g.sound), frames+1
		}
	}
	return bytes, frames
}

// kinds counts the text messages.
func kinds(all []got) map[string]int {
	n := map[string]int{}
	for _, g := range all {
		if k := g.kind(); k != "" {
			n[k]++
		}
	}
	return n
}

const (
	query = "model=aura-2-thalia-en&encoding=linear16&sample_rate=24000"
	flush = `{"type":"Flush"}`
	wipe  = `{"type":"Clear"}`
	bye   = `{"type":"Close"}`
)

// bytesOf is how long the tone of a text is.
func bytesOf(text string) int { return len(text) * 24000 * 62 / 1000 * 2 }

// waitFor polls for a condition.
func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("still missing: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func brisk(cfg Config) Config {
	cfg.FirstByte = simulated.Delay{P50: time.Millisecond}
	cfg.SlowestPace, cfg.FastestPace = 50, 100
	return cfg
}
