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

// What makes it a voice carries no data: the first formant, which moves slowly as
// the jaw does, and the fundamental with its octave. Without them a network
// trained on voices calls pulses whose formants all change every 8 ms no speech
// at all (Silero: 0 of 754 frames), and without the fundamental it depends on the
// text (15 to 99 % of frames).
const (
	jawClosed, jawOpen  = 300, 700 // Hz
	jawPulses           = 26       // of a syllable: 208 ms
	fundamental, octave = 0.4, 0.3 // loudness relative to the first formant
	// quiet is the loudness of a formant that carries data.
	quiet = 0.2
)

const (
	// damping and jawDamping are the bandwidths of the formants in Hz: at its end a
	// pulse has lost 15 and 11 dB.
	damping    = 70
	jawDamping = 50
	// attack and release are the edges of a pulse in seconds.
	attack  = 0.0006
	release = 0.0010
	// level is the RMS of speech in dBFS, pauses not counted.
	level = -20
)

// envelope is the loudness of a pulse t seconds after its beginning.
func envelope(t, bandwidth float64) float64 {
	const length = float64(period) / codeRate
	e := math.Exp(-math.Pi * bandwidth * t)
	if t < attack {
		e *= 0.5 - 0.5*math.Cos(math.Pi*t/attack)
	}
	if left := length - t; left < release {
		e *= 0.5 - 0.5*math.Cos(math.Pi*max(left, 0)/release)
	}
	return e
}

// carrier is the part of a formant that carries data in one pulse, at a rate,
// before scaling. The angles keep formants from peaking together.
func carrier(c, place, rate int) []float32 {
	out := make([]float32, period*rate/codeRate)
	for i := range out {
		t := float64(i) / float64(rate)
		angle := 2*math.Pi*frequencies[c][place]*t + float64(c+1)*math.Pi/2
		out[i] = float32(quiet * envelope(t, damping) * math.Sin(angle))
	}
	return out
}

// jaw is the rest of pulse k of a word, at a rate, before scaling.
func jaw(k, rate int) []float32 {
	const pitch = float64(codeRate) / period
	open := 0.5 - 0.5*math.Cos(2*math.Pi*float64(k)/jawPulses)
	frequency := jawClosed + (jawOpen-jawClosed)*open
	out := make([]float32, period*rate/codeRate)
	for i := range out {
		t := float64(i) / float64(rate)
		out[i] = float32(envelope(t, jawDamping)*math.Sin(2*math.Pi*frequency*t) +
			fundamental*math.Sin(2*math.Pi*pitch*t) + octave*math.Sin(4*math.Pi*pitch*t))
	}
	return out
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
