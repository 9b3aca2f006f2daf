package media

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/vantahire/vantahire/interview"
)

// counted returns n samples, each telling its position.
func counted(from interview.Sample, n int) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(from) + int16(i)
	}
	return pcm
}

// readNow reads what must be there already.
func readNow(r *Inbound, from interview.Sample, n int) (interview.Sample, []int16, error) {
	dst := make([]int16, n)
	at, n, err := r.Read(context.Background(), from, dst)
	return at, dst[:n], err
}

func TestInboundRead(t *testing.T) {
	t.Parallel()
	push := func(n int) func(*Inbound) {
		return func(r *Inbound) { r.Push(counted(r.Head(), n)) }
	}
	gap := func(n interview.Sample) func(*Inbound) { return func(r *Inbound) { r.Gap(n) } }
	for name, tc := range map[string]struct {
		do        []func(*Inbound)
		from      interview.Sample
		n         int // asked for
		at        interview.Sample
		got       int
		head      interview.Sample
		tail      interview.Sample
		lost      int64 // dropped before anybody read
		gapsNoted int64
	}{
		"what was pushed":                             {do: []func(*Inbound){push(320)}, n: 320, got: 320, head: 320},
		"from the middle of a frame":                  {do: []func(*Inbound){push(320), push(320)}, from: 100, n: 900, at: 100, got: 540, head: 640},
		"no more than asked for":                      {do: []func(*Inbound){push(320), push(320)}, from: 310, n: 20, at: 310, got: 20, head: 640},
		"frames of odd sizes":                         {do: []func(*Inbound){push(7), push(1000), push(1)}, n: 2000, got: 1008, head: 1008},
		"up to a gap":                                 {do: []func(*Inbound){push(320), gap(100), push(320)}, n: 900, got: 320, head: 740, gapsNoted: 1},
		"behind a gap when it is asked for":           {do: []func(*Inbound){push(320), gap(100), push(320)}, from: 350, n: 900, at: 420, got: 320, head: 740, gapsNoted: 1},
		"a gap in the beginning":                      {do: []func(*Inbound){gap(5000), push(320)}, n: 900, at: 5000, got: 320, head: 5320, tail: 5000, gapsNoted: 1},
		"a short frame is not joined over a gap":      {do: []func(*Inbound){push(100), gap(5), push(100)}, n: 900, got: 100, head: 205, gapsNoted: 1},
		"no gap is no gap":                            {do: []func(*Inbound){push(100), gap(0), gap(-9), push(100)}, n: 900, got: 200, head: 200},
		"the oldest is overwritten, by whole frames":  {do: []func(*Inbound){push(1600), push(10)}, n: 9999, at: 320, got: 1290, head: 1610, tail: 320, lost: 320},
		"a frame longer than the ring keeps its end":  {do: []func(*Inbound){push(16000)}, n: 9999, at: 14400, got: 1600, head: 16000, tail: 14400, lost: 14400},
		"short frames do not cost a whole frame each": {do: slices.Repeat([]func(*Inbound){push(10)}, 160), n: 9999, got: 1600, head: 1600},
		"a position before the beginning":             {do: []func(*Inbound){push(320)}, from: -50, n: 900, got: 320, head: 320},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := NewInbound(100 * time.Millisecond)
			for _, do := range tc.do {
				do(r)
			}
			if s := r.Stats(); s.Dropped != tc.lost || s.Gaps != tc.gapsNoted {
				t.Errorf("stats %+v, want %d dropped, %d gaps", s, tc.lost, tc.gapsNoted)
			}
			if r.Head() != tc.head || r.Tail() != tc.tail {
				t.Errorf("head %d tail %d, want %d %d", r.Head(), r.Tail(), tc.head, tc.tail)
			}
			at, got, err := readNow(r, tc.from, tc.n)
			if err != nil || at != tc.at || len(got) != tc.got {
				t.Fatalf("read %d samples at %d (%v), want %d at %d", len(got), at, err, tc.got, tc.at)
			}
			if want := counted(at, len(got)); !slices.Equal(got, want) {
				t.Error("the samples are not those of their positions")
			}
		})
	}
}

func TestInboundReadWaits(t *testing.T) {
	t.Parallel()
	cause := errors.New("the turn is over")
	for name, tc := range map[string]struct {
		do  func(r *Inbound, cancel context.CancelCauseFunc)
		at  interview.Sample
		n   int
		err error
	}{
		"for the next frame":             {func(r *Inbound, _ context.CancelCauseFunc) { r.Push(counted(0, 320)) }, 0, 320, nil},
		"not for a gap, for what is new": {func(r *Inbound, _ context.CancelCauseFunc) { r.Gap(64); r.Push(counted(64, 9)) }, 64, 9, nil},
		"until the ring is closed":       {func(r *Inbound, _ context.CancelCauseFunc) { r.Close(); r.Close() }, 0, 0, io.EOF},
		"until the context ends":         {func(_ *Inbound, cancel context.CancelCauseFunc) { cancel(cause) }, 0, 0, cause},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := NewInbound(time.Second)
				ctx, cancel := context.WithCancelCause(context.Background())
				defer cancel(nil)
				var readers sync.WaitGroup
				for range 3 {
					readers.Go(func() {
						at, n, err := r.Read(ctx, 0, make([]int16, 500))
						if at != tc.at || n != tc.n || !errors.Is(err, tc.err) {
							t.Errorf("read %d at %d: %v, want %d at %d: %v", n, at, err, tc.n, tc.at, tc.err)
						}
					})
				}
				synctest.Wait() // all wait
				tc.do(r, cancel)
				readers.Wait()
			})
		})
	}
}

func TestInboundClosedGivesTheRestAndTakesNothing(t *testing.T) {
	t.Parallel()
	r := NewInbound(time.Second)
	r.Push(counted(0, 320))
	r.Close()
	r.Gap(99)
	if at := r.Push(counted(320, 320)); at != 320 || r.Head() != 320 {
		t.Errorf("push after close: at %d, head %d, want 320 both", at, r.Head())
	}
	if _, got, err := readNow(r, 0, 999); err != nil || len(got) != 320 {
		t.Errorf("the rest: %d samples, %v", len(got), err)
	}
	if _, _, err := readNow(r, 320, 999); !errors.Is(err, io.EOF) {
		t.Errorf("behind the rest: %v, want io.EOF", err)
	}
	if _, n, err := r.Read(context.Background(), 320, nil); n != 0 || err != nil {
		t.Errorf("an empty read: %d, %v, want nothing", n, err)
	}
}

func TestInboundCountsAsDroppedOnlyWhatNobodyRead(t *testing.T) {
	t.Parallel()
	r := NewInbound(100 * time.Millisecond) // 5 frames
	r.Push(counted(0, 5*MicFrame))
	if _, got, _ := readNow(r, 0, 3*MicFrame+100); len(got) != 3*MicFrame+100 {
		t.Fatalf("read %d", len(got))
	}
	r.Push(counted(5*MicFrame, 5*MicFrame))
	s := r.Stats()
	if s.Overwritten != 5*MicFrame || s.Dropped != 2*MicFrame-100 {
		t.Errorf("overwritten %d dropped %d, want %d and %d", s.Overwritten, s.Dropped, 5*MicFrame, 2*MicFrame-100)
	}
}

// Whatever is pushed and lost, a reader that follows gets every sample at its own
// position, in order, once, and knows what it did not get.
func TestInboundReaderSeesEveryKeptSampleOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		frames := rapid.IntRange(1, 12).Draw(t, "frames")
		r := NewInbound(time.Duration(frames) * FrameDur)
		arrived := map[interview.Sample]bool{}
		next := interview.Sample(0)
		var got, missed int64
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			switch rapid.IntRange(0, 3).Draw(t, "step") {
			case 0, 1:
				n := rapid.IntRange(1, 700).Draw(t, "push")
				at := r.Push(counted(r.Head(), n))
				for i := range n {
					arrived[at+interview.Sample(i)] = true
				}
			case 2:
				r.Gap(interview.Sample(rapid.IntRange(1, 500).Draw(t, "gap")))
			case 3:
				if next >= r.Head() || !arrived[r.Head()-1] {
					continue // it would wait
				}
				at, pcm, err := readNow(r, next, rapid.IntRange(1, 2000).Draw(t, "read"))
				if err != nil || at < next {
					t.Fatalf("read from %d: at %d, %v", next, at, err)
				}
				for p := next; p < at; p++ {
					if arrived[p] && p >= r.Tail() {
						t.Fatalf("sample %d is kept but was skipped", p)
					}
					if arrived[p] {
						missed++
					}
				}
				for i, s := range pcm {
					if p := at + interview.Sample(i); s != int16(p) || !arrived[p] {
						t.Fatalf("sample %d at %d", s, p)
					}
				}
				got += int64(len(pcm))
				next = at + interview.Sample(len(pcm))
			}
		}
		if s := r.Stats(); missed > s.Dropped || got+missed > s.Pushed {
			t.Fatalf("got %d and missed %d, but %+v", got, missed, s)
		}
	})
}

func TestInboundManyReadersBesideAWriter(t *testing.T) {
	t.Parallel()
	const frames = 2000
	r := NewInbound(time.Second)
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			dst := make([]int16, 777)
			next := interview.Sample(0)
			for {
				at, n, err := r.Read(context.Background(), next, dst)
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil || at < next || !slices.Equal(dst[:n], counted(at, n)) {
					t.Errorf("read from %d: %d at %d, %v", next, n, at, err)
					return
				}
				next = at + interview.Sample(n)
			}
			if next != frames*MicFrame {
				t.Errorf("the last sample read is %d", next)
			}
		})
	}
	for i := range frames {
		r.Push(counted(interview.Sample(i*MicFrame), MicFrame))
	}
	r.Close()
	readers.Wait()
}

func TestAResizedRingKeepsTheNewest(t *testing.T) {
	t.Parallel()
	frame := func(v int16) []int16 {
		pcm := make([]int16, MicFrame)
		for i := range pcm {
			pcm[i] = v
		}
		return pcm
	}
	r := NewInbound(3 * FrameDur)
	for v := range int16(5) { // 0 and 1 are overwritten
		r.Push(frame(v))
	}
	read := func(want ...int16) {
		t.Helper()
		dst := make([]int16, 16*MicFrame)
		at, n, err := r.Read(t.Context(), 0, dst)
		if err != nil || n != len(want)*MicFrame || at != r.Head()-interview.Sample(n) {
			t.Fatalf("%d samples at %d of %d: %v", n, at, r.Head(), err)
		}
		for i, v := range want {
			if dst[i*MicFrame] != v || dst[(i+1)*MicFrame-1] != v {
				t.Errorf("frame %d is %d, want %d", i, dst[i*MicFrame], v)
			}
		}
	}
	r.Resize(5 * FrameDur)
	read(2, 3, 4)
	r.Push(frame(5))
	r.Push(frame(6))
	read(2, 3, 4, 5, 6)
	r.Push(frame(7))
	read(3, 4, 5, 6, 7)
	r.Resize(2 * FrameDur)
	read(6, 7)
	r.Push(frame(8))
	read(7, 8)
	if got := r.Capacity(); got != 2*FrameDur {
		t.Errorf("capacity %s", got)
	}
}
