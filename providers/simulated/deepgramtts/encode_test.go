package deepgramtts

import "testing"

// The values of ITU-T G.711's tables.
func TestSoundIsCompressedAsG711Says(t *testing.T) {
	t.Parallel()
	for v, want := range map[int16][2]byte{
		0: {0xff, 0xd5}, -1: {0x7f, 0x55}, 32767: {0x80, 0xaa}, -32768: {0x00, 0x2a}, 1000: {0xce, 0xfa}, -1000: {0x4e, 0x7a},
	} {
		if m, a := mulaw(v), alaw(v); m != want[0] || a != want[1] {
			t.Errorf("%d: %#x %#x, want %#x", v, m, a, want)
		}
	}
}
