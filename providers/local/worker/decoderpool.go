package worker

import (
	"context"
	"fmt"
	"sync"
)

// keptDecoders is how many decoders may wait for a stream. One is made ahead, so
// that a call need not wait half a second for it; a second one is kept when a
// stream gives it back, so that a call after the other makes none. Each holds
// about 100 MB.
const keptDecoders = 2

// pooled is a decoder that can serve one stream after the other.
type pooled interface {
	decoder
	// forget makes it as good as new; false when it can't.
	forget() bool
	close()
}

// decoderPool keeps a decoder warm. It is safe for concurrent use.
type decoderPool struct {
	open func() (pooled, error) // blocks while models load

	mu     sync.Mutex
	idle   []pooled
	making chan struct{} // closed when the decoder being made ahead is there; nil when none is
}

func newDecoderPool(open func() (pooled, error)) *decoderPool {
	p := &decoderPool{open: open}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.makeAhead()
	return p
}

// take gives a fresh decoder. It waits for one that is being made, or makes one.
func (p *decoderPool) take(ctx context.Context) (decoder, error) {
	p.mu.Lock()
	making := p.making
	if len(p.idle) == 0 && making != nil {
		p.mu.Unlock()
		select {
		case <-making:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		p.mu.Lock()
	}
	if n := len(p.idle); n > 0 {
		d := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.makeAhead()
		p.mu.Unlock()
		return d, nil
	}
	p.mu.Unlock()
	d, err := p.open()
	if err != nil {
		return nil, fmt.Errorf("make a decoder: %w", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.makeAhead()
	return d, nil
}

// makeAhead starts to make a decoder unless one is there; mu is held. The
// goroutine ends with the models loaded, or the process.
func (p *decoderPool) makeAhead() {
	if p.making != nil || len(p.idle) > 0 {
		return
	}
	done := make(chan struct{})
	p.making = done
	go func() {
		defer close(done)
		d, err := p.open()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.making = nil
		if err == nil { // else the next take tries again and reports
			p.idle = append(p.idle, d)
		}
	}()
}

// give takes back what take gave. A decoder that is not needed again is freed.
func (p *decoderPool) give(d decoder, broken bool) {
	own, ok := d.(pooled)
	if !ok {
		return
	}
	if broken || !own.forget() {
		own.close()
		return
	}
	p.mu.Lock()
	spare := len(p.idle) >= keptDecoders
	if !spare {
		p.idle = append(p.idle, own)
	}
	p.mu.Unlock()
	if spare {
		own.close()
	}
}

// wait returns when no decoder is being made.
func (p *decoderPool) wait() {
	p.mu.Lock()
	making := p.making
	p.mu.Unlock()
	if making != nil {
		<-making
	}
}
