package media

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// speech returns n samples of a reply, from offset on: no two neighbouring ones
// and no two replies are alike.
func speech(no interview.ReplyNo, offset int64, n int) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(7*(offset+int64(i)) + 1000*int64(no))
	}
	return pcm
}

func TestPlayoutWrite(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before func(p *Playout)
		write  interview.ReplyNo
		err    error
	}{
		"to the current reply":               {func(p *Playout) { p.Begin(1) }, 1, nil},
		"to reply 0, which is none":          {func(*Playout) {}, 0, ErrRevoked},
		"to a reply that was not begun":      {func(*Playout) {}, 1, ErrRevoked},
		"to a reply that comes later":        {func(p *Playout) { p.Begin(1) }, 2, ErrRevoked},
		"to a reply that was replaced":       {func(p *Playout) { p.Begin(1); p.Begin(2) }, 1, ErrRevoked},
		"to a revoked reply":                 {func(p *Playout) { p.Begin(1); p.Revoke(1) }, 1, ErrRevoked},
		"to a reply revoked before it began": {func(p *Playout) { p.Revoke(3); p.Begin(2) }, 2, ErrRevoked},
		"to one after a revoked reply":       {func(p *Playout) { p.Revoke(3); p.Begin(4) }, 4, nil},
		"to one that began too late":         {func(p *Playout) { p.Begin(5); p.Begin(4) }, 4, ErrRevoked},
		"after a late begin of another":      {func(p *Playout) { p.Begin(5); p.Begin(4); p.Begin(5) }, 5, nil},
		"after an older one was revoked":     {func(p *Playout) { p.Begin(5); p.Revoke(4) }, 5, nil},
		"to a finished reply":                {func(p *Playout) { p.Begin(1); p.Finish(1) }, 1, ErrFinished},
		"after another was finished":         {func(p *Playout) { p.Begin(2); p.Finish(1); p.Finish(3) }, 2, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := NewPlayout(time.Second)
			tc.before(p)
			if err := p.Write(context.Background(), tc.write, make([]int16, 240)); !errors.Is(err, tc.err) {
				t.Errorf("write: %v, want %v", err, tc.err)
			}
			if want := tc.err == nil; (p.Buffered() == 10*time.Millisecond) != want {
				t.Errorf("buffered %v", p.Buffered())
			}
		})
	}
}

func TestPlayoutFullBlocksItsWriter(t *testing.T) {
	t.Parallel()
	cause := errors.New("caller gave up")
	for name, tc := range map[string]struct {
		do   func(p *Playout, cancel context.CancelCauseFunc)
		err  error
		left time.Duration // buffered afterwards
	}{
		"until there is room":       {func(p *Playout, _ context.CancelCauseFunc) { sendAll(p) }, nil, 50 * time.Millisecond},
		"until it is revoked":       {func(p *Playout, _ context.CancelCauseFunc) { p.Revoke(1) }, ErrRevoked, 0},
		"until the next begins":     {func(p *Playout, _ context.CancelCauseFunc) { p.Begin(2) }, ErrRevoked, 0},
		"until it is finished":      {func(p *Playout, _ context.CancelCauseFunc) { p.Finish(1) }, ErrFinished, 100 * time.Millisecond},
		"until its context ends":    {func(_ *Playout, cancel context.CancelCauseFunc) { cancel(cause) }, cause, 100 * time.Millisecond},
		"and a wake means no room":  {func(p *Playout, c context.CancelCauseFunc) { wakeWriters(p); synctest.Wait(); c(cause) }, cause, 100 * time.Millisecond},
		"and an older one's revoke": {func(p *Playout, c context.CancelCauseFunc) { p.Revoke(0); synctest.Wait(); c(cause) }, cause, 100 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				p := NewPlayout(100 * time.Millisecond)
				p.Begin(1)
				ctx, cancel := context.WithCancelCause(context.Background())
				defer cancel(nil)
				done := make(chan error)
				go func() { done <- p.Write(ctx, 1, speech(1, 0, 3600)) }() // 150 ms
				synctest.Wait()
				if got := p.Buffered(); got != 100*time.Millisecond {
					t.Errorf("buffered %v while blocked, want the bound", got)
				}
				tc.do(p, cancel)
				if err := <-done; !errors.Is(err, tc.err) {
					t.Errorf("write: %v, want %v", err, tc.err)
				}
				if got := p.Buffered(); got != tc.left {
					t.Errorf("buffered %v, want %v", got, tc.left)
				}
				if s := p.Stats(); s.Blocked != 1 || s.HighWater != 100*time.Millisecond {
					t.Errorf("stats %+v", s)
				}
			})
		})
	}
}

// sendAll does what a pacer does with all that is buffered.
func sendAll(p *Playout) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.advance(int(p.unsent()))
}

func wakeWriters(p *Playout) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.writers.wake()
}

func TestPlayoutRevokedNeverComesBack(t *testing.T) {
	t.Parallel()
	p := NewPlayout(time.Second)
	if !p.Revoked(0) || p.Revoked(1) {
		t.Error("at first only reply 0, which is none, is revoked")
	}
	p.Begin(7)
	p.Revoke(3)
	p.Revoke(2)
	if !p.Revoked(6) || p.Revoked(7) {
		t.Error("begin revokes what is older, and nothing takes that back")
	}
	if err := p.Write(context.Background(), 7, make([]int16, 1000)); err != nil {
		t.Fatal(err)
	}
	p.Revoke(9)
	if s := p.Stats(); s.Discarded != 1000 || s.Written != 1000 || s.Replies != 1 {
		t.Errorf("stats %+v", s)
	}
}

func TestTapeKeepsWhatItWasGiven(t *testing.T) {
	t.Parallel()
	var tp tape
	var end int64
	for i := range 200 {
		n := 1 + i*137%4000
		tp.append(speech(1, end, n))
		end += int64(n)
		tp.forget(end - 30000)
		if kept := end - tp.base; kept < min(end, 30000) || kept > 30000+blockLen+4000 {
			t.Fatalf("%d samples kept", kept)
		}
	}
	got := make([]int16, end)
	n := tp.copyAt(tp.base, got)
	if int64(n) != end-tp.base || !slices.Equal(got[:n], speech(1, tp.base, n)) {
		t.Errorf("%d samples, or other ones", n)
	}
	if n := tp.copyAt(end-5, got[:100]); n != 5 {
		t.Errorf("%d samples at the end, want 5", n)
	}
	tp.forget(-1)
	tp.reset()
	if tp.base != 0 || tp.end != 0 || len(tp.blocks) != 0 || tp.copyAt(0, got) != 0 {
		t.Errorf("after reset: %+v", tp)
	}
}
