package outage

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/loadtest/candidate"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceclient"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers/soundcode"
)

const (
	// think is the pause before an answer.
	think = 400 * time.Millisecond
	// backLeast and backMost bound the pauses of a candidate who tries to come back.
	backLeast, backMost = 100 * time.Millisecond, time.Second
	// dialPatience bounds one try, and quietPatience how long nothing may be heard
	// before the candidate speaks of its own accord.
	dialPatience, quietPatience = 5 * time.Second, 25 * time.Second
	// finishPatience bounds the goodbye.
	finishPatience = 10 * time.Second
)

// Said is an utterance.
type Said struct {
	Text     string
	Began    time.Time
	Complete bool // its last frame left
}

// Told is a line that the candidate was told is settled.
type Told struct {
	At      time.Time
	Segment interview.SegmentNo // of the candidate's words
	Reply   interview.ReplyNo   // of the interviewer's
	Text    string
	Heard   time.Duration // of a reply, as far as it was played
}

// Absence is a time without a connection.
type Absence struct {
	Lost, Ready, Word time.Time // Word: the first sound after it
	Refusals          int       // 503 and the like
	Code              int       // the close code, or 1006
	Resumed           bool
}

// Candidate holds interviews and comes back whatever happens.
type Candidate struct {
	API    func() candidate.API // where to call now
	Plan   []byte
	Typing bool
	Finish bool // ends the interview when the context of Run ends, else just leaves
	Name   int  // tells the candidates' words apart

	mu         sync.Mutex
	invitation candidate.Invitation
	done       []Call
	call       Call
	turns      int
	client     *voiceclient.Client // the present one
}

// Call is one interview as its candidate knows it.
type Call struct {
	Interview interview.ID
	Said      []Said
	Told      []Told
	Absences  []Absence
	Ended     bool
	Refused   bool // its link was refused when the candidate came back

	early map[interview.ReplyNo]time.Duration // heard before it was told
}

// Run talks until ctx ends. It returns only what makes talking impossible.
func (c *Candidate) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := c.begin(ctx); err != nil {
			return err
		}
		c.hold(ctx)
	}
	return nil
}

// Calls are all interviews so far.
func (c *Candidate) Calls() []Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := append([]Call(nil), c.done...)
	if c.call.Interview != "" {
		now := c.call
		now.Said, now.Told, now.Absences = append([]Said(nil), now.Said...), append([]Told(nil), now.Told...), append([]Absence(nil), now.Absences...)
		all = append(all, now)
	}
	return all
}

// Interview is the present interview.
func (c *Candidate) Interview() interview.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.call.Interview
}

// Redial gives the present connection up, as a candidate's client does that hears
// nothing any more.
func (c *Candidate) Redial() {
	c.mu.Lock()
	client := c.client
	c.mu.Unlock()
	if client != nil {
		client.Drop()
	}
}

// Say types a line on the present connection.
func (c *Candidate) Say(text string) {
	c.mu.Lock()
	client := c.client
	c.mu.Unlock()
	if client != nil {
		_ = client.Send(voiceproto.Text{Content: text})
	}
}

// Forget leaves an interview out of Calls: it was deleted.
func (c *Candidate) Forget(id interview.ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done = slices.DeleteFunc(c.done, func(call Call) bool { return call.Interview == id })
}

// begin makes an interview, however long that takes.
func (c *Candidate) begin(ctx context.Context) error {
	for wait := backLeast; ; wait = min(2*wait, backMost) {
		invitation, err := c.API().Create(ctx, "Software Engineer", 120, "implied", c.Plan)
		if err == nil {
			c.mu.Lock()
			c.invitation, c.call = invitation, Call{Interview: invitation.Interview}
			c.mu.Unlock()
			return nil
		}
		if !pause(ctx, wait) {
			return nil //nolint:nilerr // the test is over
		}
	}
}

// hold talks until the interview has ended.
func (c *Candidate) hold(ctx context.Context) {
	var away *Absence
	for ctx.Err() == nil && !c.ended() {
		line, err := c.dial(ctx, away)
		if err != nil {
			wait := backLeast
			var refused *voiceclient.DialError
			if errors.As(err, &refused) && refused.Status == http.StatusUnauthorized {
				c.note(func() { c.call.Refused = true })
				break
			}
			if errors.As(err, &refused) && refused.Status != 0 {
				wait = min(max(refused.RetryAfter, wait), backMost)
				if away != nil {
					away.Refusals++
				}
			}
			pause(ctx, wait)
			continue
		}
		line.talk(ctx)
		if ctx.Err() != nil && c.Finish {
			line.finish()
		}
		line.client.Drop()
		end := line.client.Closed()
		away = &Absence{Lost: line.lost(), Code: end.Code}
		if end.Code == voiceproto.CloseTryAgain {
			pause(ctx, backMost/2)
		}
	}
	c.note(func() {
		c.done = append(c.done, c.call)
		c.call = Call{}
	})
}

func (c *Candidate) note(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

func (c *Candidate) ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.call.Ended
}

// words are the next answer; no two of all candidates are the same.
func (c *Candidate) words() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turns++
	return fmt.Sprintf("I am number %d and this is answer %d", c.Name, c.turns)
}

// line is one connection.
type line struct {
	c       *Candidate
	client  *voiceclient.Client
	changed chan struct{} // has room for one
	mu      sync.Mutex
	ready   bool
	first   map[interview.ReplyNo]time.Time
	played  interview.ReplyNo // the newest that was played to its end, or shown
	sound   bool
	lostAt  time.Time
}

// dial connects and waits until the call runs.
func (c *Candidate) dial(ctx context.Context, away *Absence) (*line, error) {
	l := &line{c: c, changed: make(chan struct{}, 1), first: map[interview.ReplyNo]time.Time{}}
	api := c.API()
	o := voiceclient.NewOptions(api.Server+"/voice/"+string(c.Interview()), c.invitation.Token)
	o.Keep, o.Typing = false, c.Typing
	o.OnEvent = func(e voiceclient.Event) { l.on(e, away) }
	ctx, cancel := context.WithTimeout(ctx, dialPatience)
	defer cancel()
	client, err := voiceclient.Dial(ctx, o)
	if err != nil {
		return nil, err
	}
	l.client = client
	for !l.isReady() {
		select {
		case <-l.changed:
		case <-client.Done():
			return nil, errClosed
		case <-ctx.Done():
			client.Drop()
			return nil, context.Cause(ctx)
		}
	}
	c.note(func() { c.client = client })
	client.StartMic()
	return l, nil
}

var errClosed = errors.New("closed before the call ran")

func (l *line) isReady() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ready
}

func (l *line) lost() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lostAt
}

// on takes what the client reports.
func (l *line) on(e voiceclient.Event, away *Absence) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer func() {
		select {
		case l.changed <- struct{}{}:
		default:
		}
	}()
	switch e.Kind {
	case voiceclient.EventFirstAudio:
		l.first[e.Reply] = e.At
		l.word(e.At)
	case voiceclient.EventPlayedOut:
		l.heard(e.Reply, e.At)
		l.played = max(l.played, e.Reply)
	case voiceclient.EventClosed:
		l.lostAt = e.At
		for reply := range l.first {
			l.heard(reply, e.At)
		}
	case voiceclient.EventMessage:
		l.onMessage(e, away)
	case voiceclient.EventLastAudio, voiceclient.EventSpeakBegan, voiceclient.EventSpeakEnded:
	}
}

func (l *line) onMessage(e voiceclient.Event, away *Absence) {
	switch m := e.Message.(type) {
	case voiceproto.Ready:
		l.ready = true
		if away != nil {
			away.Ready, away.Resumed = e.At, m.Resumed
			l.c.note(func() { l.c.call.Absences = append(l.c.call.Absences, *away) })
		}
	case voiceproto.Transcript:
		if m.IsFinal {
			l.c.note(func() { l.c.call.Told = append(l.c.call.Told, Told{At: e.At, Segment: m.Segment, Text: m.Text}) })
		}
	case voiceproto.Response:
		l.c.note(func() {
			l.c.call.Told = append(l.c.call.Told, Told{At: e.At, Reply: m.Reply, Text: m.Text, Heard: l.c.call.early[m.Reply]})
		})
		if l.c.Typing {
			l.word(e.At)
			l.played = max(l.played, m.Reply)
		}
	case voiceproto.Flush: // it was cut
		l.heard(m.Reply, e.At)
	case voiceproto.Ended:
		l.c.note(func() { l.c.call.Ended = true })
	default:
	}
}

// word notes the first sound of a connection.
func (l *line) word(at time.Time) {
	if l.sound {
		return
	}
	l.sound = true
	l.c.note(func() {
		if n := len(l.c.call.Absences); n > 0 && l.c.call.Absences[n-1].Word.IsZero() {
			l.c.call.Absences[n-1].Word = at
		}
	})
}

// heard notes how much of a reply was played on this connection.
func (l *line) heard(reply interview.ReplyNo, at time.Time) {
	from, ok := l.first[reply]
	if !ok {
		return
	}
	l.c.note(func() {
		for i := range l.c.call.Told {
			if t := &l.c.call.Told[i]; t.Reply == reply {
				t.Heard = max(t.Heard, at.Sub(from))
				return
			}
		}
		if l.c.call.early == nil {
			l.c.call.early = map[interview.ReplyNo]time.Duration{}
		}
		l.c.call.early[reply] = at.Sub(from)
	})
	delete(l.first, reply)
}

// talk answers each question until the connection is over.
func (l *line) talk(ctx context.Context) {
	var answered interview.ReplyNo
	for {
		quiet := time.NewTimer(quietPatience)
		for due := false; !due; {
			l.mu.Lock()
			next := l.played
			l.mu.Unlock()
			if next > answered {
				answered = next
				break
			}
			select {
			case <-l.changed:
			case <-quiet.C:
				due = true
			case <-l.client.Done():
				quiet.Stop()
				return
			case <-ctx.Done():
				quiet.Stop()
				return
			}
		}
		quiet.Stop()
		if !pause(ctx, think) {
			return
		}
		l.say(ctx, l.c.words())
	}
}

// finish ends the interview.
func (l *line) finish() {
	if l.client.Send(voiceproto.End{}) != nil {
		return
	}
	select {
	case <-l.client.Done():
	case <-time.After(finishPatience):
	}
}

// say speaks or types.
func (l *line) say(ctx context.Context, text string) {
	began := time.Now()
	var err error
	if l.c.Typing {
		err = l.client.Send(voiceproto.Text{Content: text})
	} else {
		pcm, _ := soundcode.Voice{}.Speak(text, media.MicRate)
		err = l.client.Speak(ctx, pcm)
	}
	l.c.note(func() {
		l.c.call.Said = append(l.c.call.Said, Said{Text: text, Began: began, Complete: err == nil})
	})
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

// plain is a text without case and punctuation, as sound carries it.
func plain(text string) string {
	words := strings.Fields(strings.ToLower(text))
	for i, w := range words {
		words[i] = strings.Trim(w, ".,;:!?")
	}
	return strings.Join(words, " ")
}
