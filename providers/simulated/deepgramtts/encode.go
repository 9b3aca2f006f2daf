package deepgramtts

import "encoding/binary"

// encode appends pcm in one of the encodings that are sound.
func encode(dst []byte, pcm []int16, encoding string) []byte {
	for _, v := range pcm {
		switch encoding {
		case "mulaw":
			dst = append(dst, mulaw(v))
		case "alaw":
			dst = append(dst, alaw(v))
		default:
			dst = binary.LittleEndian.AppendUint16(dst, uint16(v))
		}
	}
	return dst
}

// width is how many bytes a sample takes.
func width(encoding string) int {
	if encoding == "mulaw" || encoding == "alaw" {
		return 1
	}
	return 2
}

// mulaw compresses a sample as ITU-T G.711 does.
func mulaw(v int16) byte {
	const bias, clip = 0x84, 32635
	x, sign := int(v), byte(0)
	if x < 0 {
		x, sign = -x, 0x80
	}
	x = min(x, clip) + bias
	exponent := byte(7)
	for mask := 0x4000; x&mask == 0 && exponent > 0; mask >>= 1 {
		exponent--
	}
	return ^(sign | exponent<<4 | byte(x>>(exponent+3))&0x0f)
}

// alaw compresses a sample as ITU-T G.711 does.
func alaw(v int16) byte {
	x, sign := int(v), byte(0x80)
	if x < 0 {
		x, sign = -x-1, 0
	}
	x = min(x, 32635)
	var code byte
	if x >= 256 {
		exponent := byte(7)
		for mask := 0x4000; x&mask == 0 && exponent > 1; mask >>= 1 {
			exponent--
		}
		code = exponent<<4 | byte(x>>(exponent+3))&0x0f
	} else {
		code = byte(x >> 4)
	}
	return (sign | code) ^ 0x55
}

// waveHeader begins a WAV file of unknown length, as a stream has it.
func waveHeader(encoding string, rate int) []byte {
	format, w := uint16(1), width(encoding)
	switch encoding {
	case "mulaw":
		format = 7
	case "alaw":
		format = 6
	}
	h := []byte("RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00")
	h = binary.LittleEndian.AppendUint16(h, format)
	h = binary.LittleEndian.AppendUint16(h, 1)
	h = binary.LittleEndian.AppendUint32(h, uint32(rate))
	h = binary.LittleEndian.AppendUint32(h, uint32(rate*w))
	h = binary.LittleEndian.AppendUint16(h, uint16(w))
	h = binary.LittleEndian.AppendUint16(h, uint16(8*w))
	return append(h, "data\xff\xff\xff\xff"...)
}
