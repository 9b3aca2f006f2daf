package candidate

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceclient"
	"github.com/vantahire/vantahire/media/voiceproto"
)

const (
	// replyPatience is how long the interviewer may take to be heard to the end.
	replyPatience = 90 * time.Second
	// thinkLeast and thinkMost bound the natural pause before an answer.
	thinkLeast, thinkMost = 300 * time.Millisecond, 600 * time.Millisecond
	// endPatience is how long the server may take to end the interview.
	endPatience = 20 * time.Second
	// interruptAfter is how far into the second reply the candidate cuts in, and
	// coughAfter how far into the third a cough comes.
	interruptAfter = 1500 * time.Millisecond
	coughAfter     = 1200 * time.Millisecond
	// interruptSpread is the spread of both where there are many.
	interruptSpread = 700 * time.Millisecond
)

// Answer is one thing to say.
type Answer struct {
	Text string  // what is said, to compare with; "" when it is not known
	PCM  []int16 // 16 kHz mono; nil types Text instead
}

// Options say how a candidate behaves.
type Options struct {
	API        API
	Invitation Invitation
	Answers    []Answer
	// BargeIn interrupts the second reply with Interruption and makes the sound
	// Cough into a later one, which must go on as if nothing had been. With
	// Interruptions above 1 it goes on so, in turn, with as many of each; every
	// reply that is disturbed takes an answer.
	BargeIn       bool
	Interruptions int
	Interruption  Answer
	Cough         []int16
	// Drop cuts the connection in the middle of the second answer for so long.
	Drop time.Duration
	// TakeOver lets a second device go on in the middle of the second answer.
	TakeOver bool
	// Reader, when set, reads the words of what is heard back from its sound: every
	// word of every line is checked, and every answer has to be understood to the
	// word.
	Reader Reader
	Seed   uint64
	Log    *slog.Logger
}

// Candidate holds one interview.
type Candidate struct {
	o       Options
	log     *callLog
	client  *voiceclient.Client
	conn    int                     // counts connections
	earlier []voiceclient.Recording // of connections that are gone
	random  *rand.Rand
	report  Report
	handled interview.ReplyNo // the last reply that was answered or dealt with
}

// Run holds the interview and returns what was measured and what is wrong. The
// error is of a call that could not be held to its end.
func Run(ctx context.Context, o Options) (Report, error) {
	c := &Candidate{o: o, log: newCallLog(), random: rand.New(rand.NewPCG(o.Seed, 1))} //nolint:gosec // pauses need no secret
	c.report.Began = time.Now()
	err := c.hold(ctx)
	if c.client != nil {
		c.client.Close(voiceproto.CloseCompleted)
		c.keepRecording()
	}
	c.measure()
	if err != nil {
		c.report.Problems = append(c.report.Problems, err.Error())
		return c.report, err
	}
	if err := c.verify(ctx); err != nil {
		return c.report, err
	}
	return c.report, nil
}

func (c *Candidate) typing() bool {
	for _, a := range c.o.Answers {
		if a.PCM != nil {
			return false
		}
	}
	return true
}

// connect dials and gets past the consent.
func (c *Candidate) connect(ctx context.Context) error {
	o := voiceclient.NewOptions(c.o.API.Server+"/voice/"+string(c.o.Invitation.Interview), c.o.Invitation.Token)
	c.conn++
	conn := c.conn
	o.OnEvent, o.Typing, o.Log = func(e voiceclient.Event) { c.log.add(conn, e) }, c.typing(), c.o.Log
	seen := len(c.log.all())
	client, err := voiceclient.Dial(ctx, o)
	if err != nil {
		return err
	}
	c.client = client
	ready := func(events []voiceclient.Event) bool { return len(messages[voiceproto.Ready](events[seen:])) > 0 }
	asked := func(events []voiceclient.Event) bool {
		return ready(events) || len(messages[voiceproto.ConsentRequired](events[seen:])) > 0 || c.gone()
	}
	if err := c.log.until(ctx, "ready", replyPatience, asked); err != nil {
		return err
	}
	if m := messages[voiceproto.ConsentRequired](c.log.all()[seen:]); len(m) > 0 {
		c.report.Consent = m[0].message.Version
		if err := client.Send(voiceproto.Consent{Version: m[0].message.Version}); err != nil {
			return err
		}
	}
	if err := c.log.until(ctx, "ready", replyPatience, func(e []voiceclient.Event) bool { return ready(e) || c.gone() }); err != nil {
		return err
	}
	if end, closed := c.log.end(conn); closed {
		return fmt.Errorf("the server closed the call: %d %s", end.Code, end.Reason)
	}
	if !c.typing() {
		client.StartMic()
	}
	return nil
}

// hold is the whole interview.
func (c *Candidate) hold(ctx context.Context) error {
	if err := c.connect(ctx); err != nil {
		return err
	}
	for i, a := range c.o.Answers {
		if err := c.listen(ctx, i); err != nil {
			return err
		}
		if c.over() {
			c.problem("the interview ended before answer %d of %d", i+1, len(c.o.Answers))
			return nil
		}
		if err := c.answer(ctx, i, a); err != nil {
			return fmt.Errorf("answer %d: %w", i+1, err)
		}
	}
	if err := c.listen(ctx, len(c.o.Answers)); err != nil {
		return err
	}
	if !c.over() {
		if err := c.client.Send(voiceproto.End{}); err != nil {
			return err
		}
	}
	return c.log.until(ctx, "the end of the interview", endPatience, func(events []voiceclient.Event) bool {
		return len(messages[voiceproto.Ended](events)) > 0 && c.gone()
	})
}

// over reports whether the server has ended the interview.
func (c *Candidate) over() bool { return len(messages[voiceproto.Ended](c.log.all())) > 0 }

// listen waits until a further reply was played to its end. While it plays, the
// candidate may interrupt or cough.
func (c *Candidate) listen(ctx context.Context, round int) error {
	if c.o.BargeIn && round >= 1 && round <= 2*max(1, c.o.Interruptions) {
		if err := c.disturb(ctx, round); err != nil {
			return err
		}
	}
	err := c.log.until(ctx, fmt.Sprintf("the interviewer's reply after answer %d", round), replyPatience, func(events []voiceclient.Event) bool {
		return playedOut(events) > c.handled || len(messages[voiceproto.Ended](events)) > 0 || c.gone()
	})
	if err != nil {
		return err
	}
	if c.gone() && !c.over() {
		end, _ := c.log.end(c.conn)
		return fmt.Errorf("the server closed the call: %d %s", end.Code, end.Reason)
	}
	c.handled = max(c.handled, playedOut(c.log.all()))
	return nil
}

// gone reports whether the present connection is over.
func (c *Candidate) gone() bool {
	_, over := c.log.end(c.conn)
	return over
}

// answer says one answer after a natural pause.
func (c *Candidate) answer(ctx context.Context, i int, a Answer) error {
	pause := thinkLeast + time.Duration(c.random.Int64N(int64(thinkMost-thinkLeast)))
	select {
	case <-time.After(pause):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	turn := Turn{Answer: a.Text, Began: time.Now()}
	switch {
	case a.PCM == nil:
		turn.Ended = turn.Began // its answer may come before Send has returned
		if err := c.client.Send(voiceproto.Text{Content: a.Text}); err != nil {
			return err
		}
	case i == 1 && (c.o.Drop > 0 || c.o.TakeOver):
		if err := c.speakInTwo(ctx, a.PCM); err != nil {
			return err
		}
	default:
		if err := c.client.Speak(ctx, a.PCM); err != nil {
			return err
		}
	}
	if turn.Ended.IsZero() {
		turn.Ended = time.Now()
	}
	c.report.Turns = append(c.report.Turns, turn)
	return nil
}

// speakInTwo says the first half, loses the connection or changes the device, and
// says the rest.
func (c *Candidate) speakInTwo(ctx context.Context, pcm []int16) error {
	half := quietest(pcm)
	if err := c.client.Speak(ctx, pcm[:half]); err != nil {
		return err
	}
	old := c.client
	if c.o.Drop > 0 {
		old.Drop()
		c.keepRecording()
		select {
		case <-time.After(c.o.Drop):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if err := c.connect(ctx); err != nil {
		return fmt.Errorf("come back: %w", err)
	}
	if c.o.TakeOver && c.o.Drop == 0 {
		select {
		case <-old.Done():
		case <-time.After(endPatience):
			old.Drop()
		}
		if code := old.Closed().Code; code != voiceproto.CloseTakenOver {
			c.problem("the first device was closed with %d, not %d", code, voiceproto.CloseTakenOver)
		}
		now := c.client
		c.client = old
		c.keepRecording()
		c.client = now
	}
	return c.client.Speak(ctx, pcm[half:])
}

// quietest finds the quietest 20 ms in the middle third of an utterance, where a
// connection may break without breaking a word.
func quietest(pcm []int16) int {
	best, at := float32(1), len(pcm)/2
	for i := len(pcm) / 3; i+media.MicFrame <= 2*len(pcm)/3; i += media.MicFrame {
		if level := media.LevelDBFS(pcm[i : i+media.MicFrame]); level < best {
			best, at = level, i
		}
	}
	return at
}

func (c *Candidate) keepRecording() { c.earlier = append(c.earlier, c.client.Heard()) }

func (c *Candidate) problem(format string, args ...any) {
	c.report.Problems = append(c.report.Problems, fmt.Sprintf(format, args...))
}

// errNoSuchReply indicates that nothing of a reply was heard.
var errNoSuchReply = errors.New("nothing was heard of the reply")

// reply finds what was heard of a reply, over all connections.
func (c *Candidate) reply(no interview.ReplyNo) (voiceclient.Reply, error) {
	recordings := c.earlier
	if c.client != nil && !c.gone() {
		recordings = append(recordings[:len(recordings):len(recordings)], c.client.Heard())
	}
	var (
		found voiceclient.Reply
		heard bool
	)
	for _, rec := range recordings {
		if r, ok := rec.Reply(no); ok {
			if heard {
				r.PCM = append(found.PCM, r.PCM...)
				r.FirstPacket = found.FirstPacket
			}
			found, heard = r, true
		}
	}
	if !heard {
		return found, fmt.Errorf("reply %d: %w", no, errNoSuchReply)
	}
	return found, nil
}

// replies lists the numbers of the replies that were heard, in order.
func (c *Candidate) replies() []interview.ReplyNo {
	var nos []interview.ReplyNo
	for _, rec := range c.earlier {
		for _, r := range rec.Replies {
			if len(nos) == 0 || r.No > nos[len(nos)-1] {
				nos = append(nos, r.No)
			}
		}
	}
	return nos
}

func joinWords(s string) string { return strings.Join(strings.Fields(s), " ") }
