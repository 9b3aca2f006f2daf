package cartesia

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
)

// maxOwed bounds the sentences that were sent and not spoken; further ones wait.
const maxOwed = 64

// owed is a sentence that was taken and whose end was not delivered.
type owed struct {
	index int
	text  string // "" for one without anything to say
	flush int    // its flush within the context, from 1; 0 when not sent
}

// driver moves one reply through its contexts, usually one. All of it belongs to
// the goroutine of run; before that, to Open.
type driver struct {
	synth    *Synthesizer
	stream   *stream
	template request
	log      *slog.Logger
	slot     func() // gives the reply's place in the account's limit back; nil: done

	// The present context; sock is nil between contexts.
	sock    *socket
	box     *inbox
	flushes int  // sent
	closing bool // its last input was sent
	base    int  // samples of the reply before its first one
	word    int  // samples of the context before its words' time 0
	lastEnd time.Duration
	odd     []byte    // the first byte of a sample whose second one is to come
	quiet   time.Time // last sound or end

	said     int // sentences taken
	owed     []owed
	finished bool
	samples  int // delivered
	current  int // of them, since the last end of a sentence

	until     time.Time // when patience ends; zero: nothing is waited for
	retried   bool
	throttled int
}

// maxThrottled is how often a request is repeated that met too many others.
const maxThrottled = 2

// run is the reply's goroutine.
func (d *driver) run() {
	defer close(d.stream.driven)
	defer d.leave()
	defer func() {
		if r := recover(); r != nil {
			d.log.Error("panic in a reply's goroutine", "provider", Name, "panic", r, "stack", string(debug.Stack()))
			d.stream.end(failure(fmt.Errorf("%w: %v", errPanic, r)))
		}
	}()
	d.until = time.Time{}
	err := d.loop()
	d.cancel()
	if d.stream.ctx.Err() != nil {
		err = context.Cause(d.stream.ctx)
	}
	if err != nil {
		d.stream.end(err)
	}
}

// loop returns nil once everything was delivered.
func (d *driver) loop() error {
	patience := time.NewTimer(time.Hour)
	defer patience.Stop()
	for {
		if d.complete() && d.sock == nil {
			return nil
		}
		patience.Stop()
		if !d.until.IsZero() {
			patience.Reset(time.Until(d.until))
		}
		var news chan struct{}
		if d.box != nil {
			news = d.box.news
		}
		sentences := d.stream.sentences
		if d.finished || len(d.owed) >= maxOwed {
			sentences = nil
		}
		var err error
		select {
		case <-d.stream.ctx.Done():
			return context.Cause(d.stream.ctx)
		case text, more := <-sentences:
			if more {
				err = d.say(text)
			} else {
				err = d.finish()
			}
		case <-news:
			box := d.box
			for _, e := range box.take() {
				if err = d.handle(e); err != nil || d.box != box { // another context by now
					break
				}
			}
		case <-patience.C:
			err = d.impatient()
		}
		if err != nil {
			return failure(err)
		}
	}
}

// complete reports whether all was delivered, and tells the reader the first time.
func (d *driver) complete() bool {
	if !d.finished || len(d.owed) > 0 {
		return false
	}
	if d.slot != nil {
		d.free()
		d.stream.end(io.EOF)
		if d.sock != nil {
			d.until = time.Now().Add(d.synth.cfg.Done)
		}
	}
	return true
}

func (d *driver) free() {
	if d.slot != nil {
		d.slot()
		d.slot = nil
	}
}

// connect begins a context.
func (d *driver) connect(onFresh bool) error {
	ctx, cancel := context.WithDeadlineCause(d.stream.ctx, d.until, providers.ErrNoProgress)
	defer cancel()
	for {
		s, err := d.synth.pool.acquire(ctx, onFresh)
		if err == nil {
			d.sock, d.box = s, newInbox()
			d.template.ContextID = d.synth.newID()
			d.flushes, d.closing, d.base, d.word, d.lastEnd, d.odd = 0, false, d.samples, 0, 0, nil
			s.register(d.template.ContextID, d.box)
			return nil
		}
		if !d.mayRepeat(ctx, err) {
			return d.discreet(err)
		}
		onFresh = true
	}
}

// mayRepeat decides whether what failed with err is tried again, and waits where
// that is the remedy.
func (d *driver) mayRepeat(ctx context.Context, err error) bool {
	if ctx.Err() != nil || d.current > 0 {
		return false
	}
	switch remedyFor(err) {
	case later:
		cfg := d.synth.cfg
		pause := cfg.BackoffMin + rand.N(cfg.BackoffMax-cfg.BackoffMin+1)
		if d.throttled == maxThrottled || !d.until.IsZero() && time.Until(d.until) < pause {
			return false
		}
		d.throttled++
		d.synth.pool.count(func(c *Stats) { c.Throttled++ })
		select {
		case <-time.After(pause):
			return true
		case <-ctx.Done():
		}
		return false
	case fresh:
		if d.retried {
			return false
		}
		d.retried = true
		d.synth.pool.count(func(c *Stats) { c.Retried++ })
		return true
	case none:
	}
	return false
}

// say takes a sentence.
func (d *driver) say(text string) error {
	o := owed{index: d.said, text: speakable(text)}
	d.said++
	d.owed = append(d.owed, o)
	if o.text == "" {
		d.skipSilent()
		return nil
	}
	if len(d.owed) == 1 || d.until.IsZero() {
		d.until = time.Now().Add(d.synth.cfg.FirstChunk)
	}
	if d.stale() {
		d.drop()
		d.synth.pool.count(func(c *Stats) { c.Renewed++ })
	}
	if d.sock == nil {
		if err := d.connect(false); err != nil {
			return err
		}
		return d.sendAll()
	}
	return d.send(&d.owed[len(d.owed)-1])
}

// stale reports whether the provider may have forgotten the context: nothing is
// owed on it and its last sound is some time ago.
func (d *driver) stale() bool {
	return d.sock != nil && d.flushes > 0 && d.waiting() <= 1 && d.unsentOnly() && time.Since(d.quiet) > d.synth.cfg.Renew
}

func (d *driver) waiting() (n int) {
	for _, o := range d.owed {
		if o.text != "" {
			n++
		}
	}
	return n
}

// unsentOnly reports that no sentence in the present context is owed.
func (d *driver) unsentOnly() bool {
	for _, o := range d.owed {
		if o.flush > 0 {
			return false
		}
	}
	return true
}

// finish ends the reply's input.
func (d *driver) finish() error {
	d.finished = true
	if d.sock == nil {
		return nil
	}
	if d.flushes == 0 || d.stale() { // nothing to end there
		d.drop()
		return nil
	}
	return d.sendEnd()
}

func (d *driver) sendEnd() error {
	d.closing = true
	return d.write(d.template.close())
}

// send sends a sentence and the flush that tells its end.
func (d *driver) send(o *owed) error {
	d.flushes++
	o.flush = d.flushes
	d.synth.pool.count(func(c *Stats) { c.Characters += len([]rune(o.text)) + 1 })
	return d.write(d.template.say(o.text), d.template.flush())
}

// sendAll sends what is owed on a context that has just begun.
func (d *driver) sendAll() error {
	for i := range d.owed {
		d.owed[i].flush = 0
		if d.owed[i].text == "" {
			continue
		}
		if err := d.send(&d.owed[i]); err != nil {
			return err
		}
	}
	if d.finished {
		return d.sendEnd()
	}
	return nil
}

// write leaves a lost socket to the event that follows.
func (d *driver) write(messages ...[]byte) error {
	if err := d.sock.send(d.stream.ctx, messages...); err != nil && d.stream.ctx.Err() != nil {
		return err
	}
	return nil
}

// again repeats on a new context what is owed, when nothing of it was heard, and
// fails otherwise.
func (d *driver) again(err error) error {
	d.drop()
	if d.unsentOnly() {
		return nil // nothing was lost; a further sentence begins anew
	}
	outlived := d.outlived(err)
	if !outlived && !d.mayRepeat(d.stream.ctx, err) {
		return d.discreet(err)
	}
	if outlived {
		d.retried = true
		d.synth.pool.count(func(c *Stats) { c.Renewed++ })
	}
	if d.until.IsZero() {
		d.until = time.Now().Add(d.synth.cfg.FirstChunk)
	}
	if err := d.connect(remedyFor(err) == fresh); err != nil {
		return err
	}
	return d.sendAll()
}

// outlived reports a refusal that may be the context's fault and not the text's:
// sentences were spoken in it before, and it expires early when the network is
// slow.
func (d *driver) outlived(err error) bool {
	var r *dial.Refusal
	if d.retried || d.current > 0 || !errors.As(err, &r) {
		return false
	}
	switch r.Status {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusGone:
	default:
		return false
	}
	for _, o := range d.owed {
		if o.flush > 0 {
			return o.flush > 1
		}
	}
	return false
}

// impatient handles a deadline that passed.
func (d *driver) impatient() error {
	if d.until.IsZero() || time.Now().Before(d.until) {
		return nil
	}
	cfg := d.synth.cfg
	if d.complete() { // only the end of the context did not come
		d.synth.pool.count(func(c *Stats) { c.LateDone++ })
		d.abandon(cfg.Done)
		return nil
	}
	d.synth.pool.count(func(c *Stats) { c.Timeouts++ })
	limit := cfg.NextChunk
	if d.current == 0 {
		limit = cfg.FirstChunk
	}
	d.cancel()
	d.abandon(limit)
	return fmt.Errorf("sound: %w", providers.ErrNoProgress)
}

// abandon leaves the context, and ends a socket on which nothing was heard either.
func (d *driver) abandon(silence time.Duration) {
	s := d.sock
	d.drop()
	if s != nil && s.silentSince(silence) {
		s.fail(errDropped)
	}
}

// cancel tells the provider to stop what it has not begun to speak.
func (d *driver) cancel() {
	if d.sock == nil || d.flushes == 0 || len(d.owed) == 0 && d.finished {
		return
	}
	d.sock.trySend(cancellation(d.template.ContextID))
	d.synth.pool.count(func(c *Stats) { c.Cancelled++ })
	d.drop()
}

// drop leaves the present context.
func (d *driver) drop() {
	if d.sock != nil {
		d.sock.forget(d.template.ContextID)
		d.synth.pool.release(d.sock)
		d.sock, d.box = nil, nil
	}
}

// leave gives everything back.
func (d *driver) leave() {
	d.drop()
	d.free()
}

// discreet takes what is told to the candidate out of an error.
func (d *driver) discreet(err error) error {
	secrets := []string{d.synth.cfg.Key}
	for _, o := range d.owed {
		secrets = append(secrets, o.text)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = providers.ErrNoProgress
	}
	return discreet(err, secrets...)
}
