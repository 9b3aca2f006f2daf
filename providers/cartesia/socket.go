package cartesia

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
)

const (
	// writeWithin bounds a write: a socket that takes no text for so long is dead.
	writeWithin = 5 * time.Second
	// dialWithin bounds a dial.
	dialWithin = 10 * time.Second
	// outgoing bounds the messages that wait to be written; a sender waits.
	outgoing = 64
	// incoming bounds the messages that wait for a reply's goroutine; more fail it.
	incoming = 4096
)

// inbox takes the messages of one context. The socket's reader never waits for a
// slow reply: the others on the socket would stall with it.
type inbox struct {
	news chan struct{}

	mu     sync.Mutex
	events []event
}

func newInbox() *inbox { return &inbox{news: make(chan struct{}, 1)} }

// offer adds a message; false when too many wait.
func (b *inbox) offer(e event) bool {
	b.mu.Lock()
	fits := len(b.events) < incoming
	if fits || e.kind == broken {
		b.events = append(b.events, e)
	}
	b.mu.Unlock()
	poke(b.news)
	return fits
}

func (b *inbox) take() []event {
	b.mu.Lock()
	defer b.mu.Unlock()
	events := b.events
	b.events = nil
	return events
}

func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// socket is one connection, from its dial on.
type socket struct {
	pool  *pool
	ready chan struct{} // closed when the dial is over
	gone  chan struct{} // closed when there is no connection any more
	out   chan []byte

	places int         // of contexts; guarded by pool.mu
	idle   *time.Timer // guarded by pool.mu

	mu       sync.Mutex
	ws       *websocket.Conn
	contexts map[string]*inbox
	heard    time.Time // of the last message
	err      error     // why it is gone
}

// run dials and reads until the socket is gone.
func (s *socket) run(ctx context.Context) {
	defer func() {
		if r := recover(); r != nil {
			s.pool.cfg.Logger.Error("panic in a socket's reader", "provider", Name, "panic", r, "stack", string(debug.Stack()))
			s.fail(fmt.Errorf("%w: %v", errPanic, r))
		}
	}()
	cfg := s.pool.cfg
	dialling, cancel := context.WithTimeoutCause(ctx, dialWithin, providers.ErrNoProgress)
	defer cancel()
	s.pool.count(func(c *Stats) { c.Dials++ })
	ws, _, err := dial.WebSocket(dialling, dial.Request{Stage: providers.StageTTS, Provider: Name, URL: cfg.endpoint(), Header: cfg.header()})
	if err != nil {
		s.pool.count(func(c *Stats) { c.DialFailures++ })
		err = discreet(err, cfg.Key)
		cfg.Logger.Warn("can't connect", "provider", Name, "error", err)
		s.fail(err)
		close(s.ready)
		return
	}
	s.mu.Lock()
	s.ws, s.heard = ws, time.Now()
	gone := s.err != nil // shut meanwhile
	s.mu.Unlock()
	close(s.ready)
	if gone {
		_ = ws.Close()
		return
	}
	var writing sync.WaitGroup
	writing.Go(func() { s.write(ws) })
	defer writing.Wait()
	s.fail(s.read(ws))
}

func (s *socket) read(ws *websocket.Conn) error {
	for {
		format, raw, err := ws.ReadMessage()
		if err != nil {
			return fmt.Errorf("%w: %w", errDropped, err)
		}
		e, err := event{}, errNoMessage
		if format == websocket.TextMessage {
			e, err = decode(raw)
		}
		s.mu.Lock()
		s.heard = time.Now()
		box := s.contexts[e.context]
		s.mu.Unlock()
		switch {
		case err != nil:
			s.pool.count(func(c *Stats) { c.Garbage++ })
		case e.context == "" && e.kind == refused:
			return discreet(e.err, s.pool.cfg.Key) // concerns the connection: every context of it fails
		case box == nil:
			s.pool.count(func(c *Stats) { c.Stray++ })
		case !box.offer(e):
			s.forget(e.context)
			s.pool.count(func(c *Stats) { c.Floods++ })
			box.offer(event{kind: broken, err: errFlood})
		}
	}
}

func (s *socket) write(ws *websocket.Conn) {
	for {
		select {
		case raw := <-s.out:
			_ = ws.SetWriteDeadline(time.Now().Add(writeWithin)) // the write tells
			if err := ws.WriteMessage(websocket.TextMessage, raw); err != nil {
				s.fail(fmt.Errorf("%w: %w", errDropped, err))
				return
			}
		case <-s.gone:
			return
		}
	}
}

// send queues messages; it waits while too many do.
func (s *socket) send(ctx context.Context, messages ...[]byte) error {
	for _, raw := range messages {
		select {
		case s.out <- raw:
		case <-s.gone:
			return s.cause()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// trySend queues a message that saves credits only: a socket that is full loses it.
func (s *socket) trySend(raw []byte) {
	select {
	case s.out <- raw:
	default:
		s.pool.count(func(c *Stats) { c.LostCancels++ })
	}
}

// register lets a context's messages come to box. On a socket that is gone, box
// hears that at once.
func (s *socket) register(id string, box *inbox) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		box.offer(event{kind: broken, err: s.err})
		return
	}
	s.contexts[id] = box
}

// forget drops whatever still comes for a context.
func (s *socket) forget(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.contexts, id)
}

// silentSince reports whether no message came for so long.
func (s *socket) silentSince(d time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.heard) >= d
}

func (s *socket) cause() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// fail ends the socket and tells its contexts. Only the first reason counts.
func (s *socket) fail(err error) {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	s.err = err
	contexts, ws := s.contexts, s.ws
	s.contexts = map[string]*inbox{}
	close(s.gone)
	s.mu.Unlock()
	s.pool.remove(s)
	if ws != nil {
		bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
		_ = ws.WriteControl(websocket.CloseMessage, bye, time.Now().Add(100*time.Millisecond)) // a courtesy
		_ = ws.Close()
	}
	for _, box := range contexts {
		box.offer(event{kind: broken, err: err})
	}
}
