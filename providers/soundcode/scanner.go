package soundcode

import (
	"math"

	"github.com/vantahire/vantahire/providers/simulated"
)

const (
	// markSize is a mark in samples.
	markSize = markLength * period
	// likeness is the least normalised correlation with a mark, and likePulse with
	// its first pulse alone, which is looked at first because it is cheaper.
	likeness, likePulse = 0.5, 0.35
	// hush is the power per sample below which there is nothing to find: -62 dBFS.
	hush = 700
	// around is how far from the first likely place a better one may lie.
	around = 6
	// maxSize is the longest packet in samples.
	maxSize = maxPulses * period
	// gap is the silence, in samples, that no word goes on after: 72 ms, more than
	// two lost frames in a row.
	gap = 9 * period
)

// scanner finds packets in the band's output. It remembers at most two packets'
// length of it.
type scanner struct {
	buf  []float32
	base int // place of buf[0], in samples of codeRate since the start
	pos  int // place looked at next
	free int // no word begins before this place

	start int // of the packet waited for, if any
	want  int // the bytes of its word, 0: none

	symbols [maxPulses]byte
	trust   [maxPulses]float32
	unpacker
}

// advance looks at what is new in buf.
func (s *scanner) advance(words []simulated.SpokenWord, rate int) []simulated.SpokenWord {
	for {
		end := s.base + len(s.buf)
		if s.want > 0 {
			if end < s.start+pulses(s.want)*period {
				if !s.hushed(end) {
					break
				}
				s.want = 0 // cut off
				s.pos = s.start + period
				continue
			}
			if w, ok := s.try(s.start, s.want); ok {
				words = append(words, s.spoken(w, s.start, rate))
			} else {
				s.pos = s.start + period
			}
			s.want = 0
			continue
		}
		if s.pos+markSize+around+period > end {
			break
		}
		w, at, ok := s.look()
		if ok {
			words = append(words, s.spoken(w, at, rate))
		}
	}
	s.forget()
	return words
}

// spoken takes note of a word that was read at place at.
func (s *scanner) spoken(w string, at, rate int) simulated.SpokenWord {
	end := at + pulses(len(w))*period
	s.pos, s.free = end, end
	place := func(x int) int { return max(x-bandTaps/2, 0) * rate / codeRate }
	return simulated.SpokenWord{Text: w, From: place(at), To: place(end)}
}

// look examines pos and goes on by one sample or more. It returns a word whose
// end was found there.
//
// Only advance calls it, and there the race detector sees who shares a scanner;
// this and what it calls, per sample, would take most of a test's time with it.
//
//go:norace
func (s *scanner) look() (word string, at int, ok bool) {
	x := s.buf[s.pos-s.base:]
	if s.pos%16 == 0 {
		if e := dot(x[:period], x[:period]); e < hush*period {
			s.pos += 16
			return "", 0, false
		}
	}
	first := dot(x[:period], x[:period])
	if startTemplate.like(x, first) {
		s.start = s.pos + startTemplate.best(x)
		symbol, _ := listen(s.buf[s.start-s.base+markSize:])
		if n := int(symbol ^ mask[markLength]); n > 0 {
			s.want = n
		} else {
			s.pos = s.start + period
		}
		return "", 0, false
	}
	if endTemplate.like(x, first) {
		end := s.pos + endTemplate.best(x)
		s.pos = end + period
		return s.backward(end)
	}
	s.pos++
	return "", 0, false
}

// backward reads the packet whose end mark begins at place end.
func (s *scanner) backward(end int) (word string, at int, ok bool) {
	reach := end - period - max(s.free-period/2, s.base)
	if reach < 0 {
		return "", 0, false
	}
	symbol, _ := listen(s.buf[end-period-s.base:])
	if n := int(symbol ^ lengthMask); n > 0 {
		at = end + markSize - pulses(n)*period
		if at >= end-period-reach {
			if w, ok := s.try(at, n); ok {
				return w, at, true
			}
		}
	}
	for n := 1; n <= maxLength; n++ {
		at = end + markSize - pulses(n)*period
		if at < end-period-reach {
			break
		}
		// One of the two lengths must have been heard: without this, sound full of
		// end marks would cost 63 tries each.
		if symbol, _ := listen(s.buf[at+markSize-s.base:]); symbol^mask[markLength] != byte(n) {
			continue
		}
		if w, ok := s.try(at, n); ok {
			return w, at, true
		}
	}
	return "", 0, false
}

// try reads a packet with n bytes from place at on.
func (s *scanner) try(at, n int) (string, bool) {
	count := pulses(n)
	x := s.buf[at-s.base:]
	for i := range count {
		s.symbols[i], s.trust[i] = listen(x[i*period:])
	}
	return s.unpack(s.symbols[:count], s.trust[:count], n)
}

// hushed reports whether the sound has ended before end.
func (s *scanner) hushed(end int) bool {
	if end-s.start < markSize+gap {
		return false
	}
	x := s.buf[end-gap-s.base:]
	return dot(x, x) < hush*gap
}

// forget drops what can't belong to a word to come.
func (s *scanner) forget() {
	keep := s.pos
	if s.want > 0 {
		keep = s.start
	}
	keep = max(s.free-period, keep-maxSize)
	if n := keep - s.base; n > 0 && (n > maxSize || len(s.buf) > 2*maxSize) {
		n = min(n, len(s.buf))
		s.buf = s.buf[:copy(s.buf, s.buf[n:])]
		s.base += n
	}
}

// template is a mark as the band lets it through.
type template struct {
	wave  []float32
	norm  float64 // of the whole
	first float64 // of its first pulse
}

var startTemplate, endTemplate = newTemplate(startMark), newTemplate(endMark)

func newTemplate(mark [markLength]byte) *template {
	pcm := make([]int16, 0, 2*markSize)
	for _, symbol := range mark {
		for i := range period {
			x := float32(0)
			for c := range carriers {
				x += carrier(c, placeOf(symbol, c), codeRate)[i]
			}
			pcm = append(pcm, int16(x*scale))
		}
	}
	wave := newBand(1).filter(nil, append(pcm, make([]int16, bandTaps)...))
	t := &template{wave: wave[bandTaps/2:][:markSize]}
	t.norm = math.Sqrt(float64(dot(t.wave, t.wave)))
	t.first = math.Sqrt(float64(dot(t.wave[:period], t.wave[:period])))
	return t
}

// like reports whether x may begin with the mark; power is that of its first pulse.
//
//go:norace
func (t *template) like(x []float32, power float32) bool {
	c := float64(dot(t.wave[:period], x[:period]))
	if c < likePulse*t.first*math.Sqrt(float64(power)) {
		return false
	}
	return t.match(x) >= likeness
}

// match is the normalised correlation of the mark and the beginning of x.
//
//go:norace
func (t *template) match(x []float32) float64 {
	x = x[:markSize]
	power := float64(dot(x, x))
	if power <= 0 {
		return 0
	}
	return float64(dot(t.wave, x)) / (t.norm * math.Sqrt(power))
}

// best is the place from 0 to around where x is most like the mark.
//
//go:norace
func (t *template) best(x []float32) int {
	best, at := 0.0, 0
	for i := range around {
		if m := t.match(x[i:]); m > best {
			best, at = m, i
		}
	}
	return at
}

// probe finds one frequency in a pulse.
type probe struct{ cos, sin [period]float32 }

var probes = func() (out [carriers][places]probe) {
	for c := range carriers {
		for p := range places {
			for i := range period {
				a := 2 * math.Pi * frequencies[c][p] * float64(i) / codeRate
				// The window leaves the edges out, where neighbours reach in.
				w := math.Exp(-math.Pi * damping / 2 * float64(i) / codeRate)
				if i >= period-8 {
					w *= 0.5 + 0.5*math.Cos(math.Pi*float64(i-period+8)/8)
				}
				out[c][p].cos[i] = float32(w * math.Cos(a))
				out[c][p].sin[i] = float32(w * math.Sin(a))
			}
		}
	}
	return out
}()

// listen reads the pulse that x begins with. trust is 0 to 1: by how much the
// least certain of its formants outweighs the next likely place.
// Like dot it reads nothing that is shared.
//
//go:norace
func listen(x []float32) (symbol byte, trust float32) {
	x = x[:period]
	trust = 1
	for c := range carriers {
		best, next, at := float32(-1), float32(-1), 0
		for p := range places {
			re, im := dot(probes[c][p].cos[:], x), dot(probes[c][p].sin[:], x)
			e := re*re + im*im
			if e > best {
				best, next, at = e, best, p
			} else if e > next {
				next = e
			}
		}
		symbol |= byte(at << (2 * c))
		if best <= 0 {
			return symbol, 0
		}
		trust = min(trust, 1-next/best)
	}
	return symbol, trust
}
