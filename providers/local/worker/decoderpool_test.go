package worker

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestADecoderIsMadeAheadAndServesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var made atomic.Int32
		p := newDecoderPool(func() (pooled, error) {
			time.Sleep(500 * time.Millisecond)
			made.Add(1)
			return &fakeDecoder{}, nil
		})
		began := time.Now()
		first, err := p.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 500*time.Millisecond {
			t.Errorf("the first stream waited %s, want for the one decoder under way", took)
		}
		synctest.Wait()
		time.Sleep(time.Second) // the next one is made meanwhile
		began = time.Now()
		second, err := p.take(t.Context())
		if err != nil || time.Since(began) != 0 {
			t.Fatalf("the second stream waited %s, err %v; want none", time.Since(began), err)
		}
		p.give(first, false)
		p.give(second, false)
		p.wait()
		before := made.Load()
		for range 5 {
			d, err := p.take(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			p.give(d, false)
		}
		p.wait()
		if made.Load() != before {
			t.Errorf("%d decoders were made for streams that followed each other, want none", made.Load()-before)
		}
	})
}

func TestDecodersThatCannotForgetAreNotUsedAgain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		decoder *fakeDecoder
		broken  bool
	}{
		"it broke":         {&fakeDecoder{}, true},
		"it can't forget":  {&fakeDecoder{refuse: true}, false},
		"enough are there": {&fakeDecoder{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newDecoderPool(func() (pooled, error) { return &fakeDecoder{}, nil })
			p.wait()
			if name == "enough are there" {
				p.give(&fakeDecoder{}, false)
			}
			p.give(tc.decoder, tc.broken)
			if !tc.decoder.closed {
				t.Error("the decoder was kept")
			}
		})
	}
}

func TestTakeReportsWhyThereIsNoDecoder(t *testing.T) {
	t.Parallel()
	broken := errors.New("model damaged")
	p := newDecoderPool(func() (pooled, error) { return nil, broken })
	if _, err := p.take(t.Context()); !errors.Is(err, broken) {
		t.Errorf("err = %v, want %v", err, broken)
	}
	p.wait()
}

func TestTakeGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	hold := make(chan struct{})
	p := newDecoderPool(func() (pooled, error) { <-hold; return &fakeDecoder{}, nil })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.take(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v, want the context's", err)
	}
	close(hold)
	p.wait()
}
