package cartesia

import (
	"context"
	"io"
	"sync"
	"time"

	"github.com/vantahire/vantahire/providers"
)

const (
	// maxSentences bounds the sentences that wait to be sent; then Say blocks.
	maxSentences = 16
	// pieceTime bounds a chunk.
	pieceTime = 200 * time.Millisecond
	// maxUnplayed bounds the sound nobody has taken yet: no reply is that long.
	maxUnplayed = 5 * time.Minute
)

// stream is the speech of one reply as its user sees it. The driver's goroutine
// fills it.
type stream struct {
	rate      int
	ctx       context.Context //nolint:containedctx // the stream's own life, derived from its opener's
	cancel    context.CancelCauseFunc
	sentences chan string   // closed by Finish
	driven    chan struct{} // closed when the driver has ended
	news      chan struct{} // ready grew, or the stream ended

	saying   sync.Mutex // keeps the sentences of concurrent Says in order
	finished bool       // guarded by saying

	mu       sync.Mutex
	ready    []providers.Chunk
	unplayed int   // samples in ready
	err      error // io.EOF after the last chunk; the first reason counts
}

func newStream(ctx context.Context, rate int) *stream {
	s := &stream{rate: rate, sentences: make(chan string, maxSentences), driven: make(chan struct{}), news: make(chan struct{}, 1)}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	return s
}

// Say queues a sentence.
func (s *stream) Say(ctx context.Context, text string) error {
	s.saying.Lock()
	defer s.saying.Unlock()
	if s.finished {
		return failure(errFinished)
	}
	if err := s.ended(); err != nil {
		return err
	}
	select {
	case s.sentences <- text:
		return nil
	case <-s.driven:
		return s.ended()
	case <-s.ctx.Done():
		return context.Cause(s.ctx)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *stream) ended() error {
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Finish says that no sentence follows.
func (s *stream) Finish() error {
	s.saying.Lock()
	defer s.saying.Unlock()
	if !s.finished {
		s.finished = true
		close(s.sentences)
	}
	return nil
}

// Recv blocks for the next piece. Ends of sentences and words may come in chunks
// without sound.
func (s *stream) Recv(ctx context.Context) (providers.Chunk, error) {
	for {
		if s.ctx.Err() != nil {
			return providers.Chunk{SentenceEnd: -1}, context.Cause(s.ctx)
		}
		s.mu.Lock()
		if len(s.ready) > 0 {
			next := s.ready[0]
			s.ready[0] = providers.Chunk{}
			s.ready = s.ready[1:]
			s.unplayed -= len(next.PCM)
			s.mu.Unlock()
			return next, nil
		}
		err := s.err
		s.mu.Unlock()
		if err != nil {
			return providers.Chunk{SentenceEnd: -1}, err
		}
		select {
		case <-s.news:
		case <-s.ctx.Done():
		case <-ctx.Done():
			return providers.Chunk{SentenceEnd: -1}, context.Cause(ctx)
		}
	}
}

// Close cancels what was not spoken and waits for the driver, which never waits
// for anything but the stream's end.
func (s *stream) Close() error {
	s.cancel(errClosed)
	<-s.driven
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready, s.unplayed = nil, 0
	if s.err == nil || s.err == io.EOF { //nolint:errorlint // set by this package only
		s.err = errClosed
	}
	return nil
}

// end says why nothing follows; what is ready can still be taken.
func (s *stream) end(err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	s.mu.Unlock()
	poke(s.news)
}

// addSound passes samples on, in pieces. False: nobody takes them.
func (s *stream) addSound(pcm []int16) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unplayed+len(pcm) > int(maxUnplayed/time.Second)*s.rate {
		return false
	}
	s.unplayed += len(pcm)
	most := max(1, int(pieceTime*time.Duration(s.rate)/time.Second))
	for len(pcm) > 0 {
		n := min(len(pcm), most)
		s.ready = append(s.ready, providers.Chunk{PCM: pcm[:n:n], Rate: s.rate, SentenceEnd: -1})
		pcm = pcm[n:]
	}
	poke(s.news)
	return true
}

func (s *stream) addWords(words []providers.Word) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ready = append(s.ready, providers.Chunk{Rate: s.rate, Words: words, SentenceEnd: -1})
	poke(s.news)
}

// addEnd marks the newest chunk as the end of a sentence, or adds an empty one
// where that has gone or ends another.
func (s *stream) addEnd(sentence int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.ready); n > 0 && s.ready[n-1].SentenceEnd < 0 {
		s.ready[n-1].SentenceEnd = sentence
	} else {
		s.ready = append(s.ready, providers.Chunk{Rate: s.rate, SentenceEnd: sentence})
	}
	poke(s.news)
}
