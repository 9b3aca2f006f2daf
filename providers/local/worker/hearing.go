package worker

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/vantahire/vantahire/providers/local/wire"
)

const (
	// partialEvery is how much sound lies between two looks at what is understood
	// so far: 100 ms, which costs nothing measurable.
	partialEvery = wire.Rate / 10
	// maxUtterance ends an utterance in which no pause was found. The second pass at
	// an utterance's end takes 2-3 % of its length, so this keeps an answer to
	// Finalize below half a second even when somebody speaks without a breath.
	maxUtterance = 15 * wire.Rate
	// settleWords is when settled words are sent off without being asked for: about
	// a minute and a half of speech, and well below wire.MaxWords.
	settleWords = 200
	// maxFinalizes bounds the requests that wait behind sound.
	maxFinalizes = 64
)

// hearing is a recognition stream.
//
// Utterances and answers are different things. The parent asks for a final
// whenever its own voice detection hears the end of speech. The decoder's
// utterances are shorter: each ends at the first pause of half a second (the
// decoder's own detector), because a decoder drops silence without counting it,
// because its second pass would keep a long answer waiting, and because silence
// would spoil its running mean of the channel. Between them a final joins them.
type hearing struct {
	*ending
	server *server
	id     uint32

	mu        sync.Mutex
	queue     []wire.Frame // KindAudio and KindFinalize in order
	samples   int          // waiting in queue
	finalizes int          // waiting in queue
	wake      chan struct{}

	// owned by run
	decoder     decoder
	settled     []wire.Word
	through     int64 // samples fed
	spoke       bool  // the current utterance holds speech
	fed         int   // samples of the current utterance
	sincePart   int
	lastPartial string
}

func newHearing(s *server, id uint32) *hearing {
	return &hearing{ending: newEnding(), server: s, id: id, wake: make(chan struct{}, 1)}
}

func (h *hearing) take(f wire.Frame) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch f.Kind {
	case wire.KindAudio:
		h.samples += len(f.Payload) / 2
	case wire.KindFinalize:
		h.finalizes++
	default:
		return fmt.Errorf("%w: not for a recognition stream", errProtocol)
	}
	if h.samples > wire.HearWindow || h.finalizes > maxFinalizes {
		return fmt.Errorf("%w: %d samples and %d finalizes ahead", errProtocol, h.samples, h.finalizes)
	}
	h.queue = append(h.queue, f)
	select {
	case h.wake <- struct{}{}:
	default:
	}
	return nil
}

// next gives the next frame of the queue, and false when there is none. Once the
// stream is stopped, sound that no Finalize waits for is skipped.
func (h *hearing) next() (wire.Frame, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over() && h.finalizes == 0 {
		h.queue = nil
	}
	if len(h.queue) == 0 {
		return wire.Frame{}, false
	}
	f := h.queue[0]
	h.queue = h.queue[1:]
	if f.Kind == wire.KindFinalize {
		h.finalizes--
	} else {
		h.samples -= len(f.Payload) / 2
	}
	return f, true
}

func (h *hearing) run(ctx context.Context) (err error) {
	if h.server.engines.ears == nil {
		return fmt.Errorf("pocketsphinx: %w", errNoEngine)
	}
	if h.decoder, err = h.server.engines.ears.take(ctx); err != nil {
		return err
	}
	broken := true // also when a panic passes by
	defer func() { h.server.engines.ears.give(h.decoder, broken) }()
	for ctx.Err() == nil {
		stopped := h.over() // looked at first: all that came before the stop is in the queue
		f, ok := h.next()
		if ok {
			if err := h.work(f); err != nil {
				return err
			}
			continue
		}
		if stopped {
			broken = false
			return nil
		}
		select {
		case <-h.stopped():
		case <-h.wake:
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

func (h *hearing) work(f wire.Frame) error {
	if f.Kind == wire.KindFinalize {
		return h.finalize()
	}
	pcm, err := wire.Samples(f.Payload)
	if err != nil {
		return err
	}
	if err := h.hear(pcm); err != nil {
		return fmt.Errorf("hear %d samples at %d: %w", len(pcm), h.through, err)
	}
	h.server.send(wire.Frame{Kind: wire.KindTook, Stream: h.id, Payload: wire.Took(len(pcm))})
	return nil
}

func (h *hearing) hear(pcm []int16) error {
	if err := h.decoder.feed(pcm); err != nil {
		return err
	}
	h.through += int64(len(pcm))
	h.fed += len(pcm)
	h.sincePart += len(pcm)
	speaking := h.decoder.speaking()
	pause := h.spoke && !speaking
	h.spoke = h.spoke || speaking
	if pause || (h.spoke && h.fed > maxUtterance) {
		if err := h.settle(); err != nil {
			return err
		}
	}
	if len(h.settled) >= settleWords {
		h.final(false)
	}
	if h.sincePart >= partialEvery {
		h.sincePart = 0
		h.partial()
	}
	return nil
}

// settle ends the decoder's utterance and keeps its words.
func (h *hearing) settle() error {
	words, err := h.decoder.end()
	if err != nil {
		return err
	}
	h.settled = append(h.settled, words...)
	h.spoke, h.fed = false, 0
	return nil
}

func (h *hearing) finalize() error {
	if h.fed > 0 {
		if err := h.settle(); err != nil {
			return fmt.Errorf("settle at %d: %w", h.through, err)
		}
	}
	h.final(true)
	return nil
}

func (h *hearing) final(answers bool) {
	r := result(h.settled, h.through)
	r.Final, r.Answers = true, answers
	h.server.sendJSON(wire.KindResult, h.id, r)
	h.settled, h.lastPartial = nil, ""
}

// partial reports what is understood so far, if it changed.
func (h *hearing) partial() {
	words := h.settled
	if h.spoke {
		words = append(words[:len(words):len(words)], h.decoder.partial()...)
	}
	words = words[:min(len(words), wire.MaxWords)]
	r := result(words, h.through)
	if r.Text == h.lastPartial {
		return
	}
	h.lastPartial = r.Text
	h.server.sendJSON(wire.KindResult, h.id, r)
}

// result joins words; its confidence is their mean.
func result(words []wire.Word, through int64) wire.Result {
	r := wire.Result{Through: through, Words: words}
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.Text
		r.Confidence += w.Confidence / float64(len(words))
	}
	r.Text = strings.Join(texts, " ")
	r.Confidence = min(r.Confidence, 1)
	return r
}
