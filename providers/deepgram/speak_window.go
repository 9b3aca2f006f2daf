package deepgram

import "time"

// speakWindow counts what a socket was asked for within the last minute, as the
// service does: exactly, for a bucket that refills would allow twice the limit.
type speakWindow struct {
	span    time.Duration
	limit   int
	entries []speakAsked
	sum     int
}

type speakAsked struct {
	at time.Time
	n  int
}

// left is how much may still be asked for now.
func (w *speakWindow) left(now time.Time) int {
	gone := 0
	for gone < len(w.entries) && now.Sub(w.entries[gone].at) >= w.span {
		w.sum -= w.entries[gone].n
		gone++
	}
	w.entries = w.entries[gone:]
	return max(w.limit-w.sum, 0)
}

func (w *speakWindow) add(now time.Time, n int) {
	w.entries = append(w.entries, speakAsked{now, n})
	w.sum += n
}

// fill spends what is left.
func (w *speakWindow) fill(now time.Time) {
	if n := w.left(now); n > 0 {
		w.add(now, n)
	}
}

// wait is how long until n fit; n is at most the limit.
func (w *speakWindow) wait(now time.Time, n int) time.Duration {
	missing := n - w.left(now)
	for _, e := range w.entries {
		if missing <= 0 {
			break
		}
		if missing -= e.n; missing <= 0 {
			return e.at.Add(w.span).Sub(now)
		}
	}
	return 0
}
