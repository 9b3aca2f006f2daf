package cartesia

import (
	"time"

	"github.com/vantahire/vantahire/providers"
)

// handle acts on one message.
func (d *driver) handle(e event) error {
	if d.complete() { // all was delivered; only the context's end matters
		if e.kind == sound {
			d.synth.pool.count(func(c *Stats) { c.Stray++ })
		}
		if e.kind == over || e.kind == refused || e.kind == broken {
			d.drop()
		}
		return nil
	}
	switch e.kind {
	case sound:
		return d.hear(e.pcm)
	case times:
		d.place(e.words)
	case flushed:
		d.ended(e.flush)
	case over:
		return d.over()
	case corrupt:
		// A hole would shift every word after it.
		d.synth.pool.count(func(c *Stats) { c.BadSound++ })
		d.cancelLost()
		return d.again(errCorrupt)
	case refused, broken:
		return d.again(e.err)
	}
	return nil
}

// cancelLost stops a context that is to be repeated elsewhere.
func (d *driver) cancelLost() {
	d.sock.trySend(cancellation(d.template.ContextID))
	d.synth.pool.count(func(c *Stats) { c.Cancelled++ })
}

// hear takes sound. A sample that two messages share is put together.
func (d *driver) hear(raw []byte) error {
	if len(d.odd) > 0 {
		raw = append(d.odd, raw...)
		d.odd = nil
	}
	if len(raw)%2 == 1 {
		d.synth.pool.count(func(c *Stats) { c.OddSound++ })
		d.odd = []byte{raw[len(raw)-1]}
		raw = raw[:len(raw)-1]
	}
	if len(raw) == 0 {
		return nil
	}
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(uint16(raw[2*i]) | uint16(raw[2*i+1])<<8)
	}
	if !d.stream.addSound(pcm) {
		d.synth.pool.count(func(c *Stats) { c.Floods++ })
		return errFlood
	}
	d.samples += len(pcm)
	d.current += len(pcm)
	d.quiet = time.Now()
	d.retried, d.throttled = false, 0
	d.patience()
	return nil
}

// patience restarts the deadline for the next sound.
func (d *driver) patience() {
	switch {
	case d.waiting() > 0:
		d.until = time.Now().Add(d.synth.cfg.NextChunk)
	case !d.complete(): // which sets its own
		d.until = time.Time{}
	}
}

// place puts words into the reply's time. They count from the context's first
// sample. A provider that starts to count anew with a sentence is understood: the
// words before it have ended by then.
func (d *driver) place(words []providers.Word) {
	if len(words) == 0 {
		return
	}
	const slack = 50 * time.Millisecond
	begun := d.samples - d.current - d.base // of the sentence, within the context
	if begun > d.word && words[0].From+d.length(d.word)+slack < d.lastEnd {
		d.word = begun
	}
	base := d.length(d.base + d.word)
	for i := range words {
		d.lastEnd = max(d.lastEnd, words[i].To+d.length(d.word))
		words[i].From += base
		words[i].To += base
	}
	d.stream.addWords(words)
}

func (d *driver) length(samples int) time.Duration {
	return time.Duration(samples) * time.Second / time.Duration(d.synth.cfg.SampleRate)
}

// ended delivers the ends of the sentences up to a flush. One that comes before
// any sound of its sentence is not believed: the next one, the context's end or
// the deadline will tell.
func (d *driver) ended(flush int) {
	if d.current == 0 || d.waiting() == 0 {
		d.synth.pool.count(func(c *Stats) { c.EarlyFlush++ })
		return
	}
	n := 0
	for n < len(d.owed) && (d.owed[n].text == "" || d.owed[n].flush > 0 && d.owed[n].flush <= flush) {
		n++
	}
	if n == 0 {
		d.synth.pool.count(func(c *Stats) { c.EarlyFlush++ })
		return
	}
	d.end(n)
}

// end delivers the ends of the first n sentences.
func (d *driver) end(n int) {
	for _, o := range d.owed[:n] {
		d.stream.addEnd(o.index)
	}
	d.owed = d.owed[n:]
	d.current, d.odd = 0, nil
	d.quiet = time.Now()
	d.skipSilent()
	d.patience()
}

// skipSilent delivers the ends of sentences in turn that have nothing to say.
func (d *driver) skipSilent() {
	for len(d.owed) > 0 && d.owed[0].text == "" {
		d.stream.addEnd(d.owed[0].index)
		d.owed = d.owed[1:]
	}
}

// over handles the end of the context.
func (d *driver) over() error {
	switch {
	case d.unsentOnly(): // all was spoken, or the silence was too long
		d.drop()
	case d.current == 0:
		return d.again(errNoSound)
	case !d.closing:
		d.drop()
		return errCut
	default:
		d.drop()
		d.end(len(d.owed))
	}
	return nil
}
