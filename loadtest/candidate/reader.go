package candidate

import (
	"slices"

	"github.com/vantahire/vantahire/media"
)

// Reader reads words back from the sound that carries them, and splits a text
// into the words its sound would carry.
type Reader interface {
	Read(pcm []int16, rate int) []string
	Words(text string) []string
}

// understoodAsAWhole reports whether all answers together were understood to the
// word, whenever that was.
func (c *Candidate) understoodAsAWhole() bool {
	if c.o.Reader == nil {
		return false
	}
	var said, understood []string
	for _, t := range c.report.Turns {
		said = append(said, c.o.Reader.Words(t.Answer)...)
		understood = append(understood, c.o.Reader.Words(t.Understood)...)
	}
	return slices.Equal(said, understood)
}

// checkUnderstood: an answer that was spoken in readable sound is understood to
// the word.
func (c *Candidate) checkUnderstood(i int, t Turn) {
	said, understood := c.o.Reader.Words(t.Answer), c.o.Reader.Words(t.Understood)
	if !slices.Equal(said, understood) {
		c.problem("answer %d was not understood to the word:\n  said:       %q\n  understood: %q", i+1, said, understood)
	}
}

// checkSound: the words of a line are those of its sound.
func (c *Candidate) checkSound(s *Said) {
	if c.o.Reader == nil || len(s.PCM) == 0 {
		return
	}
	line, sound := c.o.Reader.Words(s.Line), c.o.Reader.Read(s.PCM, media.PlayRate)
	c.report.WordsRead += len(sound)
	if !slices.Equal(line, sound) {
		c.problem("reply %d sounds otherwise than its line:\n  line:  %q\n  sound: %q", s.Reply, line, sound)
	}
}

// heardSlack is how many words the line of an interrupted reply may differ from
// what was heard of it: its last word may have been cut in the middle.
const heardSlack = 1

// checkHeard: the line of an interrupted reply is what its sound carried until it
// was cut.
func (c *Candidate) checkHeard(b *BargeIn, pcm []int16) {
	if c.o.Reader == nil {
		return
	}
	b.Truth = c.o.Reader.Read(pcm, media.PlayRate)
	c.report.WordsRead += len(b.Truth)
	line := c.o.Reader.Words(b.Heard)
	n := min(len(line), len(b.Truth))
	if off := len(line) - len(b.Truth); off < -heardSlack || off > heardSlack || !slices.Equal(line[:n], b.Truth[:n]) {
		c.problem("of reply %d was heard otherwise than its line says:\n  line:  %q\n  sound: %q", b.Reply, line, b.Truth)
	}
}
