// Package soundcode is a voice whose words can be read back from its sound, for
// simulated speech providers: the text rides in the sound and nowhere else, so
// that a broken audio path can't pass for a working one.
//
// # The sound
//
// A voice of constant pitch, 125 Hz. Each pulse (8 ms) has five parts: the
// fundamental and its octave, a first formant that moves slowly between 300 and
// 700 Hz, and three formants of which each sits at one of four places between
// 1050 and 3270 Hz. Those three are a symbol of six bits, 750 bit/s, and are
// all that an Ear listens to. The rest makes it a voice: Silero takes 99.9 % of
// the frames within words for speech (15 % without the fundamental, none when the
// first formant carries data too).
//
// # The packet
//
// Each word is a packet of its own, 20 pulses and 3.5 more for each byte (the
// shortest get one or two extra), so that English text takes 62 to 66 ms per
// character with its pauses:
//
//	start mark 3 | length 1, CRC-24 4, bytes 4/3 each, Reed-Solomon parity | length 1 | end mark 3
//
// The parity is about half of it (11 of 18 symbols for "a", 16 of 27 for "word"),
// over the field of 64 elements; long words are several interleaved codewords. A
// mark is found by correlation at either end of the word, so that no single loss
// hides it. Symbols heard least clearly are given up first, in nine steps.
//
// A damaged word is dropped, never changed: a wrong one must look like a codeword
// (two symbols of parity are never used for repair: 1 in 4096) and then pass the
// CRC (1 in 2^24), at each of at most nine tries. Something of the first and the last
// 56 ms must have been heard, so that a word that was cut off doesn't count, however
// much of it could be guessed.
//
// # Measured (the tests of this package; 225 to 4050 words each)
//
//	8 to 48 kHz, 16 <-> 24 kHz, +-10 dB, ducked by 12 dB, noise at 20 dB   no error
//	2 % of 20 ms frames lost: silence, concealed                            0.1 %, 0.1 %
//	Opus 24 kbit/s, without and with 2 % loss                               0 %, 0.2 to 0.4 %
//	wrong words, in all of these and in minutes of noise and babble         none
//
// One stream costs 0.007 % of a core to speak at 24 kHz and 0.05 % to hear at
// 16 kHz (0.01 % in silence, 0.1 to 0.3 % in noise or babble made of the code's own
// pulses), on an AMD EPYC; BenchmarkSpeak and BenchmarkListen have the numbers.
//
// Voice, Ear and the functions are safe for concurrent use; a Listener belongs to
// one goroutine. Nothing here blocks, and no sound is kept in a cache: to make it
// anew is as cheap.
package soundcode
