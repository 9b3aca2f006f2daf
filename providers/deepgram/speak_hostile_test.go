package deepgram

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers"
)

// hostileService runs its own answer to each command.
func hostileService(t *testing.T, cfg SpeakConfig, answer func(ws *websocket.Conn, command string)) *Synthesizer {
	t.Helper()
	upgrader := websocket.Upgrader{}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.Close() }()
		for {
			_, raw, err := ws.ReadMessage()
			if err != nil {
				return
			}
			answer(ws, string(raw))
		}
	}))
	cfg.Key, cfg.URL = "k", web.URL
	s := NewSynthesizer(cfg)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = s.Close(ctx)
		web.Close()
	})
	return s
}

func sendText(ws *websocket.Conn, messages ...string) {
	for _, m := range messages {
		_ = ws.WriteMessage(websocket.TextMessage, []byte(m))
	}
}

func sendSound(ws *websocket.Conn, value byte, bytes int) {
	_ = ws.WriteMessage(websocket.BinaryMessage, []byte(strings.Repeat(string([]byte{value}), bytes)))
}

func TestSpeakWhateverTheServiceSends(t *testing.T) {
	t.Parallel()
	t.Run("old sound and old acknowledgements around a clear", func(t *testing.T) {
		t.Parallel()
		flushes := 0
		s := hostileService(t, SpeakConfig{ClearWithin: 10 * time.Second, MaxSockets: 1}, func(ws *websocket.Conn, command string) {
			switch {
			case strings.Contains(command, "Clear"):
				for range 20 {
					sendSound(ws, 1, 4001)
				}
				sendText(ws, `{"type":"Flushed","sequence_id":7}`, `{"type":"Flushed","sequence_id":8}`)
				sendSound(ws, 1, 333)
				sendText(ws, `{"type":"Cleared","sequence_id":9}`)
				sendSound(ws, 1, 777) // later than it should: nothing is owed yet
				sendText(ws, `{"type":"Cleared","sequence_id":9}`, `{"type":"Flushed","sequence_id":1}`)
			case strings.Contains(command, "Close"):
				_ = ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""))
			case strings.Contains(command, "old"):
				sendSound(ws, 1, 9001)
			case strings.Contains(command, "new"):
				sendSound(ws, 2, 801)
				sendSound(ws, 2, 799)
			case strings.Contains(command, "Flush"):
				if flushes++; flushes%2 == 0 {
					sendText(ws, `{"type":"Flushed","sequence_id":0}`)
				}
			}
		})
		for range 5 {
			st, err := s.Open(t.Context(), providers.VoiceOptions{})
			if err != nil {
				t.Fatal(err)
			}
			_ = st.Say(t.Context(), "This is the old reply, which is cut off in its middle.")
			if _, err := st.Recv(t.Context()); err != nil {
				t.Fatal(err)
			}
			_ = st.Close()
			speakUntil(t, "the quiet socket", func() bool { return s.Stats().Idle == 1 })
			speakUntil(t, "the late sound", func() bool { return s.Stats().Stale%22 == 0 })
			if st, err = s.Open(t.Context(), providers.VoiceOptions{}); err != nil {
				t.Fatal(err)
			}
			_ = st.Say(t.Context(), "new")
			_ = st.Finish()
			r := speakHear(t, st)
			_ = st.Close()
			if r.err != nil || len(r.pcm) != 800 || len(r.ends) != 1 {
				t.Fatalf("%d samples, ends %v, %v", len(r.pcm), r.ends, r.err)
			}
			for _, v := range r.pcm {
				if v != 0x0202 {
					t.Fatal("old sound in a new reply")
				}
			}
		}
		if st := s.Stats(); st.Dialled != 1 || st.Cut != 5 {
			t.Errorf("%+v", st)
		}
	})
	t.Run("sound without an end", func(t *testing.T) {
		t.Parallel()
		s := hostileService(t, SpeakConfig{
			ClearWithin: 20 * time.Millisecond, CloseWithin: 20 * time.Millisecond,
			FlushWithin: 15 * time.Second, StallAfter: 15 * time.Second, // the sound may falter on a busy machine
		}, func(ws *websocket.Conn, command string) {
			for range 40 {
				if strings.Contains(command, "Speak") {
					sendSound(ws, 1, 1<<19)
				}
			}
		})
		st, err := s.Open(t.Context(), providers.VoiceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_ = st.Say(t.Context(), "Stop.")
		_ = st.Finish()
		if r := speakHear(t, st); r.err == nil || len(r.pcm) > 120*speakRate {
			t.Errorf("%d samples, %v", len(r.pcm), r.err)
		}
		_ = st.Close()
	})
	t.Run("a message beyond all bounds", func(t *testing.T) {
		t.Parallel()
		s := hostileService(t, SpeakConfig{}, func(ws *websocket.Conn, command string) {
			if strings.Contains(command, "Speak") {
				sendSound(ws, 1, 2<<20)
			}
		})
		st, err := s.Open(t.Context(), providers.VoiceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_ = st.Say(t.Context(), "Stop.")
		if r := speakHear(t, st); r.err == nil || len(r.pcm) > 0 {
			t.Errorf("%d samples, %v", len(r.pcm), r.err)
		}
		_ = st.Close()
	})
}
