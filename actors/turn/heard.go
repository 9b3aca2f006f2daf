package turn

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

const (
	// perCharacter is the speaking time of a character where nothing better is
	// known: about 160 words a minute.
	perCharacter = 63 * time.Millisecond
	// wordSlack lets a word count as heard whose last two frames were not: its
	// sound has faded by then, and providers' word ends are that exact.
	wordSlack = 40 * time.Millisecond
	// alignWindow is how far a spoken word may lie from the written one it stands
	// for: a long number takes about so many words.
	alignWindow = 10
)

// SpeakingTime estimates how long a text takes to say.
func SpeakingTime(text string) time.Duration { return time.Duration(len(text)) * perCharacter }

// Script is a reply's text beside its audio: what was generated, which piece of
// it went to the voice, how much audio that made, and where its words lie. It is
// owned by one goroutine.
type Script struct {
	reply     interview.ReplyNo
	text      string
	placed    int // end in text of the last sentence
	sentences []sentence
	words     []providers.Word // ordered by From
}

type sentence struct {
	from, to int // bytes of the text
	audio    time.Duration
	ended    bool
}

// NewScript starts an empty one.
func NewScript(reply interview.ReplyNo) *Script { return &Script{reply: reply} }

// Reply is the reply it belongs to.
func (s *Script) Reply() interview.ReplyNo { return s.reply }

// AddText appends generated text.
func (s *Script) AddText(delta string) {
	if s.text == "" {
		delta = strings.TrimLeftFunc(delta, unicode.IsSpace)
	}
	s.text += delta
}

// Text is everything generated so far.
func (s *Script) Text() string { return s.text }

// AddSentence says that the next piece of the text goes to the voice, and returns
// its 0-based index. A piece that was cleaned for the voice is found by its words.
func (s *Script) AddSentence(text string) int {
	from := s.placed
	rest := s.text[from:]
	to := from
	trimmed := strings.TrimSpace(text)
	if at := strings.Index(rest, trimmed); at >= 0 && strings.TrimSpace(rest[:at]) == "" {
		to += at + len(trimmed)
	} else if spans := fieldSpans(rest); len(spans) > 0 {
		if n := min(len(strings.Fields(text)), len(spans)); n > 0 {
			to += spans[n-1].to
		}
	}
	s.sentences = append(s.sentences, sentence{from: from, to: to})
	s.placed = to
	return len(s.sentences) - 1
}

// AddWords adds exact times of words within the reply's audio, in any order.
func (s *Script) AddWords(words []providers.Word) {
	s.words = append(s.words, words...)
	slices.SortStableFunc(s.words, func(a, b providers.Word) int { return cmp.Compare(a.From, b.From) })
}

// AddAudio notes that d more audio of a sentence was made. An unknown sentence is
// ignored.
func (s *Script) AddAudio(sentence int, d time.Duration) {
	if sentence >= 0 && sentence < len(s.sentences) && d > 0 {
		s.sentences[sentence].audio += d
	}
}

// EndSentence says that a sentence's audio is complete.
func (s *Script) EndSentence(sentence int) {
	if sentence >= 0 && sentence < len(s.sentences) {
		s.sentences[sentence].ended = true
	}
}

// Caption is a sentence with its place in the reply's audio, as far as it is
// made.
func (s *Script) Caption(sentence int) (text string, from, to time.Duration) {
	if sentence < 0 || sentence >= len(s.sentences) {
		return "", 0, 0
	}
	for _, x := range s.sentences[:sentence] {
		from += x.audio
	}
	x := s.sentences[sentence]
	return strings.TrimSpace(s.text[x.from:x.to]), from, from + x.audio
}

// Heard is the text that was heard when so much of the reply's audio was played:
// a prefix of Text that ends with a whole word. With word times it is exact;
// without, words share their sentence's audio by their length. A reply that was
// played out was heard as a whole; text without audio was not.
func (s *Script) Heard(played time.Duration) string {
	if played <= 0 {
		return ""
	}
	heard, start := 0, time.Duration(0)
	for i, x := range s.sentences {
		if x.audio == 0 && !x.ended {
			break
		}
		end := start + x.audio
		if x.ended && played >= end-wordSlack {
			heard, start = x.to, end
			continue
		}
		heard = s.heardWithin(i, start, min(played, end))
		break
	}
	return strings.TrimRightFunc(s.text[:heard], unicode.IsSpace)
}

// heardWithin is the byte of the text up to which sentence i, whose audio begins
// at start, was heard.
func (s *Script) heardWithin(i int, start, played time.Duration) int {
	x := s.sentences[i]
	spans := fieldSpans(s.text[x.from:x.to])
	heard := x.from
	for n, end := range s.wordEnds(i, start, spans) {
		if end > played+wordSlack {
			break
		}
		heard = x.from + spans[n].to
	}
	return heard
}

// wordEnds are the moments at which the written words of sentence i end, never
// falling.
func (s *Script) wordEnds(i int, start time.Duration, spans []span) []time.Duration {
	x := s.sentences[i]
	text := s.text[x.from:x.to]
	length := x.audio
	if !x.ended {
		length = max(length, time.Duration(len(text))*s.pace())
	}
	ends := make([]time.Duration, len(spans))
	placed, at := 0, start
	if words := s.wordsIn(i, start); len(words) > 0 {
		placed = align(text, spans, words, ends)
		if placed > 0 {
			at = ends[placed-1]
		}
	}
	share(text, spans[placed:], at, max(at, start+length), ends[placed:])
	for n := 1; n < len(ends); n++ {
		ends[n] = max(ends[n], ends[n-1])
	}
	return ends
}

// pace is how long a character takes this voice, as far as it has spoken.
func (s *Script) pace() time.Duration {
	var audio time.Duration
	bytes := 0
	for _, x := range s.sentences {
		if x.ended && x.audio > 0 {
			audio, bytes = audio+x.audio, bytes+x.to-x.from
		}
	}
	if bytes == 0 {
		return perCharacter
	}
	return audio / time.Duration(bytes)
}

// wordsIn are the spoken words of sentence i.
func (s *Script) wordsIn(i int, start time.Duration) []providers.Word {
	from, _ := slices.BinarySearchFunc(s.words, start-time.Millisecond, func(w providers.Word, t time.Duration) int { return cmp.Compare(w.From, t) })
	words := s.words[from:]
	if i == len(s.sentences)-1 {
		return words
	}
	end := start + s.sentences[i].audio
	n := 0
	for n < len(words) && words[n].From < end {
		n++
	}
	return words[:n]
}

// align gives written words the ends of the spoken ones, as far as those reach,
// and returns how many got one. Where the two differ (numbers, abbreviations) the
// written words up to the next common one share the time of the spoken ones.
func align(text string, spans []span, words []providers.Word, ends []time.Duration) int {
	written := make([]string, len(spans))
	for n, sp := range spans {
		written[n] = bare(text[sp.from:sp.to])
	}
	spoken := make([]string, len(words))
	for n, w := range words {
		spoken[n] = bare(w.Text)
	}
	i, j := 0, 0
	for i < len(written) && j < len(spoken) {
		di, dj, found := nextCommon(written[i:], spoken[j:])
		if !found {
			if len(written)-i == len(spoken)-j { // other spellings to the end
				di, dj = len(written)-i, len(spoken)-j
			} else {
				break
			}
		}
		switch {
		case di == dj:
			for n := range di {
				ends[i+n] = words[j+n].To
			}
		case dj > 0:
			share(text, spans[i:i+di], words[j].From, words[j+dj-1].To, ends[i:i+di])
		case found: // written and not said, a dash: heard with what follows
			for n := range di {
				ends[i+n] = words[j].From
			}
		}
		i, j = i+di, j+dj
		if found {
			ends[i] = words[j].To
			i, j = i+1, j+1
		}
	}
	return i
}

// nextCommon finds the nearest pair of equal words.
func nextCommon(written, spoken []string) (i, j int, found bool) {
	for sum := range 2 * alignWindow {
		for i := max(0, sum-alignWindow); i <= min(sum, alignWindow) && i < len(written); i++ {
			if j := sum - i; j < len(spoken) && written[i] != "" && written[i] == spoken[j] {
				return i, j, true
			}
		}
	}
	return 0, 0, false
}

// share gives words the time from..to by their length.
func share(text string, spans []span, from, to time.Duration, ends []time.Duration) {
	total := 0
	for _, sp := range spans {
		total += weight(text[sp.from:sp.to])
	}
	done := 0
	for n, sp := range spans {
		done += weight(text[sp.from:sp.to])
		ends[n] = from + time.Duration(float64(to-from)*float64(done)/float64(max(total, 1)))
	}
}

// weight is how long a word takes to say, in characters: a digit is a word of
// its own, a punctuation mark a pause.
func weight(word string) int {
	w := 1
	for _, r := range word {
		switch {
		case unicode.IsDigit(r):
			w += 4
		case strings.ContainsRune(".!?;:", r):
			w += 3
		default:
			w++
		}
	}
	return w
}

// bare is a word without case and punctuation.
func bare(word string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, word)
}

// span is a piece of a text in bytes.
type span struct{ from, to int }

// fieldSpans are the words of a text, as white space separates them.
func fieldSpans(text string) []span {
	var spans []span
	start := -1
	for i, r := range text {
		switch {
		case unicode.IsSpace(r):
			if start >= 0 {
				spans = append(spans, span{start, i})
			}
			start = -1
		case start < 0:
			start = i
		}
	}
	if start >= 0 {
		spans = append(spans, span{start, len(text)})
	}
	return spans
}
