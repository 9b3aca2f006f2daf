package vad

import "github.com/vantahire/vantahire/interview"

const (
	// onsetReach is how far before the first window of speech its onset is
	// looked for: an unvoiced consonant ahead of the first vowel lasts up to
	// 150 ms, and the network may answer one window late.
	onsetReach = 160 // ms
	// onsetGap is how many quiet blocks an onset may hold: the closure of a
	// plosive.
	onsetGap = 3
	// offsetReach is how far before the first window of silence the end of
	// speech is looked for: the network lingers (measured: half of the ends
	// 96-150 ms).
	offsetReach = 200 // ms
	// minQuiet is how long the probability itself must say silence before the
	// end of speech is believed: two windows of the network.
	minQuiet = 64 // ms
)

// segments turns probabilities into speech with a beginning and an end.
type segments struct {
	start, stop           float32
	minSpeech, minSilence interview.Sample

	speaking bool
	heard    interview.Sample // how long the probability has been at start or above
	onset    interview.Sample // valid while heard > 0
	quiet    interview.Sample // how long it has been below stop
	offset   interview.Sample // valid while quiet > 0
	last     interview.Sample // end of the latest speech: the next can't begin before
}

func newSegments(c Config) segments {
	return segments{
		start: c.Start, stop: c.Stop,
		minSpeech: interview.SampleAt(c.MinSpeech), minSilence: interview.SampleAt(c.MinSilence),
	}
}

// restart forgets a stretch that has not become speech and ends the speech.
func (s *segments) restart() {
	s.speaking, s.heard, s.quiet, s.last = false, 0, 0, 0
}

// undecided reports whether speech may begin or end with the next window.
func (s *segments) undecided() bool { return s.speaking || s.heard > 0 }

// push takes in the probability of from..to and the levels up to there.
func (s *segments) push(p float32, from, to interview.Sample, l *levels) (Event, interview.Sample) {
	if s.speaking {
		return s.pushSpeaking(p, from, to, l)
	}
	if p < s.start {
		s.heard = 0
		return None, 0
	}
	if s.heard == 0 {
		s.onset = from
		if at, ok := l.loudSince(l.background(), to, from-milliseconds(onsetReach), onsetGap); ok {
			s.onset = at
		}
		s.onset = max(s.onset, s.last)
	}
	if s.heard += to - from; s.heard < s.minSpeech {
		return None, 0
	}
	s.speaking, s.quiet = true, 0
	return SpeechStarted, s.onset
}

// pushSpeaking looks for the end of speech. Between stop and start the
// probability decides nothing.
func (s *segments) pushSpeaking(p float32, from, to interview.Sample, l *levels) (Event, interview.Sample) {
	switch {
	case p >= s.start:
		s.quiet = 0
		return None, 0
	case p >= s.stop:
		if s.quiet == 0 {
			return None, 0
		}
	default:
		if s.quiet == 0 {
			s.offset = s.findOffset(from, to, l)
		}
		s.quiet += to - from
	}
	if s.quiet < milliseconds(minQuiet) || to-s.offset < s.minSilence {
		return None, 0
	}
	return SpeechEnded, s.end()
}

// findOffset is where the sound of speech ended before to, given that the
// probability fell at from.
func (s *segments) findOffset(from, to interview.Sample, l *levels) interview.Sample {
	limit := max(from-milliseconds(offsetReach), s.onset)
	if at, ok := l.lastLoud(l.speech(), to, limit); ok {
		return at
	}
	return limit
}

// cut ends the speech at the latest at pos, where the sound breaks off, and
// returns where it ended.
func (s *segments) cut(pos interview.Sample, l *levels) interview.Sample {
	if s.quiet == 0 {
		s.offset = s.findOffset(pos, pos, l)
	}
	return s.end()
}

// end ends the speech at once and returns where it ended.
func (s *segments) end() interview.Sample {
	s.last = s.offset
	s.speaking, s.heard, s.quiet = false, 0, 0
	return s.last
}
