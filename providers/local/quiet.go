package local

import (
	"math"

	"github.com/vantahire/vantahire/interview"
)

const (
	quietFrame = interview.MicRate / 50 // 20 ms
	// quietBefore is how much of the silence before a sound is kept: its soft onset.
	quietBefore = 3 * interview.MicRate / 10
	// quietAfter is how long silence goes on to the decoder after a sound. It needs
	// half a second to see an utterance end.
	quietAfter = 7 * interview.MicRate / 10
	// quietMargin is how far above the room's noise a sound begins, in dB, and
	// quietLeast the level below which nothing is a sound, in dBFS.
	quietMargin = 9.0
	quietLeast  = -58.0
	// floorRise is how fast the noise estimate follows a louder room, in dB per
	// frame: 1.5 dB a second, so that speech does not count as noise.
	floorRise = 0.03
	// firstFloor bounds the first guess at the noise, in dBFS: who speaks from the
	// first sample must not count as it.
	firstFloor = -48.0
	// loudSpeech is the level speech is brought down to, in dBFS. Measured over nine
	// sentences: 14.8 % of the words wrong at the voice's own -20, 10.5 % at -26.
	loudSpeech = -26.0
	// levelPace is how much of each frame's level goes into the estimate of the
	// speaker's: it settles within half a second of speech.
	levelPace = 0.05
	// quietMarks bounds the remembered jumps; each is a pause, and only those since
	// the last final matter.
	quietMarks = 512
)

// quietGate keeps long silence away from the decoder and takes the edge off loud
// voices. Silence spoils the decoder: after 20 s of digital silence, as a browser
// sends it, two words in three of the first answer were wrong, against one in
// seven without. Positions stay true: place maps what was fed to what was said.
// It belongs to one stream's writer, but for place, which its owner locks.
type quietGate struct {
	open  bool
	quiet int // samples since the last sound
	floor float64
	level float64 // of the speaker, dBFS
	begun bool
	held  []int16 // the silence before a sound, at most quietBefore
	part  []int16 // less than a frame
	fed   int64
	seen  int64
	marks []quietMark
}

// quietMark says that the decoder's sample fed is the stream's sample seen.
type quietMark struct{ fed, seen int64 }

// pass takes what was said and returns what the decoder is to hear of it.
func (g *quietGate) pass(pcm []int16) (out []int16) {
	g.part = append(g.part, pcm...)
	for len(g.part) >= quietFrame {
		out = g.frame(out, g.part[:quietFrame])
		g.part = g.part[:copy(g.part, g.part[quietFrame:])]
	}
	return out
}

func (g *quietGate) frame(out, frame []int16) []int16 {
	db := loudness(frame)
	if !g.begun {
		g.begun, g.floor, g.level = true, min(max(db, quietLeast-quietMargin), firstFloor), -20
	}
	g.floor = min(g.floor+floorRise, max(db, quietLeast-quietMargin))
	sound := db > max(quietLeast, g.floor+quietMargin)
	g.seen += quietFrame
	switch {
	case sound:
		g.quiet = 0
		g.level += levelPace * (db - g.level)
		if !g.open {
			g.open = true
			g.mark(g.seen - quietFrame - int64(len(g.held)))
			out = g.feed(out, g.held)
			g.held = g.held[:0]
		}
	case g.open:
		if g.quiet += quietFrame; g.quiet > quietAfter {
			g.open = false
		}
	}
	if g.open {
		return g.feed(out, frame)
	}
	if over := len(g.held) + quietFrame - quietBefore; over > 0 {
		g.held = g.held[:copy(g.held, g.held[over:])]
	}
	g.held = append(g.held, frame...)
	return out
}

func (g *quietGate) mark(seen int64) {
	if len(g.marks) == quietMarks {
		g.marks = g.marks[:copy(g.marks, g.marks[1:])]
	}
	g.marks = append(g.marks, quietMark{g.fed, seen})
}

// feed appends samples at the level the decoder likes.
func (g *quietGate) feed(out, pcm []int16) []int16 {
	gain := math.Pow(10, min(0, loudSpeech-g.level)/20)
	for _, v := range pcm {
		out = append(out, int16(float64(v)*gain))
	}
	g.fed += int64(len(pcm))
	return out
}

// place maps a position of the decoder to the stream's own.
func (g *quietGate) place(fed int64) int64 {
	for i := len(g.marks) - 1; i >= 0; i-- {
		if m := g.marks[i]; m.fed <= fed || i == 0 {
			return max(0, m.seen+fed-m.fed)
		}
	}
	return fed
}

// through maps how far the decoder has come: when it has heard all it was fed,
// everything that was said counts as heard, the silence kept from it as well.
func (g *quietGate) through(fed int64) int64 {
	if fed >= g.fed {
		return g.seen + int64(len(g.part))
	}
	return g.place(fed)
}

// loudness is the level of a frame in dBFS.
func loudness(frame []int16) float64 {
	var sum float64
	for _, v := range frame {
		sum += float64(v) * float64(v)
	}
	return 10 * math.Log10(sum/float64(len(frame))/(1<<30)+1e-12)
}
