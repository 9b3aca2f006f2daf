package app

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceclient"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers/simulated/suite"
)

// caller is a candidate who takes what comes: replies in sound or in writing.
type caller struct {
	t      *testing.T
	client *voiceclient.Client
	began  time.Time

	mu     sync.Mutex
	events []voiceclient.Event
}

// dial connects a caller.
func (s *stage) dial() *caller {
	s.t.Helper()
	c := &caller{t: s.t, began: time.Now()}
	o := voiceclient.NewOptions(s.app.URL()+"/voice/"+string(s.invitation.Interview), s.invitation.Token)
	o.OnEvent = c.note
	client, err := voiceclient.Dial(s.t.Context(), o)
	if err != nil {
		s.t.Fatal(err)
	}
	c.client = client
	s.t.Cleanup(client.Drop)
	client.StartMic()
	return c
}

// note keeps an event and logs what matters to a candidate.
func (c *caller) note(e voiceclient.Event) {
	c.mu.Lock()
	c.events = append(c.events, e)
	c.mu.Unlock()
	at := e.At.Sub(c.began).Seconds()
	switch m := e.Message.(type) {
	case voiceproto.Response:
		c.t.Logf("+%5.1f s reply %d is %q", at, m.Reply, m.Text)
	case voiceproto.Notice:
		c.t.Logf("+%5.1f s notice %s: %s", at, m.Code, m.Text)
	case voiceproto.Error:
		c.t.Logf("+%5.1f s error %s: %s", at, m.Code, m.Message)
	case voiceproto.Transcript:
		if m.IsFinal {
			c.t.Logf("+%5.1f s understood %q", at, m.Text)
		}
	default:
		switch e.Kind {
		case voiceclient.EventFirstAudio:
			c.t.Logf("+%5.1f s reply %d sounds", at, e.Reply)
		case voiceclient.EventPlayedOut:
			c.t.Logf("+%5.1f s reply %d was played out", at, e.Reply)
		case voiceclient.EventClosed:
			c.t.Logf("+%5.1f s closed: %d %s", at, e.Code, e.Reason)
		default:
		}
	}
}

func (c *caller) all() []voiceclient.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.events)
}

// turnOf waits until the interviewer has said or shown a reply after no and listens.
func (c *caller) turnOf(no interview.ReplyNo) interview.ReplyNo {
	c.t.Helper()
	var newest interview.ReplyNo
	waitFor(c.t, func() string {
		newest = listensAfter(c.all())
		if newest > no {
			return ""
		}
		return "the interviewer has not finished a reply"
	})
	return newest
}

// listensAfter is the newest reply that was played out, or was shown without a
// sound and is over.
func listensAfter(events []voiceclient.Event) (newest interview.ReplyNo) {
	var shown interview.ReplyNo
	voiced := map[interview.ReplyNo]bool{}
	for _, e := range events {
		switch e.Kind {
		case voiceclient.EventPlayedOut:
			newest = max(newest, e.Reply)
		case voiceclient.EventFirstAudio:
			voiced[e.Reply] = true
		default:
		}
		switch m := e.Message.(type) {
		case voiceproto.Response:
			shown = m.Reply
		case voiceproto.State:
			if m.Agent == "listening" && !voiced[shown] {
				newest = max(newest, shown)
			}
		default:
		}
	}
	return newest
}

// noticed reports whether a notice of that code came.
func (c *caller) noticed(code voiceproto.ErrorCode) bool {
	return slices.ContainsFunc(c.all(), func(e voiceclient.Event) bool {
		n, ok := e.Message.(voiceproto.Notice)
		return ok && n.Code == code
	})
}

// understood joins what was called final.
func (c *caller) understood() string {
	var finals []string
	for _, e := range c.all() {
		if m, ok := e.Message.(voiceproto.Transcript); ok && m.IsFinal {
			finals = append(finals, m.Text)
		}
	}
	return strings.Join(finals, " ")
}

// say speaks an answer to its end.
func (c *caller) say(text string) {
	c.t.Helper()
	if err := c.client.Speak(c.t.Context(), coded(text).PCM); err != nil {
		c.t.Fatal(err)
	}
	c.t.Logf("+%5.1f s the candidate has said %q", time.Since(c.began).Seconds(), text)
}

// finish ends the interview, unless it has ended by itself, and waits for the
// server's goodbye.
func (c *caller) finish() {
	c.t.Helper()
	if err := c.client.Send(voiceproto.End{}); err != nil {
		c.t.Logf("the end can't be asked for: %v", err) // it may have come by itself this moment
	}
	select {
	case <-c.client.Done():
	case <-time.After(patience):
		c.t.Fatal("the interview does not end")
	}
}

// nothingLost checks the stored lines against what the caller was told is certain
// and against the sound of every reply.
func (c *caller) nothingLost(s *stage, said ...string) {
	c.t.Helper()
	lines, err := s.api().Transcript(c.t.Context(), s.invitation.Interview)
	if err != nil {
		c.t.Fatal(err)
	}
	var user, finals, replies []string
	stored := map[string]int{}
	for _, l := range lines {
		c.t.Logf("stored: %s %q interrupted=%t", l.Role, l.Content, l.Interrupted)
		if l.Role == interview.RoleUser {
			user = append(user, l.Content)
		} else {
			stored[l.Content]++
		}
	}
	texts := map[interview.ReplyNo]string{}
	for _, e := range c.all() {
		switch m := e.Message.(type) {
		case voiceproto.Transcript:
			if m.IsFinal {
				finals = append(finals, m.Text)
			}
		case voiceproto.Response:
			texts[m.Reply] = m.Text
			replies = append(replies, m.Text)
		default:
		}
	}
	words := func(texts []string) []string { return codeReader{}.Words(strings.Join(texts, " ")) }
	if !slices.Equal(words(user), words(finals)) {
		c.t.Errorf("acknowledged were %q, stored are %q", finals, user)
	}
	if !slices.Equal(words(user), words(said)) {
		c.t.Errorf("said were %q, stored are %q", said, user)
	}
	for _, text := range replies {
		if stored[text] != 1 {
			c.t.Errorf("the reply %q is stored %d times", text, stored[text])
		}
	}
	for _, r := range c.client.Heard().Replies {
		if sound := (codeReader{}).Read(r.PCM, media.PlayRate); !slices.Equal(sound, codeReader{}.Words(texts[r.No])) {
			c.t.Errorf("reply %d is %q, its sound %q", r.No, texts[r.No], sound)
		}
	}
	if status, err := s.api().Status(c.t.Context(), s.invitation.Interview); err != nil || status != interview.StatusCompleted {
		c.t.Errorf("at the end the interview is %s (%v)", status, err)
	}
}

func everybodyLimits(t *testing.T) {
	s := hosted(t, nil, nil)
	c := s.dial()
	no := c.turnOf(0)
	s.trouble(suite.All, suite.Limited, 5*time.Second)
	c.say(said[0])
	no = c.turnOf(no)
	c.say(said[1])
	no = c.turnOf(no)
	c.say(said[2])
	c.turnOf(no)
	c.finish()
	c.nothingLost(s, said[:3]...)
	if s.suite.Groq.Journal.Count("refused") == 0 {
		t.Error("no model was asked during the storm")
	}
}

// typedWhileDown is what the candidate writes when nobody listens.
const typedWhileDown = "I can only write at the moment"

func everybodyIsDown(t *testing.T) {
	s := hosted(t, nil, nil)
	c := s.dial()
	no := c.turnOf(0)
	began := time.Now()
	over := make(chan struct{})
	go func() {
		defer close(over)
		sleep(t.Context(), 1500*time.Millisecond) // within the answer
		s.trouble(suite.All, suite.Down, 10*time.Second)
	}()
	c.say(said[0])
	<-over
	waitFor(t, func() string {
		if c.noticed(voiceproto.CodeTyping) {
			return ""
		}
		return "the candidate was not told to type"
	})
	t.Logf("told to type %s after the answer began", time.Since(began).Round(time.Millisecond))
	if err := c.client.Send(voiceproto.Text{Content: typedWhileDown}); err != nil {
		t.Fatal(err)
	}
	no = c.turnOf(no)
	if !c.noticed(voiceproto.CodeNoVoice) {
		t.Error("the candidate was not told to read")
	}
	heard := func() int { return len(c.client.Heard().Replies) }
	silent := heard()
	waitFor(t, func() string {
		if s.suite.Listen.Open() > 0 {
			return ""
		}
		return "recognition is not dialled again"
	})
	t.Logf("recognition is back %s after the answer began", time.Since(began).Round(time.Millisecond))
	waitFor(t, func() string { // what was said while nobody listened is heard now
		if strings.HasSuffix(c.understood(), "in Berlin") {
			return ""
		}
		return "the answer that was begun when the trouble came is not understood"
	})
	no = max(no, listensAfter(c.all()))
	c.say(said[1])
	c.turnOf(no)
	if heard() == silent {
		t.Error("the voice did not come back")
	}
	c.finish()
	c.nothingLost(s, typedWhileDown, said[0], said[1])
}
