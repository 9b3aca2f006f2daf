package candidate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceclient"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// callLog is what happened in a call, over all its connections. The client's
// goroutine appends, the candidate reads and waits. Goroutine-safe.
type callLog struct {
	mu      sync.Mutex
	events  []voiceclient.Event
	ends    map[int]voiceclient.Event // how each connection ended
	changed chan struct{}             // closed and replaced at each event
}

func newCallLog() *callLog {
	return &callLog{ends: map[int]voiceclient.Event{}, changed: make(chan struct{})}
}

// add notes an event of the conn-th connection. It never blocks: it is called
// from the client's goroutine.
func (l *callLog) add(conn int, e voiceclient.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Kind == voiceclient.EventClosed {
		l.ends[conn] = e
	}
	l.events = append(l.events, e)
	close(l.changed)
	l.changed = make(chan struct{})
}

// all returns the events so far.
func (l *callLog) all() []voiceclient.Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

// until blocks until found says what it found, and gives up with the wanted
// thing's name after patience.
func (l *callLog) until(ctx context.Context, wanted string, patience time.Duration, found func([]voiceclient.Event) bool) error {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("waited %s for %s", patience, wanted))
	defer cancel()
	for {
		l.mu.Lock()
		events, changed := l.events, l.changed
		l.mu.Unlock()
		if found(events) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// messages picks the messages of one type with their times.
func messages[M voiceproto.ServerMessage](events []voiceclient.Event) []timed[M] {
	var out []timed[M]
	for _, e := range events {
		if m, ok := e.Message.(M); ok && e.Kind == voiceclient.EventMessage {
			out = append(out, timed[M]{e.At, m})
		}
	}
	return out
}

type timed[M any] struct {
	at      time.Time
	message M
}

// playedOut is the newest reply that was played to its end; one without a voice,
// whose text came and after which the interviewer listens.
func playedOut(events []voiceclient.Event) interview.ReplyNo {
	var newest, shown interview.ReplyNo
	voiced := map[interview.ReplyNo]bool{}
	for _, e := range events {
		switch e.Kind {
		case voiceclient.EventPlayedOut:
			newest = max(newest, e.Reply)
		case voiceclient.EventFirstAudio:
			voiced[e.Reply] = true
		case voiceclient.EventMessage:
			switch m := e.Message.(type) {
			case voiceproto.Response:
				shown = m.Reply
			case voiceproto.State:
				if m.Agent == "listening" && !voiced[shown] {
					newest = max(newest, shown)
				}
			default:
			}
		default:
		}
	}
	return newest
}

// end is how the conn-th connection ended, if it is over.
func (l *callLog) end(conn int) (voiceclient.Event, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, over := l.ends[conn]
	return e, over
}

// finals joins the final transcripts that came between two moments; a zero to
// means until now.
func finals(events []voiceclient.Event, from, to time.Time) string {
	var texts []string
	for _, m := range messages[voiceproto.Transcript](events) {
		if m.message.IsFinal && !m.at.Before(from) && (to.IsZero() || m.at.Before(to)) {
			texts = append(texts, m.message.Text)
		}
	}
	return strings.Join(texts, " ")
}
