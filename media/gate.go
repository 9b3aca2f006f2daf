package media

// gate parks goroutines until something changed. Unlike a sync.Cond it can be
// waited for together with a context, and unlike a channel per change it costs no
// allocation once as many goroutines have waited at a time as ever will. All its
// methods are called with the owner's lock held:
//
//	ch := g.park()
//	unlock; select { case <-ch: case <-ctx.Done(): }; lock
//	g.leave(ch)
type gate struct {
	parked []chan struct{}
	idle   []chan struct{}
}

// park registers the caller for the next wake.
func (g *gate) park() chan struct{} {
	var ch chan struct{}
	if n := len(g.idle); n > 0 {
		ch, g.idle = g.idle[n-1], g.idle[:n-1]
	} else {
		ch = make(chan struct{}, 1)
	}
	g.parked = append(g.parked, ch)
	return ch
}

// wake lets every parked goroutine go on.
func (g *gate) wake() {
	for _, ch := range g.parked {
		select {
		case ch <- struct{}{}:
		default: // it was woken before and has not left yet
		}
	}
}

// leave ends a wait, however it ended.
func (g *gate) leave(ch chan struct{}) {
	for i, parked := range g.parked {
		if parked == ch {
			last := len(g.parked) - 1
			g.parked[i] = g.parked[last]
			g.parked = g.parked[:last]
			break
		}
	}
	select {
	case <-ch: // a wake that came together with the context's end
	default:
	}
	g.idle = append(g.idle, ch)
}
