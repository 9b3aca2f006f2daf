package fallback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/vantahire/vantahire/providers"
)

// voiceStream is one reply, spoken by one voice after the other.
type voiceStream struct {
	synth   *Synthesizer
	options providers.VoiceOptions
	ctx     context.Context //nolint:containedctx // the reply's life
	tried   []bool          // belongs to the reader
	end     error           // belongs to the reader: how the reply ended

	mu     sync.Mutex
	p      progress
	more   chan struct{} // tells the pump to look again
	voice  *voice        // the one that speaks
	closed bool
}

// voice is one provider's part of a reply.
type voice struct {
	member int
	stream providers.SpeechStream
	ctx    context.Context //nolint:containedctx // this part's life
	cancel context.CancelCauseFunc
	pump   chan struct{} // closed when the pump has ended
	base   int           // the reply's index of its first sentence
	offset time.Duration // where in the reply its sound begins

	mu      sync.Mutex
	said    int  // sentences handed over
	ended   int  // of them, complete
	first   bool // no sound yet
	waiting bool // the listener waits, since then
	since   time.Time
	idle    time.Duration // waited for since the last progress, before that
	timer   *time.Timer
}

// Say adds a sentence. It never blocks.
func (v *voiceStream) Say(_ context.Context, sentence string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.closed:
		return errReplyOver
	case v.p.finished:
		return errFinished
	case len(v.p.sentences) == maxSentences:
		return &providers.Error{Stage: providers.StageTTS, Provider: v.synth.Name(), Err: errTooLong}
	}
	v.p.sentences = append(v.p.sentences, sentence)
	v.wake()
	return nil
}

// Finish says that no sentence follows.
func (v *voiceStream) Finish() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.p.finished = true
	v.wake()
	return nil
}

func (v *voiceStream) wake() {
	select {
	case v.more <- struct{}{}:
	default:
	}
}

// Recv returns the next sound. A voice that fails or stalls is replaced within it.
func (v *voiceStream) Recv(ctx context.Context) (providers.Chunk, error) {
	none := providers.Chunk{SentenceEnd: -1}
	for {
		if v.end != nil {
			return none, v.end
		}
		one := v.present()
		if one == nil {
			return none, errReplyOver
		}
		c, err := one.next(ctx, v.synth.cfg)
		circuit := v.synth.members[one.member].Circuit
		switch {
		case v.ctx.Err() != nil:
			circuit.Abandoned()
			return none, context.Cause(v.ctx)
		case v.present() != one: // closed meanwhile
			return none, errReplyOver
		case err == nil:
			return v.deliver(one, c), nil
		case ctx.Err() != nil:
			return none, context.Cause(ctx)
		case errors.Is(err, io.EOF) && v.complete(one):
			circuit.Succeeded()
			v.end = io.EOF
			continue
		case errors.Is(err, io.EOF):
			err = &providers.Error{Stage: providers.StageTTS, Provider: v.name(one), Retry: true, Err: errEndedEarly}
		}
		if c, ended := v.lastWords(); ended { // nothing is missing but its end
			circuit.Failed(err)
			v.end = io.EOF
			if c.SentenceEnd >= 0 {
				return c, nil
			}
			continue
		}
		if err := v.change(err); err != nil {
			if v.ctx.Err() == nil {
				v.end = err
			}
			return none, err
		}
		if c, ended := v.skipped(); ended {
			return c, nil
		}
	}
}

// lastWords reports whether the reply was spoken to its end although its voice
// failed; the chunk tells the last sentence's end, unless it was told.
func (v *voiceStream) lastWords() (providers.Chunk, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := providers.Chunk{SentenceEnd: -1}
	v.p.changes()
	rest := v.p.rest()
	if !v.p.finished || len(rest) > 1 || len(rest) == 1 && rest[0] != "" {
		return c, false
	}
	if len(rest) == 1 {
		c.SentenceEnd = v.p.done
		v.p.took(c)
	}
	return c, true
}

func (v *voiceStream) name(one *voice) string { return v.synth.members[one.member].Provider.Name() }

func (v *voiceStream) present() *voice {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.voice
}

// complete reports whether a voice that ended has said what it was given. One that
// never tells its sentences' ends is believed when there was sound enough.
func (v *voiceStream) complete(one *voice) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.p.finished && (v.p.done >= len(v.p.sentences) || v.p.done == 0 && one.offset == 0 && v.p.half())
}

// deliver puts a voice's chunk into the reply's own times and indices.
func (v *voiceStream) deliver(one *voice, c providers.Chunk) providers.Chunk {
	c.Words = slices.Clone(c.Words)
	for i := range c.Words {
		c.Words[i].From += one.offset
		c.Words[i].To += one.offset
	}
	v.mu.Lock()
	if c.SentenceEnd >= 0 {
		c.SentenceEnd += one.base
		if c.SentenceEnd < v.p.done || c.SentenceEnd >= len(v.p.sentences) {
			c.SentenceEnd = -1 // told twice, or of a sentence nobody said
		}
	}
	v.p.took(c)
	v.mu.Unlock()
	if c.SentenceEnd >= 0 {
		// Not at the first sound: a voice that always breaks off would never rest.
		v.synth.members[one.member].Circuit.Succeeded()
	}
	return c
}

// skipped tells the end of a sentence whose last words had all been spoken when
// its voice failed: the next voice has nothing to say of it.
func (v *voiceStream) skipped() (providers.Chunk, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.voice == nil || v.p.done >= v.voice.base {
		return providers.Chunk{}, false
	}
	c := providers.Chunk{SentenceEnd: v.p.done}
	v.p.took(c)
	return c, true
}

// change replaces the present voice, which failed with err (nil: there is none
// yet), by the next that can be had.
func (v *voiceStream) change(before error) error {
	if old := v.present(); old != nil {
		v.synth.members[old.member].Circuit.Failed(before)
		old.end(before)
	}
	last := before
	for _, allowed := range []func(*Circuit) bool{(*Circuit).Allow, (*Circuit).AllowLast} {
		for i, m := range v.synth.members {
			if v.tried[i] || !allowed(m.Circuit) {
				continue
			}
			v.tried[i] = true
			err := v.open(i)
			switch {
			case err == nil:
				return nil
			case v.ctx.Err() != nil:
				m.Circuit.Abandoned()
				return context.Cause(v.ctx)
			case errors.Is(err, errReplyOver):
				m.Circuit.Abandoned()
				return err
			}
			m.Circuit.Failed(err)
			last = err
		}
	}
	v.mu.Lock()
	v.voice = nil
	v.mu.Unlock()
	if last == nil {
		return errNoVoice
	}
	return resumed(last, before)
}

// open lets a voice go on where the reply stands.
func (v *voiceStream) open(member int) error {
	began := time.Now()
	ctx, cancel := context.WithCancelCause(v.ctx)
	provider := v.synth.members[member].Provider
	stream, err := dialVoice(ctx, cancel, provider, v.options, v.synth.cfg.FirstAudio)
	if err != nil {
		cancel(err)
		return fmt.Errorf("open %s: %w", provider.Name(), err)
	}
	one := &voice{member: member, stream: stream, ctx: ctx, cancel: cancel, pump: make(chan struct{}), first: true, idle: time.Since(began)}
	v.mu.Lock()
	if v.closed {
		v.mu.Unlock()
		one.cancel(errReplyOver)
		one.close()
		return errReplyOver
	}
	v.p.changes()
	rest := v.p.rest()
	one.base, one.offset = v.p.done, v.p.spoken
	if len(rest) > 0 && rest[0] == "" { // all of its words were spoken
		rest = rest[1:]
		one.base++
	}
	given := len(v.p.sentences)
	v.voice = one
	v.mu.Unlock()
	go v.feed(one, rest, given)
	return nil
}

// dialVoice opens a voice's stream within a time.
func dialVoice(ctx context.Context, cancel context.CancelCauseFunc, p VoiceProvider, o providers.VoiceOptions, within time.Duration) (stream providers.SpeechStream, err error) {
	defer func() {
		if r := recover(); r != nil {
			stream, err = nil, fmt.Errorf("panic: %v", r)
		}
	}()
	patience := time.AfterFunc(within, func() { cancel(fmt.Errorf("open: %w", providers.ErrNoProgress)) })
	stream, err = p.Open(ctx, o)
	if !patience.Stop() && err == nil { // it came too late, its context is over
		_ = stream.Close()
		return nil, context.Cause(ctx)
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return stream, err
}

// feed is the pump of one voice: it hands over what is left of the reply and then
// each sentence that is added.
func (v *voiceStream) feed(one *voice, rest []string, given int) {
	defer close(one.pump)
	defer func() {
		if r := recover(); r != nil {
			one.cancel(fmt.Errorf("panic: %v", r))
		}
	}()
	for {
		for _, sentence := range rest {
			one.owe(v.synth.cfg)
			if err := one.stream.Say(one.ctx, sentence); err != nil {
				one.cancel(fmt.Errorf("say: %w", err))
				return
			}
		}
		v.mu.Lock()
		rest = append([]string(nil), v.p.sentences[given:]...)
		given = len(v.p.sentences)
		finished := v.p.finished
		v.mu.Unlock()
		if len(rest) > 0 {
			continue
		}
		if finished {
			if err := one.stream.Finish(); err != nil {
				one.cancel(fmt.Errorf("finish: %w", err))
			}
			return
		}
		select {
		case <-v.more:
		case <-one.ctx.Done():
			return
		}
	}
}

// Close ends the reply.
func (v *voiceStream) Close() error {
	v.mu.Lock()
	one := v.voice
	v.voice, v.closed = nil, true
	v.mu.Unlock()
	if one != nil {
		if !one.sounded() {
			v.synth.members[one.member].Circuit.Abandoned()
		}
		one.end(errReplyOver)
	}
	return nil
}

// end lets a voice go and waits for its pump.
func (one *voice) end(err error) {
	one.cancel(err)
	one.close()
	<-one.pump
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.timer != nil {
		one.timer.Stop()
	}
}

func (one *voice) close() {
	defer func() { _ = recover() }() // it is given up anyway
	_ = one.stream.Close()
}

// next waits for sound, and cancels the voice when it makes no progress with what
// it owes.
func (one *voice) next(ctx context.Context, cfg VoiceConfig) (c providers.Chunk, err error) {
	one.wait(true, cfg)
	defer one.wait(false, cfg)
	recv, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(one.ctx, func() { cancel(context.Cause(one.ctx)) })()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	if c, err = one.stream.Recv(recv); err != nil {
		if cause := context.Cause(recv); cause != nil {
			err = cause
		}
		return c, err
	}
	one.progress(c)
	return c, nil
}

// progress notes what a chunk brings: sound, or the end of a sentence.
func (one *voice) progress(c providers.Chunk) {
	one.mu.Lock()
	defer one.mu.Unlock()
	if len(c.PCM) > 0 {
		one.first = false
	}
	if len(c.PCM) > 0 || c.SentenceEnd >= one.ended {
		one.idle, one.since = 0, time.Now()
	}
	one.ended = min(one.said, max(one.ended, c.SentenceEnd+1))
}

// wait says whether the listener waits; only then time counts against the voice.
func (one *voice) wait(waiting bool, cfg VoiceConfig) {
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.waiting && !waiting && one.said > one.ended {
		one.idle += time.Since(one.since)
	}
	one.waiting, one.since = waiting, time.Now()
	one.arm(cfg)
}

// owe notes a sentence handed over.
func (one *voice) owe(cfg VoiceConfig) {
	one.mu.Lock()
	defer one.mu.Unlock()
	one.said++
	if one.said == one.ended+1 {
		one.since = time.Now()
		one.arm(cfg)
	}
}

// sounded reports whether there was sound.
func (one *voice) sounded() bool {
	one.mu.Lock()
	defer one.mu.Unlock()
	return !one.first
}

// arm is called with mu held.
func (one *voice) arm(cfg VoiceConfig) {
	if one.timer != nil {
		one.timer.Stop()
	}
	if !one.waiting || one.said <= one.ended {
		return
	}
	patience := cfg.NextAudio
	if one.first {
		patience = cfg.FirstAudio
	}
	one.timer = time.AfterFunc(patience-one.idle, func() { one.cancel(fmt.Errorf("sound: %w", providers.ErrNoProgress)) })
}
