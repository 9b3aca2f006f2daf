package deepgramtts

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers/simulated"
)

// TestTheSocketReproduces goes through what the description of the protocol asks
// of an emulation.
func TestTheSocketReproduces(t *testing.T) {
	t.Parallel()
	const text = "Tell me about it. "
	for name, run := range map[string]func(t *testing.T){
		"metadata after open": func(t *testing.T) {
			_, url := serve(t, brisk(Config{}))
			m := connect(t, url, query).until("Metadata")[0].fields
			if m["model_name"] != "aura-2-thalia-en" || m["request_id"] == "" || m["model_version"] == nil || m["model_uuid"] == nil || m["additional_model_uuids"] == nil {
				t.Errorf("%v", m)
			}
		},
		"raw sound in uneven frames, some of them odd": func(t *testing.T) {
			_, url := serve(t, brisk(Config{}))
			c := connect(t, url, query)
			long := strings.Repeat("And what did you do then? ", 20)
			c.send(speakMessage(long), flush)
			all := c.until("Flushed")
			sizes, odd := map[int]bool{}, 0
			for _, g := range all {
				if n := len(g.sound); n > 0 {
					sizes[n] = true
					odd += n % 2
				}
			}
			if n, frames := sound(all); len(sizes) < frames/2 || odd == 0 || odd == frames || n < bytesOf(long)*9/10 {
				t.Errorf("%d bytes in %d frames of %d sizes, %d odd", n, frames, len(sizes), odd)
			}
			if first := all[slices.IndexFunc(all, func(g got) bool { return g.sound != nil })].sound; string(first[:4]) == "RIFF" {
				t.Error("there is a header")
			}
		},
		"the first byte after a configurable delay": func(t *testing.T) {
			_, url := serve(t, Config{FirstByte: simulated.Delay{P50: 150 * time.Millisecond}})
			c := connect(t, url, query)
			c.until("Metadata")
			began := time.Now()
			c.send(speakMessage(text))
			if g, err := c.next(); err != nil || g.sound == nil || time.Since(began) < 145*time.Millisecond {
				t.Errorf("after %s: %v", time.Since(began), err)
			}
		},
		"faster than real time, with jitter": func(t *testing.T) {
			s := New(Config{})
			seen := map[float64]bool{}
			for range 200 {
				p := (&conn{s: s}).pace(SpeechFault{})
				if p < 3 || p > 10 {
					t.Fatalf("pace %v", p)
				}
				seen[p] = true
			}
			if len(seen) < 100 {
				t.Errorf("%d paces", len(seen))
			}
			_, url := serve(t, Config{FirstByte: simulated.Delay{P50: time.Millisecond}, SlowestPace: 9, FastestPace: 10})
			c := connect(t, url, query)
			began := time.Now()
			long := strings.Repeat("x", 80) + "."
			c.send(speakMessage(long), flush)
			n, _ := sound(c.until("Flushed"))
			if length := time.Duration(n) * time.Second / 48000; time.Since(began) < length/12 {
				t.Errorf("%s of sound took %s", length, time.Since(began))
			}
		},
		"a repeatable tone of 60 to 65 ms per character": func(t *testing.T) {
			_, url := serve(t, brisk(Config{}))
			var sounds [2]string
			for i := range sounds {
				c := connect(t, url, query)
				c.send(speakMessage(text), flush)
				for _, g := range c.until("Flushed") {
					sounds[i] += string(g.sound)
				}
			}
			per := time.Duration(len(sounds[0])/2) * time.Second / 24000 / time.Duration(len(text))
			if sounds[0] != sounds[1] || per < 60*time.Millisecond || per > 65*time.Millisecond {
				t.Errorf("%s per character, the same again: %t", per, sounds[0] == sounds[1])
			}
		},
		"partial synthesis at sentence punctuation before a flush": func(t *testing.T) {
			_, url := serve(t, brisk(Config{}))
			c := connect(t, url, query)
			c.send(speakMessage("Well. And then"))
			want := bytesOf("Well. ")
			for n := 0; n < want; {
				g, err := c.next()
				if err != nil {
					t.Fatal(err)
				}
				n += len(g.sound)
			}
			c.send(flush)
			if n, _ := sound(c.until("Flushed")); n != bytesOf("And then") {
				t.Errorf("%d bytes of the rest", n)
			}
		},
		"nothing for an unterminated fragment until a flush": func(t *testing.T) {
			_, url := serve(t, brisk(Config{Flushes: 1}))
			c := connect(t, url, query)
			c.send(flush, speakMessage("And then"), flush) // the second flush is refused
			all := c.until("Warning")
			if n, _ := sound(all); n != 0 {
				t.Errorf("%d bytes", n)
			}
			c.send(bye)
			if n := 0; true {
				for {
					g, err := c.next()
					if err != nil {
						break
					}
					n += len(g.sound)
				}
				if n != bytesOf("And then") {
					t.Errorf("%d bytes at the end", n)
				}
			}
		},
		"flushed strictly after the last byte": func(t *testing.T) {
			_, url := serve(t, brisk(Config{}))
			c := connect(t, url, query)
			for i := range 3 {
				c.send(speakMessage(text), flush)
				all := c.until("Flushed")
				if n, _ := sound(all); n != bytesOf(text) || all[len(all)-1].fields["sequence_id"] != float64(i) {
					t.Errorf("%d bytes before %v", n, all[len(all)-1].fields)
				}
			}
		},
		"a clear lets one to three old frames through, then it is cleared, and the text is not flushed": func(t *testing.T) {
			s, url := serve(t, Config{FirstByte: simulated.Delay{P50: time.Millisecond}, SlowestPace: 1, FastestPace: 1})
			for range 5 {
				c := connect(t, url, query)
				c.send(speakMessage(strings.Repeat("x", 200)+". "), flush)
				for {
					if g, err := c.next(); err != nil {
						t.Fatal(err)
					} else if g.sound != nil {
						break
					}
				}
				cleared := s.Journal.Count("cleared")
				c.send(wipe)
				waitFor(t, "the clear", func() bool { return s.Journal.Count("cleared") > cleared })
				c.send(speakMessage("Go. "), flush)
				before := c.until("Cleared")
				after := c.until("Flushed")
				if _, n := sound(before); n == 0 || n > 8 || kinds(before)["Flushed"] > 0 {
					t.Errorf("%d frames, %v", n, kinds(before))
				}
				if n, _ := sound(after); n != bytesOf("Go. ") {
					t.Errorf("%d bytes of the next text", n)
				}
			}
		},
		"the 21st flush within a minute is ignored with a warning": func(t *testing.T) {
			s, url := serve(t, brisk(Config{}))
			c := connect(t, url, query)
			for range 21 {
				c.send(flush)
			}
			all := c.until("Warning")
			w := all[len(all)-1].fields
			if kinds(all)["Flushed"] != 20 || w["code"] == nil || w["description"] == nil || s.Journal.Count("flush") != 20 {
				t.Errorf("%v, %v", kinds(all), w)
			}
		},
		"the limit of flushes passes with the minute": func(t *testing.T) {
			_, url := serve(t, brisk(Config{Flushes: 1, Minute: 50 * time.Millisecond}))
			c := connect(t, url, query)
			c.send(flush)
			c.until("Flushed")
			for warned := 0; ; warned++ {
				c.send(flush)
				g, err := c.next()
				if err != nil || warned > 10_000 {
					t.Fatal(err)
				}
				if g.kind() == "Flushed" {
					break
				}
			}
		},
		"too many characters within a minute close with 1008 DATA-0001": func(t *testing.T) {
			s, url := serve(t, brisk(Config{Characters: 40}))
			c := connect(t, url, query)
			c.send(speakMessage(strings.Repeat("x", 40)), speakMessage("y"))
			wantClose(t, c, 1008, "DATA-0001")
			if s.Journal.Billed("speak") != 40 {
				t.Errorf("billed %d", s.Journal.Billed("speak"))
			}
		},
		"2400 characters fit into a minute": func(t *testing.T) {
			_, url := serve(t, Config{Instant: true})
			c := connect(t, url, query)
			c.send(speakMessage(strings.Repeat("x", 2000)), speakMessage(strings.Repeat("x", 400)), wipe)
			c.until("Cleared")
			c.send(speakMessage("y"))
			wantClose(t, c, 1008, "DATA-0001")
		},
		"more than 2000 characters in one text close with 1009 BIG-0001": func(t *testing.T) {
			_, url := serve(t, brisk(Config{}))
			c := connect(t, url, query)
			c.send(speakMessage(strings.Repeat("é", 2000)), wipe)
			c.until("Cleared")
			c = connect(t, url, query)
			c.send(speakMessage(strings.Repeat("é", 2001)))
			wantClose(t, c, 1009, "BIG-0001")
		},
		"a huge message closes with 1009": func(t *testing.T) {
			_, url := serve(t, brisk(Config{}))
			c := connect(t, url, query)
			_ = c.ws.WriteMessage(websocket.TextMessage, make([]byte, 1<<20))
			if code, _ := c.closed(); code != 1009 {
				t.Errorf("closed with %d", code)
			}
		},
		"a binary frame closes with 1003 MESSAGE-0000": func(t *testing.T) {
			_, url := serve(t, brisk(Config{}))
			c := connect(t, url, query)
			if err := c.ws.WriteMessage(websocket.BinaryMessage, []byte{1}); err != nil {
				t.Fatal(err)
			}
			wantClose(t, c, 1003, "MESSAGE-0000")
		},
		"an unknown type, a keep-alive and bad JSON close with 1008 DATA-0000": func(t *testing.T) {
			_, url := serve(t, brisk(Config{}))
			for _, m := range []string{`{"type":"KeepAlive"}`, `{"type":"Dance"}`, `{"type":"Speak"}`, `{"type":"Speak","text":7}`, `{`, `[]`, ``} {
				c := connect(t, url, query)
				c.send(m)
				wantClose(t, c, 1008, "DATA-0000")
			}
		},
		"an old socket closes with 1011 NET-0003 though it is in use": func(t *testing.T) {
			_, url := serve(t, brisk(Config{MaxAge: 100 * time.Millisecond}))
			c := connect(t, url, query)
			c.send(speakMessage(text))
			wantClose(t, c, 1011, "NET-0003")
		},
		"a silent client is closed with 1011 NET-0001, one that pings is not": func(t *testing.T) {
			_, url := serve(t, brisk(Config{Idle: 300 * time.Millisecond}))
			quiet, pinging := connect(t, url, query), connect(t, url, query)
			stop := make(chan struct{})
			go func() {
				defer close(stop)
				tick := time.NewTicker(10 * time.Millisecond)
				defer tick.Stop()
				for range 60 {
					<-tick.C
					_ = pinging.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Second))
				}
			}()
			wantClose(t, quiet, 1011, "NET-0001")
			<-stop
			pinging.send(wipe)
			pinging.until("Cleared")
		},
		"a client that does not read is closed with 1011 NET-0002": func(t *testing.T) {
			s, url := serve(t, Config{Instant: true, Stalled: 100 * time.Millisecond, Characters: 1 << 30})
			c := connect(t, url, "model=aura-2-thalia-en&sample_rate=48000")
			for range 5 {
				if err := c.ws.WriteMessage(websocket.TextMessage, []byte(speakMessage(strings.Repeat("x", 1990)+". "))); err != nil {
					break
				}
			}
			waitFor(t, "the end", func() bool { return s.Journal.Count("end") > 0 })
			if e := s.Journal.Entries("end")[0]; e.Detail != "1011 NET-0002" {
				t.Errorf("%v", e)
			}
		},
		"close drains what is buffered and then closes with 1000": func(t *testing.T) {
			s, url := serve(t, brisk(Config{}))
			c := connect(t, url, query)
			c.send(speakMessage("One. Two without an end"), bye)
			n := 0
			for {
				g, err := c.next()
				if err != nil {
					if !websocket.IsCloseError(err, 1000) {
						t.Error(err)
					}
					break
				}
				n += len(g.sound)
			}
			if n != bytesOf("One. Two without an end") || s.Journal.Count("close") != 1 {
				t.Errorf("%d bytes", n)
			}
		},
		"mulaw and alaw are one byte a sample": func(t *testing.T) {
			_, url := serve(t, brisk(Config{}))
			for _, encoding := range []string{"mulaw", "alaw"} {
				c := connect(t, url, "model=aura-2-thalia-en&encoding="+encoding)
				c.send(speakMessage(text), flush)
				if n, _ := sound(c.until("Flushed")); n != len(text)*8000*62/1000 {
					t.Errorf("%s: %d bytes", encoding, n)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t)
		})
	}
}

func wantClose(t *testing.T, c *client, code int, reason string) {
	t.Helper()
	if got, why := c.closed(); got != code || why != reason {
		t.Errorf("closed with %d %q, want %d %q", got, why, code, reason)
	}
}
