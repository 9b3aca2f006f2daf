package media

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/vantahire/vantahire/interview"
)

// move is one thing that happens to a call, after a pause.
type move struct {
	kind  int
	pause time.Duration
	size  int
}

const (
	moveHold = iota
	moveRelease
	moveDetach
	moveAttach
	moveFull
	moveRoom
	moveLead
	moveRewind
	moveCancel
	moveReplace
	moveKinds
)

// utterance is what a provider says in one reply.
type utterance struct {
	chunks []int
	pauses []time.Duration
}

func (u utterance) length() int64 {
	n := 0
	for _, c := range u.chunks {
		n += c
	}
	return int64(n)
}

// listener is a Sink that checks that each reply is heard in order, every sample
// once, from where it was rewound to.
type listener struct {
	connection
	next map[interview.ReplyNo]int64 // offset expected next
	all  map[interview.ReplyNo]int64 // length of the reply
	err  error
}

func (l *listener) WriteFrame(no interview.ReplyNo, offset int64, pcm []int16) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.full {
		return false
	}
	n := min(l.all[no]-offset, PlayFrame)
	switch {
	case l.err != nil:
	case offset != l.next[no]:
		l.err = fmt.Errorf("reply %d goes on at %d, want %d", no, offset, l.next[no])
	case len(pcm) != PlayFrame || n <= 0:
		l.err = fmt.Errorf("reply %d: a frame of %d samples at %d of %d", no, len(pcm), offset, l.all[no])
	case !slices.Equal(pcm[:n], speech(no, offset, int(n))):
		l.err = fmt.Errorf("reply %d: other samples at %d", no, offset)
	case slices.ContainsFunc(pcm[n:], func(s int16) bool { return s != 0 }):
		l.err = fmt.Errorf("reply %d: its end is not padded with silence", no)
	}
	l.next[no] = offset + n
	return true
}

// Whatever happens on the way, what a candidate hears of each reply is what was
// written, in order, exactly once (but for what a rewind repeats), up to where it
// was taken back.
func TestPacerLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	pause := rapid.Custom(func(t *rapid.T) time.Duration {
		return time.Duration(rapid.IntRange(0, 150).Draw(t, "ms")) * ms
	})
	utterances := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) utterance {
		n := rapid.IntRange(0, 12).Draw(t, "chunks")
		return utterance{
			chunks: rapid.SliceOfN(rapid.IntRange(1, 9000), n, n).Draw(t, "sizes"),
			pauses: rapid.SliceOfN(pause, n, n).Draw(t, "pauses"),
		}
	}), 1, 4)
	moves := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) move {
		return move{rapid.IntRange(0, moveKinds-1).Draw(t, "kind"), pause.Draw(t, "pause"), rapid.IntRange(0, 20000).Draw(t, "size")}
	}), 0, 30)
	rapid.Check(t, func(rt *rapid.T) {
		says, does := utterances.Draw(rt, "says"), moves.Draw(rt, "does")
		bound := time.Duration(rapid.IntRange(0, 2000).Draw(rt, "bound")) * ms
		var err error
		synctest.Test(t, func(*testing.T) { err = converse(says, does, bound) })
		if err != nil {
			rt.Fatal(err)
		}
	})
}

// converse plays one story and returns what was wrong with it.
func converse(says []utterance, does []move, bound time.Duration) error {
	l := &listener{next: map[interview.ReplyNo]int64{}, all: map[interview.ReplyNo]int64{}}
	drained := map[interview.ReplyNo]int64{}
	playout := NewPlayout(bound)
	pacer := NewPacer(playout, PacerEvents{
		Drained: func(no interview.ReplyNo, sent int64) { drained[no] = sent },
	}, PacerConfig{})
	pacer.Attach(l)
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error)
	go func() { stopped <- pacer.Run(ctx) }()
	defer func() {
		cancel()
		err := <-stopped
		if err != nil && !errors.Is(err, context.Canceled) {
			panic(err)
		}
	}()

	no := interview.ReplyNo(0)
	begin := func() {
		no++
		u := says[no-1]
		l.mu.Lock()
		l.all[no] = u.length()
		l.mu.Unlock()
		playout.Begin(no)
		go provide(ctx, playout, no, u)
	}
	begin()
	for _, m := range does {
		time.Sleep(m.pause)
		synctest.Wait()
		switch m.kind {
		case moveHold:
			pacer.Hold(no)
		case moveRelease:
			pacer.Release(no)
		case moveDetach:
			pacer.Detach()
		case moveAttach:
			pacer.Attach(l)
		case moveFull, moveRoom:
			l.setFull(m.kind == moveFull)
		case moveLead:
			l.setAhead(time.Duration(m.size/100) * ms)
		case moveRewind:
			to := pacer.Sent(no) - int64(m.size)
			if want := to >= 0 && !playout.Revoked(no); pacer.Rewind(no, to) != want {
				return fmt.Errorf("rewind of reply %d to %d: %t, want %t", no, to, !want, want)
			} else if want {
				l.mu.Lock()
				l.next[no] = to
				l.mu.Unlock()
			}
		case moveCancel, moveReplace:
			if int(no) == len(says) {
				continue
			}
			if m.kind == moveCancel {
				sent := pacer.Cancel(no)
				if heard := l.heard(no); sent != heard {
					return fmt.Errorf("cancel of reply %d: %d sent, %d heard", no, sent, heard)
				}
				time.Sleep(m.pause)
			}
			begin()
		}
	}
	pacer.Release(no)
	l.setFull(false)
	pacer.Attach(l)
	time.Sleep(time.Minute)
	synctest.Wait()
	if heard, all := l.heard(no), says[no-1].length(); heard != all || drained[no] != all || pacer.Sent(no) != all {
		return fmt.Errorf("reply %d: %d of %d samples heard, %d at its end, %d sent", no, heard, all, drained[no], pacer.Sent(no))
	}
	return l.err
}

func (l *listener) heard(no interview.ReplyNo) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next[no]
}

// provide writes a reply as a provider does: in pieces, with pauses.
func provide(ctx context.Context, p *Playout, no interview.ReplyNo, u utterance) {
	offset := int64(0)
	for i, n := range u.chunks {
		time.Sleep(u.pauses[i])
		if p.Write(ctx, no, speech(no, offset, n)) != nil {
			return
		}
		offset += int64(n)
	}
	p.Finish(no)
}
