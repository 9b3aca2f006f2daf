package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/vantahire/vantahire/providers/local/wire"
)

const (
	ear   uint32 = 7
	mouth uint32 = 9
)

var normalRate = []byte(`{"rate":1}`)

func TestASentenceIsSpokenWithItsWordsFirst(t *testing.T) {
	t.Parallel()
	p := serveFakes(t, fakeEngines())
	p.send(wire.KindSpeak, mouth, normalRate)
	p.say(mouth, 0, "hi you")
	frames := p.until(wire.KindSpoken)
	words := payload(t, frames[0], wire.Decode[wire.Words])
	if len(words.Spans) != 2 || words.Index != 0 {
		t.Errorf("words = %+v, want two of sentence 0", words)
	}
	samples := 0
	for _, f := range frames[1 : len(frames)-1] {
		pcm, err := wire.Samples(f.Payload)
		if err != nil || f.Kind != wire.KindSound {
			t.Fatalf("frame of kind %d: %v", f.Kind, err)
		}
		samples += len(pcm)
	}
	if want := 100 * len("hi you"); samples != want {
		t.Errorf("%d samples, want %d", samples, want)
	}
	p.send(wire.KindStop, mouth, nil)
	p.until(wire.KindStopped)
}

func TestAStoppedSentenceFallsSilent(t *testing.T) {
	t.Parallel()
	p := serveFakes(t, fakeEngines())
	p.send(wire.KindSpeak, mouth, normalRate)
	p.say(mouth, 0, "block")
	if f := p.read(); f.Kind != wire.KindSound {
		t.Fatalf("frame of kind %d, want sound", f.Kind)
	}
	go p.send(wire.KindStop, mouth, nil) // sound fills the pipe meanwhile
	frames := p.until(wire.KindStopped)
	for _, f := range frames {
		if f.Kind == wire.KindSpoken {
			t.Error("the sentence was reported as spoken")
		}
	}
}

func TestStreamsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	p := serveFakes(t, fakeEngines())
	p.send(wire.KindSpeak, mouth, normalRate)
	p.say(mouth, 0, "block")
	p.read()
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.send(wire.KindHear, ear, nil)
		p.hear(ear, 1, 320)
		p.send(wire.KindFinalize, ear, nil)
	}()
	for {
		f := p.read()
		if f.Stream != ear || f.Kind != wire.KindResult {
			continue
		}
		if r := payload(t, f, wire.Decode[wire.Result]); r.Final {
			if r.Text != "a" {
				t.Errorf("heard %q, want a", r.Text)
			}
			break
		}
	}
	<-done
}

func TestABrokenStreamFailsAloneAndKeepsItsNumber(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		engines engines
		start   func(p *parent)
		want    wire.Code
	}{
		"the voice fails": {fakeEngines(), func(p *parent) {
			p.send(wire.KindSpeak, ear, normalRate)
			p.say(ear, 0, "fail")
		}, wire.CodeFailed},
		"the voice panics": {fakeEngines(), func(p *parent) {
			p.send(wire.KindSpeak, ear, normalRate)
			p.say(ear, 0, "panic")
		}, wire.CodeFailed},
		"the decoder fails": {fakeEngines(), func(p *parent) {
			p.send(wire.KindHear, ear, nil)
			p.hear(ear, 99, 320)
		}, wire.CodeFailed},
		"the decoder panics": {fakeEngines(), func(p *parent) {
			p.send(wire.KindHear, ear, nil)
			p.hear(ear, 98, 320)
		}, wire.CodeFailed},
		"no decoder can be made": {engines{ears: fakeEars{errors.New("no memory")}}, func(p *parent) {
			p.send(wire.KindHear, ear, nil)
		}, wire.CodeFailed},
		"there is no voice": {engines{}, func(p *parent) {
			p.send(wire.KindSpeak, ear, normalRate)
		}, wire.CodeUnavailable},
		"there is no recogniser": {engines{}, func(p *parent) {
			p.send(wire.KindHear, ear, nil)
		}, wire.CodeUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := serveFakes(t, tc.engines)
			tc.start(p)
			frames := p.until(wire.KindFailed)
			if got := payload(t, frames[len(frames)-1], wire.Decode[wire.Failed]); got.Code != tc.want || got.Message == "" {
				t.Errorf("failed with %+v, want code %s and a reason", got, tc.want)
			}
			p.send(wire.KindStop, ear, nil)
			if f := p.read(); f.Kind != wire.KindStopped || f.Stream != ear {
				t.Errorf("frame of kind %d on stream %d, want the stop confirmed", f.Kind, f.Stream)
			}
		})
	}
}

func TestAParentThatBreaksTheRulesIsLeft(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		act  func(p *parent)
		want error
	}{
		"it sends something else than frames": {func(p *parent) {
			_, _ = p.in.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
		}, wire.ErrFormat},
		"it opens a number twice": {func(p *parent) {
			p.send(wire.KindHear, ear, nil)
			p.send(wire.KindHear, ear, nil)
		}, errProtocol},
		"it opens number 0": {func(p *parent) { p.send(wire.KindHear, 0, nil) }, errProtocol},
		"it talks to a stream that was never opened": {func(p *parent) {
			p.send(wire.KindFinalize, ear, nil)
		}, errProtocol},
		"it sends sound to a voice": {func(p *parent) {
			p.send(wire.KindSpeak, mouth, normalRate)
			p.hear(mouth, 1, 320)
		}, errProtocol},
		"it sends text to an ear": {func(p *parent) {
			p.send(wire.KindHear, ear, nil)
			p.say(ear, 0, "hello")
		}, errProtocol},
		"it sends a frame only a worker sends": {func(p *parent) {
			p.send(wire.KindHear, ear, nil)
			p.send(wire.KindHello, ear, nil)
		}, errProtocol},
		"it asks for an unheard-of rate": {func(p *parent) {
			p.send(wire.KindSpeak, mouth, []byte(`{"rate":900}`))
		}, wire.ErrFormat},
		"it runs ahead with sentences": {func(p *parent) {
			p.send(wire.KindSpeak, mouth, normalRate)
			for i := range wire.SpeakWindow + 2 {
				p.say(mouth, i, "block")
			}
		}, errProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := serveFakes(t, fakeEngines())
			p.rude = true
			go func() { _, _ = io.Copy(io.Discard, p.out) }()
			tc.act(p)
			if err := <-p.over; !errors.Is(err, tc.want) {
				t.Errorf("serve ended with %v, want %v", err, tc.want)
			}
		})
	}
}

func TestTheEndOfInputEndsEverything(t *testing.T) {
	t.Parallel()
	p := serveFakes(t, fakeEngines())
	go func() { _, _ = io.Copy(io.Discard, p.out) }()
	p.send(wire.KindSpeak, mouth, normalRate)
	p.say(mouth, 0, "block")
	p.send(wire.KindHear, ear, nil)
	p.hear(ear, 1, 320)
	_ = p.in.Close()
	if err := <-p.over; err != nil {
		t.Errorf("serve ended with %v, want nil", err)
	}
}

func TestMainRefusesAWrongCommandLine(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"an unknown flag":      {"-loud"},
		"an argument too many": {"-model", "/nowhere", "hello"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if code := Main(context.Background(), bytes.NewReader(nil), &out, args); code != 2 || out.Len() != 0 {
				t.Errorf("code %d after %d bytes of output, want 2 after none", code, out.Len())
			}
		})
	}
}

// FuzzServe lets a parent send anything: the server must end by itself, without
// panic, and everything it says must be frames.
func FuzzServe(f *testing.F) {
	frame := func(kind wire.Kind, stream uint32, payload string) []byte {
		raw, err := wire.Append(nil, wire.Frame{Kind: kind, Stream: stream, Payload: []byte(payload)})
		if err != nil {
			f.Fatal(err)
		}
		return raw
	}
	speak := append(frame(wire.KindSpeak, 1, `{"rate":1}`), frame(wire.KindSay, 1, `{"index":0,"text":"hi"}`)...)
	f.Add(append(speak, frame(wire.KindStop, 1, "")...))
	hear := append(frame(wire.KindHear, 2, ""), frame(wire.KindAudio, 2, "\x01\x00\x00\x00")...)
	f.Add(append(hear, frame(wire.KindFinalize, 2, "")...))
	f.Add(frame(wire.KindAudio, 2, "\x01"))
	f.Add([]byte("not a frame at all"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if bytes.Contains(raw, []byte("block")) {
			return // speaks for as long as its parent reads
		}
		var out lockedBuffer
		_ = newServer(&out, fakeEngines()).serve(context.Background(), bytes.NewReader(raw))
		for {
			if _, err := wire.Read(&out.b); errors.Is(err, io.EOF) {
				return
			} else if err != nil {
				t.Fatalf("the server wrote something else than frames: %v", err)
			}
		}
	})
}
