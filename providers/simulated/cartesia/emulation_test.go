package cartesia

import (
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers/simulated"
)

// TestTheEmulationReproduces has a subtest for each item the protocol's notes ask
// of an emulation.
func TestTheEmulationReproduces(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T){
		"upgrade checks: key in header or query, version present and known, socket cap":                           upgradeChecks,
		"per-context state machine: queued inputs, ordered outputs, interleaving, flush_id, expiry, done last":    stateMachine,
		"base64 chunks of uneven size and whole samples, split ones in one mode; first chunk delayed, then paced": chunksAndPace,
		"max_buffer_delay_ms holds unterminated text and speaks sentences at punctuation":                         bufferDelay,
		"cancel: 0 to 3 stray chunks, sometimes a late done, no ack":                                              cancelling,
		"errors: empty transcript, sunset and unknown model, concurrency, malformed JSON, both shapes":            errorMessages,
		"voice shape by version, and the rule of identical fields":                                                shapes,
		"idle close, abrupt TCP drop mid-chunk, close before done":                                                closes,
		"any binary frame from the client is an error or a close":                                                 binaryFrames,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t)
		})
	}
}

func upgradeChecks(t *testing.T) {
	s, url := setup(t, Config{Keys: []string{"k"}, Sockets: 9})
	for name, c := range map[string]struct {
		query  string
		header map[string]string
		status int
	}{
		"bearer":                          {"", map[string]string{"Authorization": "Bearer k", "Cartesia-Version": "2025-04-16"}, 101},
		"older header":                    {"", map[string]string{"X-API-Key": "k", "Cartesia-Version": "2024-06-10"}, 101},
		"query":                           {"?api_key=k&cartesia_version=2026-03-01", nil, 101},
		"token":                           {"?access_token=k&cartesia_version=2026-08-14", nil, 101},
		"the query's version wins":        {"?cartesia_version=1999-01-01", map[string]string{"Authorization": "Bearer k", "Cartesia-Version": "2025-04-16"}, 400},
		"the query's good version wins":   {"?cartesia_version=2025-04-16", map[string]string{"Authorization": "Bearer k", "Cartesia-Version": "nonsense"}, 101},
		"no key":                          {"", map[string]string{"Cartesia-Version": "2025-04-16"}, 401},
		"wrong key":                       {"", map[string]string{"Authorization": "Bearer x", "Cartesia-Version": "2025-04-16"}, 401},
		"wrong key in the query":          {"?api_key=x&cartesia_version=2025-04-16", map[string]string{"Authorization": "Bearer k"}, 401},
		"no version":                      {"", map[string]string{"Authorization": "Bearer k"}, 400},
		"an unknown version":              {"", map[string]string{"Authorization": "Bearer k", "Cartesia-Version": "2023-01-01"}, 400},
		"a key is not enough for nothing": {"?cartesia_version=", map[string]string{"X-API-Key": "k"}, 400},
	} {
		_, status, body := upgrade(t, url, c.query, c.header)
		if status != c.status || status != 101 && !strings.Contains(body, `"type":"error"`) {
			t.Errorf("%s: %d %s, want %d", name, status, body, c.status)
		}
	}
	for range 9 - 5 {
		connect(t, url, "2025-04-16")
	}
	if _, status, body := upgrade(t, url, "", map[string]string{"Authorization": "Bearer k", "Cartesia-Version": "2026-08-14"}); status != 429 || !strings.Contains(body, "concurrency_limited") {
		t.Errorf("beyond the cap: %d %s", status, body)
	}
	if s.Open() != 9 || s.Journal.Count("connect") != 9 || s.Journal.Count("refused") != 8 {
		t.Errorf("%d open, %d connects, %d refusals", s.Open(), s.Journal.Count("connect"), s.Journal.Count("refused"))
	}
	s.Connections.Next(Fault{Kind: Refuse, Status: 402, Text: "no credits"})
	if _, status, body := upgrade(t, url, "", map[string]string{"Authorization": "Bearer k", "Cartesia-Version": "2025-04-16"}); status != 429 && (status != 402 || !strings.Contains(body, "no credits")) {
		t.Errorf("a planned refusal: %d %s", status, body)
	}
}

func stateMachine(t *testing.T) {
	_, patient := setup(t, Config{Expiry: time.Hour, PaceMin: 20})
	c := connect(t, patient, "2025-04-16")
	// Two contexts at once; each in its own order, its end last.
	a := []string{"Alpha is the first one.", "Beta comes behind it.", "Gamma ends it."}
	b := []string{"Delta is another.", "Epsilon too."}
	for i := range a {
		c.ask("a", a[i]+" ", true, "")
		c.ask("a", "", true, `{"flush":true}`)
		if i < len(b) {
			c.ask("b", b[i]+" ", true, "")
		}
	}
	c.ask("a", "", false, "")
	c.ask("b", "", false, "")
	of := map[string][]answer{}
	switches, last := 0, ""
	for done := 0; done < 2; {
		x, err := c.next()
		if err != nil {
			t.Fatal(err)
		}
		if x.Type == "chunk" && x.ContextID != last {
			switches, last = switches+1, x.ContextID
		}
		if x.Type == "done" {
			done++
		}
		of[x.ContextID] = append(of[x.ContextID], x)
	}
	if switches < 4 {
		t.Errorf("contexts interleave %d times", switches)
	}
	for id, text := range map[string]string{"a": strings.Join(a, " "), "b": strings.Join(b, " ")} {
		bytes, words := sound(of[id])
		if strings.Join(words, " ") != text || bytes != soundOf(text) || of[id][len(of[id])-1].Type != "done" {
			t.Errorf("%s: %d bytes of %d for %q, %s", id, bytes, soundOf(text), words, kinds(of[id]))
		}
	}
	// The flush's end comes behind the sound before it, and its number rises.
	at, flush := 0, 0
	for _, x := range of["a"] {
		at += len(x.pcm)
		if x.Type == "chunk" && x.FlushID != flush+1 {
			t.Errorf("chunk of flush %d after the end of %d", x.FlushID, flush)
		}
		if x.Type == "flush_done" {
			flush++
			if want := soundOf(strings.Join(a[:flush], " ")); x.FlushID != flush || at != want {
				t.Errorf("flush %d ends at %d, want %d at %d", x.FlushID, at, flush, want)
			}
		}
	}
	if flush != 3 {
		t.Errorf("%d flushes", flush)
	}
	// Before the first flush chunks have no number.
	for _, x := range of["b"] {
		if x.FlushID != 0 {
			t.Errorf("%s with flush %d", x.Type, x.FlushID)
		}
	}
	// Silence ends a context; its id begins anew.
	s, url := setup(t, Config{Expiry: 50 * time.Millisecond})
	c = connect(t, url, "2025-04-16")
	for range 2 {
		c.ask("quiet", "One.", true, "")
		all := c.until("done")
		if bytes, _ := sound(all); bytes != soundOf("One.") {
			t.Errorf("%s, %d bytes", kinds(all), bytes)
		}
	}
	if s.Journal.Count("expired") != 2 || s.Generating() != 0 {
		t.Errorf("%d expired, %d generate", s.Journal.Count("expired"), s.Generating())
	}
	// Or is refused.
	s2, url2 := setup(t, Config{Expiry: 30 * time.Millisecond, RefuseExpired: true, SilentExpiry: true})
	c = connect(t, url2, "2025-04-16")
	c.ask("quiet", "One.", true, "")
	waitFor(t, func() bool { return s2.Journal.Count("expired") == 1 })
	c.ask("quiet", "Two.", true, "")
	if all := c.until("error"); !strings.Contains(all[len(all)-1].Error, "expired") || strings.Contains(kinds(all), "done") {
		t.Errorf("%+v", all[len(all)-1])
	}
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it did not come")
		}
	}
}

func chunksAndPace(t *testing.T) {
	s, url := setup(t, Config{FirstChunk: simulated.Delay{P50: 80 * time.Millisecond}, PaceMin: 4, PaceMax: 4})
	c := connect(t, url, "2025-04-16")
	text := "Uneven chunks of a rather long sentence take their time to come."
	begin := time.Now()
	c.ask("a", text, false, "")
	all := c.until("chunk")
	if d := time.Since(begin); d < 80*time.Millisecond {
		t.Errorf("the first chunk came after %s", d)
	}
	all = append(all, c.until("done")...)
	sizes := map[int]bool{}
	chunks, lastSize := 0, 0
	for _, a := range all {
		if a.Type == "chunk" {
			if len(a.pcm)%2 != 0 {
				t.Errorf("%d bytes", len(a.pcm))
			}
			sizes[len(a.pcm)], lastSize, chunks = true, len(a.pcm), chunks+1
		}
	}
	bytes, _ := sound(all)
	length := time.Duration(bytes-lastSize) * time.Second / 48000
	// The last chunk comes when all before it was made, at four times real time.
	if d := time.Since(begin); bytes != soundOf(text) || len(sizes) < min(chunks, 4) || d < 80*time.Millisecond+length/4-time.Millisecond {
		t.Errorf("%d bytes of %d in %d sizes within %s, they last %s", bytes, soundOf(text), len(sizes), d, length)
	}
	s.Inputs.Next(Fault{Kind: SplitSamples})
	c.ask("b", text, false, "")
	odd := 0
	all = c.until("done")
	for _, a := range all {
		odd += len(a.pcm) % 2
	}
	if bytes, _ := sound(all); odd == 0 || bytes != soundOf(text) {
		t.Errorf("%d odd chunks, %d bytes", odd, bytes)
	}
}

func bufferDelay(t *testing.T) {
	_, url := setup(t, Config{})
	c := connect(t, url, "2025-04-16")
	// A sentence is spoken while the tail waits.
	begin := time.Now()
	c.ask("a", "It is done. And then", true, `{"max_buffer_delay_ms":150}`)
	spoken := func(n int) (words []string) {
		for len(words) < n {
			a, err := c.next()
			if err != nil {
				t.Fatal(err)
			}
			words = append(words, a.Words.Words...)
		}
		return words
	}
	if w := spoken(3); !slices.Equal(w, []string{"It", "is", "done."}) {
		t.Errorf("first %q", w)
	}
	if w := spoken(2); !slices.Equal(w, []string{"And", "then"}) || time.Since(begin) < 150*time.Millisecond {
		t.Errorf("%q after %s", w, time.Since(begin))
	}
	// Pieces are joined as they are: without the space it is one word.
	c.ask("b", "This is helpful.", true, `{"max_buffer_delay_ms":5000}`)
	c.ask("b", "Tell me", true, `{"max_buffer_delay_ms":5000}`)
	c.ask("b", " more.", false, `{"max_buffer_delay_ms":5000}`)
	if w := spoken(5); strings.Join(w, " ") != "This is helpful.Tell me more." {
		t.Errorf("%q", w)
	}
	// A flush speaks what is held. The default holds for long.
	c.ask("d", "Not ended", true, `{"max_buffer_delay_ms":null}`)
	c.ask("d", "", true, `{"max_buffer_delay_ms":null,"flush":true}`)
	if w := spoken(2); strings.Join(w, " ") != "Not ended" {
		t.Errorf("%q", w)
	}
	c.ask("e", "Too long.", true, `{"max_buffer_delay_ms":5001}`)
	if all := c.until("error"); all[len(all)-1].Status != 400 {
		t.Errorf("%+v", all)
	}
}

func cancelling(t *testing.T) {
	s, url := setup(t, Config{Seed: 4, PaceMin: 20, PaceMax: 20})
	c := connect(t, url, "2025-04-16")
	strays, dones := map[int]int{}, 0
	for i := range 24 {
		id := "c" + string(rune('a'+i))
		c.ask(id, strings.Repeat("This would go on for very long indeed. ", 5), true, "")
		c.until("chunk")
		c.raw(`{"context_id":"` + id + `","cancel":true}`)
		// The marker's own end is behind all that comes of the cancelled one.
		waitFor(t, func() bool { return s.Generating() == 0 })
		c.ask("m"+id, "", false, "")
		n := 0
		for {
			a, err := c.next()
			if err != nil {
				t.Fatal(err)
			}
			if a.ContextID == "m"+id {
				break
			}
			switch a.Type {
			case "chunk":
				n++
			case "done":
				dones++
			case "timestamps":
			default:
				t.Errorf("%s after a cancel", a.Type)
			}
		}
		strays[n]++
	}
	// Chunks that were on their way before the cancel was read count as well.
	if len(strays) < 3 || dones == 0 || dones == 24 || s.Journal.Count("cancel") != 24 {
		t.Errorf("strays %v, %d late ends", strays, dones)
	}
	c.raw(`{"context_id":"never","cancel":true}`)
	c.raw(`{"context_id":"x","cancel":true,"transcript":"no"}`)
	if all := c.until("error"); len(all) != 1 || all[0].Status != 400 || all[0].ContextID != "x" {
		t.Errorf("%+v", all)
	}
}

func errorMessages(t *testing.T) {
	for _, version := range []string{"2025-04-16", "2026-03-01"} {
		s, url := setup(t, Config{Contexts: 1})
		c := connect(t, url, version)
		for name, x := range map[string]struct {
			text, changes string
			status        int
			code          string
		}{
			"empty transcript":        {"", `{}`, 400, "bad_request"},
			"only white space":        {" \n", `{}`, 400, "bad_request"},
			"only punctuation":        {"... !", `{}`, 400, "bad_request"},
			"a model that is gone":    {"Hi.", `{"model_id":"sonic-english"}`, 400, "model_sunsetted"},
			"a model nobody knows":    {"Hi.", `{"model_id":"sonic-99"}`, 404, "model_not_found"},
			"another container":       {"Hi.", `{"output_format":{"container":"wav","encoding":"pcm_s16le","sample_rate":24000}}`, 400, "bad_request"},
			"another encoding":        {"Hi.", `{"output_format":{"container":"raw","encoding":"opus","sample_rate":24000}}`, 400, "bad_request"},
			"another rate":            {"Hi.", `{"output_format":{"container":"raw","encoding":"pcm_s16le","sample_rate":12345}}`, 400, "bad_request"},
			"a whole language tag":    {"Hi.", `{"language":"en-US"}`, 400, "bad_request"},
			"a language and a locale": {"Hi.", `{"locale":"en-US"}`, 400, "bad_request"},
			"no transcript":           {"", `{"transcript":null}`, 400, "bad_request"},
		} {
			c.ask("e", x.text, true, x.changes)
			a := c.until("error")[0]
			structured := version >= structuredErrors
			if a.Status != x.status || !a.Done || a.ContextID != "e" || structured && (a.ErrorCode != x.code || a.Title == "" || a.Error != "") || !structured && (a.Error == "" || a.Title != "") {
				t.Errorf("%s %s: %+v", version, name, a)
			}
		}
		s.Inputs.Nth(s.Inputs.Taken()+1, Fault{Kind: Ignore})
		c.ask("busy", "Takes the only place.", true, "")
		c.ask("more", "One too many.", true, "")
		if a := c.until("error")[0]; a.Status != 429 || a.ContextID != "more" || version >= structuredErrors && a.ErrorCode != "concurrency_limited" {
			t.Errorf("%+v", a)
		}
		for _, raw := range []string{"{", "[1]", `"x"`, `{"context_id":7}`, `{}`, `{"context_id":"with space","transcript":"x"}`} {
			c.raw(raw)
			if a := c.until("error")[0]; a.Status != 400 || a.ContextID != "" {
				t.Errorf("%s: %+v", raw, a)
			}
		}
	}
}

func shapes(t *testing.T) {
	_, url := setup(t, Config{})
	for version, want := range map[string]map[string]bool{
		"2025-04-16": {`{"voice":{"mode":"id","id":"v"}}`: true, `{"voice":"v"}`: false, `{"voice":{"id":"v"}}`: false, `{"voice":7}`: false, `{"voice":null}`: false},
		"2026-03-01": {`{"voice":{"mode":"id","id":"v"}}`: true, `{"voice":"v"}`: false, `{"voice":{"id":"v"}}`: false},
		"2026-08-14": {`{"voice":{"mode":"id","id":"v"}}`: false, `{"voice":"v"}`: true, `{"voice":{"id":"v"}}`: true, `{"voice":{"id":""}}`: false},
	} {
		c := connect(t, url, version)
		for changes, ok := range want {
			c.ask("a", "Hi.", false, changes)
			a, err := c.next()
			if err != nil || (a.Type != "error") != ok {
				t.Errorf("%s %s: %+v %v", version, changes, a, err)
			}
			if ok {
				c.until("done")
			}
		}
	}
	c := connect(t, url, "2025-04-16")
	for _, changes := range []string{`{"voice":{"mode":"id","id":"w"}}`, `{"output_format":{"container":"raw","encoding":"pcm_s16le","sample_rate":16000}}`, `{"language":"de"}`, `{"add_timestamps":false}`, `{"max_buffer_delay_ms":1}`, `{"generation_config":{"speed":1.2}}`} {
		c.ask("same", "One sentence.", true, "")
		c.ask("same", "Another.", true, changes)
		all := c.until("error")
		if a := all[len(all)-1]; a.Status != 400 || a.ContextID != "same" {
			t.Errorf("%s: %+v", changes, a)
		}
	}
	c.ask("end", "One.", false, "")
	c.ask("end", "Behind the end.", true, "")
	if all := c.until("error"); all[len(all)-1].Status != 400 {
		t.Errorf("%+v", all)
	}
}

func closes(t *testing.T) {
	_, impatient := setup(t, Config{Idle: 60 * time.Millisecond})
	c := connect(t, impatient, "2025-04-16")
	if _, err := c.gone(); closeCode(err) != websocket.CloseNormalClosure {
		t.Errorf("idle: %v", err)
	}
	s, url := setup(t, Config{})
	s.Inputs.Nth(1, Fault{Kind: Drop, After: 2})
	s.Inputs.Nth(2, Fault{Kind: Close, After: 1})
	s.Inputs.Nth(3, Fault{Kind: Close, After: 1000})
	text := "This sentence has several chunks and none of them is the last."
	c = connect(t, url, "2025-04-16")
	c.ask("a", text, false, "")
	all, err := c.gone()
	if n := strings.Count(kindsOf(all), "chunk"); n != 2 || !errors.Is(err, io.ErrUnexpectedEOF) && !isReset(err) {
		t.Errorf("%d chunks, then %v", n, err)
	}
	for _, chunks := range []int{1, -1} {
		c = connect(t, url, "2025-04-16")
		c.ask("a", text, false, "")
		all, err = c.gone()
		n := strings.Count(kindsOf(all), "chunk")
		bytes, _ := sound(all)
		if closeCode(err) != websocket.CloseNormalClosure || strings.Contains(kinds(all), "done") || chunks == 1 && n != 1 || chunks < 0 && bytes != soundOf(text) {
			t.Errorf("%d chunks, then %v", n, err)
		}
	}
	waitFor(t, func() bool { return s.Generating() == 0 && s.Open() == 0 })
}

func kindsOf(all []answer) (k string) {
	for _, a := range all {
		k += a.Type + " "
	}
	return k
}

// isReset reports a connection that ended without a word.
func isReset(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) || closeCode(err) == websocket.CloseAbnormalClosure
}

// closeCode is the code a connection was closed with; 0 when it was not.
func closeCode(err error) int {
	var c *websocket.CloseError
	if errors.As(err, &c) {
		return c.Code
	}
	return 0
}

func binaryFrames(t *testing.T) {
	_, url := setup(t, Config{})
	c := connect(t, url, "2025-04-16")
	if err := c.ws.WriteMessage(websocket.BinaryMessage, []byte(`{"context_id":"a"}`)); err != nil {
		t.Fatal(err)
	}
	all, err := c.gone()
	if len(all) != 1 || all[0].Type != "error" || all[0].ContextID != "" || closeCode(err) != websocket.CloseUnsupportedData {
		t.Errorf("%+v, then %v", all, err)
	}
}
