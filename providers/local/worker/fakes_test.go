package worker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/vantahire/vantahire/providers/local/wire"
)

// fakeVoice says 100 samples per letter, in pieces of 50. A text of "block" speaks
// until nobody listens; "panic" panics; "fail" fails.
type fakeVoice struct{}

func (fakeVoice) speak(ctx context.Context, text string, _ float64, words func([]wire.Span), sound func([]int16) bool) error {
	switch text {
	case "panic":
		panic("at the voice")
	case "fail":
		return errors.New("no voice today")
	case "block":
		for sound(make([]int16, 50)) {
		}
		return ctx.Err()
	}
	spans := make([]wire.Span, 0, 8)
	for range strings.Fields(text) {
		spans = append(spans, wire.Span{From: 100 * len(spans), To: 100*len(spans) + 100})
	}
	words(spans)
	for range 2 * len(text) {
		if !sound(make([]int16, 50)) {
			return nil
		}
	}
	return nil
}

// fakeDecoder understands a frame's first sample: 0 is silence, 99 breaks it, and
// everything else is a word of that frame, named by its letter.
type fakeDecoder struct {
	at      int64
	talking bool
	heard   []wire.Word
	forgets int
	closed  bool
	refuse  bool // to forget
}

func (d *fakeDecoder) feed(pcm []int16) error {
	if pcm[0] == 99 {
		return errors.New("broken sound")
	}
	if pcm[0] == 98 {
		panic("at the decoder")
	}
	if d.talking = pcm[0] != 0; d.talking {
		d.heard = append(d.heard, wire.Word{Text: string(rune('a' + pcm[0] - 1)), From: d.at, To: d.at + int64(len(pcm)), Confidence: 0.5})
	}
	d.at += int64(len(pcm))
	return nil
}
func (d *fakeDecoder) speaking() bool       { return d.talking }
func (d *fakeDecoder) partial() []wire.Word { return d.heard }
func (d *fakeDecoder) end() ([]wire.Word, error) {
	words := d.heard
	d.heard, d.talking = nil, false
	return words, nil
}

func (d *fakeDecoder) forget() bool {
	*d = fakeDecoder{forgets: d.forgets + 1, refuse: d.refuse}
	return !d.refuse
}
func (d *fakeDecoder) close() { d.closed = true }

// fakeEars makes a new fakeDecoder for every stream.
type fakeEars struct{ err error }

func (e fakeEars) take(context.Context) (decoder, error) {
	if e.err != nil {
		return nil, e.err
	}
	return &fakeDecoder{}, nil
}
func (fakeEars) give(decoder, bool) {}

func fakeEngines() engines {
	return engines{voice: fakeVoice{}, ears: fakeEars{}, hello: wire.Hello{Protocol: wire.Protocol}}
}

// parent is the other end of a server under test.
type parent struct {
	t    testing.TB
	in   *io.PipeWriter
	out  *io.PipeReader
	over chan error
	// rude: it breaks the rules, so the server may leave before it has finished.
	rude bool
}

// serveFakes runs a server until the test closes its input or it gives up, and has
// taken its hello.
func serveFakes(t *testing.T, e engines) *parent {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	p := &parent{t: t, in: inW, out: outR, over: make(chan error, 1)}
	go func() {
		err := newServer(outW, e).serve(context.Background(), inR)
		_ = inR.Close()
		_ = outW.Close()
		p.over <- err
	}()
	t.Cleanup(func() {
		_ = inW.Close()
		_, _ = io.Copy(io.Discard, outR)
	})
	if f := p.read(); f.Kind != wire.KindHello {
		t.Fatalf("first frame is of kind %d, want the hello", f.Kind)
	}
	return p
}

func (p *parent) send(kind wire.Kind, stream uint32, payload []byte) {
	p.t.Helper()
	raw, err := wire.Append(nil, wire.Frame{Kind: kind, Stream: stream, Payload: payload})
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := p.in.Write(raw); err != nil && !p.rude {
		p.t.Fatalf("send kind %d: %v", kind, err)
	}
}

func (p *parent) say(stream uint32, index int, text string) {
	p.t.Helper()
	f, err := wire.New(wire.KindSay, stream, wire.Say{Index: index, Text: text})
	if err != nil {
		p.t.Fatal(err)
	}
	p.send(f.Kind, f.Stream, f.Payload)
}

// hear sends n samples that begin with the given one.
func (p *parent) hear(stream uint32, first int16, n int) {
	p.t.Helper()
	pcm := make([]int16, n)
	pcm[0] = first
	p.send(wire.KindAudio, stream, wire.PCM(pcm))
}

func (p *parent) read() wire.Frame {
	p.t.Helper()
	f, err := wire.Read(p.out)
	if err != nil {
		p.t.Fatalf("read: %v", err)
	}
	return f
}

// until reads frames up to the first of a kind and returns all of them.
func (p *parent) until(kind wire.Kind) []wire.Frame {
	p.t.Helper()
	var all []wire.Frame
	for {
		f := p.read()
		if all = append(all, f); f.Kind == kind {
			return all
		}
	}
}

func payload[T any](t *testing.T, f wire.Frame, decode func(wire.Frame) (T, error)) T {
	t.Helper()
	v, err := decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// lockedBuffer is a writer for many goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}
