package actors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/providers"
)

const (
	// ttsSentences bounds the sentences that wait for a voice. A reply has at most
	// llmMaxText bytes, so more can't come.
	ttsSentences = 128
	// ttsFirstAudio is how long a voice may take from its first sentence to the
	// first sample.
	ttsFirstAudio = 6 * time.Second
	// ttsNextAudio is how long it may stall while a sentence is owed.
	ttsNextAudio = 5 * time.Second
)

// ttsMsg is what the tts actor can receive.
type ttsMsg interface{ ttsMsg() }

type (
	// speakReply opens the voice for a reply; ctx belongs to the interview.
	speakReply struct {
		ctx   context.Context //nolint:containedctx // the reply's life is exactly this context's
		reply interview.ReplyNo
		rate  float64 // speaking rate; 1 is normal
	}
	// saySentence adds a sentence.
	saySentence struct {
		reply interview.ReplyNo
		text  string
	}
	// endSentences says that none follows.
	endSentences struct{ reply interview.ReplyNo }
)

func (speakReply) ttsMsg()   {}
func (saySentence) ttsMsg()  {}
func (endSentences) ttsMsg() {}

// ttsActor speaks one reply at a time: an owned goroutine reads the provider,
// resamples to the playout rate and writes into the bounded playout buffer, which
// blocks it while the candidate has enough to listen to.
type ttsActor struct {
	provider  Synthesizer
	playout   *media.Playout
	report    func(interviewMsg)
	reply     interview.ReplyNo
	sentences chan string // of the reply; closed by endSentences
}

func newTTSActor(provider Synthesizer, playout *media.Playout, report func(interviewMsg)) *ttsActor {
	return &ttsActor{provider: provider, playout: playout, report: report}
}

// Receive opens, feeds and ends the speech of a reply.
func (a *ttsActor) Receive(c *engine.Ctx[ttsMsg], msg ttsMsg) {
	switch m := msg.(type) {
	case speakReply:
		a.finish()
		a.reply, a.sentences = m.reply, make(chan string, ttsSentences)
		sentences := a.sentences
		c.Go("speak", func(ctx context.Context) error {
			ctx, cancel := joinContext(ctx, m.ctx)
			defer cancel(nil)
			err := guarded(func() error { return a.speak(ctx, cancel, m, sentences) })
			if context.Cause(m.ctx) != nil {
				return nil // revoked
			}
			a.report(speechMade{reply: m.reply, err: err})
			return nil
		}, nil)
	case saySentence:
		if m.reply != a.reply || a.sentences == nil {
			return
		}
		select {
		case a.sentences <- m.text:
		default:
			a.report(speechMade{reply: m.reply, err: &providers.Error{Stage: providers.StageTTS, Provider: a.provider.Name(), Err: errTooManySentences}})
		}
	case endSentences:
		if m.reply == a.reply {
			a.finish()
		}
	}
}

var errTooManySentences = errors.New("too many sentences wait for the voice")

func (a *ttsActor) finish() {
	if a.sentences != nil {
		close(a.sentences)
		a.sentences = nil
	}
}

// speak runs one reply to its last sample.
func (a *ttsActor) speak(ctx context.Context, cancel context.CancelCauseFunc, m speakReply, sentences <-chan string) error {
	stream, err := a.provider.Open(ctx, providers.VoiceOptions{Rate: m.rate})
	if err != nil {
		return fmt.Errorf("open %s: %w", a.provider.Name(), causeOf(ctx, err))
	}
	defer func() { _ = stream.Close() }()
	watch := newAudioWatch(cancel)
	defer watch.stop()
	var feeder sync.WaitGroup
	feeder.Go(func() {
		defer recoverInto(cancel)
		if err := feed(ctx, stream, sentences, watch); err != nil {
			cancel(err)
		}
	})
	defer feeder.Wait()
	err = a.play(ctx, stream, m.reply, watch)
	cancel(err) // the feeder ends with us
	return err
}

func feed(ctx context.Context, stream providers.SpeechStream, sentences <-chan string, watch *audioWatch) error {
	for {
		select {
		case s, more := <-sentences:
			if !more {
				return stream.Finish()
			}
			watch.owed()
			if err := stream.Say(ctx, s); err != nil {
				return fmt.Errorf("say: %w", err)
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// play moves audio from the provider into the playout buffer.
func (a *ttsActor) play(ctx context.Context, stream providers.SpeechStream, reply interview.ReplyNo, watch *audioWatch) error {
	var (
		resampler *media.Resampler
		rate      int
		pcm       []int16
		sentence  int
	)
	for {
		chunk, err := stream.Recv(ctx)
		if errors.Is(err, io.EOF) {
			if resampler != nil {
				if err := a.playout.Write(ctx, reply, resampler.Flush(pcm[:0])); err != nil {
					return err
				}
			}
			a.playout.Finish(reply)
			return nil
		}
		if err != nil {
			return fmt.Errorf("hear %s: %w", a.provider.Name(), causeOf(ctx, err))
		}
		watch.came(chunk.SentenceEnd >= 0)
		if chunk.Rate != rate && len(chunk.PCM) > 0 {
			rate = chunk.Rate
			if resampler, err = playoutResampler(rate); err != nil {
				return err
			}
		}
		out := chunk.PCM
		if resampler != nil {
			pcm = resampler.Process(pcm[:0], chunk.PCM)
			out = pcm
		}
		a.report(audioMade{
			reply: reply, sentence: sentence, words: chunk.Words, ended: chunk.SentenceEnd >= 0,
			length: time.Duration(len(chunk.PCM)) * time.Second / time.Duration(max(1, chunk.Rate)),
		})
		if chunk.SentenceEnd >= 0 {
			sentence = chunk.SentenceEnd + 1
		}
		if err := a.playout.Write(ctx, reply, out); err != nil {
			return err
		}
		watch.written()
	}
}

// playoutResampler converts from a provider's rate; nil when it fits already.
func playoutResampler(rate int) (*media.Resampler, error) {
	if rate == media.PlayRate {
		return nil, nil //nolint:nilnil // no conversion is needed
	}
	return media.NewResampler(rate, media.PlayRate)
}

// audioMade and speechMade are the tts actor's reports.
type (
	audioMade struct {
		reply    interview.ReplyNo
		sentence int
		ended    bool // the sentence is complete
		length   time.Duration
		words    []providers.Word
	}
	speechMade struct {
		reply interview.ReplyNo
		err   error
	}
)

func (audioMade) interviewMsg()  {}
func (speechMade) interviewMsg() {}
