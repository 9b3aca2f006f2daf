package deepgramstt

import (
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestFluxReproduces(t *testing.T) {
	t.Parallel()
	t.Run("Connected first, sequence_id contiguous, Updates each 250 ms, the turn ended by the model", func(t *testing.T) {
		t.Parallel()
		_, url := serve(t, Config{Instant: true})
		c := connect(t, url+fluxQuery)
		c.audio(silence(500 * time.Millisecond))
		c.audio(say("I led the migration", time.Second))
		got := c.until(func(m message) bool { return m.Event == "EndOfTurn" })
		for i, m := range got {
			if m.Sequence == nil || *m.Sequence != i {
				t.Fatalf("message %d: %+v", i, m)
			}
		}
		order := events(got)
		if !strings.HasPrefix(order, "Connected Update Update StartOfTurn Update") || strings.Contains(order, "Eager") {
			t.Error(order)
		}
		if m := got[len(got)-1]; m.Trigger != "model" || len(strings.Fields(m.Transcript)) != 4 || m.Turn != 0 {
			t.Errorf("%+v", m)
		}
	})
	t.Run("eager, resumed, eager and the end with the same text, then the next turn", func(t *testing.T) {
		t.Parallel()
		_, url := serve(t, Config{Instant: true})
		c := connect(t, url+fluxQuery+"&eager_eot_threshold=0.5&eot_threshold=0.9")
		c.audio(say("one", 400*time.Millisecond))
		c.audio(say("two", 1700*time.Millisecond))
		got := c.until(func(m message) bool { return m.Event == "EndOfTurn" })
		var turns []message
		for _, m := range got {
			if m.Event != "Update" && m.Event != "" {
				turns = append(turns, m)
			}
		}
		if order := events(turns); order != "StartOfTurn EagerEndOfTurn TurnResumed EagerEndOfTurn EndOfTurn" || turns[3].Transcript != turns[4].Transcript || turns[1].Transcript == "" {
			t.Errorf("%s: %+v", order, turns)
		}
		c.audio(say("three", 0))
		if m := c.until(func(m message) bool { return m.Event == "StartOfTurn" }); m[len(m)-1].Turn != 1 || m[len(m)-1].Transcript == "" {
			t.Errorf("%+v", m)
		}
	})
	t.Run("silence ends a turn after eot_timeout_ms, and no audio means no end", func(t *testing.T) {
		t.Parallel()
		_, url := serve(t, Config{Instant: true})
		c := connect(t, url+fluxQuery+"&eot_threshold=1.0&eot_timeout_ms=1000")
		c.audio(say("endless", 900*time.Millisecond))
		c.text(`{"type":"Configure"}`)
		if got := c.until(func(m message) bool { return m.Type == "ConfigureSuccess" }); strings.Contains(events(got), "EndOfTurn") {
			t.Error(events(got))
		}
		c.audio(silence(300 * time.Millisecond))
		if got := c.until(func(m message) bool { return m.Event == "EndOfTurn" }); got[len(got)-1].Trigger != "timeout" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("ForceEndTurn ends an open turn and is ignored when none is", func(t *testing.T) {
		t.Parallel()
		_, url := serve(t, Config{Instant: true})
		c := connect(t, url+fluxQuery)
		c.text(`{"type":"ForceEndTurn"}`)
		c.audio(say("forced", 60*time.Millisecond))
		c.text(`{"type":"ForceEndTurn"}`)
		got := c.until(func(m message) bool { return m.Event == "EndOfTurn" })
		if m := got[len(got)-1]; m.Trigger != "forced" || m.Transcript == "" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("JSON KeepAlive drops the socket, pings keep it", func(t *testing.T) {
		t.Parallel()
		_, url := serve(t, Config{FluxIdle: time.Second})
		c := connect(t, url+fluxQuery)
		for began := time.Now(); time.Since(began) < 1300*time.Millisecond; time.Sleep(10 * time.Millisecond) {
			_ = c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
		}
		c.audio(silence(300 * time.Millisecond))
		c.until(func(m message) bool { return m.Event == "Update" })
		c.text(`{"type":"KeepAlive"}`)
		if _, code, _ := c.rest(); code != websocket.CloseAbnormalClosure {
			t.Errorf("%d", code)
		}
	})
	t.Run("mute mid-turn while the socket stays open", func(t *testing.T) {
		t.Parallel()
		s, url := serve(t, Config{Instant: true})
		s.Faults.Next(Fault{Mute: 500 * time.Millisecond})
		c := connect(t, url+fluxQuery)
		c.audio(say("this goes on and on and nobody answers", 2*time.Second))
		c.text(`{"type":"CloseStream"}`)
		if got, code, _ := c.rest(); strings.Contains(events(got), "EndOfTurn") || code != websocket.CloseNoStatusReceived {
			t.Errorf("%s, %d", events(got), code)
		}
	})
	t.Run("noise starts a turn without a word", func(t *testing.T) {
		t.Parallel()
		s, url := serve(t, Config{Instant: true})
		s.Faults.Next(Fault{NoisyStart: true})
		c := connect(t, url+fluxQuery)
		noise := make([]int16, rate)
		for i := range noise {
			noise[i] = int16(i*7919%1600) - 800
		}
		c.audio(noise)
		if m := c.until(func(m message) bool { return m.Event == "StartOfTurn" }); m[len(m)-1].Transcript != "" {
			t.Errorf("%+v", m)
		}
	})
	t.Run("CloseStream: an Update with the last words, then a close without a code", func(t *testing.T) {
		t.Parallel()
		_, url := serve(t, Config{Instant: true})
		c := connect(t, url+fluxQuery)
		c.audio(say("last words", 0))
		c.text(`{"type":"CloseStream"}`)
		got, code, _ := c.rest()
		if m := got[len(got)-1]; code != websocket.CloseNoStatusReceived || m.Event != "Update" || len(strings.Fields(m.Transcript)) != 2 {
			t.Errorf("%d, %+v", code, m)
		}
	})
	t.Run("Configure is refused whole when a part is wrong", func(t *testing.T) {
		t.Parallel()
		_, url := serve(t, Config{Instant: true})
		c := connect(t, url+fluxQuery)
		c.text(`{"type":"Configure","thresholds":{"eot_threshold":0.2}}`)
		c.until(func(m message) bool { return m.Type == "ConfigureFailure" })
	})
}

func FuzzClientMessages(f *testing.F) {
	for _, s := range []string{`{"type":"KeepAlive"}`, `{"type":"Configure","keyterms":[1]}`, `{`, `{"type":"Finalize"}`, "\x00\x01", ""} {
		f.Add([]byte(s), true)
		f.Add([]byte(s), false)
	}
	f.Fuzz(func(t *testing.T, raw []byte, v2 bool) {
		s := New(Config{Instant: true})
		c := &conn{s: s, p: params{flux: v2, encoding: "linear16", rate: rate, channels: 1, eot: .7, endpointing: 0, interims: true}, opened: time.Now()}
		if v2 && strings.Contains(string(raw), "KeepAlive") {
			return // it cuts a socket that is not there
		}
		c.ears = newEars(c.p, s.cfg.Ear, 300)
		c.out = newOutbox(c)
		c.session = &nova{c: c}
		if v2 {
			c.session = &flux{c: c}
		}
		c.session.opened()
		c.audio(raw)
		if !c.ended {
			c.text(raw)
		}
	})
}
