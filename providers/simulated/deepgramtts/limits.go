package deepgramtts

import "time"

// window counts what was asked within the last minute.
type window struct {
	entries []struct {
		at time.Time
		n  int
	}
	sum int
}

// add takes n more if it fits into the limit.
func (w *window) add(now time.Time, span time.Duration, limit, n int) bool {
	gone := 0
	for gone < len(w.entries) && now.Sub(w.entries[gone].at) >= span {
		w.sum -= w.entries[gone].n
		gone++
	}
	w.entries = w.entries[gone:]
	if w.sum+n > limit {
		return false
	}
	w.sum += n
	w.entries = append(w.entries, struct {
		at time.Time
		n  int
	}{now, n})
	return true
}
