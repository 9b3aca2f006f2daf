package deepgramstt

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
	"unicode"

	"github.com/vantahire/vantahire/providers/simulated"
)

// errUndecodable indicates bytes that are no audio of the agreed kind.
var errUndecodable = errors.New("bytes are no audio")

const (
	// step is how much audio is looked at at once: what happens within it happens
	// at its end.
	step = 50 * time.Millisecond
	// flush is the silence that makes the last word certain.
	flush = 300 * time.Millisecond
)

// ears turn a connection's bytes into words and silence. All positions are samples
// received on this connection: its clock.
type ears struct {
	p        params
	level    int64 // of a window's mean square
	listener simulated.Listener

	pos    int
	words  []simulated.SpokenWord // certain, and not in a final yet
	ahead  int                    // silence the listener heard that never arrived
	window struct {
		sum int64
		n   int
	}
	run      int // where the present loud run began
	loud     int // windows in it; 0: it is quiet
	lastLoud int // end of the last loud window; 0: there was none
}

func newEars(p params, ear simulated.Ear, level int) *ears {
	return &ears{p: p, level: int64(level) * int64(level), listener: ear.Listen(max(p.rate, 8000))}
}

// decode gives the samples of a binary frame that is not empty, of the first
// channel.
func (e *ears) decode(raw []byte) ([]int16, error) {
	if raw[0] == '{' && json.Valid(raw) {
		return nil, errUndecodable // a control message in the wrong kind of frame
	}
	width := 2 * e.p.channels
	if e.p.encoding != "linear16" || len(raw)%width != 0 {
		return nil, errUndecodable
	}
	pcm := make([]int16, len(raw)/width)
	for i := range pcm {
		pcm[i] = int16(uint16(raw[i*width]) | uint16(raw[i*width+1])<<8)
	}
	return pcm, nil
}

// take hears at most one step.
func (e *ears) take(pcm []int16) {
	for _, w := range e.listener.Hear(pcm) {
		w.From, w.To = w.From-e.ahead, w.To-e.ahead
		e.words = append(e.words, w)
	}
	size := e.p.rate / 100
	for _, x := range pcm {
		e.pos++
		e.window.sum += int64(x) * int64(x)
		e.window.n++
		if e.window.n < size {
			continue
		}
		if e.window.sum/int64(size) >= e.level {
			if e.loud == 0 {
				e.run = e.pos - size
			}
			e.loud++
			e.lastLoud = e.pos
		} else {
			e.loud = 0
		}
		e.window.sum, e.window.n = 0, 0
	}
}

// settle makes the last word certain, as if silence had followed it.
func (e *ears) settle() {
	n := e.samples(flush)
	for _, w := range e.listener.Hear(make([]int16, n)) {
		w.From, w.To = w.From-e.ahead, w.To-e.ahead
		e.words = append(e.words, w)
	}
	e.ahead += n
}

// speaking reports whether there is sound that may be speech: some windows of it.
func (e *ears) speaking() bool { return e.loud >= 3 }

// silence is for how long nothing was loud.
func (e *ears) silence() time.Duration { return e.length(e.pos - e.lastLoud) }

func (e *ears) length(samples int) time.Duration {
	return time.Duration(samples) * time.Second / time.Duration(max(e.p.rate, 1))
}

func (e *ears) samples(d time.Duration) int { return int(d * time.Duration(e.p.rate) / time.Second) }

// seconds is a position as the protocol tells it.
func (e *ears) seconds(at int) float64 {
	if e.p.rate == 0 {
		return 0
	}
	return float64(int64(float64(at)/float64(e.p.rate)*1000+.5)) / 1000
}

// until takes away the words that began before a position.
func (e *ears) until(pos int) []simulated.SpokenWord {
	n := 0
	for n < len(e.words) && e.words[n].From < pos {
		n++
	}
	words := e.words[:n:n]
	e.words = e.words[n:]
	return words
}

// bare is a word in lower case without punctuation.
func bare(word string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '\'' || r == '-' {
			return unicode.ToLower(r)
		}
		return -1
	}, word)
}
