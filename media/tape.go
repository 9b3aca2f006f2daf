package media

import "sync"

// blockLen is the unit in which a tape takes and returns memory: 200 ms, the
// most a provider delivers at once.
const blockLen = PlayRate / 5

type block [blockLen]int16

// blockPool lets the calls of the process share the memory of speech, because
// most of them are silent at any moment: 15 s of it are 720 kB.
var blockPool = sync.Pool{New: func() any { return new(block) }}

// tape holds the audio of one reply from offset base to end. It gives its blocks
// back as soon as they are forgotten, so no slice of them may be kept by anyone.
type tape struct {
	blocks []*block
	base   int64 // offset of the first sample of blocks[0], a multiple of blockLen
	end    int64 // offset behind the last sample
}

// append adds a copy of pcm at the end.
func (t *tape) append(pcm []int16) {
	for len(pcm) > 0 {
		at := t.end - t.base
		if at == int64(len(t.blocks))*blockLen {
			t.blocks = append(t.blocks, blockPool.Get().(*block))
		}
		n := copy(t.blocks[at/blockLen][at%blockLen:], pcm)
		t.end += int64(n)
		pcm = pcm[n:]
	}
}

// copyAt copies the samples from offset on, which must not be before base, and
// returns how many there were.
func (t *tape) copyAt(offset int64, dst []int16) int {
	n := 0
	for n < len(dst) && offset < t.end {
		at := offset - t.base
		left := min(int64(len(dst)-n), t.end-offset)
		k := copy(dst[n:n+int(left)], t.blocks[at/blockLen][at%blockLen:])
		n += k
		offset += int64(k)
	}
	return n
}

// forget returns the blocks that lie wholly before offset.
func (t *tape) forget(offset int64) {
	n := int(max(0, min(offset, t.end)-t.base) / blockLen)
	if n == 0 {
		return
	}
	for _, b := range t.blocks[:n] {
		blockPool.Put(b)
	}
	kept := copy(t.blocks, t.blocks[n:])
	clear(t.blocks[kept:])
	t.blocks = t.blocks[:kept]
	t.base += int64(n) * blockLen
}

// reset forgets everything and starts again at offset 0.
func (t *tape) reset() {
	for _, b := range t.blocks {
		blockPool.Put(b)
	}
	clear(t.blocks)
	*t = tape{blocks: t.blocks[:0]}
}
