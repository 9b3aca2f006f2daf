package deepgram

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/configs"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
)

// listenName is what recognition through Deepgram is called.
const listenName = "deepgram"

// ListenConfig says how to hear through Deepgram. The zero value of a field means
// its default.
type ListenConfig struct {
	// BaseURL is where Deepgram answers, as ws:, wss:, http: or https:. Default
	// wss://api.deepgram.com.
	BaseURL string
	// Key is the API key.
	Key configs.Secret
	// Model is a model of /v1/listen. Default nova-3. The flux models speak another
	// protocol and are refused.
	Model string
	// Endpointing is the pause after which the server calls an utterance complete.
	// Default 300 ms, the lower end of what its documentation gives for pauses in a
	// conversation; below 0 it does not.
	Endpointing time.Duration
	// UtteranceEnd is the gap after the last word after which the server says so
	// even in noise. Default and least 1 s; below 0 it does not.
	UtteranceEnd time.Duration
	// SmartFormat asks for numbers, dates and addresses as they are written. Off by
	// default: it may hold text back until it knows how a number goes on, and the
	// end of a turn waits for that text. Punctuation is always asked for: whether an
	// answer sounds complete, and with it how soon the interviewer replies, is
	// judged by how the text ends.
	SmartFormat bool
	// OptOut keeps the audio out of the training of models; it changes the price.
	OptOut bool
	// Logger gets a line for each connection and what is wrong with it. Default:
	// none.
	Logger *slog.Logger

	// KeepAlive is the pause without audio after which a sign of life is sent.
	// Default 4 s; the server gives up after 10 s.
	KeepAlive time.Duration
	// FirstAudio is how long a new connection may be without audio before a moment
	// of silence is sent: signs of life do not count before the first audio.
	// Default 5 s.
	FirstAudio time.Duration
	// FinalizeWait is how long the answer to Finalize may take before the stream
	// gives an empty one itself: the server does not always answer. Default 700 ms.
	FinalizeWait time.Duration
	// MuteAfter is how much audio may be sent without any answer before the
	// connection counts as broken. Default 6 s: the server says something about each
	// second of audio, and 10 s can be replayed.
	MuteAfter time.Duration
	// WriteWait bounds one write to the socket. Default 5 s.
	WriteWait time.Duration
	// DrainWait bounds Close: how long what was said last may take to be settled.
	// Default 2 s.
	DrainWait time.Duration
	// Pace is how much faster than real time audio is sent at most, and Burst how
	// much of it may be sent at once. Defaults 1.25, which is what the server
	// accepts, and 500 ms, which evens out the network before us. A Pace below 0 is
	// no limit.
	Pace  float64
	Burst time.Duration
}

func (c ListenConfig) withDefaults() ListenConfig {
	or := func(d *time.Duration, other time.Duration) {
		if *d == 0 {
			*d = other
		}
	}
	or(&c.Endpointing, 300*time.Millisecond)
	or(&c.UtteranceEnd, time.Second)
	or(&c.KeepAlive, 4*time.Second)
	or(&c.FirstAudio, 5*time.Second)
	or(&c.FinalizeWait, 700*time.Millisecond)
	or(&c.MuteAfter, 6*time.Second)
	or(&c.WriteWait, 5*time.Second)
	or(&c.DrainWait, 2*time.Second)
	or(&c.Burst, 500*time.Millisecond)
	if c.BaseURL == "" {
		c.BaseURL = "wss://api.deepgram.com"
	}
	if c.Model == "" {
		c.Model = "nova-3"
	}
	if c.Pace == 0 {
		c.Pace = 1.25
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// ListenStats counts what the streams of a Transcriber met, since its start.
type ListenStats struct {
	Opened, Failed   int64 // streams; Failed were not ended by us
	Messages         int64 // from the server
	Malformed        int64 // of them, those with a part that can't be read
	Unknown          int64 // and those of an unknown kind
	Complaints       int64 // errors and warnings that did not end the stream
	Partials, Finals int64 // told
	Replaced         int64 // partials that a newer one replaced before they were taken
	Repeated         int64 // results for what was settled already
	StaleEnds        int64 // ends of speech that were over or came too early
	SpeechStarts     int64
	Unanswered       int64 // Finalizes the server did not answer in time
	KeepAlives       int64
	Silences         int64 // moments of silence sent before the first audio
	Held             int64 // pieces of audio held back to keep the pace
}

type listenCounters struct {
	opened, failed, messages, malformed, unknown, complaints, partials, finals, replaced,
	repeated, staleEnds, speechStarts, unanswered, keepAlives, silences, held atomic.Int64
}

// Transcriber hears through Deepgram. Goroutine-safe.
type Transcriber struct {
	cfg   ListenConfig
	count listenCounters
}

// NewTranscriber makes one. Nothing is dialled before Open.
func NewTranscriber(cfg ListenConfig) *Transcriber {
	return &Transcriber{cfg: cfg.withDefaults()}
}

// Name is "deepgram".
func (t *Transcriber) Name() string { return listenName }

// Stats returns the counters so far.
func (t *Transcriber) Stats() ListenStats {
	c := &t.count
	return ListenStats{
		Opened: c.opened.Load(), Failed: c.failed.Load(), Messages: c.messages.Load(), Malformed: c.malformed.Load(),
		Unknown: c.unknown.Load(), Complaints: c.complaints.Load(), Partials: c.partials.Load(), Finals: c.finals.Load(),
		Replaced: c.replaced.Load(), Repeated: c.repeated.Load(), StaleEnds: c.staleEnds.Load(), SpeechStarts: c.speechStarts.Load(),
		Unanswered: c.unanswered.Load(), KeepAlives: c.keepAlives.Load(), Silences: c.silences.Load(), Held: c.held.Load(),
	}
}

// Open dials, and returns when the server has accepted: audio sent before would be
// lost. ctx bounds the dial and is the stream's life; when it ends the stream says
// goodbye and is gone at once. A failure is a *providers.Error, which wraps a
// *dial.Refusal when the server answered.
func (t *Transcriber) Open(ctx context.Context, o providers.TranscribeOptions) (providers.TranscribeStream, error) {
	ws, request, err := t.dial(ctx, o)
	if err != nil {
		return nil, err
	}
	t.count.opened.Add(1)
	t.cfg.Logger.Debug("recognition connected", "request", request, "offset", o.Offset.Duration())
	s := newListenStream(t, ws, request, o.Offset)
	s.start(ctx)
	return s, nil
}

// Probe reports whether a stream could be opened now, by opening one and ending it
// at once. It blocks until ctx ends, 10 s at most.
func (t *Transcriber) Probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 10*time.Second, providers.ErrNoProgress)
	defer cancel()
	ws, _, err := t.dial(ctx, providers.TranscribeOptions{})
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = ws.Close() })()
	defer func() { _ = ws.Close() }()
	deadline := time.Now().Add(t.cfg.DrainWait)
	_ = ws.SetWriteDeadline(deadline)
	if err := ws.WriteMessage(websocket.TextMessage, listenCloseStream); err != nil {
		return listenFailure(true, fmt.Errorf("end a probe: %w", err))
	}
	_ = ws.SetReadDeadline(deadline)
	for {
		if _, _, err := ws.ReadMessage(); err != nil {
			if websocket.IsCloseError(err, websocket.CloseNormalClosure) {
				return nil
			}
			return listenClosed(err, "")
		}
	}
}

// dial opens a socket; request is what Deepgram's support asks for.
func (t *Transcriber) dial(ctx context.Context, o providers.TranscribeOptions) (ws *websocket.Conn, request string, err error) {
	url, err := t.cfg.url(o)
	if err != nil {
		return nil, "", listenFailure(false, err)
	}
	ws, header, err := dial.WebSocket(ctx, dial.Request{
		Stage: providers.StageSTT, Provider: listenName, URL: url,
		Header: http.Header{"Authorization": {"Token " + t.cfg.Key.Reveal()}},
	})
	if err != nil {
		var refusal *dial.Refusal
		if errors.As(err, &refusal) {
			t.cfg.Logger.Warn("recognition refused", "request", refusal.RequestID, "status", refusal.Status, "code", refusal.Code)
		}
		return nil, "", err
	}
	return ws, listenBrief(header.Get("dg-request-id")), nil
}

func listenFailure(retry bool, err error) error {
	return &providers.Error{Stage: providers.StageSTT, Provider: listenName, Retry: retry, Err: err}
}

// listenRate is the rate of the audio that is sent.
const listenRate = interview.MicRate
