package deepgramstt

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers/soundcode"
)

const rate = 16000

// message is what the server says, of either protocol.
type message struct {
	Type         string
	Event        string
	Start        float64
	Duration     float64
	IsFinal      bool     `json:"is_final"`
	SpeechFinal  bool     `json:"speech_final"`
	FromFinalize bool     `json:"from_finalize"`
	LastWordEnd  float64  `json:"last_word_end"`
	Timestamp    float64  `json:"timestamp"`
	Sequence     *int     `json:"sequence_id"`
	Turn         int      `json:"turn_index"`
	Transcript   string   `json:"transcript"`
	Window       float64  `json:"audio_window_end"`
	Trigger      string   `json:"trigger"`
	Code         string   `json:"error_code"`
	Description  string   `json:"description"`
	Keyterms     []string `json:"keyterms"`
	Channel      json.RawMessage
	text         string
	words        []novaWord
}

// client speaks the wire by hand.
type client struct {
	t  *testing.T
	ws *websocket.Conn
}

func serve(t *testing.T, cfg Config) (*Server, string) {
	t.Helper()
	cfg.Ear, cfg.Keys = soundcode.Ear{}, []string{"key"}
	s := New(cfg)
	h := httptest.NewServer(s)
	t.Cleanup(func() { s.Close(); h.Close() })
	return s, h.URL
}

const (
	novaQuery = "/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000&interim_results=true&punctuate=true&vad_events=true&endpointing=300&utterance_end_ms=1000"
	fluxQuery = "/v2/listen?model=flux-general-en&encoding=linear16&sample_rate=16000"
)

func handshake(t *testing.T, url, authorization string) (*websocket.Conn, *http.Response) {
	t.Helper()
	ws, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(url, "http"), http.Header{"Authorization": {authorization}})
	if err != nil && res == nil {
		t.Fatal(err)
	}
	return ws, res
}

func connect(t *testing.T, url string) *client {
	t.Helper()
	ws, res := handshake(t, url, "Token key")
	if ws == nil {
		t.Fatalf("refused: %s", res.Status)
	}
	t.Cleanup(func() { _ = ws.Close() })
	_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	return &client{t: t, ws: ws}
}

func (c *client) audio(pcm []int16) {
	for len(pcm) > 0 {
		n := min(len(pcm), rate/10)
		raw := make([]byte, 0, 2*n)
		for _, x := range pcm[:n] {
			raw = append(raw, byte(x), byte(uint16(x)>>8))
		}
		_ = c.ws.WriteMessage(websocket.BinaryMessage, raw) // a cut connection is found by reading
		pcm = pcm[n:]
	}
}

func (c *client) text(s string) { _ = c.ws.WriteMessage(websocket.TextMessage, []byte(s)) }

// next is the next message, or how the connection ended.
func (c *client) next() (message, error) {
	var m message
	_, raw, err := c.ws.ReadMessage()
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		c.t.Fatalf("%s: %v", raw, err)
	}
	if m.Type == "Results" {
		var x channel
		if err := json.Unmarshal(m.Channel, &x); err != nil {
			c.t.Fatal(err)
		}
		m.text, m.words = x.Alternatives[0].Transcript, x.Alternatives[0].Words
	}
	return m, nil
}

// until reads up to the first wanted message.
func (c *client) until(wanted func(message) bool) []message {
	c.t.Helper()
	var got []message
	for {
		m, err := c.next()
		if err != nil {
			c.t.Fatalf("after %s: %v", events(got), err)
		}
		got = append(got, m)
		if wanted(m) {
			return got
		}
	}
}

// rest reads to the end; the code is 1006 for a cut, 1005 for a close without one.
func (c *client) rest() (got []message, code int, reason string) {
	c.t.Helper()
	for {
		m, err := c.next()
		if err != nil {
			if e, ok := err.(*websocket.CloseError); ok { //nolint:errorlint // as the library returns it
				return got, e.Code, e.Text
			}
			return got, websocket.CloseAbnormalClosure, err.Error()
		}
		got = append(got, m)
	}
}

func say(text string, quiet time.Duration) []int16 {
	pcm, _ := soundcode.Voice{}.Speak(text, rate)
	return append(pcm, silence(quiet)...)
}

func silence(d time.Duration) []int16 { return make([]int16, int(d*rate/time.Second)) }

// events are the kinds of messages, in order.
func events(got []message) string {
	var names []string
	for _, m := range got {
		name := m.Type
		switch {
		case m.Event != "":
			name = m.Event
		case m.Type == "Results" && m.SpeechFinal:
			name = "speech_final"
		case m.Type == "Results" && m.IsFinal:
			name = "final"
		case m.Type == "Results":
			name = "interim"
		}
		names = append(names, name)
	}
	return strings.Join(names, " ")
}
