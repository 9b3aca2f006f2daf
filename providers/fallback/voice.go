package fallback

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vantahire/vantahire/providers"
)

// VoiceProvider is a speech synthesis provider as this package sees it.
type VoiceProvider interface {
	Name() string
	// Open starts the stream of one reply; ctx's end cancels it.
	Open(ctx context.Context, o providers.VoiceOptions) (providers.SpeechStream, error)
}

// VoiceMember is a voice with the circuit all calls share.
type VoiceMember struct {
	Provider VoiceProvider
	Circuit  *Circuit
}

// VoiceConfig tunes a Synthesizer. The zero value of a field means its default.
type VoiceConfig struct {
	// FirstAudio is how long a voice may take to open and, with a sentence to say,
	// to its first sound, both together;
	// NextAudio how long it may pause within what it owes, before the next voice
	// takes over. Defaults 1.5 s and 1.5 s: with the second voice's own start this
	// stays near the 2 s after which a silence needs an apology.
	FirstAudio, NextAudio time.Duration
}

// Synthesizer speaks with the first voice that works. One that fails within a
// reply is followed by the next at the first word that was not spoken.
// Goroutine-safe.
type Synthesizer struct {
	members []VoiceMember
	cfg     VoiceConfig
}

// NewSynthesizer makes one voice out of several, in order of preference. At least
// one.
func NewSynthesizer(cfg VoiceConfig, members ...VoiceMember) *Synthesizer {
	if cfg.FirstAudio <= 0 {
		cfg.FirstAudio = 1500 * time.Millisecond
	}
	if cfg.NextAudio <= 0 {
		cfg.NextAudio = 1500 * time.Millisecond
	}
	return &Synthesizer{members: members, cfg: cfg}
}

// Name is that of the preferred voice.
func (s *Synthesizer) Name() string { return s.members[0].Provider.Name() }

// Open starts a reply with the first voice that can be had.
func (s *Synthesizer) Open(ctx context.Context, o providers.VoiceOptions) (providers.SpeechStream, error) {
	v := &voiceStream{synth: s, options: o, ctx: ctx, tried: make([]bool, len(s.members)), more: make(chan struct{}, 1), p: progress{rate: o.Rate}}
	if err := v.change(nil); err != nil {
		return nil, err
	}
	return v, nil
}

// maxSentences bounds a reply.
const maxSentences = 256

var (
	errFinished  = errors.New("the reply is finished")
	errTooLong   = errors.New("too many sentences in one reply")
	errNoVoice   = &providers.Error{Stage: providers.StageTTS, Provider: "all", Retry: true, Err: ErrOpen}
	errReplyOver = errors.New("the reply is over")
	// errEndedEarly indicates a voice that ended before it had said everything.
	errEndedEarly = errors.New("the voice ended early")
)

// perCharacter estimates how much of a sentence was spoken by a voice that does
// not tell its words' times: slower than most, so that words are said twice rather
// than missing.
const perCharacter = 75 * time.Millisecond

// progress is how far a reply has been spoken. It is guarded by voiceStream.mu.
type progress struct {
	rate      float64  // speaking rate; 1 is normal
	sentences []string // all that were given
	finished  bool
	done      int           // sentences spoken to their end
	said      int           // words of the sentence in progress that earlier voices spoke
	spoken    time.Duration // sound delivered in all
	current   time.Duration // of it, of the sentence in progress by the present voice
	words     []providers.Word
}

// took notes a chunk, its times and indices those of the whole reply.
func (p *progress) took(c providers.Chunk) {
	length := time.Duration(0)
	if c.Rate > 0 {
		length = time.Duration(len(c.PCM)) * time.Second / time.Duration(c.Rate)
	}
	p.spoken += length
	p.current += length
	p.words = append(p.words, c.Words...)
	if c.SentenceEnd >= 0 {
		p.done, p.said, p.current = c.SentenceEnd+1, 0, 0
		early := p.words[:0] // of the sentences to come
		for _, w := range p.words {
			if w.To > p.spoken {
				early = append(early, w)
			}
		}
		p.words = early
	}
}

// changes prepares for another voice: what this one said is settled.
func (p *progress) changes() {
	if p.done < len(p.sentences) {
		p.said = p.spokenWords()
	}
	p.current, p.words = 0, nil
}

// rest is what the next voice has to say: the sentence in progress from its first
// word that was not spoken, and the sentences after it.
func (p *progress) rest() []string {
	if p.done >= len(p.sentences) {
		return nil
	}
	rest := append([]string(nil), p.sentences[p.done:]...)
	rest[0] = unspoken(rest[0], p.said)
	return rest
}

// spokenWords counts the words of the sentence in progress that were delivered to
// their end.
func (p *progress) spokenWords() int {
	if p.current == 0 {
		return p.said
	}
	n, told := p.said, false
	for _, w := range p.words {
		if w.To <= p.spoken-p.current {
			continue // late, of the sentence before
		}
		told = true
		if w.To <= p.spoken {
			n++
		}
	}
	if !told {
		return p.estimate()
	}
	return n
}

// estimate counts words by the time they usually take. It rounds down, and never
// to the whole sentence, whose end would have been told.
func (p *progress) estimate() int {
	characters := int(p.current / p.pace())
	words := strings.Fields(p.sentences[p.done])
	n := p.said
	for n < len(words)-1 {
		if characters -= len([]rune(words[n])) + 1; characters < 0 {
			break
		}
		n++
	}
	return n
}

// pace is how long a character takes.
func (p *progress) pace() time.Duration {
	if p.rate <= 0 {
		return perCharacter
	}
	return max(time.Millisecond, time.Duration(float64(perCharacter)/p.rate))
}

// half reports whether so much sound may hold all sentences.
func (p *progress) half() bool {
	n := 0
	for _, s := range p.sentences {
		n += len([]rune(s))
	}
	return p.spoken > 0 && p.spoken >= time.Duration(n)*p.pace()/2
}

// unspoken is a sentence without its first n words.
func unspoken(sentence string, n int) string {
	if n <= 0 {
		return sentence
	}
	words := strings.Fields(sentence)
	return strings.Join(words[min(n, len(words)):], " ")
}

// resumed wraps a failure that another voice could not make good.
func resumed(err, before error) error {
	if before == nil || errors.Is(err, before) {
		return err
	}
	return fmt.Errorf("%w, after %w", err, before)
}
