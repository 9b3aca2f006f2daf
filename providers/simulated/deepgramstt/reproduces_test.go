package deepgramstt

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers/simulated"
)

// TestItReproduces has a case for each item of what the emulation must reproduce.
func TestItReproduces(t *testing.T) {
	t.Parallel()
	t.Run("handshakes are refused over HTTP with JSON, dg-error and dg-request-id", func(t *testing.T) {
		t.Parallel()
		s, url := serve(t, Config{})
		for name, c := range map[string]struct {
			path, auth string
			status     int
		}{
			"no Token prefix":                     {novaQuery, "key", 401},
			"another key":                         {novaQuery, "Token other", 401},
			"an unknown model":                    {"/v1/listen?model=whisper", "Token key", 400},
			"flux on v1":                          {"/v1/listen?model=flux-general-en", "Token key", 400},
			"nova on v2":                          {strings.Replace(fluxQuery, "flux-general-en", "nova-3", 1), "Token key", 400},
			"keyterm with nova-2":                 {"/v1/listen?model=nova-2&keyterm=Go", "Token key", 400},
			"keywords with nova-3":                {"/v1/listen?model=nova-3&keywords=Go", "Token key", 400},
			"encoding without sample_rate":        {"/v1/listen?model=nova-3&encoding=linear16", "Token key", 400},
			"key terms over the limit":            {novaQuery + strings.Repeat("&keyterm=internationalisation", 101), "Token key", 400},
			"a boolean in capitals":               {"/v1/listen?model=nova-3&punctuate=True", "Token key", 400},
			"interim_results on v2":               {fluxQuery + "&interim_results=true", "Token key", 400},
			"eager above the threshold":           {fluxQuery + "&eot_threshold=0.5&eager_eot_threshold=0.6", "Token key", 400},
			"two channels on v2":                  {fluxQuery + "&channels=2", "Token key", 400},
			"a hint to the model of one language": {fluxQuery + "&language_hint=es", "Token key", 400},
			"another path":                        {"/v3/listen", "Token key", 404},
		} {
			ws, res := handshake(t, url+c.path, c.auth)
			var body struct{ ErrCode, ErrMsg, RequestID string }
			raw := map[string]string{}
			_ = json.NewDecoder(res.Body).Decode(&raw)
			body.ErrCode, body.ErrMsg, body.RequestID = raw["err_code"], raw["err_msg"], raw["request_id"]
			if ws != nil || res.StatusCode != c.status || body.ErrCode == "" || res.Header.Get("dg-error") != body.ErrMsg || res.Header.Get("dg-request-id") != body.RequestID || body.RequestID == "" {
				t.Errorf("%s: %s %+v", name, res.Status, raw)
			}
		}
		if s.Journal.Count("connect") != 0 {
			t.Error("something was accepted")
		}
	})
	t.Run("429 on the nth connect, and beyond the limit of connections", func(t *testing.T) {
		t.Parallel()
		s, url := serve(t, Config{Connections: 1})
		s.Faults.Nth(1, Fault{Status: 429, RetryAfter: time.Second})
		if _, res := handshake(t, url+novaQuery, "Token key"); res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") != "1" {
			t.Errorf("the first: %s", res.Status)
		}
		for s.Open() > 0 {
			time.Sleep(time.Millisecond)
		}
		connect(t, url+novaQuery)
		if _, res := handshake(t, url+novaQuery, "Token key"); res.StatusCode != http.StatusTooManyRequests {
			t.Errorf("one too many: %s", res.Status)
		}
	})
	t.Run("the clock counts received bytes and restarts at 0 per connection", func(t *testing.T) {
		t.Parallel()
		_, url := serve(t, Config{Instant: true})
		for range 2 {
			c := connect(t, url+novaQuery)
			c.audio(silence(2 * time.Second))
			c.text(`{"type":"KeepAlive"}`)
			c.text(`{"type":"Finalize"}`)
			got := c.until(func(m message) bool { return m.FromFinalize })
			if m := got[len(got)-1]; m.Start != 0 || m.Duration != 2 {
				t.Errorf("%+v", m)
			}
		}
	})
	t.Run("interims come each second of audio, grow, and the final may be shorter; several segments before speech_final", func(t *testing.T) {
		t.Parallel()
		_, url := serve(t, Config{Instant: true, Segment: 2 * time.Second})
		c := connect(t, url+novaQuery)
		c.audio(say("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen", time.Second))
		got := c.until(func(m message) bool { return m.SpeechFinal })
		finals, shorter, last, all := 0, false, "", ""
		for _, m := range got {
			switch {
			case m.Type != "Results":
			case m.IsFinal:
				finals++
				shorter = shorter || len(m.text) < len(last) && strings.HasPrefix(last, m.text)
				last, all = "", all+" "+m.text
			default:
				if !strings.HasPrefix(m.text, last) {
					t.Errorf("%q does not grow to %q", last, m.text)
				}
				last = m.text
			}
		}
		if finals < 3 || !shorter || len(strings.Fields(all)) != 15 {
			t.Errorf("%d finals, one shorter: %t, %q", finals, shorter, all)
		}
	})
	t.Run("interims as often as each 200 ms", func(t *testing.T) {
		t.Parallel()
		_, url := serve(t, Config{Instant: true, InterimEvery: 200 * time.Millisecond})
		c := connect(t, url+novaQuery)
		c.audio(silence(2 * time.Second))
		c.text(`{"type":"Finalize"}`)
		if n := strings.Count(events(c.until(func(m message) bool { return m.FromFinalize })), "interim"); n < 9 {
			t.Errorf("%d interims", n)
		}
	})
	t.Run("empty finals in silence", func(t *testing.T) {
		t.Parallel()
		_, url := serve(t, Config{Instant: true})
		c := connect(t, url+novaQuery)
		c.audio(silence(4 * time.Second))
		got := c.until(func(m message) bool { return m.IsFinal })
		if m := got[len(got)-1]; m.text != "" || m.words == nil || len(m.words) != 0 || m.SpeechFinal {
			t.Errorf("%+v", m)
		}
	})
	t.Run("SpeechStarted before the first interim, UtteranceEnd a second after the last word and after speech_final, and switches to drop them", func(t *testing.T) {
		t.Parallel()
		s, url := serve(t, Config{Instant: true})
		s.Faults.Nth(2, Fault{NoSpeechStarted: true, NoSpeechFinal: true, NoUtteranceEnd: true})
		for i, want := range []string{"SpeechStarted interim speech_final UtteranceEnd", "interim final"} {
			c := connect(t, url+novaQuery)
			c.audio(say("what was said there", 0))
			c.audio(silence(1700 * time.Millisecond))
			c.text(`{"type":"CloseStream"}`)
			got, code, _ := c.rest()
			order, at := events(got), 0
			for _, name := range strings.Fields(want) {
				k := strings.Index(order[at:], name)
				if k < 0 {
					t.Errorf("connection %d: no %s in %q", i+1, name, order)
					break
				}
				at += k
			}
			if i == 1 && (strings.Contains(order, "Utter") || strings.Contains(order, "Speech") || strings.Contains(order, "speech")) || code != 1000 {
				t.Errorf("connection %d: %q, closed with %d", i+1, order, code)
			}
		}
	})
	t.Run("idle is 1011 NET-0001, and never any audio 1011 NET-0000 in spite of KeepAlives", func(t *testing.T) {
		t.Parallel()
		idle, url := serve(t, Config{Idle: 50 * time.Millisecond})
		if _, code, reason := connect(t, url+novaQuery).rest(); code != 1011 || !strings.Contains(reason, "NET-0001") {
			t.Errorf("idle: %d %s", code, reason)
		}
		mute, url := serve(t, Config{FirstAudio: 400 * time.Millisecond})
		c := connect(t, url+novaQuery)
		stop := make(chan struct{})
		go func() {
			defer close(stop)
			for c.ws.WriteMessage(websocket.TextMessage, []byte(`{"type":"KeepAlive"}`)) == nil {
				time.Sleep(5 * time.Millisecond)
			}
		}()
		if _, code, reason := c.rest(); code != 1011 || !strings.Contains(reason, "NET-0000") {
			t.Errorf("only signs of life: %d %s", code, reason)
		}
		_ = c.ws.Close()
		<-stop
		if idle.Journal.Count("close") != 1 || mute.Journal.Count("close") != 1 {
			t.Errorf("%+v %+v", idle.Journal.Entries("close"), mute.Journal.Entries("close"))
		}
	})
	t.Run("an odd length and JSON in a binary frame are 1008 DATA-0000", func(t *testing.T) {
		t.Parallel()
		_, url := serve(t, Config{})
		for name, raw := range map[string]string{"odd": "abc", "JSON": `{"type":"KeepAlive"}`} {
			c := connect(t, url+novaQuery)
			_ = c.ws.WriteMessage(websocket.BinaryMessage, []byte(raw))
			if _, code, reason := c.rest(); code != 1008 || !strings.Contains(reason, "DATA-0000") {
				t.Errorf("%s: %d %s", name, code, reason)
			}
		}
	})
	t.Run("an empty binary frame behaves like CloseStream", func(t *testing.T) {
		t.Parallel()
		s, url := serve(t, Config{})
		c := connect(t, url+novaQuery)
		_ = c.ws.WriteMessage(websocket.BinaryMessage, nil)
		if got, code, _ := c.rest(); code != 1000 || events(got) != "Metadata" || s.Journal.Count("closestream") != 1 {
			t.Errorf("%s, %d", events(got), code)
		}
	})
	t.Run("Finalize brings from_finalize after at least 50 ms, and a mode where nothing comes", func(t *testing.T) {
		t.Parallel()
		s, url := serve(t, Config{})
		c := connect(t, url+novaQuery)
		c.audio(say("settle this", 400*time.Millisecond))
		began := time.Now()
		c.text(`{"type":"Finalize"}`)
		c.until(func(m message) bool { return m.FromFinalize })
		if took := time.Since(began); took < finalizeLeast {
			t.Errorf("it took %s", took)
		}
		s.Faults.Next(Fault{NoFinalizeAnswer: true})
		c = connect(t, url+novaQuery)
		c.audio(silence(100 * time.Millisecond))
		c.text(`{"type":"Finalize"}`)
		c.text(`{"type":"CloseStream"}`)
		got, _, _ := c.rest()
		for _, m := range got {
			if m.FromFinalize {
				t.Errorf("%+v", m)
			}
		}
	})
	t.Run("CloseStream brings remaining finals, Metadata and 1000, finals late when asked", func(t *testing.T) {
		t.Parallel()
		s, url := serve(t, Config{Instant: true})
		s.Faults.Nth(2, Fault{LateFinals: 100 * time.Millisecond})
		for i := range 2 {
			c := connect(t, url+novaQuery)
			c.audio(say("the last words", 0))
			began := time.Now()
			c.text(`{"type":"CloseStream"}`)
			got, code, _ := c.rest()
			if code != 1000 || !strings.HasSuffix(events(got), "final Metadata") || i == 1 && time.Since(began) < 100*time.Millisecond {
				t.Errorf("%s, %d", events(got), code)
			}
		}
	})
	t.Run("fault: every message is delayed", func(t *testing.T) {
		t.Parallel()
		s, url := serve(t, Config{Instant: true})
		s.Faults.Next(Fault{Delay: simulated.Delay{P50: 100 * time.Millisecond}})
		c := connect(t, url+novaQuery)
		began := time.Now()
		c.text(`{"type":"Finalize"}`)
		c.until(func(m message) bool { return m.FromFinalize })
		if took := time.Since(began); took < 100*time.Millisecond {
			t.Errorf("it took %s", took)
		}
	})
	t.Run("fault: TCP is dropped mid-utterance", func(t *testing.T) {
		t.Parallel()
		s, url := serve(t, Config{})
		s.Faults.Next(Fault{Drop: 500 * time.Millisecond})
		c := connect(t, url+novaQuery)
		c.audio(say("this is never heard to its end", 0))
		if _, code, _ := c.rest(); code != websocket.CloseAbnormalClosure {
			t.Errorf("%d", code)
		}
	})
	t.Run("fault: a slow reader", func(t *testing.T) {
		t.Parallel()
		s, url := serve(t, Config{Instant: true})
		s.Faults.Next(Fault{ReadPause: 20 * time.Millisecond})
		c := connect(t, url+novaQuery)
		began := time.Now()
		c.audio(silence(time.Second)) // ten frames
		c.text(`{"type":"Finalize"}`)
		c.until(func(m message) bool { return m.FromFinalize })
		if took := time.Since(began); took < 200*time.Millisecond {
			t.Errorf("it took %s", took)
		}
	})
	t.Run("what was asked and billed is in the journal", func(t *testing.T) {
		t.Parallel()
		s, url := serve(t, Config{Instant: true})
		c := connect(t, url+novaQuery)
		c.audio(silence(3 * time.Second))
		c.text(`{"type":"CloseStream"}`)
		c.rest()
		for s.Journal.Count("audio") == 0 {
			time.Sleep(time.Millisecond)
		}
		if s.Journal.Billed("audio") != 3000 || s.Journal.Count("connection") != 1 || s.Journal.Count("toofast") != 1 {
			t.Errorf("%+v", s.Journal.Entries())
		}
	})
}
