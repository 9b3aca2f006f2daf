package cartesia

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers"
	server "github.com/vantahire/vantahire/providers/simulated/cartesia"
	"github.com/vantahire/vantahire/providers/soundcode"
)

// scripted is a server that answers each request as told; an empty script is
// silence.
func scripted(t *testing.T, cfg Config, answer func(r request) []string) *Synthesizer {
	t.Helper()
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = ws.Close() }()
		for {
			_, raw, err := ws.ReadMessage()
			if err != nil {
				return
			}
			var req request
			if json.Unmarshal(raw, &req) != nil {
				continue
			}
			for _, m := range answer(req) {
				if ws.WriteMessage(websocket.TextMessage, []byte(m)) != nil {
					return
				}
			}
		}
	}))
	cfg.BaseURL, cfg.Key = h.URL, "k"
	c := NewSynthesizer(cfg)
	t.Cleanup(func() {
		_ = c.Close(context.Background())
		h.Close()
	})
	return c
}

func chunkOf(id string, samples int) string {
	return fmt.Sprintf(`{"type":"chunk","context_id":%q,"data":%q,"status_code":206}`, id, base64.StdEncoding.EncodeToString(make([]byte, 2*samples)))
}

func TestTheEndOfAContextThatNeverComesHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	c := scripted(t, Config{Done: 30 * time.Millisecond}, func(r request) []string {
		if !r.Flush {
			return nil
		}
		return []string{chunkOf(r.ContextID, 2400), fmt.Sprintf(`{"type":"flush_done","context_id":%q,"flush_id":1}`, r.ContextID)}
	})
	st := open(t, c)
	say(t, st, shortText)
	_ = st.Finish()
	if h := hear(t, st); h.err != nil || len(h.pcm) != 2400 || len(h.ends) != 1 {
		t.Errorf("%v, %d samples, ends %v", h.err, len(h.pcm), h.ends)
	}
	until(t, "the deadline of the end", func() bool { return c.Stats().LateDone == 1 })
}

func TestAFloodOfSoundIsBounded(t *testing.T) {
	t.Parallel()
	c := scripted(t, Config{SampleRate: 8000, FirstChunk: time.Minute, NextChunk: time.Minute}, func(r request) (all []string) {
		if r.Transcript == "" {
			return nil
		}
		for range int(maxUnplayed/time.Second) + 10 {
			all = append(all, chunkOf(r.ContextID, 8000))
		}
		return all
	})
	st := open(t, c)
	say(t, st, shortText)
	until(t, "the flood's end", func() bool { return c.Stats().Floods == 1 })
	h := hear(t, st)
	var failed *providers.Error
	if !errors.As(h.err, &failed) || failed.Retry || len(h.pcm) > int(maxUnplayed/time.Second)*8000 {
		t.Errorf("%v after %s", h.err, samplesLength(len(h.pcm)))
	}
}

func TestNoAnswerPanicsOrHangs(t *testing.T) {
	t.Parallel()
	palette := []string{
		`{"type":"chunk","context_id":"ID","data":"AAAA"}`, `{"type":"chunk","context_id":"ID","data":"AA=="}`, `{"type":"chunk","context_id":"ID","data":""}`,
		`{"type":"chunk","context_id":"ID","data":"*"}`, `{"type":"flush_done","context_id":"ID","flush_id":1}`, `{"type":"flush_done","context_id":"ID","flush_id":-7}`,
		`{"type":"flush_done","context_id":"ID","flush_id":99}`, `{"type":"done","context_id":"ID"}`, `{"type":"error","context_id":"ID","status_code":500}`,
		`{"type":"error","context_id":"ID","status_code":429}`, `{"type":"error","status_code":400}`, `{"type":"error"}`, `{}`, `[`, `null`, "\xff\xfe",
		`{"type":"timestamps","context_id":"ID","word_timestamps":{"words":["a"],"start":[5],"end":[6]}}`, `{"type":"timestamps","context_id":"ID","word_timestamps":null}`,
		`{"type":"timestamps","context_id":"ID","word_timestamps":{"words":["a","b"],"start":[1e300,0],"end":[0]}}`, `{"type":"done"}`, `{"type":"chunk","data":"AAAA"}`,
	}
	for seed := range uint64(40) {
		var mu sync.Mutex // of random: a retry is another connection
		random := rand.New(rand.NewPCG(seed, 1))
		c := scripted(t, Config{FirstChunk: 200 * time.Millisecond, NextChunk: 50 * time.Millisecond, Done: 20 * time.Millisecond, BackoffMin: time.Millisecond, BackoffMax: time.Millisecond}, func(r request) (all []string) {
			mu.Lock()
			defer mu.Unlock()
			for range random.IntN(6) {
				all = append(all, strings.ReplaceAll(palette[random.IntN(len(palette))], "ID", r.ContextID))
			}
			return all
		})
		st := open(t, c)
		for _, s := range []string{"One.", "Two.", "...", "Three."} {
			_ = st.Say(t.Context(), s) // it may have failed by now
		}
		_ = st.Finish()
		h := hear(t, st)
		for i, end := range h.ends {
			if end != i {
				t.Errorf("seed %d: ends %v", seed, h.ends)
			}
		}
		if h.err == nil && len(h.ends) != 4 {
			t.Errorf("seed %d: it ended with %v", seed, h.ends)
		}
		_ = st.Close()
		if n := c.Stats().Replies; n != 0 {
			t.Errorf("seed %d: %d replies go on", seed, n)
		}
	}
}

func TestWordsAreReadBackFromTheSound(t *testing.T) {
	t.Parallel()
	c, _ := setup(t, server.Config{Voice: soundcode.Voice{}}, Config{})
	h := speak(t, c, "Thanks, that is helpful.", "What did you measure?")
	if h.err != nil {
		t.Fatal(h.err)
	}
	var heardWords []string
	ear := soundcode.Ear{}.Listen(24000)
	for _, w := range ear.Hear(append(h.pcm, make([]int16, 24000)...)) {
		heardWords = append(heardWords, w.Text)
	}
	var told []string
	for _, w := range h.words {
		told = append(told, w.Text)
	}
	if got := strings.Join(heardWords, " "); got != "Thanks, that is helpful. What did you measure?" || got != strings.Join(told, " ") {
		t.Errorf("heard %q, told %q", heardWords, told)
	}
}
