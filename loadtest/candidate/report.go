package candidate

import (
	"strings"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceclient"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// Turn is one thing the candidate said.
type Turn struct {
	Answer     string
	Began      time.Time
	Ended      time.Time
	Understood string        // the final transcripts of it
	Latency    time.Duration // from its end to the first packet of the answer; never when none came
	Stages     voiceproto.Stages
}

// Said is one thing the interviewer said, as it was heard.
type Said struct {
	Reply  interview.ReplyNo
	Text   string // generated
	Line   string // in the transcript
	First  time.Time
	PCM    []int16 // 24 kHz, as it was played
	Gaps   int
	Paused time.Duration // underruns in all
}

// Report is what one call gave.
type Report struct {
	Interview interview.ID
	Began     time.Time
	Consent   string // the version that was agreed to; "" when nobody asked
	Turns     []Turn
	Said      []Said
	Lines     []Line
	BargeIns  []BargeIn
	WordsRead int      // read back from the sound that was heard
	Problems  []string // empty when everything is as it must be
}

// measure works out latencies and what was understood.
func (c *Candidate) measure() {
	c.report.Interview = c.o.Invitation.Interview
	events := c.log.all()
	for i := range c.report.Turns {
		t := &c.report.Turns[i]
		var until time.Time
		if i+1 < len(c.report.Turns) {
			until = c.report.Turns[i+1].Began
		}
		t.Understood = finals(events, t.Began, until)
		t.Latency = never
		for _, e := range events {
			if e.Kind == voiceclient.EventFirstAudio && e.At.After(t.Ended) && (until.IsZero() || e.At.Before(until)) {
				t.Latency = e.At.Sub(t.Ended)
				break
			}
		}
		for _, m := range messages[voiceproto.Turn](events) {
			if m.at.After(t.Began) && (until.IsZero() || m.at.Before(until)) {
				t.Stages = m.message.Stages
			}
		}
	}
	texts := map[interview.ReplyNo]string{}
	for _, m := range messages[voiceproto.Response](events) {
		texts[m.message.Reply] = m.message.Text
	}
	for _, no := range c.replies() {
		r, err := c.reply(no)
		if err != nil {
			continue
		}
		s := Said{Reply: no, Text: texts[no], First: r.FirstPacket, PCM: r.PCM, Gaps: len(r.Gaps)}
		for _, g := range r.Gaps {
			s.Paused += g.Length
		}
		c.report.Said = append(c.report.Said, s)
	}
}

// questions are the texts with a question mark, for the check that they differ.
func (r Report) questions() []string {
	var out []string
	for _, s := range r.Said {
		if i := strings.LastIndexByte(s.Text, '?'); i >= 0 {
			start := strings.LastIndexAny(s.Text[:i], ".!?") + 1
			out = append(out, joinWords(s.Text[start:i+1]))
		}
	}
	return out
}
