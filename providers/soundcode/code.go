package soundcode

import "math"

const (
	// codeRate is the rate the code is read at: all its formants lie below 4 kHz.
	codeRate = 8000
	// period is a pulse of the voice at codeRate: 8 ms, a pitch of 125 Hz. Each
	// pulse is a symbol of six bits.
	period = 64
	// carriers is how many formants of a pulse carry data; each is one of four
	// frequencies and carries two bits.
	carriers = 3
	places   = 4
)

// frequencies of the formants that carry data, in Hz. Neighbours are 200 Hz
// apart, so that a pulse of 8 ms tells them from each other (its spectrum is
// 125 Hz wide), and all of them pass a telephone line.
var frequencies = [carriers][places]float64{
	{1050, 1250, 1450, 1650},
	{1860, 2060, 2260, 2460},
	{2670, 2870, 3070, 3270},
}

// The first formant makes it a voice: it moves slowly between two frequencies,
// as the jaw does. Silero calls pulses whose formants all change every 8 ms no
// speech at all (measured: 0 of 754 frames), vowels of 50 ms and pulses with such
// a first formant are speech in 98 of 100 frames.
const (
	jawClosed, jawOpen = 250, 600 // Hz
	jawPulses          = 28       // of a syllable: 224 ms
	// quiet is the loudness of a formant that carries data, relative to the first.
	quiet = 0.3
)

const (
	// damping is the bandwidth of a formant in Hz: a pulse has lost 15 dB at its end.
	damping = 70
	// attack and release are the edges of a pulse in seconds.
	attack  = 0.0006
	release = 0.0010
	// level is the RMS of speech in dBFS, pauses not counted.
	level = -20
)

// envelope is the loudness of a pulse t seconds after its beginning.
func envelope(t float64) float64 {
	const length = float64(period) / codeRate
	e := math.Exp(-math.Pi * damping * t)
	if t < attack {
		e *= 0.5 - 0.5*math.Cos(math.Pi*t/attack)
	}
	if left := length - t; left < release {
		e *= 0.5 - 0.5*math.Cos(math.Pi*max(left, 0)/release)
	}
	return e
}

// formant returns a formant's part of one pulse at a rate; the first formant has
// loudness 1. The angles keep formants from peaking together.
func formant(frequency, loudness, angle float64, rate int) []float32 {
	out := make([]float32, period*rate/codeRate)
	for i := range out {
		t := float64(i) / float64(rate)
		out[i] = float32(loudness * envelope(t) * math.Sin(2*math.Pi*frequency*t+angle))
	}
	return out
}

// carrier is the part of a formant that carries data.
func carrier(c, place, rate int) []float32 {
	return formant(frequencies[c][place], quiet, float64(c+1)*math.Pi/2, rate)
}

// jaw is the first formant of pulse k of a word.
func jaw(k, rate int) []float32 {
	open := 0.5 - 0.5*math.Cos(2*math.Pi*float64(k)/jawPulses)
	return formant(jawClosed+(jawOpen-jawClosed)*open, 1, 0, rate)
}

// scale brings pulses to an RMS of level.
var scale = func() float32 {
	const rate = 48000
	power := 0.0
	add := func(wave []float32, share float64) {
		for _, x := range wave {
			power += float64(x) * float64(x) * share / float64(len(wave))
		}
	}
	for k := range jawPulses {
		add(jaw(k, rate), 1.0/jawPulses)
	}
	for c := range carriers {
		for p := range places {
			add(carrier(c, p, rate), 1.0/places)
		}
	}
	return float32(32768 * math.Pow(10, level/20.0) / math.Sqrt(power))
}()

// placeOf is the frequency that a symbol chooses for a carrier.
func placeOf(symbol byte, c int) int { return int(symbol>>(2*c)) & (places - 1) }
