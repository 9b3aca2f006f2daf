package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/vantahire/vantahire/providers/local/wire"
)

const (
	// startDeadline is how long a worker may take to say what it can do. It loads
	// the libraries before, which takes tens of milliseconds.
	startDeadline = 15 * time.Second
	// stopDeadline is how long a worker may take to confirm that a stream is over;
	// one that takes longer hangs in a library and is killed. What may lie between is
	// 2 s of sound and a final.
	stopDeadline = 15 * time.Second
	// stopGrace is how long a worker may take to go when asked.
	stopGrace = 3 * time.Second
	// outFrames bounds what waits to be written to a worker; then senders wait.
	outFrames = 64
)

var (
	// errDied indicates that a worker went away on its own.
	errDied = errors.New("speech worker died")
	// errMisbehaved indicates that a worker broke the protocol.
	errMisbehaved = errors.New("speech worker broke the protocol")
	// errHung indicates that a worker did not answer in time.
	errHung = errors.New("speech worker hangs")
)

// receiver is a stream as its worker's reader sees it. Its methods don't block.
type receiver interface {
	// receive takes a frame. An error condemns the whole worker.
	receive(f wire.Frame) error
	// broke says that nothing follows: err is why, nil when the worker confirmed
	// the stream's end.
	broke(err error)
}

// route is a stream's entry in its conn.
type route struct {
	receiver receiver
	late     *time.Timer // set once the stream was stopped
}

// conn is the conversation with one worker. Whoever dialled it must call wait.
type conn struct {
	proc  process
	log   *slog.Logger
	hello wire.Hello
	out   chan wire.Frame

	shutOnce sync.Once
	quit     chan struct{} // closed: write what is left, then close the input
	deadOnce sync.Once
	dead     chan struct{} // closed: no use any more
	err      error         // why; set before dead is closed
	working  sync.WaitGroup

	mu      sync.Mutex
	streams map[uint32]*route
	last    uint32 // number of the latest stream
}

// dial starts a worker and waits for its hello. ctx's end kills it at any time.
func dial(ctx context.Context, launch launcher, log *slog.Logger) (*conn, error) {
	proc, err := launch()
	if err != nil {
		return nil, fmt.Errorf("start a speech worker: %w", err)
	}
	c := &conn{
		proc: proc, log: log,
		out:     make(chan wire.Frame, outFrames),
		quit:    make(chan struct{}),
		dead:    make(chan struct{}),
		streams: make(map[uint32]*route),
	}
	hello := make(chan struct{})
	c.working.Go(func() { c.guard(func() error { return c.read(hello) }) })
	c.working.Go(func() { c.guard(c.write) })
	c.working.Go(func() { c.watch(ctx) })
	late := time.NewTimer(startDeadline)
	defer late.Stop()
	select {
	case <-hello:
		return c, nil
	case <-late.C:
		c.condemn(fmt.Errorf("%w: no hello within %s", errHung, startDeadline))
	case <-c.dead:
	}
	if err := c.wait(); err != nil {
		return nil, err
	}
	return nil, errDied
}

// guard runs one of the conn's loops; its end, or panic, ends the worker.
func (c *conn) guard(loop func() error) {
	defer func() {
		if p := recover(); p != nil {
			c.condemn(fmt.Errorf("panic: %v", p))
		}
	}()
	if err := loop(); err != nil {
		c.condemn(err)
	}
}

// wait returns when the worker is gone, and why; nil when it was asked to go. All
// its streams know by then.
func (c *conn) wait() error {
	<-c.dead
	c.working.Wait()
	err := c.epitaph(c.proc.wait())
	c.mu.Lock()
	streams := c.streams
	c.streams = nil
	c.mu.Unlock()
	broken := err
	if broken == nil {
		broken = errClosed
	}
	for _, r := range streams {
		if r.late != nil {
			r.late.Stop()
		}
		r.receiver.broke(broken)
	}
	return err
}

// epitaph is why the worker is gone, in its own words where it left any.
func (c *conn) epitaph(exit error) error {
	if !errors.Is(c.err, errDied) {
		return c.err
	}
	status := "exit status 0"
	if exit != nil {
		status = exit.Error()
	}
	return fmt.Errorf("%w: %s: %s", c.err, status, c.proc.notes())
}

// condemn ends the worker at once. Only the first reason counts.
func (c *conn) condemn(err error) {
	c.deadOnce.Do(func() {
		select {
		case <-c.quit:
			if errors.Is(err, errDied) {
				err = nil // as it was asked to
			}
		default:
		}
		c.err = err
		close(c.dead)
		c.proc.kill()
	})
}

// shut asks the worker to go. It does not wait.
func (c *conn) shut() { c.shutOnce.Do(func() { close(c.quit) }) }

// watch kills the worker when its pool's life ends or it does not go when asked.
func (c *conn) watch(ctx context.Context) {
	select {
	case <-c.dead:
		return
	case <-ctx.Done():
		c.condemn(errClosed)
		return
	case <-c.quit:
	}
	late := time.NewTimer(stopGrace)
	defer late.Stop()
	select {
	case <-c.dead:
	case <-ctx.Done():
		c.condemn(errClosed)
	case <-late.C:
		c.condemn(fmt.Errorf("%w: still there %s after its input was closed", errHung, stopGrace))
	}
}

// write sends what senders queue. A worker that reads nothing makes it block,
// until the worker is killed.
func (c *conn) write() error {
	defer func() { _ = c.proc.in.Close() }()
	var buf []byte
	for {
		select {
		case f := <-c.out:
			var err error
			if buf, err = wire.Append(buf[:0], f); err != nil {
				return err
			}
			if _, err = c.proc.in.Write(buf); err != nil {
				return nil //nolint:nilerr // the reader finds out why it went
			}
		case <-c.quit:
			return nil
		case <-c.dead:
			return nil
		}
	}
}

// read hands each frame to its stream. Frames of streams that are over are the
// tail of what was under way, and dropped.
func (c *conn) read(hello chan<- struct{}) error {
	f, err := wire.Read(c.proc.out)
	if err != nil {
		return c.readError(err)
	}
	if f.Kind != wire.KindHello {
		return fmt.Errorf("%w: frame of kind %d before its hello", errMisbehaved, f.Kind)
	}
	if c.hello, err = wire.Decode[wire.Hello](f); err != nil {
		return fmt.Errorf("%w: %w", errMisbehaved, err)
	}
	close(hello)
	for {
		f, err := wire.Read(c.proc.out)
		if err != nil {
			return c.readError(err)
		}
		if err := c.dispatch(f); err != nil {
			return fmt.Errorf("%w: kind %d on stream %d: %w", errMisbehaved, f.Kind, f.Stream, err)
		}
	}
}

func (c *conn) readError(err error) error {
	if errors.Is(err, wire.ErrFormat) {
		return fmt.Errorf("%w: %w", errMisbehaved, err)
	}
	if errors.Is(err, io.EOF) {
		return errDied
	}
	return fmt.Errorf("%w: %w", errDied, err)
}

func (c *conn) dispatch(f wire.Frame) error {
	c.mu.Lock()
	r, ok := c.streams[f.Stream]
	ended := ok && f.Kind == wire.KindStopped && r.late != nil
	if ended {
		r.late.Stop()
		delete(c.streams, f.Stream)
	}
	known := f.Stream > 0 && f.Stream <= c.last
	c.mu.Unlock()
	switch {
	case ended:
		r.receiver.broke(nil)
	case ok && f.Kind == wire.KindStopped:
		return errors.New("stream ended unasked")
	case ok:
		return r.receiver.receive(f)
	case !known:
		return errors.New("no such stream")
	}
	return nil
}

// alive says whether the conn is of use.
func (c *conn) alive() bool {
	select {
	case <-c.dead:
		return false
	default:
		return true
	}
}

// reserve gives a new stream its number.
func (c *conn) reserve() uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	return c.last
}

// open routes a stream's frames to r and sends its first one.
func (c *conn) open(ctx context.Context, id uint32, r receiver, first wire.Frame) error {
	c.mu.Lock()
	if c.streams == nil {
		c.mu.Unlock()
		return c.death()
	}
	c.streams[id] = &route{receiver: r}
	c.mu.Unlock()
	first.Stream = id
	err := c.send(ctx, first)
	if err != nil {
		c.mu.Lock()
		delete(c.streams, id)
		c.mu.Unlock()
	}
	return err
}

// send queues a frame. It blocks while outFrames wait, until ctx ends or the
// worker is gone.
func (c *conn) send(ctx context.Context, f wire.Frame) error {
	select {
	case <-c.dead:
		return c.death()
	default:
	}
	select {
	case c.out <- f:
		return nil
	case <-c.dead:
		return c.death()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// death is why the conn is dead.
func (c *conn) death() error {
	<-c.dead
	if c.err == nil {
		return errClosed
	}
	return c.err
}

// stop ends a stream. It blocks for as long as a send may, stopGrace at most; the
// worker's confirmation comes through the receiver. A worker that does not confirm
// within stopDeadline is killed.
func (c *conn) stop(id uint32) {
	c.mu.Lock()
	r, ok := c.streams[id]
	if !ok || r.late != nil {
		c.mu.Unlock()
		return
	}
	r.late = time.AfterFunc(stopDeadline, func() {
		c.condemn(fmt.Errorf("%w: stream %d not over after %s", errHung, id, stopDeadline))
	})
	c.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	if err := c.send(ctx, wire.Frame{Kind: wire.KindStop, Stream: id}); errors.Is(err, context.DeadlineExceeded) {
		c.condemn(fmt.Errorf("%w: it takes no input", errHung))
	}
}
