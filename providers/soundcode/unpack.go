package soundcode

import "unicode/utf8"

// unpacker finds the word in received symbols.
type unpacker struct {
	solver
	flat   [maxPulses]byte
	block  [maxBlock]byte
	trust  [maxBlock]float32
	erased [maxBlock]int
	bytes  [maxLength]byte
	echo   [maxPulses]byte
}

// efforts are the parts of the parity, in eighths, spent on the symbols that
// were heard worst, in the order tried.
var efforts = [...]int{0, 1, 2, 3, 4, 5, 6, 7, 8}

// unpack returns the word of n bytes in the symbols of one packet. trust says
// how clearly each was heard.
func (u *unpacker) unpack(symbols []byte, trust []float32, n int) (string, bool) {
	if n < 1 || n > maxLength || len(symbols) != pulses(n) {
		return "", false
	}
	total, data, blocks := layout(n)
	for b := range blocks {
		if !u.mend(symbols, trust, n, total, data, blocks, b) {
			return "", false
		}
	}
	sum := uint32(0)
	for _, s := range u.flat[1:header] {
		sum = sum<<symbolBits | uint32(s)
	}
	toBytes(u.flat[header:data], u.bytes[:n])
	word := string(u.bytes[:n])
	if sum != checksum(word) || !utf8.ValidString(word) || !u.whole(word, symbols) {
		return "", false
	}
	return word, true
}

// mend repairs codeword b and puts its data into flat. With one codeword the
// checksum chooses between the efforts; with more the first that succeeds is
// taken.
func (u *unpacker) mend(symbols []byte, trust []float32, n, total, data, blocks, b int) bool {
	length, k := share(total, b, blocks), share(data, b, blocks)
	parity := length - k
	code, heard := u.block[:length], u.trust[:length]
	for _, eighths := range efforts {
		for i := range code {
			at := markLength + b + i*blocks
			code[i], heard[i] = symbols[at]^mask[at], trust[at]
		}
		erased := u.worst(heard, (parity-spare)*eighths/8)
		if _, ok := u.repair(code, parity, erased); !ok {
			continue
		}
		for i := range k {
			u.flat[b+i*blocks] = code[i]
		}
		if b > 0 || u.flat[0] == byte(n) && (blocks > 1 || u.agrees(n, data)) {
			return true
		}
	}
	return false
}

// agrees compares data and checksum.
func (u *unpacker) agrees(n, data int) bool {
	sum := uint32(0)
	for _, s := range u.flat[1:header] {
		sum = sum<<symbolBits | uint32(s)
	}
	toBytes(u.flat[header:data], u.bytes[:n])
	return sum == checksum(string(u.bytes[:n]))
}

// edge is how many pulses at either end of a word may be missing: 56 ms.
const edge = 7

// whole reports whether something of both ends of the word was heard: a word
// that was cut off does not count, however much of it can be guessed.
func (u *unpacker) whole(word string, symbols []byte) bool {
	sent := pack(word, &u.echo)
	begins, ends := 0, 0
	for i := range edge {
		j := len(sent) - 1 - i
		if sent[i] == symbols[i] {
			begins++
		}
		if sent[j] == symbols[j] {
			ends++
		}
	}
	return begins > 0 && ends > 0
}

// worst returns the places of the count least trusted symbols.
func (u *unpacker) worst(trust []float32, count int) []int {
	out := u.erased[:0]
	for i, t := range trust {
		at := len(out)
		for at > 0 && trust[out[at-1]] > t {
			at--
		}
		if at >= count {
			continue
		}
		if len(out) < count {
			out = append(out, 0)
		}
		copy(out[at+1:], out[at:])
		out[at] = i
	}
	return out
}
