package deepgram

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vantahire/vantahire/providers"
)

const (
	speakName = "deepgram"
	// speakRate is the sound we ask for, in samples per second.
	speakRate = 24000
	// speakMaxText is how many characters one message may have.
	speakMaxText = 2000
	// speakMinSpeed and speakMaxSpeed bound the speaking rate: beyond them Aura-2
	// garbles words.
	speakMinSpeed, speakMaxSpeed = 0.7, 1.5
)

// SpeakConfig tunes a Synthesizer. The zero value of a field means its default.
type SpeakConfig struct {
	// Key is the API key. Without one nothing can be opened.
	Key string
	// URL is the service's root. Default https://api.deepgram.com.
	URL string
	// Voice is used when the caller names none and speaks English. Default
	// aura-2-thalia-en.
	Voice string
	// MaxSockets bounds the sockets open at once, those being closed included; then
	// Open fails with providers.ErrBusy. Default 45, a project's limit.
	MaxSockets int
	// MaxIdle is how many unused sockets are kept warm, and IdleFor for how long.
	// Defaults 8 and 5 min.
	MaxIdle int
	IdleFor time.Duration
	// MaxAge retires a socket. Default 50 min; the service cuts at 60.
	MaxAge time.Duration
	// PingEvery keeps sockets alive; one that is silent for three of them is dead.
	// Default 5 s.
	PingEvery time.Duration
	// ClearWithin is how long a cut off socket may take until it is quiet; then it is
	// dropped. Default 500 ms.
	ClearWithin time.Duration
	// Characters and Flushes bound what a socket is asked for within Minute. Defaults
	// 2300, 19 and 60 s: a little below the service's 2400 and 20, whose clock is not
	// ours.
	Characters, Flushes int
	Minute              time.Duration
	// Lead is how much sound may be made ahead of the listener, beside the sentence
	// in progress. Default 4 s: a reply that is cut off is neither billed nor held in memory to its end.
	Lead time.Duration
	// FlushWithin is how long a sentence whose sound seems complete may go without
	// its acknowledgement, before it is taken for complete. Default 1 s: less than the
	// patience of whoever waits for sound.
	FlushWithin time.Duration
	// StallAfter fails a reply whose sound stops in the middle. Default 4 s.
	StallAfter time.Duration
	// CloseWithin is how long a closed socket may take to say goodbye. Default 1 s.
	CloseWithin time.Duration
	Log         *slog.Logger
}

func (c SpeakConfig) withDefaults() SpeakConfig {
	if c.URL == "" {
		c.URL = "https://api.deepgram.com"
	}
	c.URL = strings.TrimSuffix(c.URL, "/")
	if c.Voice == "" {
		c.Voice = "aura-2-thalia-en"
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	speakDefault(&c.MaxSockets, 45)
	speakDefault(&c.MaxIdle, 8)
	speakDefault(&c.IdleFor, 5*time.Minute)
	speakDefault(&c.MaxAge, 50*time.Minute)
	speakDefault(&c.PingEvery, 5*time.Second)
	speakDefault(&c.ClearWithin, 500*time.Millisecond)
	speakDefault(&c.Characters, 2300)
	speakDefault(&c.Flushes, 19)
	speakDefault(&c.Minute, time.Minute)
	speakDefault(&c.Lead, 4*time.Second)
	speakDefault(&c.FlushWithin, time.Second)
	speakDefault(&c.StallAfter, 4*time.Second)
	speakDefault(&c.CloseWithin, time.Second)
	return c
}

func speakDefault[T int | time.Duration](v *T, to T) {
	if *v <= 0 {
		*v = to
	}
}

// Synthesizer speaks through Deepgram's WebSocket /v1/speak: 24 kHz, one socket for
// one reply at a time, kept for the next. A Flush behind each sentence tells exactly
// where it ends, for the service gives no times of words; when a socket's budget of
// flushes runs short, sentences share one and their ends are estimated.
// Goroutine-safe.
type Synthesizer struct {
	cfg  SpeakConfig
	pool *speakPool
	pace speakPace
}

// NewSynthesizer makes a voice. It dials nothing yet.
func NewSynthesizer(cfg SpeakConfig) *Synthesizer {
	cfg = cfg.withDefaults()
	return &Synthesizer{cfg: cfg, pool: newSpeakPool(cfg)}
}

// Name is "deepgram".
func (s *Synthesizer) Name() string { return speakName }

// speakVoice is the pattern of voices; new ones are added often.
var speakVoice = regexp.MustCompile(`^aura(-[0-9]+)?-[a-z]+-[a-z]{2}(-[a-z]+)?$`)

// speakVoices are what is spoken with in other languages than English.
var speakVoices = map[string]string{
	"es": "aura-2-celeste-es", "fr": "aura-2-agathe-fr", "de": "aura-2-fabian-de",
	"it": "aura-2-livia-it", "ja": "aura-2-izanami-ja", "nl": "aura-2-rhea-nl",
}

// speakKey is what is fixed for the life of a socket.
type speakKey struct{ voice, speed string }

func (k speakKey) query() string {
	q := url.Values{"model": {k.voice}, "encoding": {"linear16"}, "sample_rate": {strconv.Itoa(speakRate)}}
	if k.speed != "" {
		q.Set("speed", k.speed)
	}
	return q.Encode()
}

func (s *Synthesizer) key(o providers.VoiceOptions) (speakKey, error) {
	k := speakKey{voice: o.Voice}
	if k.voice == "" {
		k.voice = s.cfg.Voice
		language, _, _ := strings.Cut(strings.ToLower(o.Language), "-")
		if language != "" && !strings.Contains(k.voice+"-", "-"+language+"-") {
			k.voice = speakVoices[language]
		}
	}
	if !speakVoice.MatchString(k.voice) {
		return k, speakFailure(false, fmt.Errorf("no voice %q for language %q", o.Voice, o.Language))
	}
	// In steps of a twentieth, so that sockets can be used again.
	speed := math.Round(20*min(max(o.Rate, speakMinSpeed), speakMaxSpeed)) / 20
	if o.Rate > 0 && speed != 1 {
		k.speed = strconv.FormatFloat(speed, 'f', -1, 64)
	}
	return k, nil
}

func speakFailure(retry bool, err error) *providers.Error {
	return &providers.Error{Stage: providers.StageTTS, Provider: speakName, Retry: retry, Err: err}
}

var (
	errSpeakClosed   = errors.New("speech stream is closed")
	errSpeakShut     = errors.New("synthesizer is closed")
	errSpeakFinished = errors.New("sentence after the end of the reply")
	errSpeakNoKey    = fmt.Errorf("%w: no API key", providers.ErrUnavailable)
)

// Open starts one reply on a warm socket or a new one; it blocks while it dials.
// A rate outside of 0.7 to 1.5 is taken as the nearest of these. Errors are
// *providers.Error: with providers.ErrBusy at the limit of sockets, ours or the
// service's, with providers.ErrUnavailable without a key, and with a *dial.Refusal
// when the service refused.
func (s *Synthesizer) Open(ctx context.Context, o providers.VoiceOptions) (providers.SpeechStream, error) {
	k, err := s.key(o)
	if err != nil {
		return nil, err
	}
	st := newSpeakStream(ctx, s, k)
	if err := st.begin(); err != nil {
		return nil, err
	}
	return st, nil
}

// Warm makes sure that an unused socket waits for the next reply with these
// options: a call's first words come sooner by the time a dial takes.
func (s *Synthesizer) Warm(ctx context.Context, o providers.VoiceOptions) error {
	k, err := s.key(o)
	if err != nil {
		return err
	}
	if s.pool.hasIdle(k) {
		return nil
	}
	c, err := s.pool.dial(ctx, k)
	if err != nil {
		return err
	}
	s.pool.release(c)
	return nil
}

// Probe asks whether the service is well: it dials and waits for an answer to a
// command that costs nothing. The socket is kept for the next reply.
func (s *Synthesizer) Probe(ctx context.Context) error {
	k, err := s.key(providers.VoiceOptions{})
	if err != nil {
		return err
	}
	c, err := s.pool.dial(ctx, k)
	if err != nil {
		return err
	}
	if err := c.clear(); err != nil {
		s.pool.drop(c, err)
		return speakFailure(true, err)
	}
	select {
	case <-c.answered:
		return nil // Cleared gives the socket back to the pool
	case <-c.gone:
		return c.failure()
	case <-ctx.Done():
		s.pool.drop(c, context.Cause(ctx))
		return speakFailure(true, fmt.Errorf("probe: %w", context.Cause(ctx)))
	}
}

// Close ends all replies, says goodbye on every socket and waits for the answers
// until ctx or SpeakConfig.CloseWithin ends. Idempotent.
func (s *Synthesizer) Close(ctx context.Context) error { return s.pool.close(ctx) }

// Stats counts what happened so far.
func (s *Synthesizer) Stats() SpeakStats { return s.pool.stats() }

// header is what every handshake carries.
func (c SpeakConfig) header() http.Header {
	return http.Header{"Authorization": {"Token " + c.Key}}
}

// speakPace is how long a character takes, learned from sentences whose end was
// told.
type speakPace struct {
	mu     sync.Mutex
	voices map[speakKey]float64 // samples per character
}

// speakPerCharacter is the pace of a voice nobody has heard yet.
const speakPerCharacter = 62 * time.Millisecond

func (p *speakPace) samples(k speakKey, characters int) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	each, known := p.voices[k]
	if !known {
		each = speakPerCharacter.Seconds() * speakRate
		if speed, err := strconv.ParseFloat(k.speed, 64); err == nil {
			each /= speed
		}
	}
	return int(each * float64(characters))
}

// learn takes a sentence into account; short ones say little.
func (p *speakPace) learn(k speakKey, characters, samples int) {
	if characters < 20 {
		return
	}
	each := float64(samples) / float64(characters)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.voices == nil || len(p.voices) > 256 {
		p.voices = map[speakKey]float64{}
	}
	if before, known := p.voices[k]; known {
		each = .75*before + .25*each
	}
	p.voices[k] = each
}
