package cartesia

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/providers/simulated"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hum is a voice whose words last 60 ms per letter.
type hum struct{}

func (hum) Speak(text string, rate int) ([]int16, []simulated.SpokenWord) {
	var pcm []int16
	var words []simulated.SpokenWord
	for _, w := range strings.Fields(text) {
		from := len(pcm)
		for range len(w) * rate * 60 / 1000 {
			pcm = append(pcm, int16(100*len(w)))
		}
		words = append(words, simulated.SpokenWord{Text: w, From: from, To: len(pcm)})
	}
	return pcm, words
}

func setup(t testing.TB, c Config) (*Server, string) {
	t.Helper()
	c.Voice = hum{}
	if c.FirstChunk == (simulated.Delay{}) {
		c.FirstChunk = simulated.Delay{P50: time.Millisecond}
	}
	if c.PaceMin == 0 {
		c.PaceMin = 500
	}
	s := New(c)
	h := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		h.Close()
	})
	return s, h.URL
}

// client is a bare connection.
type client struct {
	testing.TB
	ws *websocket.Conn
}

// upgrade returns the connection, or the status and body of a refusal.
func upgrade(t testing.TB, url, query string, header map[string]string) (c *client, status int, body string) {
	t.Helper()
	h := http.Header{}
	for k, v := range header {
		h.Set(k, v)
	}
	ws, res, err := websocket.DefaultDialer.DialContext(t.Context(), "ws"+strings.TrimPrefix(url, "http")+"/tts/websocket"+query, h)
	if err != nil {
		if res == nil {
			t.Fatal(err)
		}
		raw := make([]byte, 4096)
		n, _ := res.Body.Read(raw)
		return nil, res.StatusCode, string(raw[:n])
	}
	t.Cleanup(func() { _ = ws.Close() })
	_ = ws.SetReadDeadline(time.Now().Add(20 * time.Second))
	return &client{t, ws}, http.StatusSwitchingProtocols, ""
}

func connect(t testing.TB, url, version string) *client {
	t.Helper()
	c, status, body := upgrade(t, url, "", map[string]string{"Authorization": "Bearer k", "Cartesia-Version": version})
	if c == nil {
		t.Fatalf("refused: %d %s", status, body)
	}
	return c
}

// ask sends a request; changes replace its fields (a null removes one).
func (c *client) ask(id, text string, more bool, changes string) {
	c.Helper()
	fields := map[string]any{
		"context_id": id, "model_id": "sonic-3.5", "transcript": text, "continue": more, "language": "en", "max_buffer_delay_ms": 0, "add_timestamps": true,
		"voice": map[string]string{"mode": "id", "id": "v"}, "output_format": map[string]any{"container": "raw", "encoding": "pcm_s16le", "sample_rate": 24000},
	}
	if changes != "" {
		var other map[string]any
		if err := json.Unmarshal([]byte(changes), &other); err != nil {
			c.Fatal(err)
		}
		for k, v := range other {
			if fields[k] = v; v == nil {
				delete(fields, k)
			}
		}
	}
	raw, err := json.Marshal(fields)
	if err != nil {
		c.Fatal(err)
	}
	c.raw(string(raw))
}

func (c *client) raw(text string) {
	c.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.Fatal(err)
	}
}

// answer is a server's message.
type answer struct {
	Type      string `json:"type"`
	ContextID string `json:"context_id"`
	Data      string `json:"data"`
	Done      bool   `json:"done"`
	Status    int    `json:"status_code"`
	FlushID   int    `json:"flush_id"`
	Error     string `json:"error"`
	ErrorCode string `json:"error_code"`
	Title     string `json:"title"`
	Message   string `json:"message"`
	Words     struct {
		Words []string  `json:"words"`
		Start []float64 `json:"start"`
		End   []float64 `json:"end"`
	} `json:"word_timestamps"`

	pcm []byte
}

var errGone = errors.New("connection gone")

func (c *client) next() (answer, error) {
	c.Helper()
	format, raw, err := c.ws.ReadMessage()
	if err != nil {
		return answer{}, fmt.Errorf("%w: %w", errGone, err)
	}
	var a answer
	if format == websocket.TextMessage {
		err = json.Unmarshal(raw, &a)
	}
	if err != nil || a.Type == "" {
		a.Type = "unreadable"
	}
	if a.pcm, err = base64.StdEncoding.DecodeString(a.Data); err != nil {
		a.Type = "bad base64"
	}
	return a, nil
}

// until reads up to and with the first message of a type.
func (c *client) until(kind string) []answer {
	c.Helper()
	var all []answer
	for {
		a, err := c.next()
		if err != nil {
			c.Fatalf("waiting for %s after %d messages: %v", kind, len(all), err)
		}
		if all = append(all, a); a.Type == kind {
			return all
		}
	}
}

// gone reads to the end of the connection.
func (c *client) gone() (all []answer, err error) {
	for {
		a, err := c.next()
		if err != nil {
			return all, err
		}
		all = append(all, a)
	}
}

// sound is how many bytes of samples came, words what was said.
func sound(all []answer) (bytes int, words []string) {
	for _, a := range all {
		bytes += len(a.pcm)
		words = append(words, a.Words.Words...)
	}
	return bytes, words
}

func kinds(all []answer) string {
	var k []string
	for _, a := range all {
		if len(k) == 0 || k[len(k)-1] != a.Type {
			k = append(k, a.Type)
		}
	}
	return strings.Join(k, " ")
}

// soundOf is how many bytes hum makes of a text.
func soundOf(text string) int {
	pcm, _ := hum{}.Speak(text, 24000)
	return 2 * len(pcm)
}
