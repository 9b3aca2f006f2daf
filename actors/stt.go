package actors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/providers"
)

const (
	// sttChunk is how much audio is written to a recognition stream at once. Three
	// frames keep the partials' delay low and the calls per second few.
	sttChunk = 3 * media.MicFrame
	// sttBehind and sttCaughtUp say when recognition counts as behind the
	// microphone, with a gap between them so that it does not flutter.
	sttBehind   = interview.Sample(interview.MicRate)     // 1 s
	sttCaughtUp = interview.Sample(interview.MicRate / 5) // 200 ms
	// sttMaxGap is the longest hole in the audio that is filled with silence to
	// keep the stream's times right. Of a longer one only sttGapFill is: enough to
	// settle the words before it, and no minute of silence for a provider that
	// takes audio hardly faster than it was said.
	sttMaxGap  = interview.Sample(5 * interview.MicRate)
	sttGapFill = interview.Sample(interview.MicRate)
	// sttQuiet is how loud audio may be, in dBFS, that is left out of a backlog once
	// sttQuietKeep of it was sent: providers take audio hardly faster than it was
	// said, and what nobody said need not be caught up with.
	sttQuiet     = -50
	sttQuietKeep = interview.Sample(interview.MicRate)
)

// sttMsg is what the stt actor can receive.
type sttMsg interface{ sttMsg() }

type (
	// settleSpeech asks for a final of everything before At.
	settleSpeech struct{ At interview.Sample }
	// listeningEnded says that the recognition stream is over.
	listeningEnded struct{ err error }
)

func (settleSpeech) sttMsg()   {}
func (listeningEnded) sttMsg() {}

// sttActor owns one recognition stream: a goroutine writes the microphone's
// audio from the replay buffer, another reads results. When the stream fails the
// actor declares itself broken; its successor starts at the first sample that
// was not settled, so nothing said meanwhile is lost.
type sttActor struct {
	provider Transcriber
	inbound  *media.Inbound
	from     interview.Sample
	terms    []string
	gen      engine.Gen
	report   func(interviewMsg)
	position streamPosition
	latest   *latestPartial // belongs to the reader
}

func newSTTActor(provider Transcriber, inbound *media.Inbound, from interview.Sample, terms []string, gen engine.Gen, report func(interviewMsg)) *sttActor {
	return &sttActor{provider: provider, inbound: inbound, from: from, terms: terms, gen: gen, report: report}
}

// Started dials.
func (a *sttActor) Started(c *engine.Ctx[sttMsg]) {
	c.Go("listen", a.listen, func(err error) sttMsg { return listeningEnded{err} })
}

// Receive settles and ends.
func (a *sttActor) Receive(c *engine.Ctx[sttMsg], msg sttMsg) {
	switch m := msg.(type) {
	case settleSpeech:
		if stream := a.position.settleAt(m.At); stream != nil {
			c.Go("finalize", func(ctx context.Context) error { return stream.Finalize(ctx) }, nil)
		}
	case listeningEnded:
		if m.err == nil || errors.Is(m.err, engine.ErrStopped) {
			return
		}
		c.Fail(m.err)
	}
}

// listen runs the stream until it fails or ctx ends.
func (a *sttActor) listen(ctx context.Context) error {
	from := max(a.from, a.inbound.Tail())
	stream, err := a.provider.Open(ctx, providers.TranscribeOptions{Offset: from, Terms: a.terms})
	if err != nil {
		return fmt.Errorf("open recognition: %w", err)
	}
	a.report(sttUp{gen: a.gen})
	ctx, cancel := context.WithCancelCause(ctx)
	var writer sync.WaitGroup
	writer.Go(func() {
		defer recoverInto(cancel)
		cancel(a.write(ctx, stream, from))
	})
	err = a.read(ctx, stream)
	if cause := context.Cause(ctx); cause != nil {
		err = cause // the writer failed first, or we were asked to stop
	}
	cancel(err)
	_ = stream.Close()
	writer.Wait()
	return err
}

// write feeds the stream from position from on, in order, holes filled.
func (a *sttActor) write(ctx context.Context, stream providers.TranscribeStream, from interview.Sample) error {
	buf := make([]int16, sttChunk)
	silence := make([]int16, media.MicFrame)
	pos := from
	behind := true               // until it has caught up: nobody answers half of what was said
	quiet := interview.Sample(0) // of the audio just before pos
	a.position.open(stream, pos)
	defer a.position.open(nil, pos)
	for {
		at, n, err := a.inbound.Read(ctx, pos, buf)
		if err != nil {
			return fmt.Errorf("read microphone: %w", err)
		}
		filled := at
		if at-pos > sttMaxGap {
			filled = pos + sttGapFill
			a.position.skip(filled, at-filled)
		}
		for pos < filled {
			n := min(media.MicFrame, filled-pos)
			if err := stream.Write(ctx, silence[:n]); err != nil {
				return fmt.Errorf("write silence: %w", err)
			}
			pos += n
		}
		if media.LevelDBFS(buf[:n]) < sttQuiet {
			quiet += interview.Sample(n)
		} else {
			quiet = 0
		}
		if behind && quiet > sttQuietKeep {
			a.position.skip(pos, interview.Sample(n))
		} else if err := stream.Write(ctx, buf[:n]); err != nil {
			return fmt.Errorf("write audio: %w", err)
		}
		pos = at + interview.Sample(n)
		if a.position.wrote(pos) {
			if err := stream.Finalize(ctx); err != nil {
				return fmt.Errorf("finalize: %w", err)
			}
		}
		lag := a.inbound.Head() - pos
		if !behind && lag > sttBehind || behind && lag < sttCaughtUp {
			behind = !behind
			a.report(sttLag{gen: a.gen, behind: behind})
		}
	}
}

func (a *sttActor) read(ctx context.Context, stream providers.TranscribeStream) error {
	for {
		t, err := stream.Recv(ctx)
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("recognition stream ended: %w", io.ErrUnexpectedEOF)
		}
		if err != nil {
			return fmt.Errorf("receive transcript: %w", err)
		}
		a.position.place(&t)
		a.hand(t)
	}
}

// hand reports a result. Of partials that wait in the mailbox only the newest is
// kept: one that comes before the one before it was received takes its place. A
// final closes the place, so that nothing overtakes it.
func (a *sttActor) hand(t providers.Transcript) {
	if t.Final {
		a.latest = nil
		a.report(sttHeard{gen: a.gen, transcript: t})
		return
	}
	if a.latest != nil && a.latest.replace(t) {
		return
	}
	a.latest = &latestPartial{waiting: true, transcript: t}
	a.report(sttPartial{gen: a.gen, latest: a.latest})
}

// latestPartial is the place of the newest partial on its way to the interview.
type latestPartial struct {
	mu         sync.Mutex
	waiting    bool
	transcript providers.Transcript
}

// replace puts a newer one there; false when it was received already.
func (l *latestPartial) replace(t providers.Transcript) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting {
		l.transcript = t
	}
	return l.waiting
}

func (l *latestPartial) take() providers.Transcript {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = false
	return l.transcript
}

// streamPosition is where the writer stands and where a final is wanted. A
// request that comes before its audio was written waits for the writer.
type streamPosition struct {
	mu     sync.Mutex
	stream providers.TranscribeStream
	pos    interview.Sample
	settle interview.Sample // 0: none
	skips  []skip           // in order
}

// skip is a hole in the audio of which the stream was given a part only: what it
// says about times from at on is by too early.
type skip struct{ at, by interview.Sample }

// skip notes that by samples from at on, in the stream's own time, were left out.
func (p *streamPosition) skip(at, by interview.Sample) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.skips {
		at -= s.by
	}
	if n := len(p.skips); n > 0 && p.skips[n-1].at == at {
		p.skips[n-1].by += by
		return
	}
	p.skips = append(p.skips, skip{at, by})
}

// place puts a result's times onto the media clock.
func (p *streamPosition) place(t *providers.Transcript) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, at := range []*interview.Sample{&t.From, &t.To, &t.Through} {
		var by interview.Sample
		for _, s := range p.skips {
			if *at > s.at {
				by += s.by
			}
		}
		*at += by
	}
}

func (p *streamPosition) open(stream providers.TranscribeStream, pos interview.Sample) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stream, p.pos = stream, pos
}

// settleAt returns the stream to finalize at once when all audio up to at was
// written, nil when the writer will do it or nothing is open.
func (p *streamPosition) settleAt(at interview.Sample) providers.TranscribeStream {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pos < at || p.stream == nil {
		p.settle = at
		return nil
	}
	return p.stream
}

// wrote notes progress and reports whether a wanted final is due now.
func (p *streamPosition) wrote(pos interview.Sample) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pos = pos
	if p.settle == 0 || pos < p.settle {
		return false
	}
	p.settle = 0
	return true
}

// recoverInto turns a panic of an inner goroutine into the cause of its
// context's end, so that the owner reports it once.
func recoverInto(cancel context.CancelCauseFunc) {
	if r := recover(); r != nil {
		cancel(fmt.Errorf("panic: %v", r))
	}
}

// sttRetryPause is the wait between checks while recognition is down for good.
const sttRetryPause = 5 * time.Second
