package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/local/wire"
)

// Name is what this provider calls itself in errors and logs.
const Name = "local"

// Rate is the sample rate of the speech it makes and hears, in Hz.
const Rate = wire.Rate

// defaultMaxCalls is how many calls local speech takes at once: recognition needs
// an eighth of a core per speaking candidate (measured), so four leave two cores
// time for everything else.
const defaultMaxCalls = 4

// errClosed indicates a pool that was closed.
var errClosed = errors.New("local speech is closed")

// SpeechConfig says how to run local speech. The zero value works.
type SpeechConfig struct {
	// Command is the argv of a worker; what it needs to know is appended. Defaults
	// to this executable with the argument "speech".
	Command []string
	// Env is a worker's environment. Defaults to this process's.
	Env []string
	// Workers is how many processes may run. Defaults to one per core.
	Workers int
	// MaxCalls is how many streams of each kind may be open; more get
	// providers.ErrBusy. Defaults to 4.
	MaxCalls int
	// Logger gets the life of the workers. Defaults to none.
	Logger *slog.Logger
	// LibDirs are folders to look for the libraries in, beside those of the system
	// and the cache folder scripts/install-speech.sh fills.
	LibDirs []string
}

// Speech is a pool of speech workers. It starts them when streams need them.
type Speech struct {
	log    *slog.Logger
	places places
	launch launcher
	// hearing and speaking are the admission: one token per open stream.
	hearing, speaking chan struct{}

	ctx    context.Context //nolint:containedctx // the life of the pool and its processes
	cancel context.CancelFunc
	wg     sync.WaitGroup // every goroutine of the pool and its workers

	mu     sync.Mutex
	closed bool
	slots  []*slot
}

// NewSpeech looks for the speech software of this machine. ctx is the pool's life:
// its end kills the workers. When neither half can work the error wraps
// providers.ErrUnavailable and names what is missing and what brings it; when one
// half is missing, only opening streams of that kind fails so.
func NewSpeech(ctx context.Context, cfg SpeechConfig) (*Speech, error) {
	var roots []string
	if root := cacheRoot(); root != "" {
		roots = append(roots, root)
	}
	p := locate("/", roots, cfg.LibDirs)
	if !p.canSpeak() && !p.canHear() {
		return nil, fmt.Errorf("local speech: %w", errors.Join(
			p.speakCapability().unavailable(providers.StageTTS), p.hearCapability().unavailable(providers.StageSTT)))
	}
	if len(cfg.Command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("local speech: find this program: %w", err)
		}
		cfg.Command = []string{self, "speech"}
	}
	if cfg.Env == nil {
		cfg.Env = os.Environ()
	}
	argv := append(cfg.Command[:len(cfg.Command):len(cfg.Command)], p.arguments()...)
	return newSpeech(ctx, cfg, p, command(argv, p.environment(cfg.Env))), nil
}

func newSpeech(ctx context.Context, cfg SpeechConfig, p places, launch launcher) *Speech {
	if cfg.Workers <= 0 {
		cfg.Workers = runtime.NumCPU()
	}
	if cfg.MaxCalls <= 0 {
		cfg.MaxCalls = defaultMaxCalls
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Speech{
		log:      cfg.Logger,
		places:   p,
		launch:   launch,
		hearing:  make(chan struct{}, cfg.MaxCalls),
		speaking: make(chan struct{}, cfg.MaxCalls),
		slots:    make([]*slot, cfg.Workers),
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	for i := range s.slots {
		s.slots[i] = &slot{}
	}
	return s
}

// Close ends all streams and workers and waits for them. Workers get until ctx's
// end, but no longer than a few seconds, to stop by themselves. It is idempotent.
func (s *Speech) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	for _, sl := range s.slots {
		if sl.conn != nil {
			sl.conn.shut()
		}
	}
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.wg.Wait(); close(done) }()
	late := time.NewTimer(stopGrace)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
	case <-ctx.Done():
	}
	s.cancel() // kills what is left
	late.Reset(stopGrace)
	select {
	case <-done:
		return nil
	case <-late.C:
		return fmt.Errorf("close local speech: workers still run %s after they were killed", stopGrace)
	}
}

// Transcriber is the pool as a recognition provider.
func (s *Speech) Transcriber() *Transcriber { return &Transcriber{speech: s} }

// Synthesizer is the pool as a synthesis provider.
func (s *Speech) Synthesizer() *Synthesizer { return &Synthesizer{speech: s} }

// Speak says a text of any length and returns all its sound, 16 kHz mono, with the
// times of its words when they are known.
func (s *Speech) Speak(ctx context.Context, text string) ([]int16, []providers.Word, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.Synthesizer().Open(ctx, providers.VoiceOptions{})
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = stream.Close() }()
	var feeding sync.WaitGroup
	var feedErr error
	feeding.Go(func() {
		for _, sentence := range sentences(text) {
			if feedErr = stream.Say(ctx, sentence); feedErr != nil {
				cancel()
				return
			}
		}
		feedErr = stream.Finish()
	})
	var pcm []int16
	var words []providers.Word
	for {
		var chunk providers.Chunk
		if chunk, err = stream.Recv(ctx); err != nil {
			break
		}
		pcm = append(pcm, chunk.PCM...)
		words = append(words, chunk.Words...)
	}
	cancel() // ends a feeder that waits for a broken stream
	feeding.Wait()
	if !errors.Is(err, io.EOF) {
		return nil, nil, fmt.Errorf("speak %d bytes: %w", len(text), errors.Join(err, feedErr))
	}
	return pcm, words, nil
}

// Hear understands a whole recording, 16 kHz mono.
func (s *Speech) Hear(ctx context.Context, pcm []int16) (providers.Transcript, error) {
	stream, err := s.Transcriber().Open(ctx, providers.TranscribeOptions{})
	if err != nil {
		return providers.Transcript{}, err
	}
	defer func() { _ = stream.Close() }()
	if err := stream.Write(ctx, pcm); err != nil {
		return providers.Transcript{}, fmt.Errorf("hear %d samples: %w", len(pcm), err)
	}
	if err := stream.Finalize(ctx); err != nil {
		return providers.Transcript{}, fmt.Errorf("hear %d samples: %w", len(pcm), err)
	}
	var all providers.Transcript
	for {
		t, err := stream.Recv(ctx)
		if err != nil {
			return providers.Transcript{}, fmt.Errorf("hear %d samples: %w", len(pcm), err)
		}
		if t.Final {
			all = join(all, t)
		}
		if t.Final && int(t.Through) >= len(pcm) {
			return all, nil
		}
	}
}

// join puts a final behind the ones before it; confidence is weighted by words.
func join(a, b providers.Transcript) providers.Transcript {
	if !a.Final {
		return b
	}
	if len(b.Words) > 0 {
		n, m := float64(len(a.Words)), float64(len(b.Words))
		b.Confidence = (a.Confidence*n + b.Confidence*m) / (n + m)
	} else {
		b.Confidence = a.Confidence
	}
	if a.Text != "" && b.Text != "" {
		a.Text += " "
	}
	b.Text = a.Text + b.Text
	b.From = a.From
	b.Words = append(a.Words, b.Words...)
	return b
}
