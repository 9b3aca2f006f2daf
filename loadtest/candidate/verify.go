package candidate

import (
	"context"
	"math"
	"strings"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceclient"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// verify reads the server's transcript and checks it against what was said into
// the microphone and heard from the loudspeaker.
func (c *Candidate) verify(ctx context.Context) error {
	lines, err := c.o.API.Transcript(ctx, c.o.Invitation.Interview)
	if err != nil {
		return err
	}
	c.report.Lines = lines
	c.checkOrder(lines)
	c.checkCandidate(lines)
	c.finishBargeIns(c.checkInterviewer(lines))
	c.checkQuestions()
	status, err := c.o.API.Status(ctx, c.o.Invitation.Interview)
	if err != nil {
		return err
	}
	if status != interview.StatusCompleted {
		c.problem("the interview is %s after its end, not COMPLETED", status)
	}
	return nil
}

func (c *Candidate) checkOrder(lines []Line) {
	for i := 1; i < len(lines); i++ {
		if lines[i].Seq <= lines[i-1].Seq {
			c.problem("line %d has seq %d after %d", i+1, lines[i].Seq, lines[i-1].Seq)
		}
	}
}

// checkCandidate: the words of all final transcripts, in order, are the
// candidate's lines: nothing missing, nothing twice.
func (c *Candidate) checkCandidate(lines []Line) {
	var stored, told []string
	for _, l := range lines {
		if l.Role == interview.RoleUser {
			stored = append(stored, l.Content)
		}
	}
	for _, m := range messages[voiceproto.Transcript](c.log.all()) {
		if m.message.IsFinal {
			told = append(told, m.message.Text)
		}
	}
	if a, b := joinWords(strings.Join(stored, " ")), joinWords(strings.Join(told, " ")); a != b {
		c.problem("the candidate's lines are not what was called final:\n  lines:  %s\n  finals: %s", a, b)
	}
	if c.understoodAsAWhole() {
		return // perhaps late: recognition was away for a while
	}
	for i, t := range c.report.Turns {
		switch {
		case t.Understood == "":
			c.problem("nothing of answer %d was understood", i+1)
		case c.o.Reader != nil && t.Answer != "":
			c.checkUnderstood(i, t)
		}
	}
}

// checkInterviewer: each reply that was heard is one line; a whole one is its
// text, an interrupted one a beginning of it.
func (c *Candidate) checkInterviewer(lines []Line) map[interview.ReplyNo]string {
	var spoken []Line
	for _, l := range lines {
		if l.Role == interview.RoleAssistant {
			spoken = append(spoken, l)
		}
	}
	heard := map[interview.ReplyNo]string{}
	events := c.log.all()
	n := 0
	for i := range c.report.Said {
		s := &c.report.Said[i]
		r, err := c.reply(s.Reply)
		if err != nil || r.Position == 0 {
			continue
		}
		for n < len(spoken) && !spoken[n].Interrupted && c.wasRead(spoken[n], s.Reply) {
			n++
		}
		if n >= len(spoken) {
			c.problem("reply %d was heard and is no line: %q", s.Reply, s.Text)
			continue
		}
		line := spoken[n]
		whole := joinWords(s.Text)
		switch {
		case !line.Interrupted && joinWords(line.Content) == whole:
		case line.Interrupted && strings.HasPrefix(whole, joinWords(line.Content)):
		default:
			if line.Interrupted && r.Position < 12000 { // under half a second: perhaps not a word of it
				continue
			}
			c.problem("reply %d is not its line:\n  reply: %s\n  line:  %s", s.Reply, whole, line.Content)
		}
		if !line.Interrupted && playedOut(events) < s.Reply && !wasEnded(events) {
			c.problem("reply %d is a whole line but was not played out", s.Reply)
		}
		s.Line = line.Content
		if !line.Interrupted {
			c.checkSound(s)
		}
		heard[s.Reply] = line.Content
		n++
	}
	if c.typing() && len(c.report.Said) == 0 {
		return heard // replies were text
	}
	for n < len(spoken) && c.wasRead(spoken[n], math.MaxUint32) {
		n++
	}
	if n < len(spoken) {
		c.problem("%d lines of the interviewer were never heard; the first is %q", len(spoken)-n, spoken[n].Content)
	}
	return heard
}

// wasRead reports whether a line is a reply before another one that was shown and
// not spoken, because there was no voice.
func (c *Candidate) wasRead(line Line, before interview.ReplyNo) bool {
	for _, m := range messages[voiceproto.Response](c.log.all()) {
		if m.message.Reply >= before || joinWords(m.message.Text) != joinWords(line.Content) {
			continue
		}
		if r, err := c.reply(m.message.Reply); err != nil || r.Position == 0 {
			return true
		}
	}
	return false
}

func wasEnded(events []voiceclient.Event) bool { return len(messages[voiceproto.Ended](events)) > 0 }

// checkQuestions: no question is asked twice in the same words.
func (c *Candidate) checkQuestions() {
	if c.o.BargeIn || c.o.Drop > 0 {
		return // an interrupted question is asked again
	}
	seen := map[string]bool{}
	for _, q := range c.report.questions() {
		if seen[q] {
			c.problem("the question %q was asked twice", q)
		}
		seen[q] = true
	}
}
