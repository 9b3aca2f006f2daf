package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vantahire/vantahire/providers/local/wire"
)

const (
	// maxStreams bounds the streams of a process, far above the four calls that
	// are admitted, so that a mad parent is refused and not obeyed.
	maxStreams = 64
	// stopDeadline is how long the streams may take to leave C code when the input
	// is closed. A long sentence takes 0.2 s on an idle core.
	stopDeadline = 2 * time.Second
)

// errProtocol indicates that the parent broke the rules of the conversation.
var errProtocol = errors.New("speech protocol violated")

// stream is one conversation inside the worker. Its methods are called by the
// reader and never block.
type stream interface {
	// take receives a frame of this stream other than Stop.
	take(f wire.Frame) error
	// stop ends the stream; its goroutine then returns soon.
	stop()
	// stopped is closed by stop.
	stopped() <-chan struct{}
}

// ending is the part of a stream that stop works on.
type ending struct {
	once sync.Once
	ch   chan struct{}
}

func newEnding() *ending                   { return &ending{ch: make(chan struct{})} }
func (e *ending) stop()                    { e.once.Do(func() { close(e.ch) }) }
func (e *ending) stopped() <-chan struct{} { return e.ch }

func (e *ending) over() bool {
	select {
	case <-e.ch:
		return true
	default:
		return false
	}
}

// server answers one parent.
type server struct {
	engines engines

	writing sync.Mutex // orders whole frames
	w       io.Writer
	broken  error // the first failed write; guarded by writing

	mu      sync.Mutex
	streams map[uint32]stream
	running sync.WaitGroup
}

func newServer(w io.Writer, e engines) *server {
	return &server{engines: e, w: w, streams: make(map[uint32]stream)}
}

// serve runs until the input ends, which is the ordinary way to stop, or the
// parent breaks the protocol. All streams have ended when it returns, except for
// those that sit in C code longer than stopDeadline.
func (s *server) serve(ctx context.Context, r io.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.sendJSON(wire.KindHello, 0, s.engines.hello)
	err := s.read(ctx, r)
	cancel()
	s.mu.Lock()
	for _, st := range s.streams {
		st.stop()
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.running.Wait(); close(done) }()
	late := time.NewTimer(stopDeadline)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
	}
	return err
}

func (s *server) read(ctx context.Context, r io.Reader) error {
	for {
		f, err := wire.Read(r)
		switch {
		case errors.Is(err, io.EOF) || ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("read from the server: %w", err)
		}
		if err := s.handle(ctx, f); err != nil {
			return fmt.Errorf("frame of kind %d on stream %d: %w", f.Kind, f.Stream, err)
		}
	}
}

func (s *server) handle(ctx context.Context, f wire.Frame) error {
	s.mu.Lock()
	st, known := s.streams[f.Stream]
	count := len(s.streams)
	s.mu.Unlock()
	if f.Kind == wire.KindHear || f.Kind == wire.KindSpeak {
		if known || f.Stream == 0 || count >= maxStreams {
			return fmt.Errorf("%w: stream can't be opened", errProtocol)
		}
		return s.open(ctx, f)
	}
	if !known {
		return fmt.Errorf("%w: no such stream", errProtocol)
	}
	if f.Kind == wire.KindStop {
		st.stop()
		return nil
	}
	return st.take(f)
}

func (s *server) open(ctx context.Context, f wire.Frame) error {
	var st stream
	var run func(context.Context) error
	if f.Kind == wire.KindHear {
		h := newHearing(s, f.Stream)
		st, run = h, h.run
	} else {
		o, err := wire.Decode[wire.Speak](f)
		if err != nil {
			return err
		}
		sp := newSpeaking(s, f.Stream, o.Rate)
		st, run = sp, sp.run
	}
	s.mu.Lock()
	s.streams[f.Stream] = st
	s.mu.Unlock()
	s.running.Go(func() {
		if err := guarded(ctx, run); err != nil && ctx.Err() == nil {
			code := wire.CodeFailed
			if errors.Is(err, errNoEngine) {
				code = wire.CodeUnavailable
			}
			s.sendJSON(wire.KindFailed, f.Stream, wire.Failed{Code: code, Message: err.Error()})
			select { // the number stays taken until the parent agrees that it is over
			case <-st.stopped():
			case <-ctx.Done():
			}
		}
		s.mu.Lock()
		delete(s.streams, f.Stream)
		s.mu.Unlock()
		s.send(wire.Frame{Kind: wire.KindStopped, Stream: f.Stream})
	})
	return nil
}

// guarded turns a panic of a stream into its failure.
func guarded(ctx context.Context, run func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return run(ctx)
}

func (s *server) sendJSON(kind wire.Kind, stream uint32, payload any) {
	f, err := wire.New(kind, stream, payload)
	if err != nil {
		panic(err) // a payload type of package wire always has a JSON form
	}
	s.send(f)
}

// send writes one frame. It blocks while the parent does not read. After a failed
// write nothing more is sent: the parent is gone and the input will end too.
func (s *server) send(f wire.Frame) {
	raw, err := wire.Append(make([]byte, 0, len(f.Payload)+16), f)
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.broken != nil {
		return
	}
	if err == nil {
		_, err = s.w.Write(raw)
	}
	s.broken = err
}
