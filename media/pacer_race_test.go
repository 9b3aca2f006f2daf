package media

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// witness is a Sink that knows what must not come any more.
type witness struct {
	revoked atomic.Uint32 // set after the revoking call has returned
	gone    atomic.Bool   // set after Detach has returned
	frames  atomic.Int64
	stale   atomic.Int64
}

func (w *witness) WriteFrame(reply interview.ReplyNo, _ int64, _ []int16) bool {
	w.frames.Add(1)
	if uint32(reply) <= w.revoked.Load() || w.gone.Load() {
		w.stale.Add(1)
	}
	return true
}

func (w *witness) Lead() time.Duration { return MaxLead }

// A call that takes a reply back has done so when it returns, whatever the pacer
// was doing at that moment. Real goroutines, and a pacer without a pause.
func TestPacerHandsOutNothingThatWasTakenBack(t *testing.T) {
	t.Parallel()
	for name, takeBack := range map[string]func(p *Pacer, w *witness, no interview.ReplyNo){
		"by Cancel": func(p *Pacer, w *witness, no interview.ReplyNo) {
			p.Cancel(no)
			w.revoked.Store(uint32(no))
		},
		"by Revoke": func(p *Pacer, w *witness, no interview.ReplyNo) {
			p.playout.Revoke(no)
			w.revoked.Store(uint32(no))
		},
		"by the Begin of another": func(p *Pacer, w *witness, no interview.ReplyNo) {
			p.playout.Begin(no + 1)
			w.revoked.Store(uint32(no))
		},
		"by Hold": func(p *Pacer, w *witness, no interview.ReplyNo) {
			p.Hold(no)
			w.revoked.Store(uint32(no))
		},
		"by Detach": func(p *Pacer, w *witness, _ interview.ReplyNo) {
			p.Detach()
			w.gone.Store(true)
			runtime.Gosched()
			w.gone.Store(false)
			p.Attach(w)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const replies = 100
			w := &witness{}
			p := NewPacer(NewPlayout(10*time.Second), PacerEvents{}, PacerConfig{})
			p.Attach(w)
			ctx, cancel := context.WithCancel(context.Background())
			var others sync.WaitGroup
			others.Go(func() { // a clock that runs as fast as it can
				for now := time.Now(); ctx.Err() == nil; now = now.Add(FrameDur) {
					if !p.tick(now).sent {
						runtime.Gosched()
					}
				}
			})
			pcm := make([]int16, 3*PlayFrame)
			for no := interview.ReplyNo(1); no <= replies; no++ {
				p.playout.Begin(no)
				sent := w.frames.Load() // before the writer: it may be done before we look again
				writing := make(chan struct{})
				others.Go(func() {
					defer close(writing)
					for range 50 {
						if err := p.playout.Write(ctx, no, pcm); err != nil {
							if !errors.Is(err, ErrRevoked) {
								t.Errorf("write: %v", err)
							}
							return
						}
					}
				})
				for w.frames.Load() == sent {
					runtime.Gosched()
				}
				takeBack(p, w, no)
				runtime.Gosched()
				p.Cancel(no)
				<-writing
			}
			cancel()
			others.Wait()
			if n := w.stale.Load(); n > 0 {
				t.Errorf("%d of %d frames came too late", n, w.frames.Load())
			}
		})
	}
}

// All methods at once, with a real pacer: for the race detector.
func TestPacerTakesCallsFromEverywhere(t *testing.T) {
	t.Parallel()
	p := NewPacer(NewPlayout(time.Second), PacerEvents{}, PacerConfig{})
	ctx, cancel := context.WithCancel(context.Background())
	var run, callers sync.WaitGroup
	run.Go(func() { _ = p.Run(ctx) })
	for i := range 4 {
		callers.Go(func() {
			pcm := make([]int16, 5*PlayFrame)
			for k := range 300 {
				no := interview.ReplyNo(k/10 + 1)
				switch (k + 3*i) % 10 {
				case 0:
					p.playout.Begin(no)
				case 1:
					p.Attach(&witness{})
				case 2:
					p.Hold(no)
				case 3:
					p.Release(no)
				case 4:
					p.SetGain(no, -12, FrameDur)
				case 5:
					p.Rewind(no, p.Sent(no)/2)
				case 6:
					p.playout.Finish(no)
				case 7:
					p.Detach()
				case 8:
					p.Cancel(no - 1)
				default:
					_ = p.playout.Write(ctx, no, pcm[:p.Stats().Frames%PlayFrame])
					_, _ = p.playout.Buffered(), p.playout.Stats()
				}
			}
		})
	}
	callers.Wait()
	cancel()
	run.Wait()
}
