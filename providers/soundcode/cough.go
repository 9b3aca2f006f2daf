package soundcode

// coughPulses is the length of a Cough: 304 ms.
const coughPulses = 38

// Cough returns a voiced sound of about 300 ms without a word, as a cough or a
// "mhm" is: it lies between two moments of silence and keeps its vowel, which no
// packet does. The rate must be a multiple of 8000 up to 48000; at others it is
// nothing.
func Cough(rate int) []int16 {
	t := tableAt(rate)
	if t == nil {
		return nil
	}
	unit := rate / codeRate
	pcm := make([]int16, (lead+coughPulses*period+trail)*unit)
	at := lead * unit
	for k := range coughPulses {
		t.pulse(pcm[at:at+period*unit], k+jawPulses/4, byte(k/8*0x15)&(1<<symbolBits-1), stress(k, coughPulses))
		at += period * unit
	}
	return pcm
}
