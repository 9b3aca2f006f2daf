package actors

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/vantahire/vantahire/providers"
)

// audioWatch cancels a reply's speech when the voice makes no useful progress: no
// first sample within ttsFirstAudio of the first sentence, or none within
// ttsNextAudio while a sentence is owed. Time spent waiting for room in the
// playout buffer does not count against the provider. Goroutine-safe.
type audioWatch struct {
	mu     sync.Mutex
	timer  *time.Timer
	owing  int // sentences handed over and not complete
	first  bool
	cancel context.CancelCauseFunc
}

func newAudioWatch(cancel context.CancelCauseFunc) *audioWatch {
	return &audioWatch{cancel: cancel, first: true}
}

// owed notes a sentence handed to the provider.
func (w *audioWatch) owed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.owing++
	if w.owing == 1 {
		w.arm()
	}
}

// came notes audio; the clock stands still until written.
func (w *audioWatch) came(sentenceEnded bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.first = false
	if sentenceEnded && w.owing > 0 {
		w.owing--
	}
	if w.timer != nil {
		w.timer.Stop()
	}
}

// written starts the clock again when more is owed.
func (w *audioWatch) written() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.owing > 0 {
		w.arm()
	}
}

func (w *audioWatch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.timer != nil {
		w.timer.Stop()
	}
	w.timer = nil
	w.owing = -1 << 30 // whatever still comes can't arm it again
}

// arm is called with mu held.
func (w *audioWatch) arm() {
	patience := ttsNextAudio
	if w.first {
		patience = ttsFirstAudio
	}
	if w.timer == nil {
		w.timer = time.AfterFunc(patience, func() {
			w.cancel(fmt.Errorf("speech: %w", providers.ErrNoProgress))
		})
		return
	}
	w.timer.Reset(patience)
}
