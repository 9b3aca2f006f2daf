package soundcode

import (
	"math"
	"sync"

	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/providers/simulated"
)

// Voice speaks texts that an Ear can read. The zero value is ready; it has no
// state and is safe for concurrent use.
type Voice struct{}

var _ simulated.Voice = Voice{}

// Speak returns the sound of text at rate samples per second, 4000 to 192000
// (nothing at other rates), and its words (see Words) with their places. A text
// without words is no sound.
func (Voice) Speak(text string, rate int) ([]int16, []simulated.SpokenWord) {
	if t := tableAt(rate); t != nil {
		return speak(text, rate, t)
	}
	const through = 16000
	resampler, err := media.NewResampler(through, rate)
	if err != nil {
		return nil, nil
	}
	pcm, words := speak(text, through, tableAt(through))
	for i := range words {
		words[i].From = words[i].From * rate / through
		words[i].To = words[i].To * rate / through
	}
	if len(pcm) == 0 {
		return nil, nil
	}
	return resampler.Flush(resampler.Process(nil, pcm)), words
}

// table holds the parts of the pulses at one rate, scaled.
type table struct {
	jaw     [jawPulses][]float32
	carrier [carriers][places][]float32
}

// tables are made when first used, by the rate's multiple of codeRate; 48 kHz is
// the last.
var tables = func() (t [7]func() *table) {
	for i := range t {
		t[i] = sync.OnceValue(func() *table {
			var out table
			for k := range out.jaw {
				out.jaw[k] = scaled(jaw(k, i*codeRate))
			}
			for c := range carriers {
				for p := range places {
					out.carrier[c][p] = scaled(carrier(c, p, i*codeRate))
				}
			}
			return &out
		})
	}
	return t
}()

// tableAt is nil for a rate without a table.
func tableAt(rate int) *table {
	if rate <= 0 || rate%codeRate != 0 || rate/codeRate >= len(tables) {
		return nil
	}
	return tables[rate/codeRate]()
}

func scaled(wave []float32) []float32 {
	for i := range wave {
		wave[i] *= scale
	}
	return wave
}

func speak(text string, rate int, t *table) ([]int16, []simulated.SpokenWord) {
	words := Words(text)
	if len(words) == 0 {
		return nil, nil
	}
	unit := rate / codeRate
	total := lead + trail
	for i, w := range words {
		total += pulses(len(w)) * period
		if i < len(words)-1 {
			total += pause(w)
		}
	}
	pcm := make([]int16, total*unit)
	spoken := make([]simulated.SpokenWord, len(words))
	at := lead * unit
	var buf [maxPulses]byte
	for i, w := range words {
		symbols := pack(w, &buf)
		from := at
		for k, b := range symbols {
			t.pulse(pcm[at:at+period*unit], k, b, stress(k, len(symbols)))
			at += period * unit
		}
		spoken[i] = simulated.SpokenWord{Text: w, From: from, To: at}
		at += pause(w) * unit
	}
	return pcm, spoken
}

// stress is the loudness of pulse k of n: words swell and fade, with syllables
// of about 200 ms.
func stress(k, n int) float32 {
	swell := min(1, 0.5+float64(k)/4, 0.4+float64(n-1-k)/5)
	return float32(swell * (0.93 + 0.22*math.Sin(float64(k)*2*math.Pi/25)))
}

// pulse writes pulse k of a word, into sound that nobody else has yet: it needs no
// race detector, which makes it ten times as slow.
//
//go:norace
func (t *table) pulse(dst []int16, k int, symbol byte, gain float32) {
	first := t.jaw[k%jawPulses][:len(dst)]
	c0 := t.carrier[0][placeOf(symbol, 0)][:len(dst)]
	c1 := t.carrier[1][placeOf(symbol, 1)][:len(dst)]
	c2 := t.carrier[2][placeOf(symbol, 2)][:len(dst)]
	for i := range dst {
		dst[i] = int16(gain * (first[i] + c0[i] + c1[i] + c2[i]))
	}
}
