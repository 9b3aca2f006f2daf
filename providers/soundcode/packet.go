package soundcode

const (
	// maxLength is the longest word in bytes: its length is one symbol.
	maxLength = 63
	// A packet is: start mark, codewords, copy of the length, end mark. The
	// codewords, one pulse each in turn, hold: length, checksum, bytes, parity.
	markLength = 3
	header     = 1 + 24/symbolBits
	symbolBits = 2 * carriers
	// minPulses and the 3.5 pulses (28 ms) per byte make English text as long as
	// speech: 60 to 65 ms per character, pauses included.
	minPulses = 20
	maxPulses = minPulses + 7*maxLength/2
	// maxBlock is the longest codeword.
	maxBlock = 63
	// spare is the parity that repair leaves unused, so that only 1 of 2^12
	// unrelated packets can be repaired at all.
	spare = 2
)

// The marks at both ends of a packet. A loss hits one of them, not both.
var (
	startMark = [markLength]byte{0x1b, 0x24, 0x32}
	endMark   = [markLength]byte{0x06, 0x39, 0x0d}
)

// pulses is the length of a packet with n bytes. The shortest words get one or two
// more than their share: they are those that a loss hits hardest.
func pulses(n int) int { return minPulses + 7*n/2 + max(0, 3-n) }

// layout is how a packet with n bytes is divided into codewords: the number of
// symbols in all of them, the data among them, and the number of codewords.
func layout(n int) (symbols, data, blocks int) {
	symbols = pulses(n) - 2*markLength - 1
	data = header + (8*n+symbolBits-1)/symbolBits
	return symbols, data, (symbols + maxBlock - 1) / maxBlock
}

// share is how many of total symbols belong to codeword b of blocks.
func share(total, b, blocks int) int { return (total - b + blocks - 1) / blocks }

// mask makes each place of a packet sound different, so that a packet read one
// pulse too early or late is no packet, and no word is a constant hum.
var mask = func() (m [maxPulses]byte) {
	state := uint32(0x2545f491)
	for i := range m {
		state ^= state << 13
		state ^= state >> 17
		state ^= state << 5
		m[i] = byte(state>>11) & (1<<symbolBits - 1)
	}
	return m
}()

// lengthMask hides the copy of the length.
const lengthMask = 0x2a

// pack turns a word of 1..maxLength bytes into the symbols of its packet, which
// it puts into buf.
func pack(word string, buf *[maxPulses]byte) []byte {
	n := len(word)
	total, data, blocks := layout(n)
	p := buf[:pulses(n)]
	copy(p, startMark[:])
	var flat [maxPulses]byte
	flat[0] = byte(n)
	sum := checksum(word)
	for i := range header - 1 {
		flat[1+i] = byte(sum>>(symbolBits*(header-2-i))) & (1<<symbolBits - 1)
	}
	toSymbols(word, flat[header:data])
	var block [maxBlock]byte
	for b := range blocks {
		code := block[:share(total, b, blocks)]
		k := share(data, b, blocks)
		for i := range k {
			code[i] = flat[b+i*blocks]
		}
		protect(code, generators[len(code)-k])
		for i, s := range code {
			at := markLength + b + i*blocks
			p[at] = s ^ mask[at]
		}
	}
	tail := p[markLength+total:]
	tail[0] = byte(n) ^ lengthMask
	copy(tail[1:], endMark[:])
	return p
}

// toSymbols spreads bytes over symbols, the high bits first.
func toSymbols(word string, out []byte) {
	bits, have := uint32(0), 0
	at := 0
	for i := range out {
		for have < symbolBits {
			bits <<= 8
			if at < len(word) {
				bits |= uint32(word[at])
				at++
			}
			have += 8
		}
		have -= symbolBits
		out[i] = byte(bits>>have) & (1<<symbolBits - 1)
	}
}

// toBytes is the inverse of toSymbols.
func toBytes(symbols []byte, out []byte) {
	bits, have := uint32(0), 0
	at := 0
	for i := range out {
		for have < 8 {
			bits = bits<<symbolBits | uint32(symbols[at])
			at++
			have += symbolBits
		}
		have -= 8
		out[i] = byte(bits >> have)
	}
}

// checksum is the CRC-24 of OpenPGP (RFC 4880, section 6.1) over the word's
// length and bytes.
func checksum(word string) uint32 {
	crc := step(0xb704ce, byte(len(word)))
	for i := range len(word) {
		crc = step(crc, word[i])
	}
	return crc & 0xffffff
}

func step(crc uint32, b byte) uint32 {
	crc ^= uint32(b) << 16
	for range 8 {
		if crc <<= 1; crc&0x1000000 != 0 {
			crc ^= 0x1864cfb
		}
	}
	return crc
}
