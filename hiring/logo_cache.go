package hiring

import "sync"

// maxLogoBytes bounds the logos that are kept in memory.
const maxLogoBytes = 16 << 20

// logoCache keeps parts of logos, which never change under their id. Whether a logo
// still exists is asked each time, so a part of a deleted one does no harm. Full, it
// forgets everything: what is asked for often is back at once. Goroutine-safe.
type logoCache struct {
	mu    sync.RWMutex
	parts map[logoPart][]byte
	size  int
}

type logoPart struct {
	file string
	n    int
}

func newLogoCache() *logoCache { return &logoCache{parts: map[logoPart][]byte{}} }

func (c *logoCache) get(file string, n int) ([]byte, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	chunk, ok := c.parts[logoPart{file, n}]
	return chunk, ok
}

func (c *logoCache) put(file string, n int, chunk []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.size+len(chunk) > maxLogoBytes {
		clear(c.parts)
		c.size = 0
	}
	key := logoPart{file, n}
	c.size += len(chunk) - len(c.parts[key])
	c.parts[key] = chunk
}

func (c *logoCache) drop(file string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, chunk := range c.parts {
		if key.file == file {
			c.size -= len(chunk)
			delete(c.parts, key)
		}
	}
}
