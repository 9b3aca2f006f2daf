package turn

import (
	"strings"
	"time"
	"unicode"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// perCharacter is the speaking time of a character where nothing better is
// known: about 160 words a minute.
const perCharacter = 63 * time.Millisecond

// wordSlack lets a word count as heard whose last few milliseconds were not.
const wordSlack = 30 * time.Millisecond

// SpeakingTime estimates how long a text takes to say.
func SpeakingTime(text string) time.Duration { return time.Duration(len(text)) * perCharacter }

// Script is a reply's text beside its audio. It belongs to one goroutine.
type Script struct {
	reply     interview.ReplyNo
	text      string
	sentences []sentence
	words     []providers.Word
	placed    int // end in text of the last sentence
}

type sentence struct {
	from, to int // bytes of the text
	audio    time.Duration
	ended    bool
}

// NewScript starts an empty one.
func NewScript(reply interview.ReplyNo) *Script { return &Script{reply: reply} }

// AddText appends generated text.
func (s *Script) AddText(delta string) { s.text += delta }

// Text is everything generated so far.
func (s *Script) Text() string { return s.text }

// AddSentence says that the next piece of the text goes to the voice.
func (s *Script) AddSentence(text string) int {
	from := s.placed
	to := min(len(s.text), from+len(text))
	s.sentences = append(s.sentences, sentence{from: from, to: to})
	s.placed = to
	return len(s.sentences) - 1
}

// AddWords adds exact word times within the reply's audio.
func (s *Script) AddWords(words []providers.Word) { s.words = append(s.words, words...) }

// AddAudio notes that d more of a sentence's audio was made.
func (s *Script) AddAudio(i int, d time.Duration) {
	if i >= 0 && i < len(s.sentences) {
		s.sentences[i].audio += d
	}
}

// EndSentence says that a sentence's audio is complete.
func (s *Script) EndSentence(i int) {
	if i >= 0 && i < len(s.sentences) {
		s.sentences[i].ended = true
	}
}

// Caption is a sentence with its place in the reply's audio.
func (s *Script) Caption(i int) (text string, from, to time.Duration) {
	if i < 0 || i >= len(s.sentences) {
		return "", 0, 0
	}
	for _, x := range s.sentences[:i] {
		from += x.audio
	}
	x := s.sentences[i]
	return strings.TrimSpace(s.text[x.from:x.to]), from, from + x.audio
}

// Heard is the text that was heard when played of the audio was: a prefix of
// Text that ends on a word boundary.
func (s *Script) Heard(played time.Duration) string {
	if played <= 0 {
		return ""
	}
	var start time.Duration
	for i, x := range s.sentences {
		if x.audio == 0 && !x.ended {
			return s.upTo(x.from)
		}
		if end := start + x.audio; played < end-wordSlack || !x.ended {
			return s.upTo(s.within(i, start, played))
		}
		start += x.audio
	}
	return s.upTo(s.placed)
}

// within finds the byte of the text up to which sentence i was heard.
func (s *Script) within(i int, start, played time.Duration) int {
	x := s.sentences[i]
	text := s.text[x.from:x.to]
	fields := fieldSpans(text)
	if exact := s.exact(start, start+x.audio); len(exact) > 0 {
		heard := 0
		for _, w := range exact {
			if w.To <= played+wordSlack {
				heard++
			}
		}
		if heard == 0 {
			return x.from
		}
		n := len(fields)
		if len(exact) != n { // numbers and abbreviations may be split: share by count
			heard = heard * n / len(exact)
			if heard == 0 {
				return x.from
			}
		}
		return x.from + fields[min(heard, n)-1][1]
	}
	length := x.audio
	if !x.ended {
		length = max(length, SpeakingTime(text))
	}
	share := int(float64(len(text)) * float64(played-start) / float64(max(length, 1)))
	at := x.from
	for _, f := range fields {
		if f[1] <= share {
			at = x.from + f[1]
		}
	}
	return at
}

func (s *Script) exact(from, to time.Duration) []providers.Word {
	var in []providers.Word
	for _, w := range s.words {
		if w.From >= from-time.Millisecond && w.From < to {
			in = append(in, w)
		}
	}
	return in
}

func (s *Script) upTo(n int) string { return strings.TrimRightFunc(s.text[:n], unicode.IsSpace) }

func fieldSpans(text string) [][2]int {
	var spans [][2]int
	start := -1
	for i, r := range text {
		switch {
		case unicode.IsSpace(r) && start >= 0:
			spans = append(spans, [2]int{start, i})
			start = -1
		case !unicode.IsSpace(r) && start < 0:
			start = i
		}
	}
	if start >= 0 {
		spans = append(spans, [2]int{start, len(text)})
	}
	return spans
}
