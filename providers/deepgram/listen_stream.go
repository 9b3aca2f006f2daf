package deepgram

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

const (
	// listenPiece is the longest frame of audio: 100 ms, the documentation's choice.
	listenPiece = listenRate / 10
	// listenPieces bounds the audio that waits to be sent. It is short: what is in
	// here is no longer in the caller's hand, who judges by it whether recognition
	// keeps up.
	listenPieces = 4
	// maxFinalizes bounds the finals a stream may owe; more are refused.
	maxFinalizes = 32
	// maxUnread bounds the results nobody takes; a stream beyond it has failed.
	maxUnread = 256
	// byeWait bounds the goodbye of a stream whose context has ended.
	byeWait = 250 * time.Millisecond
)

var (
	// errListenClosed indicates use of a stream after its Close.
	errListenClosed = errors.New("recognition stream is closed")
	// errListenUnread indicates a stream whose reader went away.
	errListenUnread = errors.New("nobody reads the transcripts")

	listenKeepAlive   = []byte(`{"type":"KeepAlive"}`)
	listenFinalize    = []byte(`{"type":"Finalize"}`)
	listenCloseStream = []byte(`{"type":"CloseStream"}`)
)

// listenItem is what the writer is to send: a piece of audio, or a Finalize.
type listenItem struct {
	audio []byte // nil: a Finalize
}

// owedFinal is a Finalize that was not answered yet.
type owedFinal struct {
	at    interview.Sample // how much of the stream it settles; set when it is sent
	timer *time.Timer      // nil until it is sent
}

// listenStream is one connection. Three parties work on it: the writer goroutine,
// the only one that sends; the reader goroutine; and the callers, who share queues
// with them. Nothing that is sent waits for what is received, and the other way
// round.
type listenStream struct {
	t       *Transcriber
	ws      *websocket.Conn
	request string

	free  chan []byte     // buffers nobody uses
	queue chan listenItem // for the writer; as long as all buffers and owed finals
	news  chan struct{}   // results grew
	ask   chan struct{}   // closed by Close: send what waits, then say goodbye
	over  chan struct{}   // closed with the first err
	gone  chan struct{}   // closed when both goroutines are

	sent   atomic.Int64 // samples of the stream that were sent
	spoke  atomic.Int64 // sent, when the server last said something
	spokeT atomic.Int64 // and the moment, in Unix nanoseconds

	asked   sync.Once // of ask
	unwatch func() bool

	mu       sync.Mutex
	hearing  hearing
	owed     []*owedFinal
	results  []providers.Transcript
	err      error  // why nothing more comes
	complain string // the server's last complaint, which often is why it closes
}

func newListenStream(t *Transcriber, ws *websocket.Conn, request string, offset interview.Sample) *listenStream {
	s := &listenStream{
		t: t, ws: ws, request: request,
		free: make(chan []byte, listenPieces), queue: make(chan listenItem, listenPieces+maxFinalizes),
		news: make(chan struct{}, 1), ask: make(chan struct{}), over: make(chan struct{}), gone: make(chan struct{}),
		hearing: hearing{offset: offset},
	}
	for range listenPieces {
		s.free <- make([]byte, 0, 2*listenPiece)
	}
	s.spokeT.Store(time.Now().UnixNano())
	return s
}

// start runs the goroutines; they end with the stream.
func (s *listenStream) start(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { s.guard(s.write) })
	both.Go(func() { s.guard(s.read) })
	s.unwatch = context.AfterFunc(ctx, func() { s.fail(context.Cause(ctx)) })
	go func() {
		both.Wait()
		close(s.gone)
	}()
}

// guard makes a panic the stream's failure.
func (s *listenStream) guard(loop func()) {
	defer func() {
		if p := recover(); p != nil {
			s.fail(listenFailure(true, fmt.Errorf("panic: %v", p)))
			_ = s.ws.Close()
		}
	}()
	loop()
}

// Write hands over sound of any length. It blocks while more than some tenths of a
// second wait to be sent: behind a replay, which is sent at a bounded pace, or a
// server that does not read.
func (s *listenStream) Write(ctx context.Context, pcm []int16) error {
	for len(pcm) > 0 {
		n := min(len(pcm), listenPiece)
		if err := s.refusal(); err != nil {
			return err
		}
		select {
		case buf := <-s.free:
			buf = buf[:0]
			for _, x := range pcm[:n] {
				buf = append(buf, byte(x), byte(uint16(x)>>8))
			}
			s.queue <- listenItem{audio: buf} // never blocks: it has room for all buffers
		case <-s.over:
			return s.refusal()
		case <-s.ask:
			return errListenClosed
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		pcm = pcm[n:]
	}
	return nil
}

// refusal is why nothing can be sent.
func (s *listenStream) refusal() error {
	select {
	case <-s.ask:
		return errListenClosed
	default:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Finalize asks for a final of everything written before. It does not block.
func (s *listenStream) Finalize(context.Context) error {
	if err := s.refusal(); err != nil {
		return err
	}
	s.mu.Lock()
	full := len(s.owed) >= maxFinalizes
	if !full {
		s.owed = append(s.owed, &owedFinal{})
	}
	s.mu.Unlock()
	if full {
		return listenFailure(true, fmt.Errorf("%w: %d finals are owed", providers.ErrBusy, maxFinalizes))
	}
	select {
	case s.queue <- listenItem{}:
		return nil
	case <-s.over: // answered finals may still be on their way out
		return s.refusal()
	}
}

// Recv blocks for the next result. After Close it still gives what was said
// before, then io.EOF.
func (s *listenStream) Recv(ctx context.Context) (providers.Transcript, error) {
	for {
		s.mu.Lock()
		if len(s.results) > 0 {
			t := s.results[0]
			s.results = s.results[1:]
			s.mu.Unlock()
			return t, nil
		}
		err := s.err
		s.mu.Unlock()
		switch {
		case errors.Is(err, errListenClosed):
			return providers.Transcript{}, io.EOF
		case err != nil:
			return providers.Transcript{}, err
		}
		select {
		case <-s.news:
		case <-s.over:
		case <-ctx.Done():
			return providers.Transcript{}, context.Cause(ctx)
		}
	}
}

// Close sends what was written, asks the server to settle it and to hang up, and
// returns when it has, within DrainWait. Idempotent. Nothing waits after the end
// of the stream's context.
func (s *listenStream) Close() error {
	s.asked.Do(func() {
		s.unwatch()
		close(s.ask)
	})
	late := time.AfterFunc(s.t.cfg.DrainWait, func() { _ = s.ws.NetConn().Close() })
	defer late.Stop()
	<-s.gone
	return nil
}

// fail notes why nothing more comes, and wakes whoever waits. Only the first
// reason counts. It does not block.
func (s *listenStream) fail(err error) {
	s.mu.Lock()
	if s.err != nil {
		s.mu.Unlock()
		return
	}
	if errors.Is(err, errListenClosed) {
		for range s.owed { // nothing will answer them any more
			s.push(s.hearing.nothing())
		}
	}
	for _, o := range s.owed {
		if o.timer != nil {
			o.timer.Stop()
		}
	}
	s.owed = nil
	s.err = err
	close(s.over)
	s.mu.Unlock()
	var failed *providers.Error
	if errors.As(err, &failed) {
		s.t.count.failed.Add(1)
		s.t.cfg.Logger.Warn("recognition connection failed", "request", s.request, "retry", failed.Retry, "error", failed.Err)
	}
	// A write that blocks must end for the goodbye to be said.
	_ = s.ws.NetConn().SetWriteDeadline(time.Now().Add(byeWait))
}

// push queues a result: a newer partial replaces an older one. The caller holds
// mu. It reports false when nobody takes them.
func (s *listenStream) push(t providers.Transcript) bool {
	if n := len(s.results); n > 0 && !s.results[n-1].Final {
		s.results = s.results[:n-1]
		s.t.count.replaced.Add(1)
	}
	if len(s.results) >= maxUnread {
		return false
	}
	if t.Final {
		s.t.count.finals.Add(1)
	} else {
		s.t.count.partials.Add(1)
	}
	s.results = append(s.results, t)
	select {
	case s.news <- struct{}{}:
	default:
	}
	return true
}
