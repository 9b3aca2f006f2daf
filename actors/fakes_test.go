package actors

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers"
)

func payload[P any](t *testing.T, e interview.Event) P {
	t.Helper()
	var p P
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		t.Fatalf("payload of %s: %v", e.Kind, err)
	}
	return p
}

// fakeEar is a recognition provider that hears what the test says into it.
type fakeEar struct {
	mu      sync.Mutex
	streams []*earStream
	refuse  error // Open fails with it
	terms   []string
	pending string // what the next stream makes of its audio when it is asked
}

func (e *fakeEar) Name() string { return "fake" }

func (e *fakeEar) Open(ctx context.Context, o providers.TranscribeOptions) (providers.TranscribeStream, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.terms = o.Terms
	if e.refuse != nil {
		return nil, e.refuse
	}
	s := &earStream{ctx: ctx, offset: o.Offset, results: make(chan earResult, 64), pending: e.pending}
	e.pending = ""
	e.streams = append(e.streams, s)
	return s, nil
}

// last is the newest stream.
func (e *fakeEar) last(t *testing.T) *earStream {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.streams) == 0 {
		t.Fatal("no recognition stream was opened")
	}
	return e.streams[len(e.streams)-1]
}

type earResult struct {
	transcript providers.Transcript
	err        error
}

type earStream struct {
	ctx     context.Context //nolint:containedctx // a stream's life is its context's
	offset  interview.Sample
	results chan earResult

	mu        sync.Mutex
	written   interview.Sample
	finalized int
	pending   string // what Finalize settles
}

func (s *earStream) Write(_ context.Context, pcm []int16) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.written += interview.Sample(len(pcm))
	return nil
}

func (s *earStream) Finalize(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.finalized++
	to := s.offset + s.written
	s.results <- earResult{transcript: providers.Transcript{Text: s.pending, Final: true, Confidence: 0.9, From: to - interview.MicRate, To: to}}
	s.pending = ""
	return nil
}

func (s *earStream) Recv(ctx context.Context) (providers.Transcript, error) {
	select {
	case r := <-s.results:
		return r.transcript, r.err
	case <-ctx.Done():
		return providers.Transcript{}, context.Cause(ctx)
	}
}

func (s *earStream) Close() error { return nil }

// hears makes text the utterance in progress, shown as a partial at once.
func (s *earStream) hears(text string) {
	s.mu.Lock()
	s.pending = text
	to := s.offset + s.written
	s.mu.Unlock()
	s.results <- earResult{transcript: providers.Transcript{Text: text, From: to, To: to}}
}

func (s *earStream) breaks(err error) { s.results <- earResult{err: err} }

// fakeVoice is a synthesis provider whose every word takes wordTime.
type fakeVoice struct {
	wordTime time.Duration
	delay    time.Duration // before the first audio of a reply
	mu       sync.Mutex
	fail     error // streams fail with it
}

func (v *fakeVoice) Name() string { return "fake" }

func (v *fakeVoice) Open(ctx context.Context, _ providers.VoiceOptions) (providers.SpeechStream, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return &voiceStream{ctx: ctx, voice: v, fail: v.fail, sentences: make(chan string, 64)}, nil
}

type voiceStream struct {
	ctx       context.Context //nolint:containedctx // a stream's life is its context's
	voice     *fakeVoice
	fail      error
	sentences chan string
	count     int
	at        time.Duration
	started   bool
}

func (s *voiceStream) Say(_ context.Context, sentence string) error {
	s.sentences <- sentence
	return nil
}

func (s *voiceStream) Finish() error { close(s.sentences); return nil }

func (s *voiceStream) Recv(ctx context.Context) (providers.Chunk, error) {
	var sentence string
	select {
	case text, more := <-s.sentences:
		if !more {
			return providers.Chunk{}, io.EOF
		}
		sentence = text
	case <-ctx.Done():
		return providers.Chunk{}, context.Cause(ctx)
	}
	if s.fail != nil {
		return providers.Chunk{}, s.fail
	}
	if !s.started {
		s.started = true
		select {
		case <-time.After(s.voice.delay):
		case <-ctx.Done():
			return providers.Chunk{}, context.Cause(ctx)
		}
	}
	chunk := providers.Chunk{Rate: media.PlayRate, SentenceEnd: s.count}
	s.count++
	for word := range strings.FieldsSeq(sentence) {
		chunk.Words = append(chunk.Words, providers.Word{Text: word, From: s.at, To: s.at + s.voice.wordTime})
		s.at += s.voice.wordTime
		chunk.PCM = append(chunk.PCM, make([]int16, samplesOf(s.voice.wordTime))...)
	}
	return chunk, nil
}

func (s *voiceStream) Close() error { return nil }

// fakeChat answers with what the test wants said.
type fakeChat struct {
	mu       sync.Mutex
	delay    time.Duration // before the first token
	answer   func(r providers.ChatRequest) string
	requests []providers.ChatRequest
	fail     error
	usage    *providers.Usage // what each reply costs; nil: it is not told
	breaks   int              // streams fail after so many words; 0: they don't
}

func (f *fakeChat) Name() string { return "fake" }

func (f *fakeChat) Reply(ctx context.Context, r providers.ChatRequest) (providers.TokenStream, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests = append(f.requests, r)
	if f.fail != nil {
		return nil, f.fail
	}
	text := fmt.Sprintf("This is reply %d.", r.Reply)
	if f.answer != nil {
		text = f.answer(r)
	}
	s := &chatStream{delay: f.delay, tokens: strings.SplitAfter(text, " ")}
	if f.breaks > 0 {
		s.tokens, s.broken = s.tokens[:min(f.breaks, len(s.tokens))], true
	}
	if f.usage != nil {
		return meteredStream{s, *f.usage}, nil
	}
	return s, nil
}

func (f *fakeChat) last() providers.ChatRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests[len(f.requests)-1]
}

func (f *fakeChat) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.requests)
}

type chatStream struct {
	broken bool
	delay  time.Duration
	tokens []string
}

func (s *chatStream) Recv(ctx context.Context) (string, error) {
	if len(s.tokens) == 0 && s.broken {
		return "", errFake
	}
	if len(s.tokens) == 0 {
		return "", io.EOF
	}
	select {
	case <-time.After(s.delay):
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	s.delay = 5 * time.Millisecond
	token := s.tokens[0]
	s.tokens = s.tokens[1:]
	return token, nil
}

func (s *chatStream) Close() error { return nil }

// meteredStream knows what it cost.
type meteredStream struct {
	*chatStream

	usage providers.Usage
}

func (s meteredStream) Usage() providers.Usage { return s.usage }

// fakeMeter keeps what it is told.
type fakeMeter struct {
	mu            sync.Mutex
	turns         []voiceproto.Stages
	spent, wasted map[providers.Stage]int
	degraded      map[providers.Stage]int
	apologies     int
	durable       int
}

func newFakeMeter() *fakeMeter {
	return &fakeMeter{spent: map[providers.Stage]int{}, wasted: map[providers.Stage]int{}, degraded: map[providers.Stage]int{}}
}

func (m *fakeMeter) Turn(s voiceproto.Stages) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turns = append(m.turns, s)
}

func (m *fakeMeter) Spent(s providers.Stage, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spent[s] += n
}

func (m *fakeMeter) Wasted(s providers.Stage, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wasted[s] += n
}

func (m *fakeMeter) Apology() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.apologies++
}

func (m *fakeMeter) Degraded(s providers.Stage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.degraded[s]++
}

func (m *fakeMeter) Durable(time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.durable++
}

// fakeLifecycle notes how the interview's row moves.
type fakeLifecycle struct {
	mu      sync.Mutex
	started int
	ended   []interview.EndReason
	refuse  error
	failing int // so many calls of Ended fail
}

func (f *fakeLifecycle) Started(context.Context, interview.ID, time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.started++
	return f.refuse
}

func (f *fakeLifecycle) Ended(_ context.Context, _ interview.ID, _ time.Time, reason interview.EndReason) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failing > 0 {
		f.failing--
		return errFake
	}
	f.ended = append(f.ended, reason)
	return nil
}

func (f *fakeLifecycle) reasons() []interview.EndReason {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]interview.EndReason(nil), f.ended...)
}

// published collects live events.
type published struct {
	mu     sync.Mutex
	events []LiveEvent
}

func (p *published) Publish(e LiveEvent) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, e)
}

// device is a candidate's client: it plays what it gets in real time and says so
// every 100 ms, as a browser does.
type device struct {
	mu       sync.Mutex
	acks     bool
	sent     []voiceproto.ServerMessage
	reply    interview.ReplyNo
	begun    time.Time
	from     int64 // samples of the reply that were there before this connection
	samples  int64 // received of the reply on this connection
	heldAt   time.Time
	heldFor  time.Duration
	revoked  interview.ReplyNo
	late     int // frames of a revoked reply
	flushed  int64
	code     int
	reason   string
	closed   bool
	conn     *Connection
	lastSeen map[interview.ReplyNo]int64
}

func newDevice(acks bool) *device {
	return &device{acks: acks, lastSeen: map[interview.ReplyNo]int64{}}
}

func (d *device) WriteFrame(reply interview.ReplyNo, offset int64, pcm []int16) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if reply <= d.revoked {
		d.late++
		return true
	}
	if reply != d.reply {
		d.reply, d.begun, d.from, d.samples, d.heldFor = reply, time.Now(), offset, 0, 0
	}
	d.samples += int64(len(pcm))
	return true
}

func (d *device) Lead() time.Duration { return 60 * time.Millisecond }

func (d *device) Send(m voiceproto.ServerMessage) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	d.sent = append(d.sent, m)
	switch m.(type) {
	case voiceproto.Hold:
		d.heldAt = time.Now()
	case voiceproto.Release:
		d.heldFor += time.Since(d.heldAt)
		d.heldAt = time.Time{}
	default:
	}
	return true
}

func (d *device) Flush(reply interview.ReplyNo) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.flushed = d.playedSamples()
	d.lastSeen[reply] = d.flushed
	d.revoked = reply
	d.sent = append(d.sent, voiceproto.Flush{Reply: reply})
	if d.acks && d.conn != nil {
		d.conn.tell(clientSaid{d.conn, voiceproto.Played{Reply: reply, MS: playTime(d.flushed).Milliseconds()}})
	}
}

func (d *device) EndReply(reply interview.ReplyNo) { d.Send(voiceproto.AudioComplete{Reply: reply}) }

func (d *device) playedSamples() int64 {
	now := time.Now()
	if !d.heldAt.IsZero() {
		now = d.heldAt
	}
	return d.from + min(d.samples, samplesOf(now.Sub(d.begun)-d.heldFor))
}

func (d *device) Played(reply interview.ReplyNo) (int64, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.acks {
		return 0, false
	}
	if n, done := d.lastSeen[reply]; done {
		return playTime(n).Milliseconds(), true
	}
	if reply != d.reply {
		return 0, false
	}
	return playTime(d.playedSamples()).Milliseconds(), true
}

func (d *device) Close(code int, reason string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	d.closed, d.code, d.reason = true, code, reason
}

func (d *device) closeCode() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.code
}

// got lists the messages of one type, in order.
func got[M voiceproto.ServerMessage](d *device) []M {
	d.mu.Lock()
	defer d.mu.Unlock()
	var found []M
	for _, m := range d.sent {
		if m, ok := m.(M); ok {
			found = append(found, m)
		}
	}
	return found
}

var errFake = errors.New("fake failure")

func quietLog() *slog.Logger { return slog.New(slog.DiscardHandler) }
