package soundcode

import (
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/providers/simulated"
)

// Ear reads the words that a Voice has spoken. The zero value is ready; it has no
// state and is safe for concurrent use.
type Ear struct{}

var _ simulated.Ear = Ear{}

// Listen begins a stream at rate samples per second, 4000 to 192000; at other
// rates it hears nothing.
func (Ear) Listen(rate int) simulated.Listener { return NewListener(rate) }

// Read returns the words in a recording.
func Read(pcm []int16, rate int) []simulated.SpokenWord {
	l := NewListener(rate)
	words := l.Hear(pcm)
	return append(words, l.Hear(make([]int16, rate/20))...)
}

// Listener reads one stream. One goroutine uses it.
type Listener struct {
	rate      int
	resampler *media.Resampler // nil: rate is a multiple of codeRate
	pcm       []int16          // its output
	band      *band            // nil: deaf
	scan      scanner
}

// NewListener makes a Listener; see Ear.Listen.
func NewListener(rate int) *Listener {
	l := &Listener{rate: rate}
	through := rate
	if rate <= 0 || rate%codeRate != 0 || rate > 48000 {
		const plain = 16000
		r, err := media.NewResampler(rate, plain)
		if err != nil {
			return l
		}
		l.resampler, through = r, plain
	}
	l.band = newBand(through / codeRate)
	return l
}

// Hear takes the next samples, any number, and returns the words that became
// certain with them, in order. Their places are in samples since the start of
// the stream, exact to about 1 ms. A word becomes certain 2 ms after its last
// sample; one whose beginning was damaged, 11 ms.
func (l *Listener) Hear(pcm []int16) []simulated.SpokenWord {
	if l.band == nil {
		return nil
	}
	if l.resampler != nil {
		l.pcm = l.resampler.Process(l.pcm[:0], pcm)
		pcm = l.pcm
	}
	var words []simulated.SpokenWord
	for len(pcm) > 0 {
		n := min(len(pcm), hearChunk)
		l.scan.buf = l.band.filter(l.scan.buf, pcm[:n])
		pcm = pcm[n:]
		words = l.scan.advance(words, l.rate)
	}
	return words
}

// hearChunk bounds what a Listener takes in before it looks for words.
const hearChunk = 4800
